"""The usual caching patterns, as an application writes them with redis-py.

Needs Debian's python3-redis and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
The server is emptied before each test.
"""
import asyncio
import functools
import json
import os
import threading
import time
import unittest
import uuid

import redis
import redis.asyncio

HOST = os.environ.get('SCRUBJAY_HOST', '127.0.0.1')
PORT = int(os.environ.get('SCRUBJAY_PORT', '6379'))
URL = 'redis://%s:%d/0' % (HOST, PORT)


class Source:
    """Stands for the database behind the cache; counts what is asked of it."""

    def __init__(self, **rows):
        self.rows, self.reads, self.writes = dict(rows), 0, 0

    def find(self, key):
        self.reads += 1
        return self.rows.get(key)

    def update(self, key, row):
        self.writes += 1
        self.rows[key] = row
        return row


class CacheService:
    """JSON values under a prefix, with a time to live."""

    def __init__(self, client, prefix):
        self.client, self.prefix = client, prefix

    def key(self, key):
        return '%s:%s' % (self.prefix, key)

    def get(self, key):
        data = self.client.get(self.key(key))
        return json.loads(data) if data else None

    def set(self, key, value, ttl=3600):
        self.client.setex(self.key(key), ttl, json.dumps(value))

    def delete(self, key):
        return self.client.delete(self.key(key))

    def get_or_fetch(self, key, ttl, fetch):
        cached = self.get(key)
        if cached is not None:
            return cached
        value = fetch()
        self.set(key, value, ttl)
        return value


def cached(cache, ttl=3600):
    """Keeps the results of a coroutine function."""
    def decorator(function):
        @functools.wraps(function)
        async def wrapper(*args, **kwargs):
            key = '%s:%s' % (function.__name__, json.dumps([args, kwargs], sort_keys=True))
            found = cache.get(key)
            if found is not None:
                return found
            result = await function(*args, **kwargs)
            cache.set(key, result, ttl)
            return result
        return wrapper
    return decorator


def acquire(client, name, milliseconds):
    """A token when the lock was free, else None."""
    token = uuid.uuid4().hex
    return token if client.set(name, token, nx=True, px=milliseconds) else None


def release(client, name, token):
    """Deletes the lock only if it is still ours (compare and delete by WATCH)."""
    with client.pipeline() as pipe:
        while True:
            try:
                pipe.watch(name)
                if pipe.get(name) != token.encode():
                    pipe.unwatch()
                    return False
                pipe.multi()
                pipe.delete(name)
                return pipe.execute() == [1]
            except redis.WatchError:
                continue


