"""Patterns on collections, as an application writes them with redis-py: a reliable queue, a queue
by priority, a leaderboard, sessions whose fields expire, tag sets.

Needs Debian's python3-redis and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
The server is emptied before each test.
"""
import os
import random
import threading
import time
import unittest

import redis

HOST = os.environ.get('SCRUBJAY_HOST', '127.0.0.1')
PORT = int(os.environ.get('SCRUBJAY_PORT', '6379'))


class CollectionTest(unittest.TestCase):
    def setUp(self):
        self.client = redis.Redis(HOST, PORT, decode_responses=True)
        self.client.flushall()

    def tearDown(self):
        self.client.close()


class ReliableQueue(CollectionTest):
    """Jobs move to a worker's own list and leave it when they are done (BLMOVE, LREM)."""

    def work(self, name, done, crashes):
        client = redis.Redis(HOST, PORT, decode_responses=True)
        while True:
            job = client.blmove('queue', 'doing:' + name, 1, 'LEFT', 'RIGHT')
            if job is None:
                continue
            if job == 'stop':
                client.lrem('doing:' + name, 1, job)
                client.close()
                return
            if random.random() < crashes:
                client.close()  # leaves the job where it is
                client = redis.Redis(HOST, PORT, decode_responses=True)
                continue
            done.append(job)
            client.lrem('doing:' + name, 1, job)

    def test_every_job_is_done_though_workers_crash(self):
        jobs, names = ['job:%d' % i for i in range(500)], ['w%d' % i for i in range(5)]
        done = []
        threads = [threading.Thread(target=self.work, args=(name, done, 0.1)) for name in names]
        for thread in threads:
            thread.start()
        for start in range(0, 500, 50):
            self.client.rpush('queue', *jobs[start:start + 50])
        deadline = time.time() + 20
        while len(set(done)) < 500 and time.time() < deadline:
            for name in names:  # a supervisor gives back what crashed workers left
                if self.client.llen('doing:' + name) > 1:
                    self.client.lmove('doing:' + name, 'queue', 'LEFT', 'RIGHT')
            if self.client.llen('queue') == 0:
                for name in names:
                    self.client.lmove('doing:' + name, 'queue', 'LEFT', 'RIGHT')
            time.sleep(0.01)
        for _ in names:
            self.client.rpush('queue', 'stop')
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(set(done)), sorted(jobs))

    def test_waiting_workers_get_jobs_in_the_order_they_came(self):
        clients = [redis.Redis(HOST, PORT, decode_responses=True) for _ in range(5)]
        got = {}

        def wait(number):
            got[number] = clients[number].blpop('queue', 5)

        threads = []
        for number in range(5):
            thread = threading.Thread(target=wait, args=(number,))
            thread.start()
            threads.append(thread)
            time.sleep(0.05)
        self.client.rpush('queue', *range(5))
        for thread in threads:
            thread.join()
        self.assertEqual(got, {i: ('queue', str(i)) for i in range(5)})


class PriorityQueue(CollectionTest):
    def test_lowest_score_first(self):
        self.client.zadd('tasks', {'late': 30, 'soon': 10, 'next': 20})
        order = [self.client.bzpopmin('tasks', 1)[1] for _ in range(3)]
        self.assertEqual(order, ['soon', 'next', 'late'])
        start = time.time()
        self.assertIsNone(self.client.bzpopmin('tasks', 0.1))
        self.assertLess(time.time() - start, 1)

    def test_a_waiting_worker_is_woken(self):
        got = []
        thread = threading.Thread(target=lambda: got.append(
            redis.Redis(HOST, PORT, decode_responses=True).bzpopmin(['a', 'b'], 5)))
        thread.start()
        time.sleep(0.1)
        self.client.zadd('b', {'task': 1.5})
        thread.join()
        self.assertEqual(got, [('b', 'task', 1.5)])


class Leaderboard(CollectionTest):
    def test_ranks_and_pages(self):
        scores = {'player:%03d' % i: (i * 37) % 1009 for i in range(300)}
        self.client.zadd('board', scores)
        best = sorted(scores, key=lambda name: (scores[name], name), reverse=True)
        self.assertEqual(self.client.zrevrange('board', 0, 9), best[:10])
        self.assertEqual(self.client.zrevrank('board', best[42]), 42)
        self.assertEqual(self.client.zrange('board', 100, 109, desc=True), best[100:110])
        self.client.zincrby('board', 10000, best[-1])
        self.assertEqual(self.client.zrevrank('board', best[-1]), 0)
        around = self.client.zrangebyscore('board', 500, 600, withscores=True)
        self.assertEqual(around, sorted(((n, float(s)) for n, s in scores.items()
                                         if 500 <= s <= 600 and n != best[-1]),
                                        key=lambda item: (item[1], item[0])))
        self.assertEqual(self.client.zcount('board', 500, '(600'),
                         sum(500 <= s < 600 for n, s in scores.items() if n != best[-1]))


class Sessions(CollectionTest):
    def test_a_field_expires_alone(self):
        self.client.hset('session:1', mapping={'user': 'u1', 'csrf': 'x', 'cart': '3'})
        self.assertEqual(self.client.execute_command(
            'HPEXPIRE', 'session:1', 50, 'FIELDS', 1, 'csrf'), [1])
        self.assertEqual(self.client.hget('session:1', 'csrf'), 'x')
        time.sleep(0.1)
        self.assertEqual(self.client.hgetall('session:1'), {'user': 'u1', 'cart': '3'})
        self.client.execute_command('HPEXPIRE', 'session:1', 50, 'FIELDS', 2, 'user', 'cart')
        time.sleep(0.1)
        self.assertEqual(self.client.exists('session:1'), 0)

    def test_a_large_session_survives_a_scan(self):
        fields = {'field:%d' % i: str(i) for i in range(2000)}
        self.client.hset('big', mapping=fields)
        self.assertEqual(dict(self.client.hscan_iter('big', count=50)), fields)
        self.assertEqual(self.client.object('encoding', 'big'), 'hashtable')


class Tags(CollectionTest):
    def test_intersections(self):
        for i in range(200):
            for tag in ('all', 'even' if i % 2 == 0 else 'odd', 'third' if i % 3 == 0 else 'other'):
                self.client.sadd('tag:' + tag, 'post:%d' % i)
        self.assertEqual(self.client.sinter('tag:even', 'tag:third'),
                         {'post:%d' % i for i in range(0, 200, 6)})
        self.assertEqual(self.client.scard('tag:all'), 200)
        self.assertEqual(self.client.sdiff('tag:all', 'tag:even'), self.client.smembers('tag:odd'))
        self.assertEqual(set(self.client.sscan_iter('tag:all', count=7)),
                         self.client.smembers('tag:all'))

    def test_what_is_dumped_is_restored(self):
        self.client.rpush('l', *range(1000))
        self.client.zadd('z', {'a': 0.1, 'b': 2})
        self.client.sadd('s', *['m%d' % i for i in range(500)])
        plain = redis.Redis(HOST, PORT)
        for key in ('l', 'z', 's'):
            plain.restore(key + ':copy', 0, plain.dump(key))
        self.assertEqual(self.client.lrange('l:copy', 0, -1), self.client.lrange('l', 0, -1))
        self.assertEqual(self.client.zrange('z:copy', 0, -1, withscores=True), [('a', 0.1), ('b', 2)])
        self.assertEqual(self.client.smembers('s:copy'), self.client.smembers('s'))


if __name__ == '__main__':
    unittest.main()
