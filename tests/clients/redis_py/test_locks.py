"""redis-py's Lock, which extends and gives back by Lua scripts, and registered scripts.

Needs Debian's python3-redis and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
The server is emptied before each test.
"""
import os
import threading
import time
import unittest

import redis
from redis.exceptions import LockError, LockNotOwnedError

HOST = os.environ.get('SCRUBJAY_HOST', '127.0.0.1')
PORT = int(os.environ.get('SCRUBJAY_PORT', '6379'))


class LockTest(unittest.TestCase):
    def setUp(self):
        self.client = redis.Redis(HOST, PORT, decode_responses=True)
        self.client.flushall()
        self.client.script_flush()

    def tearDown(self):
        self.client.close()

    def test_one_holder_at_a_time(self):
        counter, inside, overlaps = [0], [0], [0]

        def work():
            client = redis.Redis(HOST, PORT)
            for _ in range(10):
                with client.lock('lock', timeout=10, sleep=0.002):
                    inside[0] += 1
                    overlaps[0] += inside[0] != 1
                    seen = counter[0]
                    time.sleep(0.0005)
                    counter[0] = seen + 1
                    inside[0] -= 1
            client.close()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(counter[0], 80)
        self.assertEqual(overlaps[0], 0)
        self.assertFalse(self.client.exists('lock'))

    def test_only_the_holder_gives_back(self):
        lock = self.client.lock('lock', timeout=0.1)
        self.assertTrue(lock.acquire())
        self.assertFalse(self.client.lock('lock').acquire(blocking=False))
        time.sleep(0.15)
        other = self.client.lock('lock', timeout=10)
        self.assertTrue(other.acquire(blocking=False))
        with self.assertRaises(LockNotOwnedError):
            lock.release()
        self.assertTrue(other.owned())
        other.release()
        with self.assertRaises(LockError):
            other.release()

    def test_extend_and_reacquire(self):
        lock = self.client.lock('lock', timeout=10)
        lock.acquire()
        lock.extend(10)
        self.assertGreater(self.client.pttl('lock'), 15000)
        lock.extend(5, replace_ttl=True)
        self.assertLessEqual(self.client.pttl('lock'), 5000)
        lock.reacquire()
        self.assertGreater(self.client.pttl('lock'), 9000)
        lock.release()

    def test_registered_script(self):
        script = self.client.register_script(
            "local n = redis.call('INCRBY', KEYS[1], ARGV[1]) return {n, ARGV[1]}")
        self.assertEqual(script(keys=['n'], args=[5]), [5, '5'])
        self.client.script_flush()
        self.assertEqual(script(keys=['n'], args=[2]), [7, '2'])
        self.client.script_flush()
        pipeline = self.client.pipeline()
        script(keys=['n'], args=[1], client=pipeline)
        pipeline.get('n')
        self.assertEqual(pipeline.execute(), [[8, '1'], '8'])

    def test_functions(self):
        code = ("#!lua name=counters\n"
                "redis.register_function('add', function(keys, args)\n"
                "  return redis.call('INCRBY', keys[1], args[1]) end)")
        self.client.execute_command('FUNCTION', 'LOAD', 'REPLACE', code)
        self.assertEqual(self.client.execute_command('FCALL', 'add', 1, 'n', 4), 4)
        dump = redis.Redis(HOST, PORT).execute_command('FUNCTION', 'DUMP')
        self.client.execute_command('FUNCTION', 'FLUSH')
        self.client.execute_command('FUNCTION', 'RESTORE', dump)
        self.assertEqual(self.client.execute_command('FCALL', 'add', 1, 'n', 4), 8)
        self.client.execute_command('FUNCTION', 'FLUSH')


if __name__ == '__main__':
    unittest.main()