def run_threads(count, function):
    """Runs function(number) in threads and raises the first error."""
    errors, results = [], [None] * count

    def body(number):
        try:
            results[number] = function(number)
        except Exception as error:      # noqa: BLE001 (handed on to the test)
            errors.append(error)
    threads = [threading.Thread(target=body, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if errors:
        raise errors[0]
    return results


class PatternTest(unittest.TestCase):
    def setUp(self):
        self.client = redis.Redis(HOST, PORT, socket_timeout=10)
        self.addCleanup(self.client.close)
        self.client.flushall()
        self.cache = CacheService(self.client, 'app')


class CacheAside(PatternTest):
    def test_miss_fetches_and_hit_does_not(self):
        source = Source(u1={'name': 'Ada'})
        for _ in range(3):
            value = self.cache.get_or_fetch('u1', 60, lambda: source.find('u1'))
            self.assertEqual(value, {'name': 'Ada'})
        self.assertEqual(source.reads, 1)
        self.assertTrue(58 <= self.client.ttl('app:u1') <= 60)

    def test_expired_value_is_fetched_again(self):
        source = Source(u1={'name': 'Ada'})
        self.client.set('app:u1', json.dumps({'name': 'old'}), px=40)
        self.assertEqual(self.cache.get('u1'), {'name': 'old'})
        time.sleep(0.08)
        value = self.cache.get_or_fetch('u1', 60, lambda: source.find('u1'))
        self.assertEqual((value, source.reads), ({'name': 'Ada'}, 1))

    def test_values_keep_their_shape(self):
        for value in ({}, {'a': [1, 2.5, None, True]}, 'text', ['\u00e4\u20ac\U0001f600'], 0):
            self.cache.set('v', value)
            self.assertEqual(self.cache.get('v'), value)

    def test_one_fetch_for_a_stampede(self):
        """The lock lets one caller fetch; the others wait for the value."""
        source = Source(hot={'n': 1})

        def caller(_):
            while True:
                found = self.cache.get('hot')
                if found is not None:
                    return found
                token = acquire(self.client, 'lock:hot', 5000)
                if not token:
                    time.sleep(0.005)
                    continue
                try:
                    return self.cache.get_or_fetch('hot', 60, lambda: source.find('hot'))
                finally:
                    release(self.client, 'lock:hot', token)
        self.assertEqual(run_threads(12, caller), [{'n': 1}] * 12)
        self.assertEqual(source.reads, 1)

    def test_many_keys_at_once(self):
        self.client.mset({'app:%d' % n: n for n in range(100)})
        found = self.client.mget(['app:%d' % n for n in range(101)])
        self.assertEqual(found, [b'%d' % n for n in range(100)] + [None])


class Decorator(PatternTest):
    def test_second_call_is_answered_by_the_cache(self):
        source = Source(u1={'id': 'u1'}, u2={'id': 'u2'})

        @cached(self.cache, ttl=300)
        async def get_user(user_id):
            return source.find(user_id)

        async def calls():
            return [await get_user(u) for u in ('u1', 'u1', 'u2', 'u1')]
        self.assertEqual([v['id'] for v in asyncio.run(calls())], ['u1', 'u1', 'u2', 'u1'])
        self.assertEqual(source.reads, 2)
        self.assertEqual(get_user.__name__, 'get_user')

    def test_arguments_are_part_of_the_key(self):
        @cached(self.cache)
        async def add(a, b=0):
            return a + b

        async def calls():
            return [await add(1), await add(1, b=2), await add(1, b=2), await add(3)]
        self.assertEqual(asyncio.run(calls()), [1, 3, 3, 3])
        self.assertEqual(len(self.client.keys('app:add:*')), 3)


class WriteThrough(PatternTest):
    def test_cache_and_source_agree(self):
        source = Source()

        def write(key, row):
            self.cache.set(key, row, 60)
            source.update(key, row)
        write('u1', {'n': 1})
        write('u1', {'n': 2})
        self.assertEqual(self.cache.get('u1'), source.rows['u1'])
        self.assertEqual((source.writes, source.reads), (2, 0))

    def test_keepttl_refreshes_the_value_only(self):
        self.client.set('app:k', 'a', ex=100)
        self.client.set('app:k', 'b', keepttl=True)
        self.assertEqual(self.client.get('app:k'), b'b')
        self.assertTrue(98 <= self.client.ttl('app:k') <= 100)

    def test_write_behind_drains_the_latest_value(self):
        source, dirty = Source(), []
        for n in range(5):
            self.cache.set('u1', {'n': n})
            if 'u1' not in dirty:
                dirty.append('u1')
        for key in dirty:
            source.update(key, self.cache.get(key))
        self.assertEqual((source.rows, source.writes), ({'u1': {'n': 4}}, 1))


class Invalidation(PatternTest):
    def test_write_invalidates(self):
        source = Source(u1={'n': 1})
        fetch = functools.partial(source.find, 'u1')
        self.assertEqual(self.cache.get_or_fetch('u1', 60, fetch), {'n': 1})
        source.update('u1', {'n': 2})
        self.assertEqual(self.cache.delete('u1'), 1)
        self.assertEqual(self.cache.delete('u1'), 0)
        self.assertEqual(self.cache.get_or_fetch('u1', 60, fetch), {'n': 2})

    def test_a_whole_prefix(self):
        self.client.mset({'app:user:%d' % n: n for n in range(500)})
        self.client.mset({'app:post:%d' % n: n for n in range(50)})
        removed = 0
        batch = []
        for key in self.client.scan_iter('app:user:*', count=100):
            batch.append(key)
            if len(batch) == 64:
                removed += self.client.unlink(*batch)
                batch = []
        removed += self.client.unlink(*batch) if batch else 0
        self.assertEqual(removed, 500)
        self.assertEqual(self.client.dbsize(), 50)

    def test_scan_finds_every_key_once_or_more(self):
        names = {b'k%d' % n for n in range(1000)}
        self.client.mset({name: 1 for name in names})
        self.assertEqual(set(self.client.scan_iter(count=37)), names)
        self.assertEqual(set(self.client.scan_iter(match='k99*')),
                         {n for n in names if n.startswith(b'k99')})


class Locks(PatternTest):
    def test_one_holder(self):
        token = acquire(self.client, 'lock', 30000)
        self.assertIsNotNone(token)
        self.assertIsNone(acquire(self.client, 'lock', 30000))
        self.assertTrue(release(self.client, 'lock', token))
        self.assertIsNotNone(acquire(self.client, 'lock', 30000))

    def test_a_foreign_token_does_not_release(self):
        token = acquire(self.client, 'lock', 30000)
        self.assertFalse(release(self.client, 'lock', 'other'))
        self.assertEqual(self.client.get('lock'), token.encode())

    def test_an_abandoned_lock_runs_out(self):
        old = acquire(self.client, 'lock', 40)
        time.sleep(0.08)
        new = acquire(self.client, 'lock', 30000)
        self.assertIsNotNone(new)
        self.assertFalse(release(self.client, 'lock', old))
        self.assertTrue(release(self.client, 'lock', new))

    def test_mutual_exclusion(self):
        inside, most, total = [0], [0], [0]

        def worker(_):
            for _ in range(10):
                while not (token := acquire(self.client, 'lock', 10000)):
                    time.sleep(0.001)
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                total[0] += 1
                inside[0] -= 1
                self.assertTrue(release(self.client, 'lock', token))
        run_threads(6, worker)
        self.assertEqual((most[0], total[0]), (1, 60))

    def test_release_gives_way_when_the_lock_changes_meanwhile(self):
        self.client.set('lock', 'a')
        with self.client.pipeline() as pipe:
            pipe.watch('lock')
            self.assertEqual(pipe.get('lock'), b'a')
            self.client.set('lock', 'b')
            pipe.multi()
            pipe.delete('lock')
            self.assertRaises(redis.WatchError, pipe.execute)
        self.assertEqual(self.client.get('lock'), b'b')


class Pipelines(PatternTest):
    def test_plain_pipeline(self):
        with self.client.pipeline(transaction=False) as pipe:
            pipe.set('a', 1).incr('a').get('a').get('nope').expire('a', 100).ttl('a')
            self.assertEqual(pipe.execute(), [True, 2, b'2', None, True, 100])

    def test_transaction(self):
        with self.client.pipeline(transaction=True) as pipe:
            pipe.set('a', 1).incrby('a', 41).get('a').exists('a', 'a', 'b')
            self.assertEqual(pipe.execute(), [True, 42, b'42', 2])

    def test_errors_name_their_command(self):
        for transaction in (False, True):
            self.client.set('text', 'abc')
            with self.client.pipeline(transaction=transaction) as pipe:
                pipe.set('x', 1).incr('text').set('y', 2)
                with self.assertRaisesRegex(redis.ResponseError, 'not an integer'):
                    pipe.execute()
            self.assertEqual(self.client.mget('x', 'y'), [b'1', b'2'])

    def test_errors_as_values(self):
        self.client.set('text', 'abc')
        with self.client.pipeline(transaction=False) as pipe:
            pipe.incr('text').get('text')
            first, second = pipe.execute(raise_on_error=False)
        self.assertIsInstance(first, redis.ResponseError)
        self.assertEqual(second, b'abc')

    def test_a_refused_command_aborts_the_transaction(self):
        with self.client.pipeline(transaction=True) as pipe:
            pipe.set('a', 1).execute_command('NOSUCH')
            self.assertRaises(redis.ResponseError, pipe.execute)
        self.assertEqual(self.client.exists('a'), 0)

    def test_ten_thousand_commands(self):
        for transaction in (False, True):
            with self.client.pipeline(transaction=transaction) as pipe:
                for n in range(10000):
                    pipe.set('k%d' % n, n, ex=600)
                self.assertEqual(pipe.execute(), [True] * 10000)
        self.assertEqual(self.client.dbsize(), 10000)

    def test_large_values(self):
        value = os.urandom(3 << 20)
        with self.client.pipeline(transaction=False) as pipe:
            pipe.set('big', value).strlen('big').get('big').getrange('big', 1 << 20, (1 << 20) + 9)
            ok, size, got, part = pipe.execute()
        self.assertEqual((ok, size, part), (True, len(value), value[1 << 20:(1 << 20) + 10]))
        self.assertEqual(got, value)


class OptimisticLocking(PatternTest):
    def test_contended_counter(self):
        """Read, compute, write under WATCH from many threads: no update is lost."""
        self.client.set('n', 0)
        conflicts = []

        def add_one(pipe):
            now = int(pipe.get('n'))
            pipe.multi()
            pipe.set('n', now + 1)

        def worker(_):
            with redis.Redis(HOST, PORT) as client:
                for _ in range(25):
                    with client.pipeline() as pipe:
                        while True:
                            try:
                                pipe.watch('n')
                                add_one(pipe)
                                pipe.execute()
                                break
                            except redis.WatchError:
                                conflicts.append(1)
        run_threads(8, worker)
        self.assertEqual(self.client.get('n'), b'200')

    def test_transaction_helper(self):
        def double(pipe):
            now = int(pipe.get('n') or 1)
            pipe.multi()
            pipe.set('n', now * 2)
        for _ in range(10):
            self.client.transaction(double, 'n')
        self.assertEqual(self.client.get('n'), b'1024')

    def test_transfer_keeps_the_sum(self):
        self.client.mset({'acc:%d' % n: 100 for n in range(4)})

        def worker(number):
            with redis.Redis(HOST, PORT) as client:
                for step in range(20):
                    source, target = 'acc:%d' % ((number + step) % 4), 'acc:%d' % (number % 4)
                    if source == target:
                        continue

                    def move(pipe):
                        have, other = (int(v) for v in pipe.mget(source, target))
                        pipe.multi()
                        pipe.mset({source: have - 1, target: other + 1})
                    client.transaction(move, source, target)
        run_threads(6, worker)
        self.assertEqual(sum(int(v) for v in self.client.mget(['acc:%d' % n for n in range(4)])),
                         400)


class Connections(PatternTest):
    def test_blocking_pool_shared_by_many_threads(self):
        pool = redis.BlockingConnectionPool(host=HOST, port=PORT, max_connections=6, timeout=20)
        client = redis.Redis(connection_pool=pool)
        self.addCleanup(pool.disconnect)

        def worker(number):
            for step in range(50):
                key = 'k:%d:%d' % (number, step)
                client.set(key, step)
                if client.get(key) != b'%d' % step:
                    return False
                client.incr('total')
            return True
        self.assertEqual(run_threads(24, worker), [True] * 24)
        self.assertEqual(client.get('total'), b'1200')

    def test_many_connections(self):
        clients = [redis.Redis(HOST, PORT, single_connection_client=True) for _ in range(150)]
        try:
            ids = {client.client_id() for client in clients}
            self.assertEqual(len(ids), 150)
            self.assertGreaterEqual(len(self.client.client_list()), 150)
        finally:
            for client in clients:
                client.close()

    def test_asyncio_gather(self):
        async def main():
            client = redis.asyncio.from_url(URL, max_connections=200, decode_responses=True)
            try:
                async def one(n):
                    await client.set('k%d' % n, n)
                    return await client.get('k%d' % n)
                found = await asyncio.gather(*(one(n) for n in range(150)))
                async with client.pipeline(transaction=True) as pipe:
                    both = await pipe.incr('n').incr('n').execute()
                return found, both
            finally:
                await client.close()
                await client.connection_pool.disconnect()
        found, both = asyncio.run(main())
        self.assertEqual((found, both), ([str(n) for n in range(150)], [1, 2]))

    def test_a_killed_connection_is_made_anew(self):
        client = redis.Redis(HOST, PORT, single_connection_client=True,
                             retry_on_error=[redis.ConnectionError])
        self.addCleanup(client.close)
        first = client.client_id()
        self.assertEqual(self.client.client_kill_filter(_id=str(first)), 1)
        self.assertTrue(client.ping())
        self.assertNotEqual(client.client_id(), first)

    def test_url_selects_database_and_names_the_client(self):
        client = redis.from_url('redis://%s:%d/3?client_name=worker' % (HOST, PORT),
                                decode_responses=True)
        self.addCleanup(client.close)
        client.set('k', 'v')
        self.assertEqual((client.get('k'), self.client.get('k')), ('v', None))
        self.assertEqual(client.client_getname(), 'worker')
        self.assertIn(('worker', '3'), [(c['name'], c['db']) for c in client.client_list()])

    def test_health_check(self):
        client = redis.Redis(HOST, PORT, health_check_interval=1)
        self.addCleanup(client.close)
        client.set('k', 'v')
        time.sleep(1.1)
        self.assertEqual(client.get('k'), b'v')

    def test_password_on_an_open_server_is_refused(self):
        client = redis.Redis(HOST, PORT, password='secret')
        self.addCleanup(client.close)
        with self.assertRaisesRegex(redis.RedisError, 'without any password configured'):
            client.ping()


class Commands(PatternTest):
    """How redis-py reads the replies that an application relies on."""

    def test_set_options(self):
        self.assertTrue(self.client.set('k', 'a', nx=True))
        self.assertIsNone(self.client.set('k', 'b', nx=True))
        self.assertEqual(self.client.set('k', 'c', get=True), b'a')
        self.assertIsNone(self.client.set('nope', 'x', xx=True))
        self.assertTrue(self.client.set('k', 'd', exat=4000000000))
        self.assertEqual(self.client.execute_command('EXPIRETIME', 'k'), 4000000000)

    def test_getex_and_getdel(self):
        self.client.set('k', 'v')
        self.assertEqual(self.client.getex('k', ex=50), b'v')
        self.assertEqual(self.client.ttl('k'), 50)
        self.assertEqual(self.client.getex('k', persist=True), b'v')
        self.assertEqual(self.client.ttl('k'), -1)
        self.assertEqual(self.client.getdel('k'), b'v')
        self.assertIsNone(self.client.getdel('k'))

    def test_counters(self):
        self.assertEqual([self.client.incr('n'), self.client.decr('n', 5)], [1, -4])
        self.assertEqual(self.client.incrbyfloat('f', 0.1), 0.1)
        self.assertEqual(self.client.incrbyfloat('f', 0.2), 0.3)
        self.client.set('text', 'x')
        self.assertRaises(redis.ResponseError, self.client.incr, 'text')

    def test_rate_limit_window(self):
        allowed = 0
        for _ in range(8):
            with self.client.pipeline() as pipe:
                pipe.incr('rate:u1').expire('rate:u1', 60, nx=True)
                count, _ = pipe.execute()
            allowed += count <= 5
        self.assertEqual(allowed, 5)
        self.assertTrue(58 <= self.client.ttl('rate:u1') <= 60)

    def test_introspection(self):
        info = self.client.info()
        self.assertEqual((info['role'], info['redis_mode']), ('master', 'standalone'))
        self.assertTrue(info['redis_version'].split('.')[0].isdigit())
        self.client.set('k', 'v')
        self.assertEqual(self.client.info('keyspace')['db0']['keys'], 1)
        self.assertEqual(self.client.config_get('maxmemory-policy'),
                         {'maxmemory-policy': 'noeviction'})
        self.assertEqual(self.client.type('k'), b'string')
        self.assertEqual(self.client.object('encoding', 'k'), b'embstr')
        self.assertGreater(self.client.memory_usage('k'), 0)
        self.assertLess(abs(self.client.time()[0] - time.time()), 5)
        self.assertIn('get', self.client.command())
        self.assertEqual(self.client.command_getkeys('mset', 'a', 1, 'b', 2), ['a', 'b'])

    def test_binary_keys_and_values(self):
        key, value = bytes(range(256)), bytes(reversed(range(256)))
        self.client.set(key, value)
        self.assertEqual((self.client.get(key), self.client.keys('*')), (value, [key]))


if __name__ == '__main__':
    unittest.main()
