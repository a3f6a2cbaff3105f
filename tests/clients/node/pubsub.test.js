// Messages between clients, as an application writes them with ioredis and node-redis (in RESP2 and
// in RESP3), and a chat over two socket.io servers that only the server under test joins. It is given
// by SCRUBJAY_HOST and SCRUBJAY_PORT. Run by `node --test`.
'use strict';
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { createServer } = require('node:http');
const { after, before, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Redis } = require('ioredis');
const { createClient } = require('redis');
const { Server } = require('socket.io');
const { io } = require('socket.io-client');
const { createAdapter, createShardedAdapter } = require('@socket.io/redis-adapter');

const host = process.env.SCRUBJAY_HOST || '127.0.0.1';
const port = Number(process.env.SCRUBJAY_PORT || 6379);
const url = `redis://${host}:${port}`;

// Until what is asked for holds; tests never wait for longer.
async function until(holds, what, ms = 5000) {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) assert.fail(`not in time: ${what}`);
    await sleep(5);
  }
}

describe('ioredis', () => {
  let listener;
  let publisher;
  before(() => {
    listener = new Redis({ host, port });
    publisher = new Redis({ host, port });
  });
  after(() => {
    listener.disconnect();
    publisher.disconnect();
  });

  test('channels and patterns', async () => {
    const heard = [];
    listener.on('message', (channel, message) => heard.push([channel, message]));
    listener.on('pmessage', (...words) => heard.push(words));
    assert.equal(await listener.subscribe('news', 'sport'), 2);
    assert.equal(await listener.psubscribe('new*'), 3);
    assert.equal(await publisher.publish('news', 'one'), 2);
    assert.equal(await publisher.publish('sport', 'two'), 1);
    assert.equal(await publisher.publish('weather', 'three'), 0);
    await until(() => heard.length === 3, 'three messages');
    assert.deepEqual(heard, [['news', 'one'], ['new*', 'news', 'one'], ['sport', 'two']]);
    assert.equal(await listener.unsubscribe('news'), 2);
    assert.equal(await publisher.publish('news', 'four'), 1);
    assert.equal(await listener.unsubscribe('sport'), 1);
    assert.equal(await listener.punsubscribe('new*'), 0);
    listener.removeAllListeners();
  });

  test('bytes arrive as they were sent', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const heard = once(listener, 'messageBuffer');
    await listener.subscribe('bytes');
    await publisher.publish('bytes', bytes);
    assert.deepEqual((await heard)[1], bytes);
    await listener.unsubscribe('bytes');
  });

  test('shard channels', async () => {
    const heard = [];
    listener.on('smessage', (channel, message) => heard.push([channel, message]));
    assert.equal(await listener.ssubscribe('shard'), 1);
    assert.equal(await publisher.spublish('shard', 'x'), 1);
    assert.equal(await publisher.publish('shard', 'y'), 0);
    await until(() => heard.length === 1, 'a message');
    assert.deepEqual(heard, [['shard', 'x']]);
    assert.equal(await listener.sunsubscribe('shard'), 0);
  });

  test('a subscriber may do nothing else', async () => {
    await listener.subscribe('c');
    await assert.rejects(() => listener.get('k'), /subscriber mode/);
    assert.deepEqual(await listener.call('PING'), ['pong', '']);
    await listener.unsubscribe('c');
    assert.equal(await listener.get('no such key'), null);
  });

  test('subscriptions come back with the connection', async () => {
    const lost = new Redis({ host, port, retryStrategy: () => 10 });
    const heard = [];
    lost.on('message', (channel, message) => heard.push(message));
    lost.on('pmessage', (pattern, channel, message) => heard.push(message));
    await lost.subscribe('again');
    await lost.psubscribe('again*');
    assert.ok((await publisher.client('KILL', 'TYPE', 'pubsub')) >= 1);
    await until(async () => (await publisher.publish('again', 'back')) === 2, 'it subscribes again');
    await until(() => heard.length === 2, 'both messages');
    assert.deepEqual(heard, ['back', 'back']);
    lost.disconnect();
  });

  test('invalidation over a channel, and by keyspace events', async () => {
    const local = new Map([['user:1', 'old'], ['user:2', 'old']]);
    const drops = new Redis({ host, port });
    drops.on('message', (channel, key) => local.delete(key));
    await publisher.config('SET', 'notify-keyspace-events', 'Egx$');
    await drops.subscribe('cache:invalidate', '__keyevent@0__:expired', '__keyevent@0__:set');
    await publisher.publish('cache:invalidate', 'user:1');
    await until(() => !local.has('user:1'), 'user:1 is dropped');
    local.set('user:1', 'new');
    await publisher.set('user:2', 'new');
    await until(() => !local.has('user:2'), 'user:2 is dropped');
    await publisher.set('user:1', 'short', 'PX', 60);
    await until(() => !local.has('user:1'), 'user:1 is dropped again');
    local.set('user:1', 'short');
    await until(() => !local.has('user:1'), 'user:1 expires');
    await publisher.config('SET', 'notify-keyspace-events', '');
    drops.disconnect();
  });
});

