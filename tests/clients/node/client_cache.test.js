// node-redis's client-side cache: what is read once is served from memory until the server says
// that it has changed. The server is given by SCRUBJAY_HOST and SCRUBJAY_PORT and is emptied before
// each test. Run by `node --test`.
'use strict';
const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { createClient, BasicClientSideCache } = require('redis');

const host = process.env.SCRUBJAY_HOST || '127.0.0.1';
const port = Number(process.env.SCRUBJAY_PORT || 6379);
const url = `redis://${host}:${port}`;

// Resolves when the condition holds; fails after two seconds.
const until = async (holds, what) => {
  for (let i = 0; i < 200; ++i) {
    if (await holds()) return;
    await sleep(10);
  }
  assert.fail(what);
};

describe('node-redis with a client-side cache', () => {
  let writer;
  let cache;
  let client;
  before(async () => {
    writer = createClient({ url });
    await writer.connect();
    cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0, evictPolicy: 'LRU' });
    client = createClient({ url, RESP: 3, clientSideCache: cache });
    client.on('error', () => {});
    await client.connect();
  });
  after(async () => {
    await client.close();
    await writer.close();
  });
  beforeEach(async () => {
    await writer.flushAll();
    await until(() => cache.size() === 0, 'FLUSHALL empties the cache');
  });

  const hits = () => cache.stats().hitCount;

  test('a second read comes from memory, a changed key does not', async () => {
    await writer.set('k', 'one');
    assert.equal(await client.get('k'), 'one');
    const before = hits();
    assert.equal(await client.get('k'), 'one');
    assert.equal(hits(), before + 1);
    await writer.set('k', 'two');
    await until(async () => (await client.get('k')) === 'two', 'the new value is seen');
  });

  test('keys of several types, and missing ones', async () => {
    await writer.hSet('h', { a: '1' });
    assert.equal((await client.hGetAll('h')).a, '1');
    assert.equal(await client.get('later'), null);
    assert.deepEqual(await client.mGet(['later', 'never']), [null, null]);
    const before = hits();
    assert.equal((await client.hGetAll('h')).a, '1');
    assert.equal(await client.get('later'), null);
    assert.equal(hits(), before + 2);
    await writer.hSet('h', { a: '2' });
    await writer.set('later', 'now');
    await until(async () => (await client.hGetAll('h')).a === '2', 'the new field is seen');
    await until(async () => (await client.get('later')) === 'now', 'the new key is seen');
    assert.deepEqual(await client.mGet(['later', 'never']), ['now', null]);
  });

  test('a key that expires leaves the cache', async () => {
    await writer.set('short', 'v', { expiration: { type: 'PX', value: 80 } });
    assert.equal(await client.get('short'), 'v');
    await until(async () => (await client.get('short')) === null, 'the key is gone');
  });

  test('after a broken connection the cache begins anew', async () => {
    await writer.set('k', 'one');
    assert.equal(await client.get('k'), 'one');
    const id = await client.sendCommand(['CLIENT', 'ID']);
    await writer.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
    await writer.set('k', 'two');
    await until(async () => {
      try {
        return (await client.get('k')) === 'two';
      } catch {
        return false;
      }
    }, 'the new value is seen');
  });

  test('many keys and writers: when all is quiet nothing is stale', async () => {
    const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
    for (let round = 0; round < 20; ++round) {
      await Promise.all([
        ...keys.map((key) => client.get(key)),
        ...keys.filter(() => Math.random() < 0.3).map((key) => writer.set(key, String(round))),
        ...keys.map((key) => client.get(key)),
      ]);
    }
    const truth = await writer.mGet(keys);
    await client.ping(); // behind it all invalidations have come
    assert.deepEqual(await Promise.all(keys.map((key) => client.get(key))), truth);
  });
});
