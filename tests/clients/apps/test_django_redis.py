"""django-redis: the cache and its lock.

Needs Debian's python3-django-redis and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
"""
import os
import sys
import threading
import time
import unittest

URL = 'redis://%s:%s/4' % (os.environ.get('SCRUBJAY_HOST', '127.0.0.1'),
                           os.environ.get('SCRUBJAY_PORT', '6379'))

try:
    import django_redis
    from django.conf import settings
    settings.configure(CACHES={'default': {
        'BACKEND': 'django_redis.cache.RedisCache', 'LOCATION': URL,
        'OPTIONS': {'CLIENT_CLASS': 'django_redis.client.DefaultClient'}}})
    from django.core.cache import cache
except ImportError as error:
    print('SKIPPED django-redis: %s' % error)
    sys.exit(0)


class DjangoRedisTest(unittest.TestCase):
    def setUp(self):
        cache.clear()

    def test_values(self):
        cache.set('a', {'x': [1, 2]}, timeout=30)
        self.assertEqual(cache.get('a'), {'x': [1, 2]})
        self.assertTrue(29 <= cache.ttl('a') <= 30)
        self.assertFalse(cache.add('a', 1))
        cache.set('n', 5)
        self.assertEqual(cache.incr('n', 3), 8)
        self.assertEqual(cache.decr('n'), 7)
        cache.set_many({'b': 1, 'c': 2})
        self.assertEqual(cache.get_many(['b', 'c', 'd']), {'b': 1, 'c': 2})
        self.assertEqual(sorted(cache.iter_keys('*')), ['a', 'b', 'c', 'n'])
        self.assertEqual(cache.delete_pattern('[bc]'), 2)
        self.assertEqual(cache.get('b', 'none'), 'none')
        cache.touch('a', 100)
        self.assertGreater(cache.ttl('a'), 90)
        cache.persist('a')
        self.assertIsNone(cache.ttl('a'))

    def test_incr_of_a_missing_key(self):
        with self.assertRaises(ValueError):
            cache.incr('missing')

    def test_lock(self):
        counter = [0]

        def work():
            for _ in range(10):
                with cache.lock('lock', timeout=10, sleep=0.002):
                    seen = counter[0]
                    time.sleep(0.0005)
                    counter[0] = seen + 1

        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(counter[0], 50)

    def test_lock_of_another(self):
        lock = cache.lock('lock', timeout=10)
        self.assertTrue(lock.acquire())
        self.assertFalse(cache.lock('lock').acquire(blocking=False))
        lock.release()
        client = django_redis.get_redis_connection('default')
        self.assertEqual(client.keys('*lock*'), [])


if __name__ == '__main__':
    unittest.main()
