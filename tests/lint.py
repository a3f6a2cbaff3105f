#!/usr/bin/env python3
"""Checks the sources without running them; ./dev lint is the way to call it.

    lint.py [--jobs N] [--only CHECK]

Checks: size (no file above 800 lines), text (no paths of one machine, no package hosts, no tabs or
blanks at a line's end in C++), format (clang-format), shell (shellcheck), tidy (clang-tidy on every
file of src/ that changed, or includes what changed, since it last passed; stamps in build/lint).
The closing line counts complaints, by file and check.
"""
import argparse
import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAX_LINES = 800
STAMPS = os.path.join(ROOT, 'build', 'lint')
DATABASE = os.path.join(ROOT, 'build', 'dev')
TEXT_RULES = (
    (re.compile(r'(?<![\w.$}])/(?:home|Users|root|work)/\w'), 'a path of one machine'),
    (re.compile(r'\b(?:deb|registry|index|files)\.(?:debian|npmjs|docker|pythonhosted)\.\w+'),
     'a package host'),
)
BLANKS = re.compile(r'\t|[ \t]+$', re.M)
SHEBANG = re.compile(rb'#!.*\b(?:ba)?sh\b')


def files():
    """What git knows, or would add."""
    listed = subprocess.run(['git', '-c', 'safe.directory=*', 'ls-files', '-z', '--cached',
                             '--others', '--exclude-standard'],
                            cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    return sorted(name for name in set(listed.split('\0'))
                  if name and os.path.isfile(os.path.join(ROOT, name)))


def read(name):
    with open(os.path.join(ROOT, name), 'rb') as file:
        return file.read()


def is_cpp(name):
    return name.endswith(('.cc', '.h'))


def run(command):
    """What the command complained about, '' if nothing."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return '' if done.returncode == 0 else done.stdout.decode('utf-8', 'replace') or 'failed'


def check_size(name):
    lines = read(name).count(b'\n')
    return '%d lines, %d are allowed' % (lines, MAX_LINES) if lines > MAX_LINES else ''


def check_text(name):
    text = read(name).decode('utf-8', 'replace')
    found = []
    for number, line in enumerate(text.split('\n'), 1):
        found += ['%s:%d: %s' % (name, number, what) for rule, what in TEXT_RULES
                  if rule.search(line)]
        if is_cpp(name) and BLANKS.search(line):
            found.append('%s:%d: tab, or blank at the end' % (name, number))
    return '\n'.join(found)


def check_format(name):
    return run(['clang-format', '--dry-run', '-Werror', '--ferror-limit=3', name])


def check_shell(name):
    return run(['shellcheck', '-S', 'warning', name])


class Tidy:
    """clang-tidy with a stamp for each file: a hash of all that its outcome depends on."""

    INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.M)

    def __init__(self):
        self.direct = {}
        version = subprocess.run(['clang-tidy', '--version'], stdout=subprocess.PIPE, check=True)
        self.common = version.stdout + read('.clang-tidy')

    def includes(self, name):
        if name not in self.direct:
            targets = []
            for target in self.INCLUDE.findall(read(name)):
                for folder in ('src', 'include'):
                    path = os.path.join(folder, target.decode())
                    if os.path.isfile(os.path.join(ROOT, path)):
                        targets.append(path)
            self.direct[name] = targets
        return self.direct[name]

    def stamp(self, name):
        reached, todo = set(), [name]
        while todo:
            each = todo.pop()
            if each not in reached:
                reached.add(each)
                todo += self.includes(each)
        digest = hashlib.sha256(self.common)
        for each in sorted(reached):
            digest.update(each.encode() + b'\0' + read(each) + b'\0')
        return os.path.join(STAMPS, digest.hexdigest())

    def check(self, name):
        stamp = self.stamp(name)
        if os.path.exists(stamp):
            return ''
        found = run(['clang-tidy', '-p', DATABASE, '--quiet', '--extra-arg=-Wno-everything', name])
        if not found:
            os.makedirs(STAMPS, exist_ok=True)
            with open(stamp, 'w', encoding='utf-8') as file:
                file.write(name + '\n')
        return found


def main():
    parser = argparse.ArgumentParser(description='Check the sources without running them.')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--only', help='one check: size, text, format, shell or tidy')
    options = parser.parse_args()

    names = files()
    cpp = [name for name in names if is_cpp(name)]
    scripts = [name for name in names
               if name.endswith('.sh') or SHEBANG.match(read(name)[:40].split(b'\n')[0])]
    sized = [name for name in names if not name.endswith('.resp')
             and name.endswith(('.cc', '.h', '.py', '.sh', '.js', '.html', '.css', '.cmake'))]
    tidy = Tidy()
    checks = {
        'size': (check_size, sized),
        'text': (check_text, [name for name in names if name != 'tests/lint.py']),
        'shell': (check_shell, scripts),
        'format': (check_format, cpp),
        'tidy': (tidy.check, [name for name in cpp
                              if name.startswith('src/') and name.endswith('.cc')]),
    }
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for title, (check, targets) in checks.items():
            if options.only not in (None, title):
                continue
            bad = []
            for name, found in zip(targets, pool.map(check, targets)):
                if found:
                    bad.append(name)
                    print('%s: %s: %s' % (title, name, found.strip()[:3000]), flush=True)
            failed += len(bad)
            print('%-7s %d files, %d failed' % (title, len(targets), len(bad)), flush=True)
    print('lint: clean' if not failed else 'lint: %d files must change' % failed)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
