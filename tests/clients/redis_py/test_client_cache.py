"""Caching in the client with redis-py: Debian's has no cache of its own, so an application keeps one
and has invalidations redirected to a connection that listens to `__redis__:invalidate`, as RESP2
does it.

Needs Debian's python3-redis and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
The server is emptied before each test.
"""
import os
import random
import unittest

import redis

HOST = os.environ.get('SCRUBJAY_HOST', '127.0.0.1')
PORT = int(os.environ.get('SCRUBJAY_PORT', '6379'))


class CachingClient:
    """Reads through a cache that the server keeps fresh."""

    def __init__(self, *options):
        self.cache = {}
        self.hits = 0
        self.resets = 0
        self.listener = redis.Redis(HOST, PORT, decode_responses=True)
        pool = self.listener.connection_pool
        connection = pool.get_connection('pubsub')
        connection.send_command('CLIENT', 'ID')
        redirect = connection.read_response()
        pool.release(connection)  # the next one to ask gets it
        self.pubsub = self.listener.pubsub()
        self.pubsub.subscribe('__redis__:invalidate')
        self.pubsub.get_message(timeout=1)
        self.reader = redis.Redis(HOST, PORT, decode_responses=True, single_connection_client=True)
        self.reader.execute_command('CLIENT', 'TRACKING', 'ON', 'REDIRECT', redirect, *options)

    def catch_up(self):
        """Takes in what was sent so far: the answer to PING comes behind it."""
        self.pubsub.ping('here')
        while True:
            message = self.pubsub.handle_message(self.pubsub.parse_response(block=True))
            if message['type'] == 'pong':
                return
            if message['data'] is None:
                self.cache.clear()
                self.resets += 1
                continue
            for key in message['data']:
                self.cache.pop(key, None)

    def get(self, key):
        self.catch_up()
        if key in self.cache:
            self.hits += 1
        else:
            self.cache[key] = self.reader.get(key)
        return self.cache[key]

    def close(self):
        self.reader.close()
        self.pubsub.close()
        self.listener.close()


class ClientCache(unittest.TestCase):
    def setUp(self):
        self.writer = redis.Redis(HOST, PORT, decode_responses=True)
        self.writer.flushall()

    def tearDown(self):
        self.writer.close()

    def caching(self, *options):
        client = CachingClient(*options)
        self.addCleanup(client.close)
        return client

    def test_an_answered_write_is_always_seen(self):
        for options in ([], ['BCAST'], ['BCAST', 'PREFIX', 'key:'], ['NOLOOP']):
            client = self.caching(*options)
            for n in range(300):
                key = 'key:%d' % random.randrange(5)
                if random.random() < 0.3:
                    self.writer.set(key, n)
                    self.assertEqual(client.get(key), str(n))
                else:
                    self.assertEqual(client.get(key), self.writer.get(key))
            self.assertGreater(client.hits, 50)

    def test_flushall_empties_the_cache(self):
        client = self.caching()
        self.writer.set('k', 'v')
        self.assertEqual(client.get('k'), 'v')
        self.writer.flushall()
        self.assertIsNone(client.get('k'))
        self.assertEqual(client.resets, 1)

    def test_a_reader_that_is_killed_takes_no_invalidation_with_it(self):
        client = self.caching()
        self.writer.set('k', 'old')
        self.assertEqual(client.get('k'), 'old')
        self.writer.client_kill_filter(_id=client.reader.client_id())
        self.writer.set('k', 'new')
        client.catch_up()
        self.assertEqual(client.cache, {})
        self.assertEqual(client.resets, 1)

    def test_what_was_missed_is_told(self):
        seen = self.writer.execute_command('CACHE.INV', 'NOW')
        self.writer.mset({'user:1': 1, 'order:1': 1, 'user:2': 1})
        self.writer.set('user:1', 2)
        answer = self.writer.execute_command('CACHE.INV', 'SINCE', seen, 'PREFIX', 'user:')
        self.assertEqual(answer[1:], ['user:1', 'user:2'])
        answer = self.writer.execute_command('CACHE.INV', 'SINCE', answer[0])
        self.assertEqual(answer[1:], [])
        self.assertEqual(self.writer.execute_command('CACHE.INV', 'SINCE', 0)[1], 'RESYNC')


if __name__ == '__main__':
    unittest.main()
