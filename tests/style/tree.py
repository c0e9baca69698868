# SPDX-License-Identifier: Apache-2.0
"""What the style checks share: the tree's files, C text without comments and strings, TAP."""

import fnmatch
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)


def _all():
    """Every file that is ours: what git knows or would add; without git, all but build output."""
    if os.path.exists(".git"):
        found = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
                                "--exclude-standard"], capture_output=True, check=False)
        if found.returncode == 0:
            return sorted({f for f in found.stdout.decode().split("\0")
                           if f and not f.startswith("build") and os.path.isfile(f)})
    names = []
    for folder, folders, files in os.walk("."):
        folders[:] = [d for d in folders if not d.startswith((".", "build", "autom4te", "__pycache__"))]
        names += [os.path.relpath(os.path.join(folder, f)) for f in files]
    made = ("*.o", "*.a", "*.log", "*.trs", "Makefile", "Makefile.in", "aclocal.m4", "config.*", "configure",
            "configure~", "m4/*", "hull", "hull-init*", "test-*")
    return sorted(n for n in names if n in ("configure.ac", "config.json.example") or "/" in n and not n.startswith("m4/")
                  and not n.endswith((".o", ".a", ".log", ".trs"))
                  or not any(fnmatch.fnmatch(n, m) for m in made))


FILES = _all()


def files(*patterns):
    """Files that match one of the patterns; * crosses folders."""
    return [f for f in FILES if any(fnmatch.fnmatch(f, p) for p in patterns)]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code(path, keep_strings=False):
    """The text of a C file with comments and the inside of strings blanked: same lines, same columns."""

    def blank(m):
        s = m.group(0)
        if s[0] in "\"'":
            return s if keep_strings else s[0] + re.sub(r"[^\n]", " ", s[1:-1]) + s[-1]
        return re.sub(r"[^\n]", " ", s)

    return _TOKEN.sub(blank, read(path))


def includes(path):
    """(line number, name, quoted) of each #include."""
    found = []
    for n, line in enumerate(code(path, keep_strings=True).splitlines(), 1):
        m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if m:
            found.append((n, m.group(2), m.group(1) == '"'))
    return found


def functions(path):
    """(name, first line, last line) of each function: its body's braces stand in column 0."""
    lines = code(path).splitlines()
    found = []
    start = None
    for n, line in enumerate(lines, 1):
        if line == "{":
            start = n
        elif line == "}" and start:
            first = start - 1
            while first > 1 and re.match(r"[\s\w(]", lines[first - 2]) and lines[first - 2].strip() \
                    and not lines[first - 2].rstrip().endswith((";", "}", "\\")):
                first -= 1
            m = re.search(r"(\w+)\s*\((?!\()", re.sub(r"__attribute__\s*\(\(.*?\)\)", "", " ".join(lines[first - 1:start - 1])))
            found.append((m.group(1) if m else "?", first, n))
            start = None
    return found


def function_at(path, line):
    for name, first, last in functions(path):
        if first <= line <= last:
            return name
    return ""


def source_lists():
    """The variables of src/sources.mk and tests/unit.mk with the files that they name."""
    lists = {}
    for mk in ("src/sources.mk", "tests/unit.mk"):
        text = read(mk).replace("\\\n", " ")
        for name, value in re.findall(r"^(\w+)\s*\+?=(.*)$", text, re.M):
            lists.setdefault(name, []).extend(value.split())
    return lists


class Exceptions:
    """What a check lets pass, each with its reason. One that is no longer needed is a failure."""

    def __init__(self, table):
        self.table = table
        self.used = set()

    def allows(self, *key):
        if key in self.table:
            self.used.add(key)
            return True
        return False

    def unused(self):
        return [f"exception {' '.join(map(str, k))} is no longer needed" for k in self.table if k not in self.used]


_results = []


def check(name, problems):
    """One TAP result: passes when the list of problems is empty."""
    problems = list(problems)
    _results.append(not problems)
    print(f"{'not ' if problems else ''}ok {len(_results)} - {name}")
    for p in problems:
        print(f"#   {p}")


def skip(name, why):
    _results.append(True)
    print(f"ok {len(_results)} - {name} # SKIP {why}")


def done():
    print(f"1..{len(_results)}")
    sys.exit(0 if all(_results) else 1)
