"""RQ: queues with dependencies, retries and several workers.

Needs Debian's python3-rq and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
SCRUBJAY_FULL=1 runs 1,000 jobs.
"""
import os
import subprocess
import sys
import unittest

os.environ.setdefault('SCRUBJAY_HOST', '127.0.0.1')
os.environ.setdefault('SCRUBJAY_PORT', '6379')
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

try:
    import rq
    import rq_jobs
except ImportError as error:
    print('SKIPPED RQ: %s' % error)
    sys.exit(0)

JOBS = 1000 if os.environ.get('SCRUBJAY_FULL') == '1' else 60
SECONDS = 150
WORK = '''
import sys
sys.path.insert(0, %r)
import rq, rq_jobs
rq.SimpleWorker([rq.Queue('work', connection=rq_jobs.connection())],
                connection=rq_jobs.connection()).work(burst=True, logging_level='ERROR')
''' % HERE


def run_workers(count):
    workers = [subprocess.Popen([sys.executable, '-B', '-c', WORK], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
               for _ in range(count)]
    for worker in workers:
        worker.wait(SECONDS)


class RqTest(unittest.TestCase):
    def setUp(self):
        self.client = rq_jobs.connection()
        self.client.flushall()
        self.queue = rq.Queue('work', connection=self.client)

    def tearDown(self):
        self.client.close()

    def test_each_job_runs_once(self):
        jobs = [self.queue.enqueue(rq_jobs.count, i) for i in range(JOBS)]
        run_workers(3)
        ran = self.client.hgetall('ran')
        self.assertEqual(len(ran), JOBS)
        self.assertEqual(set(ran.values()), {b'1'})
        self.assertEqual([job.result for job in jobs], [2 * i for i in range(JOBS)])
        self.assertEqual(len(self.queue), 0)
        self.assertEqual(self.queue.finished_job_registry.count, JOBS)

    def test_what_depends_on_another_waits(self):
        first = self.queue.enqueue(rq_jobs.count, 1)
        second = self.queue.enqueue(rq_jobs.count, 2, depends_on=first)
        self.assertEqual(second.get_status(), 'deferred')
        run_workers(1)
        self.assertEqual(second.get_status(), 'finished')

    def test_retry(self):
        job = self.queue.enqueue(rq_jobs.fail_once, 'tries', retry=rq.Retry(max=2))
        run_workers(1)
        self.assertEqual(job.result, 'done')
        self.assertEqual(self.client.get('tries'), b'2')


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    unittest.main()
