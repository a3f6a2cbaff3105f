// Libraries that stand on small Lua scripts: redlock, rate-limiter-flexible, and commands that
// ioredis makes of scripts.
'use strict';

const assert = require('node:assert/strict');
const { after, beforeEach, before, test } = require('node:test');
const Redis = require('ioredis');
const { RateLimiterRedis, RateLimiterRes } = require('rate-limiter-flexible');
const { default: Redlock, ResourceLockedError } = require('redlock');

const options = {
  host: process.env.SCRUBJAY_HOST || '127.0.0.1',
  port: Number(process.env.SCRUBJAY_PORT || 6379),
};
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const limit = { timeout: 30000 };

let redis;
before(() => { redis = new Redis(options); });
beforeEach(async () => {
  await redis.flushall();
  await redis.script('FLUSH');
});
after(async () => { await redis.quit(); });

test('redlock: one holder at a time', limit, async () => {
  const redlock = new Redlock([redis], { retryCount: 200, retryDelay: 10, retryJitter: 5 });
  let inside = 0;
  let counter = 0;
  await Promise.all(Array.from({ length: 20 }, () => redlock.using(['res'], 2000, async () => {
    inside += 1;
    assert.equal(inside, 1);
    const seen = counter;
    await sleep(2);
    counter = seen + 1;
    inside -= 1;
  })));
  assert.equal(counter, 20);
  assert.equal(await redis.exists('res'), 0);
});

test('redlock: who is too late is refused, and a lock can be extended', limit, async () => {
  const impatient = new Redlock([redis], { retryCount: 0 });
  const refusals = [];
  impatient.on('error', (error) => refusals.push(error));
  let lock = await impatient.acquire(['a', 'b'], 300);
  await assert.rejects(impatient.acquire(['b'], 300));
  assert.ok(refusals.some((error) => error instanceof ResourceLockedError));
  lock = await lock.extend(5000);
  assert.ok(await redis.pttl('a') > 1000);
  await lock.release();
  const next = await impatient.acquire(['b'], 60);
  await sleep(100);
  await assert.rejects(next.release());
});

test('rate-limiter-flexible: so many points, then nothing until the window ends', limit, async () => {
  const limiter = new RateLimiterRedis({ storeClient: redis, points: 5, duration: 1 });
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => limiter.consume('ip')));
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 5);
  for (const { status, reason } of results) {
    if (status === 'fulfilled') continue;
    assert.ok(reason instanceof RateLimiterRes);
    assert.ok(reason.msBeforeNext > 0 && reason.msBeforeNext <= 1000);
  }
  assert.equal((await limiter.get('ip')).consumedPoints, 20);
  await sleep(1050);
  assert.equal((await limiter.consume('ip')).remainingPoints, 4);
});

test('rate-limiter-flexible: blocking, penalty and reward', limit, async () => {
  const limiter = new RateLimiterRedis({
    storeClient: redis, points: 3, duration: 10, blockDuration: 5, keyPrefix: 'block',
  });
  await limiter.penalty('u', 2);
  await limiter.reward('u', 1);
  assert.equal((await limiter.consume('u', 2)).remainingPoints, 0);
  await assert.rejects(limiter.consume('u'), (res) => res.msBeforeNext > 4000);
  assert.equal(await limiter.delete('u'), true);
  await limiter.consume('u');
});

test('ioredis: a script as a command, also after the server forgot it', limit, async () => {
  redis.defineCommand('addTo', {
    numberOfKeys: 2,
    lua: "return {redis.call('INCRBY', KEYS[1], ARGV[1]), redis.call('INCRBY', KEYS[2], ARGV[2])}",
  });
  assert.deepEqual(await redis.addTo('a', 'b', 1, 2), [1, 2]);
  await redis.script('FLUSH');
  assert.deepEqual(await redis.addTo('a', 'b', 1, 2), [2, 4]);
  const replies = await redis.pipeline().set('a', 10).addTo('a', 'b', 1, 2).get('b').exec();
  assert.deepEqual(replies, [[null, 'OK'], [null, [11, 6]], [null, '6']]);
  const inside = await redis.multi().addTo('a', 'b', 1, 1).get('a').exec();
  assert.deepEqual(inside, [[null, [12, 7]], [null, '12']]);
});

test('ioredis: errors and buffers of scripts', limit, async () => {
  redis.defineCommand('broken', { numberOfKeys: 1, lua: "return redis.call('LPUSH', KEYS[1], 'x')" });
  await redis.set('s', 'x');
  await assert.rejects(redis.broken('s'), /WRONGTYPE/);
  redis.defineCommand('packed', { numberOfKeys: 0, lua: 'return cmsgpack.pack({1, "\\255"})' });
  assert.deepEqual(await redis.packedBuffer(), Buffer.from([0x92, 1, 0xa1, 0xff]));
});
