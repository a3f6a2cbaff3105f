// The usual caching patterns, as an application writes them with ioredis and node-redis
// (node-redis in RESP2 and in RESP3). The server is given by SCRUBJAY_HOST and SCRUBJAY_PORT
// and is emptied before each test. Run by `node --test`.
'use strict';
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { after, before, beforeEach, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Redis } = require('ioredis');
const { createClient, createClientPool, WatchError, ErrorReply } = require('redis');

const host = process.env.SCRUBJAY_HOST || '127.0.0.1';
const port = Number(process.env.SCRUBJAY_PORT || 6379);
const url = `redis://${host}:${port}`;
const range = (n) => Array.from({ length: n }, (_, i) => i);

// Stands for the database behind the cache; counts what is asked of it.
class Source {
  constructor(rows = {}) {
    this.rows = rows;
    this.reads = 0;
    this.writes = 0;
  }
  async find(key) {
    this.reads += 1;
    return this.rows[key];
  }
  async update(key, row) {
    this.writes += 1;
    this.rows[key] = row;
  }
}

// JSON values under a prefix. `store` is one of the adapters below.
class CacheService {
  constructor(store, prefix) {
    this.store = store;
    this.prefix = prefix;
  }
  async get(key) {
    const data = await this.store.get(`${this.prefix}:${key}`);
    return data ? JSON.parse(data) : null;
  }
  async set(key, value, seconds) {
    await this.store.setEx(`${this.prefix}:${key}`, seconds, JSON.stringify(value));
  }
  async delete(key) {
    return this.store.del(`${this.prefix}:${key}`);
  }
  async getOrFetch(key, seconds, fetch) {
    const cached = await this.get(key);
    if (cached) return cached;
    const value = await fetch();
    await this.set(key, value, seconds);
    return value;
  }
  cached(name, seconds, original) {
    return (...args) =>
      this.getOrFetch(`${name}:${JSON.stringify(args)}`, seconds, () => original(...args));
  }
}

// What differs between the libraries, and nothing else.
class IoredisStore {
  async open() {
    this.client = new Redis({ host, port });
    this.others = [];
  }
  async close() {
    for (const client of [this.client, ...this.others]) client.disconnect();
  }
  async another() {
    const client = new Redis({ host, port });
    this.others.push(client);
    return client;
  }
  flush() { return this.client.flushall(); }
  get(key) { return this.client.get(key); }
  del(...keys) { return this.client.del(...keys); }
  setEx(key, seconds, value) { return this.client.setex(key, seconds, value); }
  setPx(key, value, ms) { return this.client.set(key, value, 'PX', ms); }
  setNxPx(key, value, ms) { return this.client.set(key, value, 'PX', ms, 'NX'); }
  ttl(key) { return this.client.ttl(key); }
  incr(key) { return this.client.incr(key); }
  mset(pairs) { return this.client.mset(pairs); }
  mget(keys) { return this.client.mget(keys); }
  dbsize() { return this.client.dbsize(); }
  async scan(pattern) {
    const found = new Set();
    for await (const keys of this.client.scanStream({ match: pattern, count: 50 })) {
      keys.forEach((key) => found.add(key));
    }
    return [...found];
  }
  async pipeline(commands) {
    const replies = await this.client.pipeline(commands).exec();
    return replies.map(([error, value]) => error ?? value);
  }
  async transaction(commands) {
    const replies = await this.client.multi(commands).exec();
    return replies.map(([error, value]) => error ?? value);
  }
  // Runs change(value) -> commands under WATCH on a connection of its own; null = conflict.
  async watched(client, key, change) {
    await client.watch(key);
    const commands = change(await client.get(key));
    if (!commands) {
      await client.unwatch();
      return undefined;
    }
    const replies = await client.multi(commands).exec();
    return replies && replies.map(([error, value]) => error ?? value);
  }
  isError(value) { return value instanceof Error; }
}

