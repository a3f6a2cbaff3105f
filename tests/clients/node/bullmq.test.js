// BullMQ: queues, delays, priorities, retries and flows stand on Lua scripts that touch keys which
// they do not declare. No job may be lost or run twice. SCRUBJAY_FULL=1 runs 10,000 jobs.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { FlowProducer, Queue, QueueEvents, Worker } = require('bullmq');
const Redis = require('ioredis');

const full = process.env.SCRUBJAY_FULL === '1';
const jobCount = full ? 10000 : 300;
const flowCount = full ? 100 : 10;
const limit = { timeout: full ? 300000 : 60000 };
const connection = {
  host: process.env.SCRUBJAY_HOST || '127.0.0.1',
  port: Number(process.env.SCRUBJAY_PORT || 6379),
  maxRetriesPerRequest: null,
};

let redis;
before(async () => {
  redis = new Redis(connection);
  await redis.flushall();
});
after(async () => {
  await redis.quit();
});

// Resolves when `count` jobs of the workers have reached one of the ends.
function ended(workers, count) {
  return new Promise((resolve, reject) => {
    let left = count;
    const one = () => {
      left -= 1;
      if (left === 0) resolve();
    };
    for (const worker of workers) {
      worker.on('completed', one);
      worker.on('failed', (job, error) => {
        if (job === undefined) reject(error);
        else if (job.attemptsMade >= job.opts.attempts) one();
      });
      worker.on('error', reject);
    }
  });
}

test('jobs with delays, priorities and retries each complete once', limit, async () => {
  const queue = new Queue('mixed', { connection });
  const runs = new Map();
  const work = async (job) => {
    const before = runs.get(job.data.number) || 0;
    runs.set(job.data.number, before + 1);
    if (job.data.fails > before) throw new Error('not yet');
    return job.data.number * 2;
  };
  const jobs = [];
  for (let number = 0; number < jobCount; number += 1) {
    const opts = { attempts: 4, backoff: { type: 'fixed', delay: 20 } };
    if (number % 7 === 0) opts.delay = 50 + (number % 400);
    if (number % 5 === 0) opts.priority = 1 + (number % 3);
    jobs.push({ name: 'job', data: { number, fails: number % 10 === 3 ? 2 : 0 }, opts });
  }
  const workers = [1, 2].map(
    () => new Worker('mixed', work, { connection, concurrency: 25 }));
  const done = ended(workers, jobCount);
  for (let first = 0; first < jobs.length; first += 500) {
    await queue.addBulk(jobs.slice(first, first + 500));
  }
  await done;
  assert.equal(runs.size, jobCount);
  for (const [number, times] of runs) {
    assert.equal(times, number % 10 === 3 ? 3 : 1, `job ${number} ran ${times} times`);
  }
  const counts = await queue.getJobCounts();
  assert.equal(counts.completed, jobCount);
  for (const state of ['active', 'waiting', 'delayed', 'failed', 'prioritized', 'paused']) {
    assert.equal(counts[state], 0, state);
  }
  const job = (await queue.getCompleted(0, 0))[0];
  assert.equal(job.returnvalue, job.data.number * 2);
  await Promise.all(workers.map((worker) => worker.close()));
  await queue.obliterate({ force: true });
  assert.equal(await redis.dbsize(), 0);
  await queue.close();
});

test('a job that fails too often is failed, and can be retried by hand', limit, async () => {
  const queue = new Queue('failing', { connection });
  let broken = true;
  const worker = new Worker('failing', async () => {
    if (broken) throw new Error('broken');
    return 'repaired';
  }, { connection });
  const job = await queue.add('job', {}, { attempts: 2, backoff: 10 });
  const events = new QueueEvents('failing', { connection });
  await events.waitUntilReady();
  await assert.rejects(job.waitUntilFinished(events, 20000), /broken/);
  assert.equal(await job.getState(), 'failed');
  broken = false;
  await job.retry();
  const again = await queue.getJob(job.id);
  assert.equal(await again.waitUntilFinished(events, 20000), 'repaired');
  await worker.close();
  await events.close();
  await queue.close();
});

test('the most urgent of the waiting jobs goes first', limit, async () => {
  const queue = new Queue('urgent', { connection });
  for (const priority of [5, 3, 9, 1, 3]) {
    await queue.add('job', { priority }, { priority, attempts: 1 });
  }
  const order = [];
  const worker = new Worker('urgent', async (job) => order.push(job.data.priority),
    { connection, autorun: false });
  const done = ended([worker], 5);
  worker.run();
  await done;
  assert.deepEqual(order, [1, 3, 3, 5, 9]);
  await worker.close();
  await queue.close();
});

test('a flow: the parent runs after its children and sees their results', limit, async () => {
  const flows = new FlowProducer({ connection });
  const children = new Worker('children', async (job) => job.data.value, {
    connection, concurrency: 10,
  });
  const sums = [];
  const parents = new Worker('parents', async (job) => {
    const values = Object.values(await job.getChildrenValues());
    assert.equal(values.length, 5);
    sums.push(values.reduce((a, b) => a + b));
  }, { connection });
  const done = ended([parents], flowCount);
  await flows.addBulk(Array.from({ length: flowCount }, (_, flow) => ({
    name: 'parent',
    queueName: 'parents',
    opts: { attempts: 1 },
    children: [1, 2, 3, 4, 5].map((value) => ({
      name: 'child', queueName: 'children', data: { value: value + flow },
    })),
  })));
  await done;
  sums.sort((a, b) => a - b);
  assert.deepEqual(sums, Array.from({ length: flowCount }, (_, flow) => 15 + 5 * flow));
  await children.close();
  await parents.close();
  await flows.close();
});

test('a paused queue holds its jobs', limit, async () => {
  const queue = new Queue('paused', { connection });
  const worker = new Worker('paused', async () => 'done', { connection });
  await queue.pause();
  const done = ended([worker], 3);
  await queue.addBulk([1, 2, 3].map((data) => ({ name: 'job', data, opts: { attempts: 1 } })));
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  assert.equal((await queue.getJobCounts()).paused, 3);
  await queue.resume();
  await done;
  assert.equal((await queue.getJobCounts()).completed, 3);
  await worker.close();
  await queue.close();
});
