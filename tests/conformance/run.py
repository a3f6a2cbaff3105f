#!/usr/bin/env python3
"""Play the transcripts (*.resp) of this folder against scrubjay and against Redis.

    run.py --server build/release/scrubjay --oracle redis-server [FILE ...]
    run.py --record [FILE ...]          write the oracle's replies into the files
    run.py --oracle redis-server [...]  check the transcripts against the oracle only

Each server is started on a free loopback port of its own. Every case is played twice, as RESP2
and, after `HELLO 3`, as RESP3. It begins on an empty server with new connections. The closing
line counts plays (case x protocol x server): `N passed, N failed`.

A transcript is a list of cases:

    # SETNX only writes a missing key        a case begins; @since, @resp2, @resp3 may follow
    ## prose, ignored
    A> SETNX k v                             client A sends; quoting as in redis-cli
    A< :1                                    the reply, one row for each element
    A> GET nope
    A2< $-1                                  this row in RESP2 ...
    A3< _                                    ... and this one in RESP3

An element is its RESP header, a blank and its bytes, with \\r \\n \\t \\\\ \\xHH as escapes and
`\\{a*5000}` for a long run of one byte; elements of an aggregate are indented by two. In a command
`"ab"*100` repeats the quoted text. A client's letter connects it when it first speaks; `A0` as in
`A0> PING` opens a connection that never says HELLO. `A<` rows behind another client's rows read
one more message of A.

Directives, each on a row of its own, in front of the command they belong to:

    @wait 30ms, @advance 3s   let time pass (really, on both servers)
    @unordered [pairs]        the elements (or pairs) of the next reply come in any order
    @match                    the next reply holds holes: {int} {any} {hex} {/regexp/};
                              {rest} alone on a row stands for any number of rows
    @capture id               the next reply, one number or string, is not compared: it stands for
                              `{id}` in the words of later commands of the case
    @raw                      the words of the next command are sent as they are, joined
    @later                    the reply of the next command is read by later rows, or never comes
    @silent A                 nothing arrives at A for 50 ms
    @closed A                 the server closes A's connection
    @close A                  the client closes it
    @resp2, @resp3            the next command is for that protocol only
    @since 7.2, @before 7.2   the next command is only for servers of that level: the oracle (7.0)
                              is not asked, the written reply stands (put either on the case's
                              row for the whole case)
    @config name value        CONFIG SET, set back after the case

--record leaves replies under @match or @capture and those newer than the oracle as they are.
"""
import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import transcript                                              # noqa: E402
from transcript import CaseError, Closed, Connection, NoReply  # noqa: E402

START_SECONDS = 10
MAX_STARTS = 30


class EndOfCase(Exception):
    """A reply did not come: what follows would only be out of step."""


