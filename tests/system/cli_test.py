#!/usr/bin/env python3
"""Our redis-cli beside the real one: every case is run by both, on a pipe and on a terminal, and
output and exit code must be the same byte for byte.

usage: cli_test.py OURS [--reference redis-cli] [--server redis-server] [--port N]

OURS is the binary, which acts as the client under the name redis-cli. Without --port a server is
started for the test, with a free port; with it, the server there is used, and emptied.
"""
import argparse
import os
import pty
import re
import socket
import subprocess
import sys
import tempfile
import threading

from harness import Server, request

SEED = (
    ("SET", "plain", "hello world"),
    ("SET", "empty", ""),
    ("SET", "bytes", "a\x01\t\n\"\\'\u00e9\r\a\b\x7f~"),
    ("SET", "number", "42"),
    ("RPUSH", "list", *"abcdefghijkl"),
    ("HSET", "hash", "f1", "v1", "f2", "v 2"),
    ("SADD", "set", "only"),
    ("ZADD", "zset", "1", "a", "2.5", "b"),
)

# Arguments behind host and port; with text, it goes to the standard input.
CASES = [
    (["PING"], None),
    (["ping", "a b"], None),
    (["GET", "plain"], None),
    (["GET", "empty"], None),
    (["GET", "bytes"], None),
    (["--raw", "GET", "bytes"], None),
    (["--no-raw", "GET", "bytes"], None),
    (["GET", "nothing"], None),
    (["--no-raw", "GET", "nothing"], None),
    (["INCR", "number"], None),
    (["LRANGE", "list", "0", "-1"], None),
    (["--no-raw", "LRANGE", "list", "0", "-1"], None),
    (["-d", ",", "LRANGE", "list", "0", "-1"], None),
    (["-D", ";", "LRANGE", "list", "0", "-1"], None),
    (["LRANGE", "nothing", "0", "-1"], None),
    (["MGET", "plain", "nothing", "number"], None),
    (["HGETALL", "hash"], None),
    (["-3", "HGETALL", "hash"], None),
    (["-3", "HGETALL", "nothing"], None),
    (["-3", "SMEMBERS", "set"], None),
    (["-3", "SMEMBERS", "nothing"], None),
    (["-3", "ZRANGE", "zset", "0", "-1", "WITHSCORES"], None),
    (["-2", "ZRANGE", "zset", "0", "-1", "WITHSCORES"], None),
    (["-3", "ZSCORE", "zset", "b"], None),
    (["-3", "GET", "nothing"], None),
    (["-3", "CONFIG", "GET", "maxmemory"], None),
    (["COMMAND", "INFO", "get", "nosuch"], None),
    (["-3", "COMMAND", "DOCS", "get"], None),
    (["SUBSCRIBE"], None),
    (["TYPE", "list"], None),
    (["SET", "plain"], None),
    (["LPUSH", "plain", "x"], None),
    (["nosuch", "a", "b c"], None),
    (["-e", "nosuch"], None),
    (["-e", "PING"], None),
    (["-e", "LRANGE", "list", "0", "1"], None),
    (["BLPOP", "nothing", "0.01"], None),
    (["EXEC"], None),
    (["CLIENT", "GETNAME"], None),
    (["CLIENT", "LIST", "nonsense"], None),
    (["LOLWUT", "VERSION", "1"], None),
    (["LATENCY", "DOCTOR"], None),
    (["CLUSTER", "INFO"], None),
    (["INFO", "cluster"], None),
    (["INFO", "nosuchsection"], None),
    (["-3", "INFO", "cluster"], None),
    (["-D", ";", "INFO", "cluster"], None),
    (["-3", "-n", "99", "HGETALL", "hash"], None),
    (["QUIT"], None),
    (["exit"], None),
    (["3", "PING"], None),
    (["-r", "3", "PING"], None),
    (["-r", "0", "PING"], None),
    (["-r", "2", "-i", "0.05", "INCR", "number"], None),
    (["-r", "2", "-e", "nosuch"], None),
    (["-x", "SET", "plain"], "from\ninput\n"),
    (["-x", "ECHO"], ""),
    (["-n", "3", "DBSIZE"], None),
    (["-n", "99", "PING"], None),
    (["-n", "x", "DBSIZE"], None),
    (["-a", "wrong", "PING"], None),
    (["--pass", "wrong", "--user", "nobody", "PING"], None),
    (["-a", "wrong", "--no-auth-warning", "PING"], None),
    (["-3", "-a", "wrong", "--no-auth-warning", "HGETALL", "hash"], None),
    (["--scan", "--pattern", "li*"], None),
    (["--pipe"], "SET a b\r\nGET a\r\nnosuch\r\n"),
    (["--pipe"], "SET a b\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n"),
    (["--pipe"], ""),
    (["--pipe"], "SET"),
    (["--pipe"], "SET a b\r\n" * 20000),
    (["--pipe", "-p", "1"], "PING\r\n"),
    (["--eval", "SCRIPT", "k1", "k2", ",", "a"], None),
    (["--eval", "SCRIPT"], None),
    (["--eval", "SCRIPT", "k1,a"], None),
    (["--eval", "/nosuch"], None),
    (["-c", "PING"], None),
    (["-p"], None),
    (["--nosuch"], None),
    (["-z", "PING"], None),
    (["-u", "http://127.0.0.1", "PING"], None),
    (["-u", "redis://127.0.0.1:1/0", "PING"], None),
    (["-h", "nosuch.invalid", "PING"], None),
    (["-s", "/nosuch/socket", "PING"], None),
    (["-p", "1", "PING"], None),
    (["-p", "1", "-a", "x", "PING"], None),
    (["-p", "x", "PING"], None),
    (["-p", "1"], "PING\nPING\n"),
    ([], ""),
    ([], "PING"),
    ([], "PING\n\n   \nSET a 'it\\'s' \nGET a\n"),
    ([], 'SET a "x\\x41\\n\\"q\\\\ \\q"\nGET a\nSET b \'\\n\'\nGET b\n'),
    ([], 'SET a "open\nSET a "b"c\nPING\n'),
    ([], "3 INCR number\n0 PING\n-1 PING\n\"\" x\n2\n1 2\n"),
    ([], "nosuch\nPING\nLRANGE list 0 2\nGET nothing\n"),
    ([], "SELECT 3\nDBSIZE\nSELECT 0\nMULTI\nSET a b\nGET a\nEXEC\n"),
    ([], "HELLO 3 SETNAME x\nHGETALL hash\nHELLO 2\nHGETALL hash\n"),
    ([], "PING\nquit\nPING\n"),
    ([], "PING\nEXIT\nPING\n"),
    ([], "clear\nPING\n"),
    (["-e"], "nosuch\nPING\n"),
    (["-r", "2"], "PING\nINCR number\n"),
    (["--no-raw"], "LRANGE list 0 2\nnosuch\n"),
    (["-3"], "HGETALL hash\nSMEMBERS set\n"),
]