class NodeRedisStore {
  constructor(resp) {
    this.resp = resp;
  }
  async connect() {
    const client = createClient({ url, RESP: this.resp });
    client.on('error', () => {});
    return client.connect();
  }
  async open() {
    this.client = await this.connect();
    this.others = [];
  }
  async close() {
    for (const client of [this.client, ...this.others]) client.destroy();
  }
  async another() {
    const client = await this.connect();
    this.others.push(client);
    return client;
  }
  flush() { return this.client.flushAll(); }
  get(key) { return this.client.get(key); }
  del(...keys) { return this.client.del(keys); }
  setEx(key, seconds, value) { return this.client.setEx(key, seconds, value); }
  setPx(key, value, ms) {
    return this.client.set(key, value, { expiration: { type: 'PX', value: ms } });
  }
  setNxPx(key, value, ms) {
    return this.client.set(key, value, {
      expiration: { type: 'PX', value: ms }, condition: 'NX',
    });
  }
  ttl(key) { return this.client.ttl(key); }
  incr(key) { return this.client.incr(key); }
  mset(pairs) { return this.client.mSet(pairs); }
  mget(keys) { return this.client.mGet(keys); }
  dbsize() { return this.client.dbSize(); }
  async scan(pattern) {
    const found = new Set();
    for await (const keys of this.client.scanIterator({ MATCH: pattern, COUNT: 50 })) {
      keys.forEach((key) => found.add(key));
    }
    return [...found];
  }
  multi(client, commands) {
    const multi = client.multi();
    commands.forEach((words) => multi.addCommand(words.map(String)));
    return multi;
  }
  // node-redis writes what is asked in one turn of the loop as one pipeline.
  async pipeline(commands) {
    const replies = await Promise.allSettled(
      commands.map((words) => this.client.sendCommand(words.map(String))));
    return replies.map((reply) => reply.reason ?? reply.value);
  }
  async transaction(commands) {
    return this.replies(this.multi(this.client, commands).exec());
  }
  async replies(promise) {
    try {
      return await promise;
    } catch (error) {
      if (error.replies) return error.replies;
      throw error;
    }
  }
  async watched(client, key, change) {
    await client.watch(key);
    const commands = change(await client.get(key));
    if (!commands) {
      await client.unwatch();
      return undefined;
    }
    try {
      return await this.multi(client, commands).exec();
    } catch (error) {
      if (error instanceof WatchError) return null;
      throw error;
    }
  }
  isError(value) { return value instanceof ErrorReply; }
}

async function acquire(store, name, ms) {
  const token = randomUUID();
  return (await store.setNxPx(name, token, ms)) === 'OK' ? token : null;
}

// Deletes the lock only if it is still ours: compare and delete by WATCH.
async function release(store, client, name, token) {
  for (;;) {
    const replies = await store.watched(client, name,
      (value) => (value === token ? [['del', name]] : null));
    if (replies === undefined) return false;
    if (replies) return Number(replies[0]) === 1;
  }
}

