"""Celery with Redis as broker and result store: a chord counts its parts by transactions.

Needs Debian's python3-celery and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
SCRUBJAY_FULL=1 runs 1,000 tasks.
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
    import celery
    import celery_tasks
    import redis
except ImportError as error:
    print('SKIPPED Celery: %s' % error)
    sys.exit(0)

TASKS = 1000 if os.environ.get('SCRUBJAY_FULL') == '1' else 100
SECONDS = 120


class CeleryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        redis.Redis(os.environ['SCRUBJAY_HOST'], int(os.environ['SCRUBJAY_PORT'])).flushall()
        cls.worker = subprocess.Popen(
            [sys.executable, '-m', 'celery', '-A', 'celery_tasks', 'worker', '-P', 'threads',
             '-c', '8', '-l', 'WARNING', '--without-mingle'],
            cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict(os.environ, PYTHONDONTWRITEBYTECODE='1', C_FORCE_ROOT='1'))

    @classmethod
    def tearDownClass(cls):
        cls.worker.terminate()
        cls.worker.wait(30)

    def test_chord(self):
        result = celery.chord(
            (celery_tasks.double.s(i) for i in range(TASKS)), celery_tasks.total.s())()
        self.assertEqual(result.get(timeout=SECONDS), TASKS * (TASKS - 1))

    def test_group_and_chain(self):
        group = celery.group(celery_tasks.double.s(i) for i in range(20))()
        self.assertEqual(group.get(timeout=SECONDS), [2 * i for i in range(20)])
        chain = celery.chain(celery_tasks.double.s(3), celery_tasks.double.s())()
        self.assertEqual(chain.get(timeout=SECONDS), 12)

    def test_countdown_and_retries(self):
        late = celery_tasks.double.apply_async((4,), countdown=0.2)
        retried = celery_tasks.stubborn.delay()
        self.assertEqual(late.get(timeout=SECONDS), 8)
        self.assertEqual(retried.get(timeout=SECONDS), 2)


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    unittest.main()
