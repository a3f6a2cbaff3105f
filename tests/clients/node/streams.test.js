// Event logs and job systems on streams, as an application writes them with ioredis and node-redis.
// The server is given by SCRUBJAY_HOST and SCRUBJAY_PORT and is emptied before each test. Run by
// `node --test`.
'use strict';
const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Redis } = require('ioredis');
const { createClient } = require('redis');

const host = process.env.SCRUBJAY_HOST || '127.0.0.1';
const port = Number(process.env.SCRUBJAY_PORT || 6379);
const url = `redis://${host}:${port}`;
const range = (n) => Array.from({ length: n }, (_, i) => i);

describe('ioredis', () => {
  let redis;
  before(() => {
    redis = new Redis({ host, port });
  });
  after(() => redis.quit());
  beforeEach(() => redis.flushall());

  // Works until told to stop; now and then it forgets what it was given, as a crashed process.
  const work = async (name, done, state) => {
    const client = new Redis({ host, port });
    while (!state.stopped) {
      let [, entries] = await client.xautoclaim('jobs', 'pool', name, 100, '0', 'COUNT', 5);
      if (entries.length === 0) {
        const reply = await client.xreadgroup(
          'GROUP', 'pool', name, 'COUNT', 5, 'BLOCK', 50, 'STREAMS', 'jobs', '>');
        entries = reply ? reply[0][1] : [];
      }
      for (const [id, fields] of entries) {
        if (Math.random() < 0.05) break;
        done.push(fields[1]);
        await client.xack('jobs', 'pool', id);
      }
    }
    client.disconnect();
  };

  test('a worker pool loses no job though workers crash', async () => {
    await redis.xgroup('CREATE', 'jobs', 'pool', '0', 'MKSTREAM');
    const state = { stopped: false };
    const done = [];
    const workers = range(5).map((i) => work(`w${i}`, done, state));
    const pipeline = redis.pipeline();
    for (const i of range(500)) pipeline.xadd('jobs', '*', 'job', `job:${i}`);
    await pipeline.exec();
    for (let i = 0; i < 400; ++i) {
      const [flat] = await redis.xinfo('GROUPS', 'jobs');
      const group = Object.fromEntries(
        range(flat.length / 2).map((k) => [flat[2 * k], flat[2 * k + 1]]));
      if (group.pending === 0 && group.lag === 0) break;
      await sleep(50);
    }
    state.stopped = true;
    await Promise.all(workers);
    assert.equal(new Set(done).size, 500);
    assert.deepEqual(await redis.xpending('jobs', 'pool'), [0, null, null, null]);
  });

  test('a reader waits for news', async () => {
    const reader = redis.duplicate();
    const news = reader.xread('BLOCK', 5000, 'STREAMS', 'log', '$');
    await sleep(50);
    const id = await redis.xadd('log', '*', 'text', 'hello');
    assert.deepEqual(await news, [['log', [[id, ['text', 'hello']]]]]);
    reader.disconnect();
  });

  test('a capped log', async () => {
    for (const n of range(30)) await redis.xadd('log', 'MAXLEN', 10, '*', 'n', n);
    assert.equal(await redis.xlen('log'), 10);
    const [[, fields]] = await redis.xrevrange('log', '+', '-', 'COUNT', 1);
    assert.deepEqual(fields, ['n', '29']);
  });

  test('counters, flags and places', async () => {
    await redis.pfadd('visits', ...range(100).map((i) => `user:${i}`));
    assert.ok(Math.abs((await redis.pfcount('visits')) - 100) <= 3);
    await redis.setbit('flags', 7, 1);
    assert.equal(await redis.bitcount('flags'), 1);
    await redis.geoadd('cities', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania');
    assert.deepEqual(
      await redis.geosearch('cities', 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km', 'ASC'),
      ['Catania', 'Palermo']);
  });
});

for (const RESP of [2, 3]) {
  describe(`node-redis, RESP${RESP}`, () => {
    let client;
    before(async () => {
      // In RESP3 this client hands out what XREAD and XREADGROUP answer as it is: a map.
      client = await createClient({ url, RESP, unstableResp3: true }).connect();
    });
    const idsRead = (reply, stream) => (RESP === 2
      ? reply.find(({ name }) => name === stream).messages.map((message) => message.id)
      : reply[stream].map(([id]) => id));
    after(() => client.close());
    beforeEach(() => client.flushAll());

    test('entries go in and come out', async () => {
      const id = await client.xAdd('log', '*', { user: '1', action: 'login' });
      const [entry] = await client.xRange('log', '-', '+');
      assert.equal(entry.id, id);
      assert.deepEqual({ ...entry.message }, { user: '1', action: 'login' });
      const streams = await client.xRead({ key: 'log', id: '0' });
      assert.deepEqual(idsRead(streams, 'log'), [id]);
      assert.equal((await client.xInfoStream('log')).length, 1);
    });

    test('a group reads, acknowledges and takes over', async () => {
      await client.xGroupCreate('jobs', 'pool', '0', { MKSTREAM: true });
      for (const n of range(10)) await client.xAdd('jobs', '*', { n: String(n) });
      const read = await client.xReadGroup('pool', 'alice', { key: 'jobs', id: '>' }, { COUNT: 4 });
      const ids = idsRead(read, 'jobs');
      assert.equal(ids.length, 4);
      assert.equal(await client.xAck('jobs', 'pool', ids.slice(0, 2)), 2);
      const pending = await client.xPending('jobs', 'pool');
      assert.equal(pending.pending, 2);
      assert.equal(pending.firstId, ids[2]);
      const claimed = await client.xAutoClaim('jobs', 'pool', 'bob', 0, '0-0');
      assert.deepEqual(claimed.messages.map((message) => message.id), ids.slice(2));
      const [group] = await client.xInfoGroups('jobs');
      assert.equal(group.lag, 6);
      assert.equal(group['entries-read'], 4);
      const consumers = await client.xInfoConsumers('jobs', 'pool');
      assert.deepEqual(consumers.map((c) => [c.name, c.pending]), [['alice', 0], ['bob', 2]]);
    });

    test('a blocked group reader is served', async (t) => {
      await client.xGroupCreate('jobs', 'pool', '$', { MKSTREAM: true });
      const worker = await client.duplicate().connect();
      t.after(() => worker.close());
      const reading = worker.xReadGroup('pool', 'w', { key: 'jobs', id: '>' }, { BLOCK: 5000 });
      await sleep(50);
      const id = await client.xAdd('jobs', '*', { n: '1' });
      assert.deepEqual(idsRead(await reading, 'jobs'), [id]);
    });

    test('counters, flags and places', async () => {
      await client.pfAdd('visits', ['a', 'b', 'c']);
      assert.equal(await client.pfCount('visits'), 3);
      assert.deepEqual(
        await client.bitField('limits', [
          { operation: 'INCRBY', encoding: 'u8', offset: 0, increment: 200 },
          { operation: 'GET', encoding: 'u4', offset: 0 },
        ]),
        [200, 12]);
      await client.geoAdd('cities', [
        { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' },
        { longitude: 15.087269, latitude: 37.502669, member: 'Catania' },
      ]);
      const near = await client.geoSearchWith(
        'cities', { longitude: 15, latitude: 37 }, { radius: 200, unit: 'km' }, ['WITHDIST'],
        { SORT: 'ASC' });
      assert.deepEqual(near.map(({ member }) => member), ['Catania', 'Palermo']);
      assert.equal(Number(near[0].distance), 56.4413);
    });
  });
}
