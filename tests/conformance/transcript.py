"""Transcripts: reading *.resp files, the wire, and comparing replies. Used by run.py, which
tells the format. Nothing here starts a process."""
import re
import select
import socket
import time

REPLY_SECONDS = 2.0
MAX_WAIT_SECONDS = 10.0


class BadTranscript(Exception):
    """A row of a transcript that cannot be understood."""


class CaseError(Exception):
    """The case cannot go on."""


class Closed(Exception):
    """The server closed the connection."""


class NoReply(Exception):
    """No reply in time."""


# ------------------------------------------------------------------------------------ text
def escape(data):
    """Bytes as one printable row."""
    names = {10: '\\n', 13: '\\r', 9: '\\t', 92: '\\\\'}

    def run(found):
        byte, size = found[1][0], len(found[0])
        if size >= 40 and 33 <= byte < 127 and byte != 92:
            return '\\{%c*%d}' % (byte, size)
        return (names.get(byte) or (chr(byte) if 32 <= byte < 127 else '\\x%02x' % byte)) * size
    row = ''.join(map(run, re.finditer(rb'(?s)(.)\1*', data)))
    return row[:-1] + '\\x20' if row.endswith(' ') else row


def unescape(text):
    """The bytes that escape() or a double-quoted word writes."""
    names = {'n': b'\n', 'r': b'\r', 't': b'\t', 'a': b'\a', 'b': b'\b'}

    def one(found):
        if found[1]:
            return bytes([int(found[1], 16)]).decode('latin1')
        if found[2]:
            return found[2] * int(found[3])
        return names.get(found[4], found[4].encode('latin1')).decode('latin1')
    pattern = r'\\(?:x([0-9a-fA-F]{2})|\{(.)\*(\d+)\}|(.))'
    return re.sub(pattern, one, text).encode('latin1')


def split_words(text):
    """A command line as redis-cli splits it, and "ab"*3 as a repetition."""
    words, rest = [], text.strip()
    while rest:
        if rest[0] == '"':
            found = re.match(r'"((?:[^"\\]|\\.)*)"(?:\*(\d+))?(?=\s|$)', rest)
            word = found and unescape(found[1]) * int(found[2] or 1)
        elif rest[0] == "'":
            found = re.match(r"'((?:[^'\\]|\\.)*)'(?=\s|$)", rest)
            word = found and found[1].replace("\\'", "'").encode('latin1')
        else:
            found = re.match(r'[^\s"]+(?=\s|$)', rest)
            word = found and found[0].encode('latin1')
        if not found:
            raise BadTranscript('unbalanced quotes: %s' % text)
        words.append(word)
        rest = rest[found.end():].lstrip()
    return words


