#!/usr/bin/env python3
"""Keyspace events beside redis-server's: event_order_test.py PATH_TO_SERVER. Random commands of every kind, alone,
in transactions, on keys past their deadline and with somebody waiting, are run on both servers, with every class of
events on; after each the events of both are compared, one by one. EVENTS_SEED and EVENTS_STEPS choose others."""
import os
import random
import shutil
import socket
import sys
import time
import unittest

from harness import Server, request

SERVER = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
SEED = int(os.environ.get('EVENTS_SEED', '1'))
STEPS = int(os.environ.get('EVENTS_STEPS', '12000'))

# XREADGROUP of new entries and the claims are left out: since 7.2 they make a consumer that gets nothing, too.
# A command each. K: a key, M: a member, N: a small number, I: an index; words in (a|b c|) are a choice.
COMMANDS = """
SET K (1|5|abc) (|EX 100|PX 100000|KEEPTTL|NX|XX|GET|NX GET|EXAT 9999999999|XX GET EX 5)
SETNX K v; SETEX K 100 v; PSETEX K 100000 v; GETSET K 9; GETDEL K
GETEX K (|EX 100|PERSIST|PXAT 1000|EXAT 9999999999)
MSET K 1 K 2 K 3; MSETNX K 1 K 2; APPEND K (''|x); SETRANGE K (0|3) (''|zz)
INCR K; DECR K; INCRBY K N; DECRBY K N; INCRBYFLOAT K 0.5
GET K; MGET K K; STRLEN K; GETRANGE K 0 2; SUBSTR K 0 2; LCS K K; GETBIT K 1; BITCOUNT K; BITPOS K 1
SETBIT K (0|1|9) (0|1); BITFIELD K SET u8 0 (0|1); BITFIELD K INCRBY u8 0 (0|1); BITFIELD K GET u8 0
BITFIELD_RO K GET u8 0; BITOP (AND|OR|XOR) K K K; BITOP NOT K K
PFADD K (|M|M M); PFMERGE K K K; PFCOUNT K; PFCOUNT K K
DEL K; DEL K K; UNLINK K K; EXISTS K K; TYPE K; TTL K; TOUCH K K; OBJECT ENCODING K; DUMP K; MEMORY USAGE K
EXPIRE K (100|-1|0) (|NX|XX|GT|LT); PEXPIREAT K (1|99999999999999); EXPIREAT K 9999999999; PERSIST K
RENAME K K; RENAMENX K K; COPY K K (|REPLACE); COPY K K DB 1 REPLACE; MOVE K 1
LPUSH K M; RPUSH K M M; LPUSHX K M; RPUSHX K M; LPOP K; RPOP K; LPOP K (0|1|3); RPOP K (0|1|3); LSET K 0 M
LINSERT K BEFORE M M; LREM K N M; LTRIM K I I; LMOVE K K (LEFT|RIGHT) (LEFT|RIGHT); RPOPLPUSH K K
LMPOP 2 K K LEFT COUNT 2; LRANGE K 0 -1; LLEN K; LINDEX K 0; LPOS K M
BLPOP K K 0.001; BRPOP K 0.001; BLMOVE K K LEFT RIGHT 0.001; BLMPOP 0.001 2 K K RIGHT COUNT 3
BRPOPLPUSH K K 0.001; BZPOPMIN K K 0.001; BZPOPMAX K 0.001; BZMPOP 0.001 1 K MIN
SADD K M M; SREM K M M; SPOP K; SPOP K (0|1|5); SMOVE K K M; SINTERSTORE K K K; SUNIONSTORE K K K
SDIFFSTORE K K K; SMEMBERS K; SISMEMBER K M; SMISMEMBER K M; SCARD K; SRANDMEMBER K 2; SINTER K K; SUNION K K
SDIFF K K; SINTERCARD 2 K K; SSCAN K 0
ZADD K (|NX|XX|GT|CH|INCR) 1 M; ZADD K (1|2|-1|inf) M (1|3) M; ZINCRBY K 1 M; ZREM K M M
ZREMRANGEBYRANK K I I; ZREMRANGEBYSCORE K 1 2; ZREMRANGEBYLEX K [u [w; ZPOPMIN K; ZPOPMAX K (0|1|3)
ZMPOP 2 K K MAX; ZRANGESTORE K K 0 1; ZUNIONSTORE K 2 K K; ZINTERSTORE K 2 K K; ZDIFFSTORE K 2 K K
ZUNION 2 K K; ZINTER 2 K K; ZDIFF 2 K K; ZINTERCARD 2 K K; ZRANGE K 0 -1; ZSCORE K M; ZMSCORE K M; ZCARD K
ZCOUNT K 1 2; ZRANK K M; ZRANGEBYSCORE K 1 2; ZLEXCOUNT K - +; ZRANDMEMBER K; ZSCAN K 0
HSET K M (1|x); HSETNX K M 1; HMSET K M 1 M 2; HDEL K M M M; HINCRBY K M N; HINCRBYFLOAT K M 0.5
HGET K M; HMGET K M M; HGETALL K; HEXISTS K M; HLEN K; HSTRLEN K M; HKEYS K; HRANDFIELD K 2; HSCAN K 0
GEOADD K (|NX|XX|CH) 13.3 38.1 M; GEOSEARCHSTORE K K FROMLONLAT 13 38 BYRADIUS (1|500) km
GEORADIUS K 13 38 500 km STORE K; GEOPOS K M; GEODIST K M M; GEOHASH K M
GEOSEARCH K FROMLONLAT 13 38 BYRADIUS 500 km
XADD K (|NOMKSTREAM|MAXLEN 2|NOMKSTREAM MAXLEN 0) * f v; XADD K (1-1|2-1|3-1) f v; XTRIM K MAXLEN (0|1|2)
XDEL K 1-1; XGROUP CREATE K g 0 (|MKSTREAM); XGROUP DESTROY K g; XGROUP SETID K g 0
XGROUP CREATECONSUMER K g M; XGROUP DELCONSUMER K g M; XREADGROUP GROUP g M STREAMS K 0
XREAD STREAMS K K 0 0; XACK K g 1-1
XSETID K 9999999999999-1; XLEN K; XRANGE K - +; XPENDING K g
SORT K ALPHA STORE K; SORT K ALPHA; SORT_RO K ALPHA; SWAPDB 0 1; FLUSHDB; SCAN 0; RANDOMKEY; KEYS *; DBSIZE
"""
WAITS = 'BLPOP K K 0; BLMOVE K K LEFT LEFT 0; BZPOPMIN K 0; BLMPOP 0 2 K K LEFT COUNT 2; XREAD BLOCK 0 STREAMS K $'
RANDOM = {'SPOP', 'RANDOMKEY', 'SRANDMEMBER', 'HRANDFIELD', 'ZRANDMEMBER'}


