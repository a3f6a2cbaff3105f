#!/usr/bin/env python3
"""How the server is started: command line, configuration file, what it refuses.

    start_test.py PATH_TO_SERVER [unittest options]

Each test starts servers of its own on free loopback ports and ends them by their pids.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from harness import free_port

SERVER = None
SECONDS = 10


class Client:
    """Just enough of a client: inline requests, replies as text."""

    def __init__(self, port, host='127.0.0.1'):
        self.socket = socket.create_connection((host, port), 2)
        self.file = self.socket.makefile('rb')

    def close(self):
        self.file.close()
        self.socket.close()

    def call(self, line):
        self.socket.sendall(line.encode() + b'\r\n')
        return self.reply()

    def reply(self):
        line = self.file.readline().decode().rstrip('\r\n')
        if line[:1] == '$':
            size = int(line[1:])
            return None if size < 0 else self.file.read(size + 2)[:-2].decode()
        if line[:1] == '*':
            return [self.reply() for _ in range(int(line[1:]))]
        return line


class StartTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='start-test-')
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.port = free_port()

    def start(self, *arguments, port=True, stdin=None):
        """A client of a server that was started with these arguments."""
        words = [SERVER, *arguments] + (['--port', str(self.port)] if port else [])
        self.log = os.path.join(self.folder, 'log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                words, cwd=self.folder, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        self.addCleanup(self.end)
        if stdin is not None:
            self.process.stdin.write(stdin.encode())
            self.process.stdin.close()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                client = Client(self.port)
                self.addCleanup(client.close)
                return client
            except OSError:
                time.sleep(0.02)
        with open(self.log, encoding='utf-8', errors='replace') as log:
            self.fail('the server did not start: %s' % log.read()[-1000:])

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def refused(self, *arguments):
        """What a server prints that does not start."""
        done = subprocess.run([SERVER, *arguments, '--port', str(self.port)], cwd=self.folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stdout.decode('utf-8', 'replace')

    def write(self, text, name='test.conf'):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def config(self, client, name):
        return client.call('CONFIG GET ' + name)[1]

    # ------------------------------------------------------------------ options as words
    def test_save_takes_all_words_up_to_the_next_option(self):
        client = self.start('--save', '900', '1', '300', '10', '--maxmemory', '100mb')
        self.assertEqual(self.config(client, 'save'), '900 1 300 10')
        self.assertEqual(self.config(client, 'maxmemory'), '104857600')

    def test_save_in_one_word(self):
        client = self.start('--save', '900 1 300 10')
        self.assertEqual(self.config(client, 'save'), '900 1 300 10')

    def test_save_empty_switches_off(self):
        client = self.start('--save', '', '--appendonly', 'no')
        self.assertEqual(self.config(client, 'save'), '')

    def test_bind_takes_several_addresses(self):
        client = self.start('--bind', '127.0.0.1', '-::1')
        self.assertEqual(self.config(client, 'bind'), '127.0.0.1 -::1')

    def test_buffer_limits(self):
        client = self.start('--client-output-buffer-limit', 'normal', '0', '0', '0',
                            '--maxmemory-policy', 'allkeys-lru')
        self.assertIn('normal 0 0 0', self.config(client, 'client-output-buffer-limit'))
        self.assertEqual(self.config(client, 'maxmemory-policy'), 'allkeys-lru')

    def test_memory_units(self):
        for text, number in (('1gb', 1 << 30), ('1g', 10 ** 9), ('64mb', 64 << 20),
                             ('2kb', 2048), ('4000000', 4000000)):
            client = self.start('--maxmemory', text)
            self.assertEqual(self.config(client, 'maxmemory'), str(number))
            self.end()
            self.port = free_port()

    def test_names_in_any_case(self):
        client = self.start('--MaxMemory-Policy', 'volatile-ttl')
        self.assertEqual(self.config(client, 'maxmemory-policy'), 'volatile-ttl')

    def test_password(self):
        client = self.start('--requirepass', 'secret')
        self.assertEqual(client.call('GET k'), '-NOAUTH Authentication required.')
        self.assertEqual(client.call('AUTH secret'), '+OK')
        self.assertEqual(self.config(client, 'requirepass'), 'secret')

    def test_databases(self):
        client = self.start('--databases', '4')
        self.assertEqual(client.call('SELECT 3'), '+OK')
        self.assertEqual(client.call('SELECT 4'), '-ERR DB index is out of range')

    def test_debug_is_refused_unless_enabled(self):
        client = self.start()
        self.assertTrue(client.call('DEBUG SLEEP 0').startswith('-ERR DEBUG command not allowed.'))

    # ------------------------------------------------------------------ the file
    def test_a_first_word_without_dashes_is_the_file(self):
        path = self.write('# a comment\n\nport %d\nmaxmemory 10mb\n  timeout 30  \n'
                          'maxmemory-policy allkeys-lfu\nsave ""\n' % self.port)
        client = self.start(path, port=False)
        self.assertEqual(self.config(client, 'maxmemory'), '10485760')
        self.assertEqual(self.config(client, 'timeout'), '30')
        self.assertEqual(self.config(client, 'maxmemory-policy'), 'allkeys-lfu')
        self.assertEqual(self.config(client, 'save'), '')

    def test_options_win_over_the_file(self):
        path = self.write('maxmemory 10mb\ntimeout 30\n')
        client = self.start(path, '--maxmemory', '20mb')
        self.assertEqual(self.config(client, 'maxmemory'), '20971520')
        self.assertEqual(self.config(client, 'timeout'), '30')

    def test_quoted_words_and_several_save_lines(self):
        path = self.write('requirepass "a \\"b\\" \\x41"\nsave 900 1\nsave 300 10\n')
        client = self.start(path)
        self.assertEqual(client.call('AUTH "a \\"b\\" A"'), '+OK')
        self.assertEqual(self.config(client, 'save'), '900 1 300 10')

    def test_include(self):
        self.write('maxmemory 10mb\n', 'other.conf')
        path = self.write('include %s/other.conf\ntimeout 7\n' % self.folder)
        client = self.start(path)
        self.assertEqual(self.config(client, 'maxmemory'), '10485760')
        self.assertEqual(self.config(client, 'timeout'), '7')

    def test_standard_input(self):
        client = self.start('-', stdin='port %d\nmaxmemory 10mb\n' % self.port, port=False)
        self.assertEqual(self.config(client, 'maxmemory'), '10485760')

    # ------------------------------------------------------------------ refusals
    def test_an_unknown_option(self):
        text = self.refused('--nosuch', '1')
        self.assertIn('*** FATAL CONFIG FILE ERROR', text)
        self.assertRegex(text, r'at line \d+')
        self.assertIn(">>> 'nosuch", text)

    def test_an_unknown_option_in_the_file_names_its_line(self):
        path = self.write('maxmemory 10mb\n\nnosuch 1\n')
        text = self.refused(path)
        self.assertIn('*** FATAL CONFIG FILE ERROR', text)
        self.assertRegex(text, r'at line 3\b')
        self.assertIn(">>> 'nosuch 1'", text)

    def test_a_wrong_value(self):
        text = self.refused('--maxmemory', 'lots')
        self.assertIn('*** FATAL CONFIG FILE ERROR', text)
        self.assertIn('argument must be a memory value', text)

    def test_a_missing_file(self):
        self.assertIn('nosuch.conf', self.refused('nosuch.conf'))

    def test_a_port_in_use(self):
        self.start()
        text = self.refused()
        self.assertRegex(text, r'(?i)address already in use')

    # ------------------------------------------------------------------ asked and told
    def test_version(self):
        for flag in ('--version', '-v'):
            done = subprocess.run([SERVER, flag], stdout=subprocess.PIPE, timeout=SECONDS,
                                  check=False)
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout.decode(), r'v=\d+\.\d+\.\d+ sha=')

    def test_help(self):
        done = subprocess.run([SERVER, '--help'], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
        self.assertIn('Usage', done.stdout.decode())

    def test_log_lines(self):
        client = self.start()
        client.call('PING')
        line = r'(?m)^%d:M \d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3} [*#] Ready to accept connections'
        end = time.monotonic() + 2
        while time.monotonic() < end:
            with open(self.log, encoding='utf-8', errors='replace') as log:
                if re.search(line % self.process.pid, log.read()):
                    return
            time.sleep(0.02)
        self.fail('no such line in the log')

    def test_log_file(self):
        path = os.path.join(self.folder, 'server.log')
        self.start('--logfile', path).call('PING')
        with open(path, encoding='utf-8', errors='replace') as log:
            self.assertIn('Ready to accept connections', log.read())

    def test_unix_socket(self):
        path = os.path.join(self.folder, 'socket')
        self.start('--unixsocket', path, '--unixsocketperm', '700')
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(path)
            client.sendall(b'PING\r\n')
            self.assertEqual(client.recv(7), b'+PONG\r\n')
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o700)

    def test_config_rewrite_keeps_the_file(self):
        path = self.write('# mine\nmaxmemory 10mb\n')
        client = self.start(path)
        self.assertEqual(client.call('CONFIG SET maxmemory 20mb timeout 9'), '+OK')
        self.assertEqual(client.call('CONFIG REWRITE'), '+OK')
        with open(path, encoding='utf-8') as file:
            text = file.read()
        self.assertIn('# mine', text)
        self.assertRegex(text, r'(?m)^maxmemory (20mb|20971520)$')
        self.assertRegex(text, r'(?m)^timeout 9$')

    # ------------------------------------------------------------------ the end
    def test_shutdown(self):
        client = self.start('--save', '')
        client.socket.sendall(b'SHUTDOWN NOSAVE\r\n')
        self.assertEqual(self.process.wait(SECONDS), 0)
        self.assertEqual(client.file.read(), b'')

    def test_terminate_signal(self):
        self.start('--save', '')
        self.process.terminate()
        self.assertEqual(self.process.wait(SECONDS), 0)

    def test_shutdown_errors(self):
        client = self.start('--save', '')
        self.assertEqual(client.call('SHUTDOWN BOGUS'), '-ERR syntax error')
        self.assertEqual(client.call('SHUTDOWN NOSAVE SAVE'), '-ERR syntax error')
        self.assertEqual(client.call('SHUTDOWN ABORT'), '-ERR No shutdown in progress.')


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    SERVER = shutil.which(sys.argv.pop(1))
    if not SERVER:
        sys.exit('no such server program')
    SERVER = os.path.abspath(SERVER)
    unittest.main()