# What a server may answer to one command; both clients get the same bytes.
CANNED = [
    b"*2\r\n*-1\r\n$-1\r\n", b"*-1\r\n", b"$-1\r\n", b"_\r\n", b"#t\r\n", b"#f\r\n",
    b"%0\r\n", b"~0\r\n", b"*0\r\n", b",inf\r\n", b",-inf\r\n", b",1.5e10\r\n", b",3\r\n",
    b"*2\r\n-ERR a\r\n+st\r\n", b"=7\r\ntxt:a\nb\r\n", b"*1\r\n=7\r\ntxt:a\nb\r\n",
    b"%1\r\n*2\r\n:1\r\n:2\r\n~1\r\n%1\r\n+a\r\n*2\r\n:3\r\n*0\r\n",
    b"%2\r\n+a\r\n%1\r\n+b\r\n:1\r\n+c\r\n%0\r\n",
    b"%1\r\n$1\r\nk\r\n*3\r\n:1\r\n#t\r\n_\r\n",
    b"~2\r\n*2\r\n:1\r\n~1\r\n:2\r\n:3\r\n",
    b"%11\r\n" + b"+k\r\n:1\r\n" * 10 + b"+k\r\n*2\r\n:1\r\n:2\r\n",
    b"*101\r\n" + b"*1\r\n:7\r\n" * 101,
    b"*2\r\n%1\r\n+a\r\n+b\r\n%1\r\n+c\r\n-ERR d\r\n",
    b">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nkey\r\n+OK\r\n",
    b">2\r\n$10\r\ninvalidate\r\n*2\r\n$3\r\nkey\r\n$2\r\nk2\r\n+OK\r\n",
    b">2\r\n$10\r\ninvalidate\r\n_\r\n+OK\r\n",
    b">3\r\n+message\r\n+ch\r\n+m\r\n$2\r\nhi\r\n",
    b"%1\r\n+a\r\n%2\r\n+b\r\n:1\r\n+c\r\n*1\r\n:2\r\n",
    b"%1\r\n%1\r\n+a\r\n+b\r\n>2\r\n:1\r\n:2\r\n",
    b"%1\r\n+a\r\n=7\r\ntxt:a\nb\r\n", b"%1\r\n+a\r\n*1\r\n=7\r\ntxt:a\nb\r\n",
    b"%1\r\n*0\r\n*0\r\n", b"%1\r\n+a\r\n*1\r\n*0\r\n",
    b"?x\r\n", b"$3\r\nab", b"", b"-\r\n", b"+\r\n", b"-NOAUTH Authentication required.\r\n",
]


class CannedServer:
    """Answers the command X with the bytes at hand and HELLO with a map; then closes."""

    def __init__(self):
        self.answer = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                while received := connection.recv(4096):
                    if b"HELLO" in received:
                        connection.sendall(b"%1\r\n+proto\r\n:3\r\n")
                        continue
                    connection.sendall(self.answer)
                    connection.shutdown(socket.SHUT_WR)