function patterns(title, store) {
  describe(title, () => {
    let cache;
    before(() => store.open());
    after(() => store.close());
    beforeEach(async () => {
      await store.flush();
      cache = new CacheService(store, 'app');
    });

    test('cache-aside: a miss fetches, a hit does not', async () => {
      const source = new Source({ u1: { name: 'Ada' } });
      for (let i = 0; i < 3; i += 1) {
        assert.deepEqual(await cache.getOrFetch('u1', 60, () => source.find('u1')),
          { name: 'Ada' });
      }
      assert.equal(source.reads, 1);
      const ttl = await store.ttl('app:u1');
      assert.ok(ttl >= 58 && ttl <= 60, `ttl ${ttl}`);
    });

    test('cache-aside: an expired value is fetched again', async () => {
      const source = new Source({ u1: { n: 2 } });
      await store.setPx('app:u1', JSON.stringify({ n: 1 }), 40);
      assert.deepEqual(await cache.get('u1'), { n: 1 });
      await sleep(80);
      assert.deepEqual(await cache.getOrFetch('u1', 60, () => source.find('u1')), { n: 2 });
    });

    test('cache-aside: values keep their shape', async () => {
      for (const value of [{}, { a: [1, 2.5, null, true] }, 'text', ['\u00e4\u20ac\u{1f600}']]) {
        await cache.set('v', value, 60);
        assert.deepEqual(await cache.get('v'), value);
      }
      assert.equal(await cache.get('nope'), null);
    });

    test('cached function: arguments are part of the key', async () => {
      let calls = 0;
      const add = cache.cached('add', 60, async (a, b) => {
        calls += 1;
        return { sum: a + b };
      });
      assert.deepEqual(await Promise.all([add(1, 2)]), [{ sum: 3 }]);
      assert.deepEqual([await add(1, 2), await add(2, 3)], [{ sum: 3 }, { sum: 5 }]);
      assert.equal(calls, 2);
      assert.equal((await store.scan('app:add:*')).length, 2);
    });

    test('write-through: cache and source agree', async () => {
      const source = new Source();
      for (const n of range(3)) {
        await cache.set('u1', { n }, 60);
        await source.update('u1', { n });
      }
      assert.deepEqual(await cache.get('u1'), source.rows.u1);
      assert.deepEqual([source.writes, source.reads], [3, 0]);
    });

    test('invalidation by DEL', async () => {
      const source = new Source({ u1: { n: 1 } });
      const read = () => cache.getOrFetch('u1', 60, () => source.find('u1'));
      assert.deepEqual(await read(), { n: 1 });
      await source.update('u1', { n: 2 });
      assert.equal(await cache.delete('u1'), 1);
      assert.equal(await cache.delete('u1'), 0);
      assert.deepEqual(await read(), { n: 2 });
    });

    test('invalidation of a whole prefix', async () => {
      await store.mset(Object.fromEntries(range(300).map((n) => [`app:user:${n}`, `${n}`])));
      await store.mset(Object.fromEntries(range(20).map((n) => [`app:post:${n}`, `${n}`])));
      const keys = await store.scan('app:user:*');
      assert.equal(keys.length, 300);
      assert.equal(await store.del(...keys), 300);
      assert.equal(await store.dbsize(), 20);
    });

    test('lock: one holder, released by its token only', async () => {
      const client = await store.another();
      const token = await acquire(store, 'lock', 30000);
      assert.ok(token);
      assert.equal(await acquire(store, 'lock', 30000), null);
      assert.equal(await release(store, client, 'lock', 'other'), false);
      assert.equal(await release(store, client, 'lock', token), true);
      assert.equal(await release(store, client, 'lock', token), false);
      assert.ok(await acquire(store, 'lock', 30000));
    });

    test('lock: an abandoned one runs out', async () => {
      const client = await store.another();
      const old = await acquire(store, 'lock', 40);
      await sleep(80);
      const token = await acquire(store, 'lock', 30000);
      assert.ok(token);
      assert.equal(await release(store, client, 'lock', old), false);
      assert.equal(await release(store, client, 'lock', token), true);
    });

    test('lock: one fetch for a stampede', async () => {
      const source = new Source({ hot: { n: 1 } });
      const caller = async () => {
        const client = await store.another();
        for (;;) {
          const found = await cache.get('hot');
          if (found) return found;
          const token = await acquire(store, 'lock:hot', 5000);
          if (token) {
            const value = await cache.getOrFetch('hot', 60, () => source.find('hot'));
            await release(store, client, 'lock:hot', token);
            return value;
          }
          await sleep(5);
        }
      };
      assert.deepEqual(await Promise.all(range(8).map(caller)), range(8).map(() => ({ n: 1 })));
      assert.equal(source.reads, 1);
    });

    test('pipeline without MULTI', async () => {
      assert.deepEqual(
        await store.pipeline([['set', 'a', 1], ['incr', 'a'], ['get', 'a'], ['get', 'nope']]),
        ['OK', 2, '2', null]);
    });

    test('pipeline in MULTI', async () => {
      assert.deepEqual(
        await store.transaction([['set', 'a', 1], ['incrby', 'a', 41], ['get', 'a'],
          ['exists', 'a', 'a', 'b']]),
        ['OK', 42, '42', 2]);
    });

    test('an error in a pipeline leaves the others alone', async () => {
      for (const run of ['pipeline', 'transaction']) {
        const replies = await store[run]([['set', 't', 'x'], ['incr', 't'], ['set', 'u', 'y']]);
        assert.equal(replies[0], 'OK');
        assert.ok(store.isError(replies[1]), `${run}: ${replies[1]}`);
        assert.match(replies[1].message, /not an integer/);
        assert.equal(replies[2], 'OK');
      }
    });

    test('a pipeline of five thousand', async () => {
      const replies = await store.pipeline(range(5000).map((n) => ['set', `k${n}`, n, 'EX', 600]));
      assert.deepEqual(replies, range(5000).map(() => 'OK'));
      assert.equal(await store.dbsize(), 5000);
    });

    test('optimistic locking under contention loses no update', async () => {
      await store.mset({ n: '0' });
      let conflicts = 0;
      await Promise.all(range(6).map(async () => {
        const client = await store.another();
        for (let done = 0; done < 20;) {
          const replies = await store.watched(client, 'n', (v) => [['set', 'n', Number(v) + 1]]);
          if (replies) done += 1;
          else conflicts += 1;
        }
      }));
      assert.equal(await store.get('n'), '120');
      assert.ok(conflicts > 0, 'the test found no contention');
    });

    test('commands of one connection keep their order', async () => {
      const replies = await Promise.all(range(1000).map(() => store.incr('n')));
      assert.deepEqual(replies, range(1000).map((n) => n + 1));
    });

    test('many connections at once', async () => {
      const clients = await Promise.all(range(60).map(() => store.another()));
      await Promise.all(clients.flatMap((client) => range(20).map(() => client.incr('total'))));
      assert.equal(await store.get('total'), '1200');
    });

    test('large and unusual values', async () => {
      const value = '\u00e4'.repeat(1 << 20);
      await store.mset({ big: value, '': 'empty key', 'a b\r\n': '' });
      assert.deepEqual(await store.mget(['big', '', 'a b\r\n', 'nope']),
        [value, 'empty key', '', null]);
    });
  });
}

