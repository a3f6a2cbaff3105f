"""Event logs and job systems on streams, as an application writes them with redis-py: a log with
readers, a consumer group whose workers crash, unique counters, flags by bit, places by distance.

Needs Debian's python3-redis and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
The server is emptied before each test.
"""
import os
import random
import threading
import unittest

import redis

HOST = os.environ.get('SCRUBJAY_HOST', '127.0.0.1')
PORT = int(os.environ.get('SCRUBJAY_PORT', '6379'))


class StreamTest(unittest.TestCase):
    def setUp(self):
        self.client = redis.Redis(HOST, PORT, decode_responses=True)
        self.client.flushall()

    def tearDown(self):
        self.client.close()


class EventLog(StreamTest):
    """Everybody reads everything, from where they left off."""

    def test_pages_forwards_and_backwards(self):
        ids = [self.client.xadd('log', {'n': n}) for n in range(50)]
        first = self.client.xrange('log', count=20)
        rest = self.client.xrange('log', min='(' + first[-1][0])
        self.assertEqual([int(fields['n']) for _, fields in first + rest], list(range(50)))
        newest = self.client.xrevrange('log', count=3)
        self.assertEqual([entry for entry, _ in newest], ids[:-4:-1])

    def test_a_capped_log_keeps_the_newest(self):
        for n in range(200):
            self.client.xadd('log', {'n': n}, maxlen=50, approximate=False)
        self.assertEqual(self.client.xlen('log'), 50)
        self.assertEqual(self.client.xrange('log', count=1)[0][1], {'n': '150'})
        self.assertEqual(self.client.xtrim('log', maxlen=10, approximate=False), 40)

    def test_a_reader_waits_for_news(self):
        news = []

        def read():
            client = redis.Redis(HOST, PORT, decode_responses=True)
            last = '$'
            while len(news) < 20:
                for _, entries in client.xread({'log': last}, block=2000):
                    news.extend(int(fields['n']) for _, fields in entries)
                    last = entries[-1][0]
                ready.set()
            client.close()

        ready = threading.Event()
        reader = threading.Thread(target=read)
        reader.start()
        while self.client.info('clients')['blocked_clients'] == 0:
            pass
        self.client.xadd('log', {'n': 0})
        ready.wait(2)
        for n in range(1, 20):
            self.client.xadd('log', {'n': n})
        reader.join(10)
        self.assertEqual(news, list(range(20)))


class WorkerPool(StreamTest):
    """A consumer group: what a crashed worker was given is claimed by another."""

    def work(self, name, done, crashes, stopped):
        client = redis.Redis(HOST, PORT, decode_responses=True)
        while True:
            _, entries, _ = client.xautoclaim('jobs', 'pool', name, min_idle_time=100, count=5)
            if not entries:
                reply = client.xreadgroup('pool', name, {'jobs': '>'}, count=5, block=50)
                entries = reply[0][1] if reply else []
            if not entries and stopped.is_set():
                break
            for entry, fields in entries:
                if random.random() < crashes:
                    break  # and forgets what it was given, as a new process would
                done.append(fields['job'])
                client.xack('jobs', 'pool', entry)
        client.close()

    def test_every_job_is_done_though_workers_crash(self):
        stopped = threading.Event()
        jobs = ['job:%d' % i for i in range(500)]
        done = []
        self.client.xgroup_create('jobs', 'pool', mkstream=True)
        workers = [threading.Thread(target=self.work, args=('w%d' % i, done, 0.05, stopped))
                   for i in range(5)]
        for worker in workers:
            worker.start()
        for job in jobs:
            self.client.xadd('jobs', {'job': job})
        for _ in range(400):
            group = self.client.xinfo_groups('jobs')[0]
            if group['pending'] == 0 and group['last-delivered-id'] == \
                    self.client.xinfo_stream('jobs')['last-generated-id']:
                break
            threading.Event().wait(0.05)
        stopped.set()
        for worker in workers:
            worker.join(10)
        self.assertEqual(set(done), set(jobs))
        self.assertEqual(self.client.xpending('jobs', 'pool')['pending'], 0)

    def test_what_is_pending_is_seen_and_taken_over(self):
        self.client.xgroup_create('jobs', 'pool', mkstream=True)
        ids = [self.client.xadd('jobs', {'n': n}) for n in range(3)]
        self.client.xreadgroup('pool', 'alice', {'jobs': '>'}, count=3)
        pending = self.client.xpending_range('jobs', 'pool', '-', '+', 10)
        self.assertEqual([p['message_id'] for p in pending], ids)
        self.assertEqual({p['consumer'] for p in pending}, {'alice'})
        claimed = self.client.xclaim('jobs', 'pool', 'bob', 0, ids[:1])
        self.assertEqual(claimed, [(ids[0], {'n': '0'})])
        self.assertEqual(self.client.xpending('jobs', 'pool')['consumers'],
                         [{'name': 'alice', 'pending': 2}, {'name': 'bob', 'pending': 1}])
        again = self.client.xreadgroup('pool', 'alice', {'jobs': '0'})
        self.assertEqual([entry for entry, _ in again[0][1]], ids[1:])
        self.assertEqual(self.client.xgroup_delconsumer('jobs', 'pool', 'alice'), 2)
        consumers = self.client.xinfo_consumers('jobs', 'pool')
        self.assertEqual([(c['name'], c['pending']) for c in consumers], [('bob', 1)])


class Counters(StreamTest):
    def test_unique_visitors_by_day_and_week(self):
        for day in range(7):
            self.client.pfadd('visits:%d' % day,
                              *['user:%d' % user for user in range(day * 100, day * 100 + 500)])
        self.assertAlmostEqual(self.client.pfcount('visits:0'), 500, delta=15)
        days = ['visits:%d' % day for day in range(7)]
        self.assertAlmostEqual(self.client.pfcount(*days), 1100, delta=33)
        self.client.pfmerge('visits:week', *days)
        self.assertEqual(self.client.pfcount('visits:week'), self.client.pfcount(*days))

    def test_flags_by_bit(self):
        for user in range(0, 1000, 3):
            self.client.setbit('seen:mon', user, 1)
        for user in range(0, 1000, 5):
            self.client.setbit('seen:tue', user, 1)
        self.assertEqual(self.client.bitcount('seen:mon'), 334)
        self.client.bitop('AND', 'seen:both', 'seen:mon', 'seen:tue')
        self.assertEqual(self.client.bitcount('seen:both'), 67)
        self.assertEqual(self.client.bitpos('seen:tue', 1), 0)
        self.assertEqual(
            self.client.bitfield('limits', 'SAT').incrby('u8', '#3', 250).incrby('u8', '#3', 9)
            .execute(), [250, 255])


class Places(StreamTest):
    def test_what_is_near(self):
        self.client.geoadd('cities', (13.361389, 38.115556, 'Palermo',
                                      15.087269, 37.502669, 'Catania'))
        self.assertEqual(self.client.geodist('cities', 'Palermo', 'Catania', 'km'), 166.2742)
        near = self.client.geosearch('cities', longitude=15, latitude=37, radius=200, unit='km',
                                     sort='ASC', withdist=True)
        self.assertEqual(near, [['Catania', 56.4413], ['Palermo', 190.4424]])
        self.assertEqual(self.client.geohash('cities', 'Palermo'), ['sqc8b49rny0'])
        self.client.geosearchstore('near', 'cities', member='Catania', radius=10, unit='km')
        self.assertEqual(self.client.zcard('near'), 1)


if __name__ == '__main__':
    unittest.main()