# ------------------------------------------------------------------------------------ wire
class Connection:
    """A client connection that reads replies as rows of text."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), REPLY_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass    # the server may refuse early: what it answered is still to be read

    def call(self, *words):
        self.send(request(words))
        return self.read()

    def fill(self, end):
        left = end - time.monotonic()
        if left <= 0 or not select.select([self.socket], [], [], left)[0]:
            raise NoReply('no reply in %g s' % REPLY_SECONDS)
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b''
        if not data:
            raise Closed('closed by the server')
        self.buffer += data

    def line(self, end):
        while (at := self.buffer.find(b'\r\n')) < 0:
            self.fill(end)
        line = bytes(self.buffer[:at])
        del self.buffer[:at + 2]
        return line

    def read(self, depth=0, end=None):
        """One reply: a list of rows, elements indented."""
        end = end or time.monotonic() + REPLY_SECONDS
        line = self.line(end)
        kind = line[:1]
        row = '  ' * depth + escape(line)
        if kind in (b'$', b'=', b'!') and line != b'$-1':
            size = int(line[1:])
            while len(self.buffer) < size + 2:
                self.fill(end)
            text = escape(bytes(self.buffer[:size]))
            del self.buffer[:size + 2]
            return [row + ' ' + text if size else row]
        rows = [row]
        if kind in (b'*', b'~', b'>', b'%', b'|') and line != b'*-1':
            elements = int(line[1:]) * (2 if kind in b'%|' else 1)
            for _ in range(elements):
                rows += self.read(depth + 1, end)
            if kind == b'|':
                rows += self.read(depth, end)
        elif kind not in (b'+', b'-', b':', b'$', b'*', b'_', b',', b'#', b'('):
            raise CaseError('not RESP: %s' % escape(line)[:200])
        return rows

    def quiet(self, seconds):
        """What arrives within the time; nothing is right."""
        try:
            if not self.buffer:
                self.fill(time.monotonic() + seconds)
        except NoReply:
            return b''
        except Closed:
            return b'(closed)'
        return bytes(self.buffer)

    def leftover(self):
        try:
            if not self.buffer and select.select([self.socket], [], [], 0)[0]:
                self.buffer += self.socket.recv(1 << 16)
        except OSError:
            pass
        return bytes(self.buffer)

    def await_close(self):
        """None, or why the connection is not closed as it should be."""
        if self.buffer:
            return ', unread: ' + escape(bytes(self.buffer))[:200]
        try:
            self.fill(time.monotonic() + REPLY_SECONDS)
        except Closed:
            return None
        except NoReply:
            return ' stays open'
        return ', unread: ' + escape(bytes(self.buffer))[:200]


def request(words):
    return b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in words)


# ------------------------------------------------------------------------------- transcripts
class Step:
    """One thing that a play does. kind: send, expect, wait, config, silent, closed, close."""

    def __init__(self, kind, line, **fields):
        self.kind, self.line = kind, line
        self.since = self.before = self.only = None
        self.__dict__.update(fields)

    def plays(self, level, protocol):
        return ((self.since is None or level >= self.since) and
                (self.before is None or level < self.before) and
                (self.only is None or protocol == self.only))


class Send(Step):
    def bytes(self, captured):
        words = self.words
        for name, value in captured.items():
            words = [word.replace(b'{%s}' % name.encode(), value) for word in words]
        return b''.join(words) if self.raw else request(words)


class Expect(Step):
    """The rows that a client reads. `written` holds (protocol or 0, text), `capture` the name
    that the reply gets."""

    def rows(self, protocol):
        return [text for which, text in self.written if which in (0, protocol)]

    def count(self, protocol):
        return 1 if self.match else max(1, count_replies(self.rows(protocol)))

    def agrees(self, expected, got):
        if self.match:
            return matches(expected, got)
        if self.unordered:
            expected = sort_elements(expected, self.unordered)
            got = sort_elements(got, self.unordered)
        return [strip(row) for row in expected] == [strip(row) for row in got]


class Case:
    def __init__(self, name, line, since, before, only):
        self.name, self.line, self.steps = name, line, []
        self.since, self.before, self.only = since, before, only

    plays = Step.plays


def captured(rows):
    """The bytes of a reply of one row that @capture names."""
    if len(rows) != 1 or rows[0][:1] not in (':', '+', '$') or rows[0] == '$-1':
        raise CaseError('nothing to capture in %s' % rows[0])
    text = rows[0].partition(' ')[2] if rows[0].startswith('$') else rows[0][1:]
    return unescape(text)


def strip(row):
    return row.lstrip(' ')


def children(row):
    """How many elements follow a header row (an attribute is followed by its value too)."""
    found = re.match(r'([*~>%|])(\d+)$', row)
    if not found:
        return 0
    return int(found[2]) * (2 if found[1] in '%|' else 1) + (found[1] == '|')


def count_replies(rows):
    """Replies in a list of rows: the rows that are not elements of another."""
    count, open_ = 0, 0
    for row in rows:
        row = strip(row)
        if open_ == 0:
            count += 1
        else:
            open_ -= 1
        open_ += children(row)
    return count


def elements(rows, width):
    """The elements of one aggregate, `width` at a time, each as a tuple of rows."""
    found, rest = [], [strip(row) for row in rows[1:]]
    while rest:
        size = 0
        left = width
        while left and size < len(rest):
            left += children(rest[size]) - 1
            size += 1
        found.append(tuple(rows[len(rows) - len(rest):][:size]))
        rest = rest[size:]
    return found


def sort_elements(rows, how):
    """The rows with the elements of the aggregate sorted; how is `single` or `pairs`."""
    if not rows:
        return rows
    width = 2 if how == 'pairs' or rows[0].startswith('%') else 1
    return rows[:1] + [row for element in sorted(elements(rows, width)) for row in element]


HOLES = {'int': r'-?\d+', 'any': r'.*', 'hex': r'[0-9a-f]+'}


def hole_pattern(row):
    parts = re.split(r'(\{(?:int|any|hex|/.*?/)\})', strip(row))
    return ''.join((HOLES.get(part[1:-1]) or '(?:%s)' % part[2:-2]) if at % 2 else re.escape(part)
                   for at, part in enumerate(parts))


def matches(expected, got):
    if not expected:
        return not got
    if strip(expected[0]) == '{rest}':
        return any(matches(expected[1:], got[at:]) for at in range(len(got) + 1))
    return (bool(got) and re.fullmatch(hole_pattern(expected[0]), strip(got[0])) is not None and
            matches(expected[1:], got[1:]))


def difference(sent, expected, got):
    rows = ['> ' + sent] if sent else []
    rows += ['expected ' + row for row in expected[:40]]
    if len(expected) > 40:
        rows.append('expected ... (%d rows)' % len(expected))
    rows += ['got      ' + row[:2000] for row in got[:40]]
    if len(got) > 40:
        rows.append('got      ... (%d rows)' % len(got))
    return '\n'.join(rows)


def version(text):
    return tuple(int(n) for n in text.split('.'))


class File:
    """A transcript: its rows as written, and the cases in it."""

    def __init__(self, path):
        self.path, self.name, self.cases = path, path.rsplit('/', 1)[-1], []
        with open(path, encoding='ascii') as file:
            self.lines = file.read().splitlines()
        self.flags = {}
        for number, line in enumerate(self.lines, 1):
            try:
                self.row(number, line)
            except (BadTranscript, ValueError, IndexError) as error:
                raise BadTranscript('%s:%d: %s: %s' % (path, number, line, error)) from error

    def row(self, number, line):
        if not line.strip() or line.startswith('##'):
            return
        if line.startswith('# '):
            name, _, attributes = line[2:].partition(' @')
            words = ('@' + attributes).split() if attributes else []
            flags = {word: words[at + 1] if at + 1 < len(words) else None
                     for at, word in enumerate(words) if word.startswith('@')}
            self.cases.append(Case(name.strip(), number, *gate(flags)))
            return
        steps = self.cases[-1].steps
        if line.startswith('@'):
            self.directive(number, steps, line.split(None, 1))
            return
        found = re.match(r'([A-Z]0?)([23]?)([<>]) ?(.*)$', line)
        if not found:
            raise BadTranscript('not understood')
        name, which, way, text = found.groups()
        if way == '>':
            flags, self.flags = self.flags, {}
            since, before, only = gate(flags)
            common = dict(name=name, since=since, before=before, only=only)
            steps.append(Send('send', number, words=split_words(text), raw='@raw' in flags,
                              text=text, later='@later' in flags, **common))
            if '@later' not in flags:
                self.expectation(steps, number, flags, common, text)
            return
        last = steps[-1] if steps else None
        if not (last and last.kind == 'expect' and last.name == name and last.end == number - 1):
            flags, self.flags = self.flags, {}
            since, before, only = gate(flags)
            self.expectation(steps, number - 1, flags,
                             dict(name=name, since=since, before=before, only=only), '')
            last = steps[-1]
        last.written.append((int(which or 0), text))
        last.end = number

    def expectation(self, steps, number, flags, common, text):
        steps.append(Expect('expect', number, written=[], end=number, recorded={}, sent=text,
                            match='@match' in flags, unordered=flags.get('@unordered'),
                            capture=flags.get('@capture'), **common))

    def directive(self, number, steps, words):
        word, rest = words[0], words[1] if len(words) > 1 else ''
        if word in ('@match', '@raw', '@later', '@resp2', '@resp3'):
            self.flags[word] = ''
        elif word == '@unordered':
            self.flags[word] = rest or 'single'
        elif word in ('@since', '@before', '@capture'):
            self.flags[word] = rest
        elif word in ('@wait', '@advance'):
            found = re.fullmatch(r'(\d+(?:\.\d+)?)(ms|s)', rest)
            seconds = float(found[1]) / (1000 if found[2] == 'ms' else 1)
            steps.append(Step('wait', number, seconds=min(seconds, MAX_WAIT_SECONDS)))
        elif word in ('@silent', '@closed', '@close'):
            since, before, only = gate(self.flags)
            self.flags = {}
            steps.append(Step(word[1:], number, name=rest.strip(), since=since, before=before,
                              only=only))
        elif word == '@config':
            name, value = split_words(rest)
            steps.append(Step('config', number, name=name.decode(), value=value))
        else:
            raise BadTranscript('unknown directive')

    def write(self):
        """The rows again, with what the oracle answered in the place of the replies."""
        replaced = {}
        for case in self.cases:
            for step in case.steps:
                if step.kind == 'expect' and step.recorded:
                    replaced.setdefault(step.line, []).append(step)
        lines, skip = [], 0
        for number, line in enumerate(self.lines, 1):
            if number > skip:
                lines.append(line)
            for step in replaced.get(number, []):
                lines += merged(step.name, step.recorded)
                skip = step.end
        with open(self.path, 'w', encoding='ascii') as file:
            file.write('\n'.join(lines) + '\n')


def gate(flags):
    only = 2 if '@resp2' in flags else 3 if '@resp3' in flags else None
    since, before = flags.get('@since'), flags.get('@before')
    return since and version(since), before and version(before), only


def merged(name, recorded):
    """The rows for both protocols: one row where they agree."""
    two, three = recorded.get(2), recorded.get(3)
    if two is None or three is None or two == three:
        return [('%s< %s' % (name, row)).rstrip() for row in (two or three)]
    if len(two) != len(three):
        return (['%s2< %s' % (name, row) for row in two] +
                ['%s3< %s' % (name, row) for row in three])
    rows = []
    for a, b in zip(two, three):
        rows += ['%s< %s' % (name, a)] if a == b else ['%s2< %s' % (name, a),
                                                       '%s3< %s' % (name, b)]
    return rows
