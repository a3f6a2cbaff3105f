#!/usr/bin/env python3
"""Bad and extreme input on a running server: limits_test.py PATH_TO_SERVER. It must answer with a clear
error or close the connection, and go on serving with bounded memory."""
import os
import resource
import sys
import time
import unittest

from harness import Server

SERVER = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None


class LimitsTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(SERVER)
        self.sockets = []
        self.control = self.connect()

    def tearDown(self):
        for opened in self.sockets:
            opened.close()
        self.assertFalse(self.server.has_ended())
        self.assertEqual(self.server.stop(), 0)

    def connect(self):
        opened = self.server.connect()
        self.sockets.append(opened)
        return opened

    def call(self, *words, on=None, size=None):
        """Sends a request; returns the reply's first line, or `size` bytes."""
        on = on or self.control
        encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        on.sendall(b'*%d\r\n' % len(encoded) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in encoded))
        return self.read(on, size)

    def read(self, on, size=None):
        data = b''
        while (len(data) < size) if size else not data.endswith(b'\r\n'):
            got = on.recv(1 << 20)
            if not got:
                return data + b'(closed)'
            data += got
        return data

    def resident(self):
        with open('/proc/%d/status' % self.server.process.pid) as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith('VmRSS'))

    def used_memory(self):
        text = b''
        self.control.sendall(b'INFO memory\r\n')
        while b'lazyfreed_objects' not in text or not text.endswith(b'\r\n\r\n'):
            text += self.control.recv(65536)
            if b'lazyfreed_objects' in text and text.endswith(b'\r\n'):
                break
        return int(text.split(b'used_memory:')[1].split(b'\r\n')[0])

    def test_a_request_may_come_byte_by_byte(self):
        for byte in b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\nGET k\r\n':
            self.control.sendall(bytes([byte]))
            time.sleep(0.001)
        self.assertEqual(self.read(self.control, 13), b'+OK\r\n$2\r\n\r\n\r\n')

    def test_keys_and_values_hold_any_bytes(self):
        every = bytes(range(256))
        self.assertEqual(self.call('SET', every, every), b'+OK\r\n')
        self.assertEqual(self.call('GET', every, size=264), b'$256\r\n' + every + b'\r\n')

    def test_ten_thousand_idle_connections_cost_little(self):
        wanted = 9900
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < wanted + 200:
            wanted = hard - 200
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted + 200) if hard > 0 else wanted + 200, hard))
        before = self.resident()
        for _ in range(wanted):
            self.connect()
        self.assertEqual(self.call('PING', on=self.sockets[-1]), b'+PONG\r\n')
        self.assertLess((self.resident() - before) / wanted, 3000, 'bytes for an idle connection')

    def test_more_than_maxclients_are_refused(self):
        self.assertEqual(self.call('CONFIG', 'SET', 'maxclients', 3), b'+OK\r\n')
        self.connect(), self.connect()
        time.sleep(0.1)
        self.assertIn(b'-ERR max number of clients reached', self.read(self.connect()))

    def test_half_a_request_waits_and_holds_nobody_up(self):
        half = self.connect()
        half.sendall(b'*2\r\n$4\r\nECHO\r\n$100000\r\nxyz')
        self.assertEqual(self.call('PING'), b'+PONG\r\n')
        half.sendall(b'x' * 99997 + b'\r\n')
        self.assertEqual(len(self.read(half, 100011)), 100011)

    def test_a_value_of_512_mb_and_one_byte_more(self):
        value = b'v' * (1 << 20)
        self.control.sendall(b'*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$%d\r\n' % (512 << 20))
        for _ in range(512):
            self.control.sendall(value)
        self.control.sendall(b'\r\n')
        self.control.settimeout(60)
        self.assertEqual(self.read(self.control), b'+OK\r\n')
        self.assertEqual(self.call('STRLEN', 'big'), b':%d\r\n' % (512 << 20))
        self.assertIn(b'exceeds maximum allowed size', self.call('APPEND', 'big', 'x'))
        self.assertEqual(self.call('DEL', 'big'), b':1\r\n')
        other = self.connect()
        other.sendall(b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n' % ((512 << 20) + 1))
        self.assertEqual(self.read(other), b'-ERR Protocol error: invalid bulk length\r\n')

    def test_a_client_that_never_reads_is_closed_at_its_limit(self):
        self.assertEqual(self.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 1mb 0 0'), b'+OK\r\n')
        self.assertEqual(self.call('SET', 'k', b'v' * 100_000), b'+OK\r\n')
        lazy = self.connect()
        lazy.settimeout(5)
        closed = False
        try:
            for _ in range(200):
                lazy.sendall(b'GET k\r\n' * 100)
                time.sleep(0.005)
        except OSError:
            closed = True
        self.assertTrue(closed or b'(closed)' in self.drain(lazy))
        self.assertEqual(self.call('PING'), b'+PONG\r\n')

    def drain(self, on):
        try:
            while True:
                if not on.recv(1 << 20):
                    return b'(closed)'
        except ConnectionResetError:
            return b'(closed)'
        except OSError:
            return b''

    def test_a_query_buffer_above_its_limit_closes_the_client(self):
        self.assertEqual(self.call('CONFIG', 'SET', 'client-query-buffer-limit', '1mb'), b'+OK\r\n')
        greedy = self.connect()
        try:
            greedy.sendall(b'*2\r\n$4\r\nECHO\r\n$100000000\r\n' + b'x' * (3 << 20))
        except OSError:
            pass
        self.assertEqual(self.drain(greedy), b'(closed)')

    def test_idle_clients_are_closed_after_timeout(self):
        self.assertEqual(self.call('CONFIG', 'SET', 'timeout', 1), b'+OK\r\n')
        idle = self.connect()
        idle.settimeout(5)
        self.assertEqual(idle.recv(10), b'')

    def test_memory_stays_at_maxmemory_by_eviction(self):
        limit = 30 << 20
        for name, value in (('maxmemory', limit), ('maxmemory-policy', 'allkeys-lru')):
            self.assertEqual(self.call('CONFIG', 'SET', name, value), b'+OK\r\n')
        for i in range(800):
            batch = b''.join(b'SET key:%d %s\r\n' % (i * 100 + j, b'v' * 900) for j in range(100))
            self.control.sendall(batch)
            self.assertEqual(self.read(self.control, 500), b'+OK\r\n' * 100)
        self.assertLess(self.used_memory(), limit + (2 << 20))
        self.assertGreater(int(self.call('DBSIZE')[1:]), 10_000)

    def test_without_eviction_writes_are_refused_and_reads_are_not(self):
        self.assertEqual(self.call('SET', 'k', 'v'), b'+OK\r\n')
        self.assertEqual(self.call('CONFIG', 'SET', 'maxmemory', '1'), b'+OK\r\n')
        self.assertEqual(self.call('SET', 'other', 'v'),
                         b"-OOM command not allowed when used memory > 'maxmemory'.\r\n")
        self.assertEqual(self.call('GET', 'k', size=7), b'$1\r\nv\r\n')
        self.assertEqual(self.call('DEL', 'k'), b':1\r\n')

    def test_volatile_policies_evict_only_keys_with_a_deadline(self):
        limit = 20 << 20
        self.assertEqual(self.call('SET', 'stays', b's' * 100), b'+OK\r\n')
        for name, value in (('maxmemory', limit), ('maxmemory-policy', 'volatile-ttl')):
            self.assertEqual(self.call('CONFIG', 'SET', name, value), b'+OK\r\n')
        for i in range(400):
            batch = b''.join(b'SET key:%d %s EX 1000\r\n' % (i * 100 + j, b'v' * 900) for j in range(100))
            self.control.sendall(batch)
            self.assertEqual(self.read(self.control, 500), b'+OK\r\n' * 100)
        self.assertEqual(self.call('EXISTS', 'stays'), b':1\r\n')
        self.assertLess(self.used_memory(), limit + (2 << 20))


if __name__ == '__main__':
    if not SERVER:
        sys.exit('name the server')
    unittest.main()