def run_on_pipe(command, text, environment):
    done = subprocess.run(command, input=(text or "").encode(), capture_output=True, timeout=20,
                          env=environment)
    return done.returncode, done.stdout, done.stderr


def run_on_terminal(command, text, environment):
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=theirs, stderr=theirs,
                          env=environment) as process:
        os.close(theirs)
        try:
            process.stdin.write((text or "").encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        output = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            output += piece
        os.close(ours)
        return process.wait(timeout=20), output, b""


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def compare(self, title, theirs, ours):
        if theirs == ours:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED {title}\n  reference: {theirs}\n  ours:      {ours}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours")
    parser.add_argument("--reference", default="redis-cli")
    parser.add_argument("--server", default="redis-server")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    report = Report()
    environment = {k: v for k, v in os.environ.items() if k not in ("REDISCLI_AUTH", "FAKETTY")}
    environment["TERM"] = "xterm"
    started = []
    folder = tempfile.TemporaryDirectory()
    ours = folder.name + "/redis-cli"
    os.symlink(os.path.abspath(options.ours), ours)
    try:
        port = options.port
        if not port:
            started.append(Server(options.server))
            port = started[-1].port
        locked = Server(options.server, "--requirepass", "s:e@c", "--unixsocket", folder.name + "/socket")
        started.append(locked)
        canned = CannedServer()

        def seed():
            with socket.create_connection(("127.0.0.1", port)) as connection:
                for words in (("FLUSHALL",), *SEED):
                    connection.sendall(request(*words))
                    connection.recv(4096)

        def both(title, arguments, text=None, extra=None, seeded=True):
            for where, run in (("pipe", run_on_pipe), ("terminal", run_on_terminal)):
                results = []
                for program in (options.reference, ours):
                    if seeded:
                        seed()
                    status, out, err = run([program, *arguments], text, {**environment, **(extra or {})})
                    if "HELLO" in (text or ""):
                        out = re.sub(rb"(id\"? ?(?:=> \(integer\) )?|\r?\nid\r?\n)\d+", rb"\1N", out)
                        out = re.sub(rb"(\"id\"\r\n +\d+\) \(integer\) )\d+", rb"\1N", out)
                    if "--pipe" in arguments and where == "terminal":
                        # Replies may come while the input is still being sent.
                        out = b"".join(sorted(out.splitlines(keepends=True)))
                    results.append((status, out, err))
                report.compare(f"{title} on a {where}", *results)

        script = folder.name + "/script.lua"
        with open(script, "w", encoding="ascii") as file:
            file.write("return {#KEYS, KEYS[1] or '', ARGV[1] or ''}")
        for arguments, text in CASES:
            arguments = [script if word == "SCRIPT" else word for word in arguments]
            place = [] if "-s" in arguments or "-u" in arguments else ["-p", str(port)]
            both(f"{arguments} {(text or '')[:60]!r}", place + arguments, text)

        for answer in CANNED:
            canned.answer = answer
            for protocol in ([], ["-3"], ["-3", "--show-pushes", "yes"], ["--no-raw"]):
                both(f"{protocol} {answer!r}", ["-p", str(canned.port), *protocol, "X"], seeded=False)

        secret = str(locked.port)
        for arguments, extra in (
            (["PING"], None),
            (["-a", "s:e@c", "PING"], None),
            (["-a", "s:e@c", "--no-auth-warning", "PING"], None),
            (["-a", "no", "PING"], None),
            (["--user", "default", "--pass", "s:e@c", "PING"], None),
            (["PING"], {"REDISCLI_AUTH": "s:e@c"}),
            (["PING"], {"REDISCLI_AUTH": "no"}),
            (["-a", "no", "PING"], {"REDISCLI_AUTH": "s:e@c"}),
            (["--user", "default", "PING"], {"REDISCLI_AUTH": "s:e@c"}),
            (["-3", "PING"], None),
            (["-n", "2", "PING"], None),
        ):
            both(f"{arguments} {extra}", ["-p", secret, *arguments], None, extra, seeded=False)
        for uri in (
            "redis://default:s%3Ae%40c@127.0.0.1:PORT/2",
            "redis://s%3Ae%40c@127.0.0.1:PORT",
            "redis://default:no@127.0.0.1:PORT/",
            "REDIS://default:s%3ae%40c@127.0.0.1:PORT/1",
        ):
            both(uri, ["-u", uri.replace("PORT", secret), "PING"], seeded=False)
        both("a socket", ["-s", folder.name + "/socket", "-a", "s:e@c", "PING"], seeded=False)
        both("login among lines", ["-p", secret], "PING\nAUTH s:e@c\nPING\n", seeded=False)
    finally:
        for server in started:
            server.stop()
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    sys.exit(main())
