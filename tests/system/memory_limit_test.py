"""The limit of memory under concurrent writers, on a real server.

python3 tests/system/memory_limit_test.py build/release/scrubjay
"""
import random
import sys
import threading
import time
import unittest

import redis

from harness import Server, request

SERVER = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
MEGABYTE = 1 << 20


class MemoryLimit(unittest.TestCase):
    def start(self, *options):
        self.server = Server(SERVER, *options)
        self.addCleanup(self.server.stop)
        return self.connect()

    def connect(self):
        return redis.Redis(port=self.server.port)

    def test_scattered_keys_are_moved_together(self):
        client = self.start("--active-defrag-ignore-bytes", "1mb", "--threads", "2")
        empty = client.info("memory")["allocator_active"]
        keys = 200_000
        for first in range(0, keys, 10_000):
            pipeline = client.pipeline(transaction=False)
            for i in range(first, first + 10_000):
                pipeline.set(f"key:{i:07}", f"value of key {i:07}", ex=1000 if i % 3 == 0 else None)
            pipeline.execute()
        full = client.info("memory")["allocator_active"] - empty
        for first in range(0, keys, 10_000):
            client.delete(*[f"key:{i:07}" for i in range(first, first + 10_000) if i % 10])
        for _ in range(100):
            left = client.info("memory")["allocator_active"] - empty
            if left < full / 3:
                break
            time.sleep(0.1)
        self.assertLess(left, full / 3)
        self.assertGreater(client.info("stats")["active_defrag_hits"], keys / 20)
        for i in range(0, keys, 10):
            if i % 1000 == 0:
                self.assertEqual(client.get(f"key:{i:07}"), b"value of key %07d" % i)
        self.assertEqual(client.dbsize(), keys // 10)

    def test_what_is_freed_during_a_walk_is_brought_together_by_another(self):
        client = self.start("--active-defrag-cycle-max", "1", "--threads", "1")
        keys = 400_000
        value = "x" * 40

        def run(command, numbers):
            pipeline = client.pipeline(transaction=False)
            for i in numbers:
                pipeline.execute_command(*command(f"key:{i:07}"))
            pipeline.execute()

        def scattered():
            memory = client.info("memory")
            return memory["allocator_active"] - memory["allocator_allocated"]

        def moved():
            return client.info("stats")["active_defrag_hits"]

        def wait_until(condition):
            deadline = time.time() + 20
            while not condition() and time.time() < deadline:
                time.sleep(0.05)
            self.assertTrue(condition())

        before = scattered()
        for first in range(0, keys, 10_000):
            run(lambda key: ("SET", key, value), range(first, first + 10_000))
        run(lambda key: ("UNLINK", key), [i for i in range(keys) if i % 4])
        left = keys // 4
        wait_until(lambda: moved() > left // 2)
        self.assertEqual(client.info("memory")["active_defrag_running"], 1)
        run(lambda key: ("UNLINK", key), range(0, keys, 8))
        # Half of half is scattered again, fewer bytes than active-defrag-ignore-bytes.
        wait_until(lambda: scattered() < before + 1_000_000)
        self.assertEqual(client.dbsize(), left // 2)

    def test_telling_of_evictions_makes_no_more_of_them(self):
        client = self.start("--maxmemory-policy", "allkeys-lru", "--threads", "1",
                            "--maxmemory-eviction-tenacity", "100")
        names = [f"{i}:" + "x" * 1000 for i in range(300)]
        client.mset({name: "value" for name in names})
        reads = b"".join(request("GET", name) for name in names)
        for _ in range(10):
            reader = self.server.connect()
            self.addCleanup(reader.close)
            reader.sendall(request("HELLO", "3") + request("CLIENT", "TRACKING", "ON") + reads)
            answer = b""
            while answer.count(b"$5\r\nvalue\r\n") < len(names):
                answer += reader.recv(1 << 16)
        time.sleep(1.2)  # so that used_memory is what all of this takes
        used = client.info("memory")["used_memory"]
        client.config_set("maxmemory", used - 40_000)
        evicted = client.info("stats")["evicted_keys"]
        self.assertGreater(evicted, 10)
        # Some 40 are what has to go; their messages take more than they did.
        self.assertLess(evicted, 80)

    def run_writers(self, write, seconds, count=6):
        """Calls write(client, random) in `count` threads; returns what went wrong."""
        problems = []
        end = time.monotonic() + seconds

        def work(seed):
            client, numbers = self.connect(), random.Random(seed)
            try:
                while time.monotonic() < end:
                    write(client, numbers)
            except Exception as problem:  # told by the test's thread
                problems.append(problem)

        writers = [threading.Thread(target=work, args=(seed,)) for seed in range(count)]
        for writer in writers:
            writer.start()
        return writers, problems

    def watch_while(self, writers, client, limit, slack):
        """The most that was in use over the limit while the writers wrote."""
        worst = 0
        while any(writer.is_alive() for writer in writers):
            worst = max(worst, client.info("memory")["used_memory"] - limit)
            time.sleep(0.005)
        self.assertLessEqual(worst, slack, "over the limit")

    def test_bursts_of_all_sizes(self):
        limit = 200 * MEGABYTE
        client = self.start("--maxmemory", str(limit), "--maxmemory-policy", "allkeys-adaptive",
                            "--threads", "4")
        sizes = [10, 100, 1000, 10_000, 100_000, MEGABYTE, 10 * MEGABYTE]
        values = {size: b"x" * size for size in sizes}

        def write(own, numbers):
            size = numbers.choice(sizes)
            pipe = own.pipeline(transaction=False)
            for _ in range(max(1, min(200, 200_000 // size))):
                pipe.set("k%d" % numbers.randrange(1_000_000), values[size])
            pipe.execute()

        writers, problems = self.run_writers(write, 8)
        self.watch_while(writers, client, limit, limit // 100)
        self.assertEqual(problems, [])
        self.assertGreater(client.info("stats")["evicted_keys"], 0)
        self.assertGreater(client.dbsize(), 100)

    def test_small_values(self):
        limit = 64 * MEGABYTE
        client = self.start("--maxmemory", str(limit), "--maxmemory-policy", "allkeys-lru",
                            "--threads", "4")

        def write(own, numbers):
            pipe = own.pipeline(transaction=False)
            for _ in range(500):
                pipe.set("k%d" % numbers.randrange(100_000_000), b"y" * numbers.randrange(10, 300))
            pipe.execute()

        writers, problems = self.run_writers(write, 5)
        self.watch_while(writers, client, limit, MEGABYTE)
        self.assertEqual(problems, [])

    def test_policies_exchanged_under_load(self):
        limit = 32 * MEGABYTE
        client = self.start("--maxmemory", str(limit), "--maxmemory-policy", "allkeys-lru",
                            "--threads", "2")
        policies = ["allkeys-adaptive", "allkeys-lfu", "volatile-adaptive", "volatile-ttl",
                    "allkeys-random", "volatile-lru", "allkeys-lru"]

        def write(own, numbers):
            pipe = own.pipeline(transaction=False)
            for _ in range(200):
                key = "k%d" % numbers.randrange(1_000_000)
                pipe.set(key, b"z" * 300, ex=1000)
                pipe.get("k%d" % numbers.randrange(1_000_000))
            pipe.execute()

        writers, problems = self.run_writers(write, 6, count=4)
        turn = 0
        while any(writer.is_alive() for writer in writers):
            client.config_set("maxmemory-policy", policies[turn % len(policies)])
            turn += 1
            time.sleep(0.05)
            self.assertLess(client.info("memory")["used_memory"], limit + MEGABYTE)
        self.assertEqual(problems, [])
        self.assertGreater(turn, 20)

    def test_limit_far_below_use(self):
        client = self.start("--threads", "2")
        pipe = client.pipeline(transaction=False)
        for number in range(300_000):
            pipe.set("k%d" % number, b"v" * 200)
        pipe.execute()
        client.config_set("maxmemory-policy", "allkeys-adaptive")
        start = time.monotonic()
        client.config_set("maxmemory", 20 * MEGABYTE)
        self.assertLess(time.monotonic() - start, 0.05, "CONFIG SET waits for eviction")
        longest = 0
        while client.info("memory")["used_memory"] > 20 * MEGABYTE:
            asked = time.monotonic()
            client.get("k1")
            longest = max(longest, time.monotonic() - asked)
            self.assertLess(time.monotonic() - start, 10)
        self.assertLess(longest, 0.1)
        stats = client.info("stats")
        self.assertGreater(stats["evicted_keys"], 100_000)
        self.assertGreater(stats["total_eviction_exceeded_time"], 0)
        self.assertEqual(stats["current_eviction_exceeded_time"], 0)

    def test_clients_over_their_limit_go_largest_first(self):
        client = self.start("--maxmemory-clients", "2mb", "--threads", "2")
        small = self.connect()
        small.ping()
        large = self.connect().connection_pool.get_connection("SET")
        try:
            large.send_packed_command(
                [b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8000000\r\n" + b"x" * 5_000_000])
        except redis.ConnectionError:
            pass  # it has gone already
        end = time.monotonic() + 5
        while client.info("stats")["evicted_clients"] == 0 and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(client.info("stats")["evicted_clients"], 1)
        small.ping()

    def test_a_client_over_the_limit_goes_before_its_request_is_run(self):
        client = self.start("--maxmemory-clients", "2mb", "--threads", "1")
        quarter = "x" * 500_000
        with self.connect() as other, self.assertRaises(redis.ConnectionError):
            other.execute_command("SET", "large", quarter * 5)
        with self.connect() as other:
            pipeline = other.pipeline()  # MULTI ... EXEC
            pipeline.set("queued", quarter).set("queued", quarter)
            self.assertEqual(pipeline.execute(), [True, True])
        connection = self.connect().connection_pool.get_connection("MULTI")
        connection.send_command("MULTI")
        self.assertEqual(connection.read_response(), b"OK")
        with self.assertRaises(redis.ConnectionError):
            for _ in range(5):
                connection.send_command("SET", "many", quarter)
                self.assertEqual(connection.read_response(), b"QUEUED")
        with self.connect() as other, self.assertRaises(redis.ConnectionError):
            for i in range(100_000):
                other.execute_command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", f"{i:01000}")
        self.assertEqual(client.info("stats")["evicted_clients"], 3)
        self.assertEqual(client.keys(), [b"queued"])


if __name__ == "__main__":
    unittest.main()
