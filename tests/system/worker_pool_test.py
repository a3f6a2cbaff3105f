#!/usr/bin/env python3
"""Jobs survive their workers: worker_pool_test.py PATH_TO_SERVER [ENTRIES]. Twenty processes work on a
stream as one consumer group and are killed at random, in the middle of whatever they do; others claim
what they leave behind (XAUTOCLAIM). In the end every entry was worked on and acknowledged."""
import os
import random
import signal
import socket
import sys
import time
import unittest

from harness import Server, request

SERVER = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
ENTRIES = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 100_000
WORKERS = 20
AT_ONCE = 50
ABANDONED_MS = 300  # so long idle, an entry's worker is taken for dead
LIMIT_S = 120


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), 30)
        self.stream = self.socket.makefile('rb')

    def close(self):
        self.stream.close()
        self.socket.close()

    def call(self, *words):
        return self.pipeline([words])[0]

    def pipeline(self, commands):
        self.socket.sendall(b''.join(request(*words) for words in commands))
        return [self.read() for _ in commands]

    def read(self):
        line = self.stream.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b'*':
            return None if rest == b'-1' else [self.read() for _ in range(int(rest))]
        if kind == b'$':
            return None if rest == b'-1' else self.stream.read(int(rest) + 2)[:-2].decode()
        if kind == b':':
            return int(rest)
        if kind == b'+':
            return rest.decode()
        raise RuntimeError(line)


def work(port, name):
    """Never returns: a worker ends by being killed."""
    client = Client(port)
    while True:
        _, entries, _ = client.call('XAUTOCLAIM', 'jobs', 'pool', name, ABANDONED_MS, '0',
                                    'COUNT', AT_ONCE)
        if not entries:
            reply = client.call('XREADGROUP', 'GROUP', 'pool', name, 'COUNT', AT_ONCE,
                                'BLOCK', 100, 'STREAMS', 'jobs', '>')
            entries = reply[0][1] if reply else []
        if not entries:
            continue
        client.pipeline([('HINCRBY', 'done', fields[1], 1) for _, fields in entries])
        client.call('XACK', 'jobs', 'pool', *[entry for entry, _ in entries])


class WorkerPoolTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(SERVER, '--threads', '2')
        self.workers = []
        self.hired = 0
        self.client = Client(self.server.port)

    def tearDown(self):
        for pid in self.workers:
            self.end(pid)
        self.assertFalse(self.server.has_ended())
        self.client.close()
        self.assertEqual(self.server.stop(), 0)

    def hire(self):
        name = 'worker%d' % self.hired
        self.hired += 1
        pid = os.fork()
        if pid == 0:
            try:
                work(self.server.port, name)
            finally:
                os._exit(1)
        return pid

    @staticmethod
    def end(pid):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def test_no_job_is_lost_though_workers_are_killed(self):
        self.client.call('XGROUP', 'CREATE', 'jobs', 'pool', '0', 'MKSTREAM')
        self.workers = [self.hire() for _ in range(WORKERS)]
        chance = random.Random(1)
        produced = killed = 0
        end = time.monotonic() + LIMIT_S
        while True:
            if produced < ENTRIES:
                count = min(500, ENTRIES - produced)
                self.client.pipeline([('XADD', 'jobs', '*', 'job', produced + i)
                                      for i in range(count)])
                produced += count
            else:
                time.sleep(0.05)
                group = self.client.call('XINFO', 'GROUPS', 'jobs')[0]
                state = dict(zip(group[::2], group[1::2]))
                if state['lag'] == 0 and state['pending'] == 0:
                    break
            victim = chance.randrange(WORKERS)
            self.end(self.workers[victim])
            self.workers[victim] = self.hire()
            killed += 1
            self.assertLess(time.monotonic(), end, 'not done in time: %s' % produced)
        self.assertGreater(killed, WORKERS)
        self.assertEqual(self.client.call('XLEN', 'jobs'), ENTRIES)
        self.assertEqual(state['entries-read'], ENTRIES)
        self.assertEqual(self.client.call('XPENDING', 'jobs', 'pool'), [0, None, None, None])
        self.assertEqual(self.client.call('HLEN', 'done'), ENTRIES)
        done = sum(int(count) for count in self.client.call('HVALS', 'done'))
        print('%d entries, %d workers killed, %d done again' % (ENTRIES, killed, done - ENTRIES))


if __name__ == '__main__':
    unittest.main()