for (const RESP of [2, 3]) {
  describe(`node-redis, RESP${RESP}`, () => {
    let listener;
    let publisher;
    before(async () => {
      listener = await createClient({ url, RESP }).on('error', () => {}).connect();
      publisher = await createClient({ url, RESP }).connect();
    });
    after(() => {
      listener.destroy();
      publisher.destroy();
    });

    test('channels, patterns and shard channels', async () => {
      const heard = [];
      const hear = (message, channel) => heard.push([channel, message]);
      await listener.subscribe(['news', 'sport'], hear);
      await listener.pSubscribe('n*', hear);
      await listener.sSubscribe('shard', hear);
      assert.equal(await publisher.publish('news', 'one'), 2);
      assert.equal(await publisher.publish('sport', 'two'), 1);
      assert.equal(await publisher.sPublish('shard', 'three'), 1);
      await until(() => heard.length === 4, 'four messages');
      assert.deepEqual(heard, [['news', 'one'], ['news', 'one'], ['sport', 'two'], ['shard', 'three']]);
      assert.deepEqual({ ...(await publisher.pubSubNumSub(['news', 'nope'])) }, { news: 1, nope: 0 });
      assert.equal(await publisher.pubSubNumPat(), 1);
      assert.deepEqual(await publisher.pubSubShardChannels(), ['shard']);
      await listener.unsubscribe(['news', 'sport']);
      await listener.pUnsubscribe('n*');
      await listener.sUnsubscribe('shard');
      assert.equal(await publisher.publish('news', 'four'), 0);
    });

    test('bytes arrive as they were sent', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      let heard;
      await listener.subscribe('bytes', (message) => (heard = message), true);
      await publisher.publish('bytes', bytes);
      await until(() => heard, 'a message');
      assert.deepEqual(heard, bytes);
      await listener.unsubscribe('bytes');
    });

    test('a subscriber may go on working in RESP3', { skip: RESP === 2 }, async () => {
      const heard = [];
      await listener.subscribe('c', (message) => heard.push(message));
      const replies = [];
      for (let i = 0; i < 100; ++i) {
        replies.push(listener.publish('c', `${i}`), listener.incr('count'));
      }
      const numbers = (await Promise.all(replies)).filter((_, i) => i % 2 === 1);
      assert.equal(numbers[99] - numbers[0], 99);
      await until(() => heard.length === 100, 'its own messages');
      assert.deepEqual(heard, Array.from({ length: 100 }, (_, i) => `${i}`));
      await listener.unsubscribe('c');
    });

    test('subscriptions come back with the connection', async () => {
      const heard = [];
      await listener.subscribe('again', (message) => heard.push(message));
      await publisher.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
      await until(async () => (await publisher.publish('again', 'back')) === 1, 'it subscribes again');
      await until(() => heard.length === 1, 'a message');
      await listener.unsubscribe('again');
    });

    test('ten thousand messages in order', async () => {
      const heard = [];
      await listener.subscribe('many', (message) => heard.push(Number(message)));
      const counts = await Promise.all(
        Array.from({ length: 10_000 }, (_, i) => publisher.publish('many', `${i}`)),
      );
      assert.ok(counts.every((count) => count === 1));
      await until(() => heard.length === 10_000, 'all of them');
      assert.ok(heard.every((number, i) => number === i));
      await listener.unsubscribe('many');
    });
  });
}

// Each server knows its own browsers; rooms and broadcasts reach those of the other by pub/sub.
for (const sharded of [false, true]) {
  describe(`socket.io over ${sharded ? 'shard channels' : 'channels'}`, () => {
    const servers = [];
    const browsers = [];
    const clients = [];
    before(async () => {
      for (let i = 0; i < 2; ++i) {
        const pub = await createClient({ url, RESP: sharded ? 3 : 2 }).connect();
        const sub = await pub.duplicate().connect();
        clients.push(pub, sub);
        const http = createServer();
        const server = new Server(http, {
          adapter: sharded ? createShardedAdapter(pub, sub) : createAdapter(pub, sub),
        });
        server.on('connection', (socket) => {
          socket.on('join', async (room, done) => {
            await socket.join(room);
            done();
          });
          socket.on('say', (room, text) => server.to(room).emit('said', text));
        });
        http.listen(0, '127.0.0.1');
        await once(http, 'listening');
        servers.push({ http, server });
        for (let n = 0; n < 2; ++n) {
          const browser = io(`http://127.0.0.1:${http.address().port}`, { transports: ['websocket'] });
          await once(browser, 'connect');
          browser.heard = [];
          browser.on('said', (text) => browser.heard.push(text));
          browsers.push(browser);
        }
      }
    });
    after(async () => {
      for (const browser of browsers) browser.disconnect();
      for (const { server } of servers) await server.close();
      await Promise.all(clients.map((client) => client.close()));  // with what the adapters still say
    });

    test('a room spans both servers', async () => {
      const [a, b, c, d] = browsers;
      await a.emitWithAck('join', 'chess');
      await c.emitWithAck('join', 'chess');
      await d.emitWithAck('join', 'go');
      await until(async () => (await servers[0].server.in('chess').fetchSockets()).length === 2,
        'both servers know the room');
      b.emit('say', 'chess', 'e4');
      await until(() => a.heard.length === 1 && c.heard.length === 1, 'both hear');
      c.emit('say', 'go', 'tengen');
      await until(() => d.heard.length === 1, 'the other room hears');
      assert.deepEqual(browsers.map((browser) => browser.heard), [['e4'], [], ['e4'], ['tengen']]);
    });

    test('a broadcast reaches all, in order', async () => {
      for (const browser of browsers) browser.heard = [];
      const texts = Array.from({ length: 200 }, (_, i) => `${i}`);
      for (const text of texts) servers[0].server.emit('said', text);
      await until(() => browsers.every((browser) => browser.heard.length === 200), 'all hear all');
      for (const browser of browsers) assert.deepEqual(browser.heard, texts);
    });

    test('one server asks the other', async () => {
      servers[1].server.on('sum', (a, b, reply) => reply(a + b));
      const replies = await servers[0].server.serverSideEmitWithAck('sum', 2, 3);
      assert.deepEqual(replies, [5]);
      assert.equal((await servers[1].server.fetchSockets()).length, 4);
      await servers[0].server.disconnectSockets();
      await until(() => browsers.every((browser) => !browser.connected), 'all are sent away');
    });
  });
}
