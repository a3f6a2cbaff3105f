#!/usr/bin/env python3
"""Scripts that run too long: scripts_test.py PATH_TO_SERVER. Others are told BUSY, the kill commands are
always heard, with one thread and with two."""
import os
import sys
import time
import unittest

from harness import Server, request

SERVER = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
BUSY = b'-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n'
LOOP = 'while true do end'
CAUGHT_LOOP = 'while true do pcall(function() while true do end end) end'
WRITING_LOOP = "redis.call('set','written','1') while true do end"


class Client:
    def __init__(self, server):
        self.socket = server.connect()

    def send(self, *words):
        self.socket.sendall(request(*words))

    def read(self, wanted=1):
        """Bytes of `wanted` one-line replies."""
        got = b''
        while got.count(b'\r\n') < wanted:
            part = self.socket.recv(1 << 16)
            if not part:
                break
            got += part
        return got

    def call(self, *words):
        self.send(*words)
        return self.read()


class ScriptsTest(unittest.TestCase):
    threads = 1

    def setUp(self):
        self.server = Server(SERVER, '--threads', str(self.threads), '--busy-reply-threshold', '100')
        self.clients = []
        self.control = self.connect()
        self.others = [self.connect() for _ in range(4)]  # on every thread

    def tearDown(self):
        for client in self.clients:
            client.socket.close()
        self.assertEqual(self.server.stop(), 0)

    def connect(self):
        client = Client(self.server)
        self.clients.append(client)
        return client

    def start(self, script):
        runner = self.connect()
        runner.send('EVAL', script, '0')
        self.wait_until_busy()
        return runner

    def wait_until_busy(self):
        for _ in range(200):
            if self.control.call('PING') == BUSY:
                return
            time.sleep(0.02)
        self.fail('nobody is told BUSY')

    def wait_until_free(self):
        for _ in range(200):
            if self.control.call('PING') == b'+PONG\r\n':
                return
            time.sleep(0.02)
        self.fail('the server stays busy')

    def test_all_threads_answer_busy_and_the_script_is_killed(self):
        runner = self.start(LOOP)
        for other in self.others:
            self.assertEqual(other.call('GET', 'x'), BUSY)
            self.assertEqual(other.call('PUBLISH', 'c', 'm'), BUSY)
            self.assertTrue(other.call('NOSUCH').startswith(b'-ERR unknown command'))
            self.assertTrue(other.call('GET').startswith(b'-ERR wrong number'))
            self.assertTrue(other.call('FUNCTION', 'FLUSH').startswith(b'-BUSY'))
        newcomer = self.connect()
        self.assertEqual(newcomer.call('PING'), BUSY)
        self.assertEqual(self.others[1].call('SCRIPT', 'KILL'), b'+OK\r\n')
        self.assertTrue(runner.read().startswith(
            b'-ERR Script killed by user with SCRIPT KILL. script: '))
        self.wait_until_free()
        self.assertEqual(runner.call('PING'), b'+PONG\r\n')
        self.assertTrue(self.control.call('SCRIPT', 'KILL').startswith(b'-NOTBUSY'))

    def test_catching_the_error_does_not_help(self):
        runner = self.start(CAUGHT_LOOP)
        self.assertEqual(self.control.call('SCRIPT', 'KILL'), b'+OK\r\n')
        self.assertIn(b'Script killed by user', runner.read())
        self.wait_until_free()

    def test_who_pipelines_behind_the_script_waits(self):
        runner = self.connect()
        runner.socket.sendall(request('EVAL', LOOP, '0') + request('PING'))
        self.wait_until_busy()
        runner.send('ECHO', 'later')
        time.sleep(0.1)
        self.assertEqual(self.control.call('SCRIPT', 'KILL'), b'+OK\r\n')
        got = runner.read(4)
        self.assertIn(b'Script killed', got)
        self.assertTrue(got.endswith(b'+PONG\r\n$5\r\nlater\r\n'), got)

    def test_a_kill_that_is_sent_together_with_the_script(self):
        for _ in range(5):
            clients = [self.connect() for _ in range(8)]
            clients[0].send('EVAL', LOOP, '0')
            for client in clients[1:]:
                client.send('PING')
            for client in clients[1:]:
                self.assertIn(client.read(), (BUSY, b'+PONG\r\n'))
            self.wait_until_busy()
            self.assertEqual(clients[1].call('SCRIPT', 'KILL'), b'+OK\r\n')
            self.wait_until_free()

    def test_transactions(self):
        queued, watching = self.others[0], self.others[1]
        self.assertEqual(queued.call('MULTI'), b'+OK\r\n')
        self.assertEqual(queued.call('INCR', 'n'), b'+QUEUED\r\n')
        ready = self.others[2]
        ready.call('MULTI')
        ready.call('INCR', 'n')
        runner = self.start(LOOP)
        self.assertEqual(queued.call('INCR', 'n'), BUSY)
        self.assertTrue(ready.call('EXEC').startswith(
            b'-EXECABORT Transaction discarded because of: BUSY Redis is busy'))
        self.assertEqual(watching.call('WATCH', 'x'), b'+OK\r\n')
        self.assertEqual(watching.call('UNWATCH'), b'+OK\r\n')
        self.assertEqual(watching.call('MULTI'), b'+OK\r\n')
        self.assertEqual(watching.call('DISCARD'), b'+OK\r\n')
        self.control.call('SCRIPT', 'KILL')
        runner.read()
        self.wait_until_free()
        self.assertTrue(queued.call('EXEC').startswith(b'-EXECABORT'))
        self.assertEqual(self.control.call('GET', 'n'), b'$-1\r\n')

    def test_a_second_script_is_refused(self):
        runner = self.connect()
        runner.send('EVAL', LOOP, '0')
        seconds = [self.connect() for _ in range(4)]
        for second in seconds:  # they come before the first is busy
            second.send('EVAL', "return 'second'", '0')
        self.wait_until_busy()
        for second in seconds:
            self.assertIn(second.read(), (BUSY, b'$6\r\n', b'$6\r\nsecond\r\n'))
        self.control.call('SCRIPT', 'KILL')
        runner.read()
        self.wait_until_free()

    def test_a_script_that_has_written_is_not_killed(self):
        self.start(WRITING_LOOP)
        for other in self.others:
            self.assertTrue(other.call('SCRIPT', 'KILL').startswith(b'-UNKILLABLE Sorry the script'))
        self.assertEqual(self.control.call('SHUTDOWN'), BUSY)
        self.control.send('SHUTDOWN', 'NOSAVE')
        self.assertEqual(self.server.process.wait(10), 0)

    def test_what_waits_goes_on_afterwards(self):
        waiter = self.others[0]
        waiter.send('BLPOP', 'list', '0.3')
        timed = self.others[1]
        timed.call('SET', 'timed', 'v', 'PX', '50')
        runner = self.start("local t = redis.call('exists','timed') while redis.call('exists','timed') "
                            "== t do end")
        self.assertEqual(waiter.read(), b'*-1\r\n')  # its time-out comes all the same
        self.assertEqual(self.control.call('SCRIPT', 'KILL'), b'+OK\r\n')
        runner.read()
        self.wait_until_free()
        self.assertEqual(self.control.call('EXISTS', 'timed'), b':0\r\n')

    def test_a_declared_script_that_does_not_end(self):
        runner = self.connect()
        runner.send('EVAL', '#!lua flags=declared-keys\nwhile true do end', '1', 'k')
        self.assertIn(b'A script with declared keys ran longer than busy-reply-threshold',
                      runner.read())
        self.assertEqual(self.control.call('GET', 'k'), b'$-1\r\n')


class TwoThreadsTest(ScriptsTest):
    threads = 2


class SectionsTest(unittest.TestCase):
    def test_the_scripts_of_one_packet_share_a_section(self):
        server = Server(SERVER, '--threads', '2')
        client = Client(server)

        def sections():
            client.send('INFO', 'contention')
            reply = client.read(12)
            return int(reply.split(b'world_taken:')[1].split(b'\r\n')[0])

        before = sections()
        script = request('EVAL', 'return 1', '0')
        client.socket.sendall((script + request('EXISTS', 'k')) * 8 + script)
        self.assertEqual(client.read(17).count(b':1'), 9)
        # One of these is the second INFO's; the server's own clock may take the world as well, and the
        # packet may have been cut.
        self.assertLessEqual(sections() - before, 4)
        client.socket.close()
        self.assertEqual(server.stop(), 0)


if __name__ == '__main__':
    unittest.main()