patterns('ioredis', new IoredisStore());
patterns('node-redis RESP2', new NodeRedisStore(2));
patterns('node-redis RESP3', new NodeRedisStore(3));

describe('what the libraries do by themselves', () => {
  test('ioredis: key prefix, database, ready check and automatic pipelining', async () => {
    const client = new Redis({
      host, port, db: 2, keyPrefix: 'p:', enableAutoPipelining: true, connectionName: 'worker',
    });
    try {
      await client.flushall();
      await Promise.all(range(100).map((n) => client.set(`k${n}`, n)));
      assert.deepEqual(await Promise.all(range(100).map((n) => client.get(`k${n}`))),
        range(100).map(String));
      assert.equal(await client.client('GETNAME'), 'worker');
      assert.equal(await client.dbsize(), 100);
      assert.equal(await client.exists('k1', 'k2', 'nope'), 2);
    } finally {
      client.disconnect();
    }
  });

  test('ioredis: a killed connection comes back', async () => {
    const [client, admin] = [new Redis({ host, port }), new Redis({ host, port })];
    client.on('error', () => {});
    try {
      const id = await client.client('ID');
      assert.equal(await admin.client('KILL', 'ID', id), 1);
      assert.equal(await client.ping(), 'PONG');
      assert.notEqual(await client.client('ID'), id);
    } finally {
      client.disconnect();
      admin.disconnect();
    }
  });

  test('ioredis: QUIT ends the connection after what was sent', async () => {
    const client = new Redis({ host, port });
    const [set, quit] = await Promise.all([client.set('k', 'v'), client.quit()]);
    assert.deepEqual([set, quit], ['OK', 'OK']);
  });

  test('node-redis: a pool with WATCH on a connection of its own', async () => {
    const pool = await createClientPool({ url }, { minimum: 2, maximum: 8 }).connect();
    try {
      await pool.set('n', '0');
      const addOne = () => pool.execute(async (client) => {
        for (;;) {
          await client.watch('n');
          const now = Number(await client.get('n'));
          try {
            await client.multi().set('n', String(now + 1)).exec();
            return;
          } catch (error) {
            if (!(error instanceof WatchError)) throw error;
          }
        }
      });
      await Promise.all(range(60).map(addOne));
      assert.equal(await pool.get('n'), '60');
      await Promise.all(range(200).map(() => pool.incr('n')));
      assert.equal(await pool.get('n'), '260');
    } finally {
      pool.destroy();
    }
  });

  test('ioredis: a reliable queue, a queue by priority, a leaderboard, a session', async () => {
    const client = new Redis(url);
    const worker = new Redis(url);
    try {
      await client.flushall();
      const job = worker.blmove('queue', 'doing', 'LEFT', 'RIGHT', 5);
      await client.rpush('queue', 'job:1', 'job:2');
      assert.equal(await job, 'job:1');
      assert.equal(await client.lrem('doing', 1, 'job:1'), 1);
      assert.deepEqual(await worker.blpop('queue', 5), ['queue', 'job:2']);
      assert.equal(await worker.blpop('queue', 0.05), null);
      const task = worker.bzpopmin('tasks', 5);
      await client.zadd('tasks', 2, 'late', 1, 'soon');
      assert.deepEqual(await task, ['tasks', 'soon', '1']);
      await client.zadd('board', 'GT', 'CH', 10, 'a', 30, 'b', 20, 'c');
      assert.deepEqual(await client.zrevrange('board', 0, 1, 'WITHSCORES'), ['b', '30', 'c', '20']);
      await client.hset('session', { user: 'u1', csrf: 'x' });
      assert.deepEqual(await client.call('HEXPIRE', 'session', 60, 'FIELDS', 1, 'csrf'), [1]);
      assert.deepEqual(await client.hgetall('session'), { user: 'u1', csrf: 'x' });
    } finally {
      client.disconnect();
      worker.disconnect();
    }
  });

  test('node-redis: collections in RESP3', async () => {
    const client = await createClient({ url, RESP: 3 }).connect();
    try {
      await client.flushAll();
      await client.zAdd('z', [{ score: 1.5, value: 'a' }, { score: Infinity, value: 'b' }]);
      assert.deepEqual(await client.zRangeWithScores('z', 0, -1),
        [{ value: 'a', score: 1.5 }, { value: 'b', score: Infinity }]);
      await client.hSet('h', { a: '1', b: '2' });
      assert.deepEqual({ ...await client.hGetAll('h') }, { a: '1', b: '2' });
      await client.sAdd('s', ['x', 'y']);
      assert.deepEqual([...await client.sMembers('s')].sort(), ['x', 'y']);
      await client.rPush('l', ['1', '2', '3']);
      assert.deepEqual(await client.lmPop(['nope', 'l'], 'LEFT', { COUNT: 2 }), ['l', ['1', '2']]);
    } finally {
      client.destroy();
    }
  });

  test('node-redis: execAsPipeline', async () => {
    const client = await createClient({ url }).connect();
    try {
      assert.deepEqual(await client.multi().set('a', 1).incr('a').get('a').execAsPipeline(),
        ['OK', 2, '2']);
    } finally {
      client.destroy();
    }
  });

  test('node-redis: maps and nulls of RESP3', async () => {
    const client = await createClient({ url, RESP: 3, name: 'worker', database: 1 }).connect();
    try {
      assert.deepEqual({ ...await client.configGet('maxmemory-policy') },
        { 'maxmemory-policy': 'noeviction' });
      assert.equal(await client.get('nope'), null);
      const info = await client.clientInfo();
      assert.deepEqual([info.name, info.db], ['worker', 1]);
      assert.match(await client.info('server'), /redis_version:/);
    } finally {
      client.destroy();
    }
  });
});
