"""Messages between clients, as an application writes them with redis-py.

Needs Debian's python3-redis and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
"""
import asyncio
import os
import threading
import time
import unittest

import redis
import redis.asyncio

HOST = os.environ.get('SCRUBJAY_HOST', '127.0.0.1')
PORT = int(os.environ.get('SCRUBJAY_PORT', '6379'))


def connect(**options):
    return redis.Redis(HOST, PORT, decode_responses=True, **options)


def until(holds, what, seconds=5):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError('not in time: ' + what)
        time.sleep(0.005)


class PubSubTest(unittest.TestCase):
    def setUp(self):
        self.client = connect()
        self.client.flushall()
        self.client.config_set('notify-keyspace-events', '')
        self.listeners = []

    def tearDown(self):
        for listener in self.listeners:
            listener.close()
        self.client.close()

    def listen(self, *channels, **handlers):
        listener = self.client.pubsub(ignore_subscribe_messages=True)
        self.listeners.append(listener)
        if channels or handlers:
            listener.subscribe(*channels, **handlers)
            for _ in range(len(channels) + len(handlers)):
                listener.get_message(timeout=1)
        return listener

    def next(self, listener):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            message = listener.get_message(timeout=0.1)
            if message:
                return message
        raise AssertionError('no message')

    def test_channels_and_patterns(self):
        listener = self.listen('news')
        listener.psubscribe('n*')
        until(lambda: self.client.pubsub_numpat() == 1, 'the pattern')
        self.assertEqual(self.client.publish('news', 'hello'), 2)
        first, second = self.next(listener), self.next(listener)
        self.assertEqual((first['type'], first['channel'], first['data']), ('message', 'news', 'hello'))
        self.assertEqual((second['type'], second['pattern'], second['data']), ('pmessage', 'n*', 'hello'))
        self.assertEqual(self.client.pubsub_channels(), ['news'])
        self.assertEqual(self.client.pubsub_numsub('news', 'nope'), [('news', 1), ('nope', 0)])
        listener.unsubscribe('news')
        until(lambda: self.client.publish('news', 'again') == 1, 'it leaves the channel')

    def test_a_subscriber_is_alive(self):
        listener = self.listen('c')
        listener.ping()
        pong = listener.parse_response(block=True, timeout=5)
        self.assertEqual(pong[0], 'pong')

    def test_a_thread_of_handlers(self):
        heard = []
        listener = self.listen(news=lambda message: heard.append(message['data']))
        listener.psubscribe(**{'sport.*': lambda message: heard.append(message['channel'])})
        thread = listener.run_in_thread(sleep_time=0.01, daemon=True)
        until(lambda: self.client.pubsub_numpat() == 1, 'the pattern')
        for number in range(100):
            self.client.publish('news', number)
        self.client.publish('sport.chess', 'x')
        until(lambda: len(heard) == 101, 'all messages')
        self.assertEqual(heard, [str(number) for number in range(100)] + ['sport.chess'])
        thread.stop()
        thread.join(5)
        self.assertFalse(thread.is_alive())

    def test_subscriptions_come_back_with_the_connection(self):
        listener = self.listen('again')
        listener.psubscribe('agai?')
        until(lambda: self.client.pubsub_numpat() == 1, 'the pattern')
        self.assertGreaterEqual(self.client.execute_command('CLIENT', 'KILL', 'TYPE', 'pubsub'), 1)
        self.assertEqual(self.client.publish('again', 'lost'), 0)
        stop = threading.Event()
        heard = []

        def hear():
            while not stop.is_set():
                try:
                    message = listener.get_message(timeout=0.1)
                except redis.ConnectionError:
                    continue  # the next call connects and subscribes again
                if message:
                    heard.append(message['data'])

        thread = threading.Thread(target=hear)
        thread.start()
        until(lambda: self.client.publish('again', 'back') == 2, 'it subscribes again')
        until(lambda: heard.count('back') >= 2, 'both messages')
        stop.set()
        thread.join()
        self.assertNotIn('lost', heard)

    def test_keyspace_events(self):
        self.client.config_set('notify-keyspace-events', 'KEA')
        listener = self.listen('__keyspace@0__:k')
        self.client.set('k', 'v', px=80)
        self.client.append('k', 'w')
        began = time.monotonic()
        self.assertEqual([self.next(listener)['data'] for _ in range(4)], ['set', 'expire', 'append', 'expired'])
        self.assertLess(time.monotonic() - began, 0.5, 'expired comes at the deadline')

    def test_a_transaction_publishes_in_order(self):
        listener = self.listen('a', 'b')
        pipeline = self.client.pipeline(transaction=True)
        pipeline.publish('b', 1).set('k', 'v').publish('a', 2).publish('b', 3)
        self.assertEqual(pipeline.execute(), [1, True, 1, 1])
        heard = [self.next(listener) for _ in range(3)]
        self.assertEqual([(m['channel'], m['data']) for m in heard], [('b', '1'), ('a', '2'), ('b', '3')])

    def test_asyncio(self):
        async def chat():
            client = redis.asyncio.Redis(host=HOST, port=PORT, decode_responses=True)
            async with client.pubsub(ignore_subscribe_messages=True) as listener:
                await listener.subscribe('room')
                while (await client.publish('room', 'warm up')) == 0:
                    await asyncio.sleep(0.01)
                await asyncio.gather(*(client.publish('room', number) for number in range(50)))
                heard = set()
                while len(heard) < 50:
                    message = await listener.get_message(timeout=5)
                    if message and message['data'] != 'warm up':
                        heard.add(int(message['data']))
                self.assertEqual(heard, set(range(50)))
            await client.close()

        asyncio.run(asyncio.wait_for(chat(), 20))


if __name__ == '__main__':
    unittest.main()