class Server:
    """A server process of our own on a free port, started again when it dies."""

    def __init__(self, label, path, level):
        self.label, self.path, self.level = label, path, level
        self.process, self.folder, self.control = None, None, None
        self.starts = 0

    def start(self):
        self.stop()
        self.starts += 1
        if self.starts > MAX_STARTS:
            raise RuntimeError('%s died too often' % self.label)
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        self.folder = tempfile.mkdtemp(prefix='conformance-')
        with open(os.path.join(self.folder, 'log'), 'wb') as log:
            self.process = subprocess.Popen(
                [self.path, '--port', str(self.port), '--bind', '127.0.0.1', '--save', '',
                 '--appendonly', 'no', '--enable-debug-command', 'yes', '--dir', self.folder],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.control = Connection(self.port)
                if self.control.call(b'PING')[:1] == ['+PONG']:
                    if self.level is None:
                        self.level = self.redis_version()
                    return
            except (OSError, Closed, NoReply):
                time.sleep(0.02)
        with open(os.path.join(self.folder, 'log'), 'rb') as log:
            tail = log.read()[-2000:].decode('utf-8', 'replace')
        self.stop()
        raise RuntimeError('%s did not start\n%s' % (self.path, tail))

    def redis_version(self):
        text = self.control.call(b'INFO', b'server')[0]
        found = re.search(r'redis_version:(\d+)\.(\d+)', text)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def stop(self):
        if self.control:
            self.control.close()
            self.control = None
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def wait_for_goodbyes(self):
        """The clients of the case before have gone, with what they listened to."""
        for _ in range(200):
            rows = self.control.call(b'INFO', b'clients')
            if any('connected_clients:1\\r' in row for row in rows):
                return
            time.sleep(0.005)

    def clean(self):
        """An empty server: no keys, no functions, no statistics, no slow log."""
        for attempt in (1, 2):
            try:
                if self.process is None or self.process.poll() is not None:
                    self.start()
                for words in ((b'CLIENT', b'UNPAUSE'), (b'CONFIG', b'RESETSTAT'),
                              (b'SLOWLOG', b'RESET'), (b'LATENCY', b'RESET'), (b'FUNCTION', b'FLUSH'),
                              (b'FLUSHALL',)):
                    answer = self.control.call(*words)
                if answer == ['+OK']:
                    self.wait_for_goodbyes()
                    return
                raise CaseError('FLUSHALL answers %s' % answer[0])
            except (OSError, Closed, NoReply):
                if attempt == 2:
                    raise
                self.stop()

    def get_config(self, name):
        answer = self.control.call(b'CONFIG', b'GET', name.encode())
        if len(answer) != 3:
            raise CaseError('CONFIG GET %s answers %s' % (name, answer[0]))
        return transcript.unescape(answer[2].strip().partition(' ')[2])

    def set_config(self, name, value):
        answer = self.control.call(b'CONFIG', b'SET', name.encode(), value)
        if answer != ['+OK']:
            raise CaseError('CONFIG SET %s answers %s' % (name, answer[0]))


class Player:
    """One play of one case on one server in one protocol."""

    def __init__(self, server, case, protocol, record):
        self.server, self.case, self.protocol, self.record = server, case, protocol, record
        self.clients, self.configs, self.problems = {}, [], []
        self.captured = {}

    def run(self):
        self.server.clean()
        try:
            for step in self.case.steps:
                if step.plays(self.server.level, self.protocol):
                    self.step(step)
            for name, client in self.clients.items():
                rest = client.leftover()
                if rest:
                    self.problems.append((self.case.line, 'unread bytes at %s: %s' %
                                          (name, transcript.escape(rest)[:300])))
        except EndOfCase:
            pass
        except CaseError as error:
            self.problems.append((self.case.line, str(error)))
        except (OSError, Closed) as error:
            self.problems.append((self.case.line, 'connection lost: %s' % error))
        finally:
            for client in self.clients.values():
                client.close()
            self.set_back()
        if self.server.process.poll() is not None:
            self.problems.append((self.case.line, 'the server has ended (exit code %s)' %
                                  self.server.process.returncode))
        return self.problems

    def set_back(self):
        for name, value in reversed(self.configs):
            try:
                self.server.set_config(name, value)
            except (OSError, Closed, NoReply, CaseError):
                self.server.stop()
                return

    def client(self, name):
        if name not in self.clients:
            self.clients[name] = Connection(self.server.port)
            if self.protocol == 3 and not name.endswith('0'):
                answer = self.clients[name].call(b'HELLO', b'3')
                if not answer[0].startswith('%'):
                    raise CaseError('HELLO 3 answers %s' % answer[0])
        return self.clients[name]

    def step(self, step):
        if step.kind == 'wait':
            time.sleep(step.seconds)
        elif step.kind == 'config':
            old = self.server.get_config(step.name)
            self.configs.append((step.name, old))
            self.server.set_config(step.name, step.value)
        elif step.kind == 'silent':
            heard = self.client(step.name).quiet(0.05)
            if heard:
                self.problems.append((step.line, '%s is not silent: %s' %
                                      (step.name, transcript.escape(heard)[:300])))
        elif step.kind == 'closed':
            heard = self.client(step.name).await_close()
            if heard is not None:
                self.problems.append((step.line, 'not closed: %s%s' % (step.name, heard)))
        elif step.kind == 'close':
            self.clients.pop(step.name).close()
        elif step.kind == 'send':
            self.client(step.name).send(step.bytes(self.captured))
        else:
            self.expect(step)

    def expect(self, step):
        client = self.client(step.name)
        expected = step.rows(self.protocol)
        got, lost = [], None
        try:
            for _ in range(step.count(self.protocol)):
                got += client.read()
        except (NoReply, Closed) as error:
            lost = error
        if lost:
            got.append('(%s)' % lost)
            self.problems.append((step.line, transcript.difference(step.sent, expected, got)))
            raise EndOfCase
        if step.capture:
            self.captured[step.capture] = transcript.captured(got)
        elif self.record and not (step.match and step.written):
            if step.unordered:
                got = transcript.sort_elements(got, step.unordered)
            step.recorded[self.protocol] = got
        elif not step.agrees(expected, got):
            self.problems.append((step.line, transcript.difference(step.sent, expected, got)))


def play(server, files, record, results, deadline):
    """Play all files on one server; results takes (file, case, protocol, problems)."""
    try:
        server.start()
        for file in files:
            for case in file.cases:
                for protocol in (2, 3):
                    if not case.plays(server.level, protocol):
                        continue
                    if time.monotonic() > deadline:
                        raise RuntimeError('out of time (--limit)')
                    try:
                        problems = Player(server, case, protocol, record).run()
                    except (OSError, Closed, NoReply, CaseError) as error:
                        problems = [(case.line, 'the server cannot be cleaned: %s' % error)]
                        server.stop()
                    results.append((file, case, protocol, problems))
    except RuntimeError as error:
        results.append((None, None, 0, [(0, str(error))]))
    finally:
        server.stop()


def report(server, results, show):
    passed = failed = 0
    for file, case, protocol, problems in results:
        if not problems:
            passed += 1
            continue
        failed += 1
        if failed > show:
            continue
        if file is None:
            print('%s: %s' % (server.label, problems[0][1]))
            continue
        print('%s: %s (RESP%d)' % (server.label, case.name, protocol))
        for line, text in problems:
            print('  %s:%d' % (file.name, line))
            for row in text.splitlines():
                print('    ' + row)
    if failed > show:
        print('%s: %d more failures not shown (--show)' % (server.label, failed - show))
    print('%s: %d of %d plays agree' % (server.label, passed, passed + failed))
    return passed, failed


def main():
    parser = argparse.ArgumentParser(
        description='Play the transcripts against scrubjay and redis-server.',
        epilog='The format of a transcript is told at the head of this file.')
    parser.add_argument('files', nargs='*', help='transcripts (default: all of this folder)')
    parser.add_argument('--server', help='the server under test')
    parser.add_argument('--oracle', help='a redis-server to check the transcripts with')
    parser.add_argument('--record', action='store_true', help='write the oracle\'s replies')
    parser.add_argument('--level', default='8.4',
                        help='Redis version whose cases the server is to pass (8.4)')
    parser.add_argument('--only', default='', help='cases whose name holds this text')
    parser.add_argument('--show', type=int, default=40, help='failed plays to print (40)')
    parser.add_argument('--limit', type=float, default=900, help='seconds for the whole run (900)')
    options = parser.parse_args()
    if options.record and not options.oracle:
        options.oracle = 'redis-server'
    if options.record and options.only:
        parser.error('--record takes whole files, not --only')
    if not options.server and not options.oracle:
        parser.error('name a --server or an --oracle')

    folder = os.path.dirname(os.path.abspath(__file__))
    paths = options.files or sorted(os.path.join(folder, name) for name in os.listdir(folder)
                                    if name.endswith('.resp'))
    try:
        files = [transcript.File(path) for path in paths]
    except transcript.BadTranscript as error:
        sys.exit(str(error))
    for file in files:
        file.cases = [case for case in file.cases if options.only in case.name]

    servers = []
    if options.server and not options.record:
        level = tuple(int(n) for n in options.level.split('.')[:2])
        servers.append(Server(os.path.basename(options.server), find(options.server), level))
    if options.oracle:
        servers.append(Server('oracle' if options.server else os.path.basename(options.oracle),
                              find(options.oracle), None))
    deadline = time.monotonic() + options.limit
    outcomes = [[] for _ in servers]
    threads = [threading.Thread(target=play,
                                args=(server, files, options.record, outcome, deadline))
               for server, outcome in zip(servers, outcomes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    totals = [report(server, outcome, options.show)
              for server, outcome in zip(servers, outcomes)]
    if options.record:
        for file in files:
            file.write()
    print('%d passed, %d failed' % tuple(sum(t[i] for t in totals) for i in range(2)))
    return 1 if any(t[1] for t in totals) or not any(t[0] for t in totals) else 0


def find(path):
    """The absolute path of a program (the servers run in folders of their own)."""
    found = shutil.which(path)
    if not found:
        sys.exit('%s: no such program' % path)
    return os.path.abspath(found)


if __name__ == '__main__':
    sys.exit(main())