def split(text):
    return [part.strip() for line in text.strip().split('\n') for part in line.split(';') if part.strip()]


def choose(random_, text):
    """The words of one command, with its choices made."""
    while '(' in text:
        start, end = text.index('('), text.index(')')
        text = text[:start] + random_.choice(text[start + 1:end].split('|')) + text[end + 1:]
    words = []
    for word in text.split():
        words.append({'K': lambda: random_.choice('abcd'), 'M': lambda: random_.choice('uvwxyz'),
                      'N': lambda: str(random_.randint(-3, 5)), 'I': lambda: str(random_.randint(-4, 4)),
                      "''": lambda: ''}.get(word, lambda word=word: word)())
    return words


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), 5)
        self.file = self.socket.makefile('rb')

    def send(self, *words):
        self.socket.sendall(request(*words))

    def read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b'*':
            return None if rest == b'-1' else [self.read() for _ in range(int(rest))]
        if kind == b'$':
            return None if rest == b'-1' else self.file.read(int(rest) + 2)[:-2]
        return line[:-2]

    def call(self, *words):
        self.send(*words)
        return self.read()

    def close(self):
        self.file.close()
        self.socket.close()


class WatchedServer:
    def __init__(self, path):
        self.server = Server(path, '--enable-debug-command', 'yes')
        self.client = Client(self.server.port)
        self.listener, self.waiter = Client(self.server.port), Client(self.server.port)
        self.waiter_id = self.waiter.call('CLIENT', 'ID')[1:]
        self.client.call('CONFIG', 'SET', 'notify-keyspace-events', 'KEAmn')
        self.listener.call('PSUBSCRIBE', '__key*')
        # Keys die when they are touched, so that both servers do it at the same moment.
        self.client.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0')

    def events(self):
        self.client.call('PUBLISH', '__key-end', 'x')
        events = []
        while True:
            message = self.listener.read()
            if message[2] == b'__key-end':
                return events
            events.append(b' '.join(message[2:]).decode())

    def stop(self):
        for client in (self.client, self.listener, self.waiter):
            client.close()
        self.server.stop()

    def run(self, step):
        kind, commands = step
        if kind == 'transaction':
            self.client.call('MULTI')
            for words in commands:
                self.client.call(*words)
            self.client.call('EXEC')
        elif kind == 'expired':
            self.client.call('PEXPIRE', commands[0], '20')
            time.sleep(0.024)
            self.client.call(*commands[1])
            self.client.call('EXISTS', commands[0])
        elif kind == 'waiting':
            self.waiter.send(*commands[0])
            time.sleep(0.003)
            self.client.call(*commands[1])
            time.sleep(0.002)
            self.client.call('CLIENT', 'UNBLOCK', self.waiter_id.decode())
            self.waiter.read()
        else:
            self.client.call(*commands[0])
        return self.events()


# Whose result is empty, and whose target is past its deadline but still there: redis-server removes it with `del`, we
# see first that it has expired.
STORES = {'BITOP', 'GEOSEARCHSTORE', 'GEORADIUS', 'SORT', 'SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE', 'ZRANGESTORE',
          'ZUNIONSTORE', 'ZINTERSTORE', 'ZDIFFSTORE'}


@unittest.skipUnless(shutil.which('redis-server'), 'there is no redis-server')
class EventOrderTest(unittest.TestCase):
    def test_the_same_events_in_the_same_order(self):
        random_ = random.Random(SEED)
        commands, waits = split(COMMANDS), split(WAITS)
        servers = [WatchedServer(SERVER), WatchedServer('redis-server')]
        compared = 0
        try:
            for number in range(STEPS):
                step = self.step(random_, commands, waits)
                ours, theirs = (server.run(step) for server in servers)
                self.assertEqual(ours, theirs, f'after step {number}: {step}')
                compared += len(theirs)
                if number % 40 == 39 or any(word in RANDOM for words in step[1] for word in words):
                    for server in servers:
                        server.client.call('FLUSHALL')
        finally:
            for server in servers:
                server.stop()
        self.assertGreater(compared, STEPS, 'events')

    @staticmethod
    def step(random_, commands, waits):
        command = choose(random_, random_.choice(commands))
        chance = random_.random()
        if chance < 0.03:
            return 'transaction', [command] + [choose(random_, random_.choice(commands)) for _ in range(2)]
        if chance < 0.08 and command[0] not in STORES:
            return 'expired', [random_.choice('abcd'), command]
        if chance < 0.13:
            return 'waiting', [choose(random_, random_.choice(waits)), command]
        return 'plain', [command]


if __name__ == '__main__':
    unittest.main()
