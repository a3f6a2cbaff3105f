#!/usr/bin/env python3
"""A thousand clients wait: waiting_test.py PATH_TO_SERVER. Each push wakes the right one, in order, and
nobody works meanwhile."""
import os
import resource
import sys
import time
import unittest

from harness import Server, request

SERVER = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
CLIENTS = 1000


class WaitingTest(unittest.TestCase):
    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
        self.server = Server(SERVER, '--threads', '2')
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

    def call(self, *words):
        self.control.sendall(request(*words))
        return self.control.recv(1 << 16)

    def wait_for_blocked(self, count):
        for _ in range(200):
            info = self.call('INFO', 'clients').decode()
            if 'blocked_clients:%d\r' % count in info:
                return
            time.sleep(0.02)
        self.fail('not %d clients wait: %s' % (count, info))

    def cpu_seconds(self):
        with open('/proc/%d/stat' % self.server.process.pid, encoding='ascii') as stat:
            fields = stat.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def waiters(self, key_of):
        clients = [self.connect() for _ in range(CLIENTS)]
        for number, client in enumerate(clients):
            client.sendall(request('BLPOP', key_of(number), 0))
            if number % 100 == 0 or key_of(number) == key_of(0):
                # One thread may be ahead of the other: each waits before the next one comes.
                self.wait_for_blocked(number + 1)
        self.wait_for_blocked(CLIENTS)
        return clients

    def test_on_one_key(self):
        clients = self.waiters(lambda number: 'queue')
        before = self.cpu_seconds()
        time.sleep(1)
        self.assertLess(self.cpu_seconds() - before, 0.15, 'waiting costs processor time')
        for start in range(0, CLIENTS, 10):
            self.call('RPUSH', 'queue', *range(start, start + 10))
        for number, client in enumerate(clients):
            client.settimeout(10)
            value = b'%d' % number
            expected = b'*2\r\n$5\r\nqueue\r\n$%d\r\n%s\r\n' % (len(value), value)
            self.assertEqual(client.recv(100), expected)
        self.assertEqual(self.call('EXISTS', 'queue'), b':0\r\n')
        self.wait_for_blocked(0)

    def test_on_many_keys(self):
        clients = self.waiters(lambda number: 'queue:%d' % number)
        for number in reversed(range(CLIENTS)):
            self.call('RPUSH', 'queue:%d' % number, 'job')
        for number, client in enumerate(clients):
            client.settimeout(10)
            key = b'queue:%d' % number
            self.assertEqual(client.recv(100),
                             b'*2\r\n$%d\r\n%s\r\n$3\r\njob\r\n' % (len(key), key))
        self.wait_for_blocked(0)

    def test_who_leaves_does_not_take_a_job_along(self):
        clients = [self.connect() for _ in range(3)]
        for number, client in enumerate(clients):
            client.sendall(request('BLPOP', 'queue', 0))
            self.wait_for_blocked(number + 1)
        clients[0].close()
        self.wait_for_blocked(2)
        self.call('RPUSH', 'queue', 'job')
        clients[1].settimeout(10)
        self.assertIn(b'job', clients[1].recv(100))


if __name__ == '__main__':
    unittest.main()
