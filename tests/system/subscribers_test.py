#!/usr/bin/env python3
"""Subscribers that are slow, many, or leave at once: subscribers_test.py PATH_TO_SERVER. Who does not take
its messages is closed at a limit, the publisher and the others notice nothing, memory stays bounded."""
import os
import re
import socket
import sys
import threading
import time
import unittest

from harness import Server, request

SERVER = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
MB = 1 << 20


class Client:
    """A connection that reads a reply at a time."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(20)
        try:
            self.socket.connect(('127.0.0.1', port))
        except OSError:
            self.socket.close()
            raise
        self.file = self.socket.makefile('rb')

    def send(self, *words):
        self.socket.sendall(request(*words))

    def read(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError('closed')
        kind, rest = line[:1], line[1:-2]
        if kind in b'*>~':
            return [self.read() for _ in range(int(rest))]
        if kind in b'$=':
            return None if rest == b'-1' else self.file.read(int(rest) + 2)[:-2]
        return int(rest) if kind == b':' else line[:-2]

    def call(self, *words):
        self.send(*words)
        return self.read()

    def is_closed(self):
        """Reads what there is; whether the server has closed the connection."""
        self.socket.settimeout(0.2)
        try:
            while self.socket.recv(MB):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.file.close()
        self.socket.close()


class SubscribersTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(SERVER, '--threads', '2')
        self.clients = []
        self.control = self.connect()

    def tearDown(self):
        for client in self.clients:
            client.close()
        self.assertFalse(self.server.has_ended())
        self.assertEqual(self.server.stop(), 0)

    def connect(self, receive_buffer=None):
        client = Client(self.server.port, receive_buffer)
        self.clients.append(client)
        return client

    def subscribe(self, *channels, receive_buffer=None):
        client = self.connect(receive_buffer)
        client.send('SUBSCRIBE', *channels)
        for _ in channels:
            client.read()
        return client

    def info(self, name):
        return int(re.search(rb'%s:(\d+)' % name.encode(), self.control.call('INFO', 'everything'))[1])

    def wait_until(self, holds, what, seconds=10):
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)

    def publish(self, channel, payload, count, heard, batch=64):
        """Publishes over a connection of its own, not far ahead of who has `heard` so many; returns the longest
        time that a batch took."""
        ahead = max(8 * MB // len(payload), batch)
        publisher = self.connect()
        longest = 0
        for start in range(0, count, batch):
            size = min(batch, count - start)
            self.wait_until(lambda: heard() >= start - ahead, 'it does not hear', 60)
            began = time.monotonic()
            publisher.socket.sendall(request('PUBLISH', channel, payload) * size)
            for _ in range(size):
                publisher.read()
            longest = max(longest, time.monotonic() - began)
        return longest

    def slow_beside_fast(self, payload, total):
        """A subscriber that never reads beside one that does: only the first is closed."""
        slow = self.subscribe('news', receive_buffer=4096)
        fast = self.subscribe('news')
        taken = []

        def take():
            for _ in range(total):
                taken.append(fast.read()[2] == payload)

        reader = threading.Thread(target=take)
        reader.start()
        before = self.info('used_memory')
        peak = [0]
        done = threading.Event()

        def watch():
            watcher = Client(self.server.port)
            while not done.wait(0.01):
                found = re.search(rb'used_memory:(\d+)', watcher.call('INFO', 'memory'))
                peak[0] = max(peak[0], int(found[1]) - before)
            watcher.close()

        watching = threading.Thread(target=watch)
        watching.start()
        longest = self.publish('news', payload, total, lambda: len(taken))
        reader.join(60)
        done.set()
        watching.join()
        self.assertEqual((len(taken), all(taken)), (total, True), 'what the fast subscriber got')
        self.wait_until(lambda: self.info('client_output_buffer_limit_disconnections') == 1, 'not closed')
        self.assertTrue(slow.is_closed())
        self.assertEqual(self.control.call('PUBSUB', 'NUMSUB', 'news'), [b'news', 1])
        self.assertLess(longest, 2, 'the publisher waited')
        return peak[0]

    def test_the_hard_limit_closes_who_never_reads_short_messages(self):
        peak = self.slow_beside_fast(b'm' * 200, 400_000)
        self.assertLess(peak, 60 * MB, 'memory for 32 MB of output')

    def test_the_hard_limit_closes_who_never_reads_long_messages(self):
        peak = self.slow_beside_fast(b'm' * 100_000, 1000)
        self.assertLess(peak, 60 * MB, 'memory for 32 MB of output')

    def test_a_long_message_is_kept_once_for_all(self):
        self.control.call('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 0 0 0')
        for _ in range(50):
            self.subscribe('news', receive_buffer=4096)
        before = self.info('used_memory')
        payload = b'm' * (4 * MB)
        for _ in range(4):
            self.assertEqual(self.control.call('PUBLISH', 'news', payload), 50)
        self.assertLess(self.info('used_memory') - before, 40 * MB, 'memory for 4 messages of 4 MB')

        def waiting():
            lines = self.control.call('CLIENT', 'LIST', 'TYPE', 'pubsub').splitlines()
            return [int(re.search(rb'omem=(\d+)', line)[1]) for line in lines if line]

        self.wait_until(lambda: len(waiting()) == 50 and min(waiting()) > 8 * MB, 'what waits is not told')
        self.assertLess(self.info('used_memory') - before, 40 * MB, 'memory for 4 messages of 4 MB')

    def test_a_transaction_is_no_way_around_the_limit(self):
        self.control.call('CONFIG', 'SET', 'client-output-buffer-limit', f'pubsub {8 * MB} 0 0')
        slow = self.subscribe('news', receive_buffer=4096)
        publisher = self.connect()
        publisher.call('MULTI')
        for _ in range(40):
            publisher.call('PUBLISH', 'news', b'm' * MB)
        counts = publisher.call('EXEC')
        self.assertEqual(counts[0], 1)
        self.assertEqual(counts, sorted(counts, reverse=True))  # it may be gone before the end
        self.wait_until(lambda: self.info('client_output_buffer_limit_disconnections') == 1, 'not closed')
        self.assertTrue(slow.is_closed())

    def test_the_soft_limit_counts_from_when_it_is_passed(self):
        self.control.call('CONFIG', 'SET', 'client-output-buffer-limit', f'pubsub 0 {MB} 2')
        slow = self.subscribe('news', receive_buffer=4096)
        catches_up = self.subscribe('news', receive_buffer=4096)
        other = self.subscribe('other')
        time.sleep(2.5)  # the time before does not count
        for _ in range(16):
            self.control.call('PUBLISH', 'news', b'm' * MB)
        passed = time.monotonic()
        for _ in range(16):
            catches_up.read()
        time.sleep(1)
        self.assertEqual(self.info('client_output_buffer_limit_disconnections'), 0)
        self.wait_until(lambda: self.info('client_output_buffer_limit_disconnections') == 1, 'not closed')
        took = time.monotonic() - passed
        self.assertGreater(took, 1.8)
        self.assertLess(took, 4)
        self.assertTrue(slow.is_closed())
        self.assertEqual(self.control.call('PUBLISH', 'news', 'still'), 1)
        self.assertEqual(catches_up.read()[2], b'still')
        self.assertEqual(self.control.call('PUBLISH', 'other', 'still'), 1)
        self.assertEqual(other.read()[2], b'still')

    def test_subscribers_are_not_closed_for_being_idle(self):
        self.control.call('CONFIG', 'SET', 'timeout', 1)
        listener = self.subscribe('news')
        idle = self.connect()
        idle.call('PING')
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            self.control.call('PING')
            time.sleep(0.1)
        self.assertTrue(idle.is_closed())
        self.assertEqual(self.control.call('PUBLISH', 'news', 'hello'), 1)
        self.assertEqual(listener.read()[2], b'hello')

    def test_a_million_channels(self):
        started = time.monotonic()
        channels, step = 1_000_000, 10_000
        before = self.info('used_memory')
        listeners = [self.connect() for _ in range(4)]

        def join(number, listener):
            for first in range(number * channels // 4, (number + 1) * channels // 4, step):
                listener.send('SUBSCRIBE', *(b'channel:%d' % i for i in range(first, first + step)))
                for _ in range(step):
                    listener.read()

        threads = [threading.Thread(target=join, args=item) for item in enumerate(listeners)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.info('pubsub_channels'), channels)
        each = (self.info('used_memory') - before) / channels
        self.assertLess(each, 500, 'bytes for a channel with one subscriber')
        for i in range(0, channels, channels // 1000):
            self.assertEqual(self.control.call('PUBLISH', b'channel:%d' % i, b'%d' % i), 1)
        for number, listener in enumerate(listeners):
            for i in range(number * channels // 4, (number + 1) * channels // 4, channels // 1000):
                self.assertEqual(listener.read(), [b'message', b'channel:%d' % i, b'%d' % i])
        listeners[0].send('UNSUBSCRIBE')
        for left in range(channels // 4, 0, -1):
            self.assertEqual(listeners[0].read()[2], left - 1)
        began = time.monotonic()
        for listener in listeners[1:]:
            listener.close()
        self.wait_until(lambda: self.info('pubsub_channels') == 0, 'channels are left', 20)
        self.assertLess(time.monotonic() - began, 20)
        self.assertLess(time.monotonic() - started, 120)

    def test_slow_patterns_do_not_stall(self):
        patterns = [b'a*' * 50 + b'%d' % i for i in range(100)]
        listener = self.connect()
        listener.send('PSUBSCRIBE', *patterns)
        for _ in patterns:
            listener.read()
        began = time.monotonic()
        for _ in range(20):
            self.assertEqual(self.control.call('PUBLISH', b'a' * 4000, 'x'), 0)
        self.assertLess(time.monotonic() - began, 5)

    def test_publishers_on_both_threads_keep_their_order(self):
        count, publishers = 20_000, 4
        listeners = [self.subscribe('c') for _ in range(4)]

        def say(name):
            client = self.connect()
            for start in range(0, count, 100):
                client.socket.sendall(b''.join(
                    request('PUBLISH', 'c', f'{name}:{i}') for i in range(start, start + 100)))
                for _ in range(100):
                    self.assertEqual(client.read(), 4)

        threads = [threading.Thread(target=say, args=(name,)) for name in range(publishers)]
        for thread in threads:
            thread.start()
        orders = []
        for listener in listeners:
            heard = [listener.read()[2].decode() for _ in range(count * publishers)]
            for name in range(publishers):
                self.assertEqual([text for text in heard if text.startswith(f'{name}:')],
                                 [f'{name}:{i}' for i in range(count)])
            orders.append(heard)
        for thread in threads:
            thread.join()
        self.assertTrue(all(order == orders[0] for order in orders), 'one order for all')


if __name__ == '__main__':
    unittest.main()
