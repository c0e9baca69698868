#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrong configurations: each is refused at once, with one message that says where and why, and
leaves nothing behind. No wrong value is read as another one, or as absent."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *
import re

BIG = 100 << 20


def at(path, value):
    """A change of the default config: the value at a path like process.user.uid or mounts[0].type."""
    def change(config):
        keys = [int(k) if k.isdigit() else k for k in re.findall(r"[^.\[\]]+", path)]
        where = config
        for i, k in enumerate(keys[:-1]):
            if isinstance(k, str) and k not in where:
                where[k] = [] if isinstance(keys[i + 1], int) else {}
            elif isinstance(k, int) and len(where) <= k:
                where.append({})
            where = where[k]
        if value is REMOVE:
            del where[keys[-1]]
        elif isinstance(keys[-1], int) and len(where) <= keys[-1]:
            where.append(value)
        else:
            where[keys[-1]] = value
        return config
    return change


REMOVE = object()

# (name, change, path in the message or None, what else is in it)
SHAPES = [
    ("args is a string", at("process.args", "sh"), "process.args"),
    ("args has a number", at("process.args", ["sh", 5]), "process.args[1]"),
    ("env is an object", at("process.env", {"A": "b"}), "process.env"),
    ("terminal is a string", at("process.terminal", "true"), "process.terminal"),
    ("terminal is a number", at("process.terminal", 1), "process.terminal"),
    ("uid is a string", at("process.user.uid", "1"), "process.user.uid"),
    ("uid is negative", at("process.user.uid", -1), "process.user.uid"),
    ("uid is 2^32 - 1", at("process.user.uid", 4294967295), "process.user.uid"),
    ("uid is 2^32", at("process.user.uid", 4294967296), "process.user.uid"),
    ("uid is 1.5", at("process.user.uid", 1.5), "process.user.uid"),
    ("uid is true", at("process.user.uid", True), "process.user.uid"),
    ("gid is 2^64", at("process.user.gid", 18446744073709551616), "process.user.gid"),
    ("an additional gid is a string", at("process.user.additionalGids", [1, "2"]), "process.user.additionalGids[1]"),
    ("umask is out of range", at("process.user.umask", 4294967296), "process.user.umask"),
    ("cwd is missing", at("process.cwd", REMOVE), "process"),
    ("cwd is a number", at("process.cwd", 7), "process.cwd"),
    ("root.path is missing", at("root.path", REMOVE), "root"),
    ("root is a list", at("root", []), "root"),
    ("ociVersion is missing", at("ociVersion", REMOVE), None),
    ("ociVersion is a number", at("ociVersion", 1.0), "ociVersion"),
    ("ociVersion is of another major", at("ociVersion", "2.0.0"), "ociVersion"),
    ("ociVersion is no version", at("ociVersion", "one"), "ociVersion"),
    ("mounts is an object", at("mounts", {}), "mounts"),
    ("a mount is a string", at("mounts[2]", "/proc"), "mounts[2]"),
    ("a mount without destination", at("mounts[1].destination", REMOVE), "mounts[1]"),
    ("mount options are a string", at("mounts[0].options", "ro"), "mounts[0].options"),
    ("a mount option is null", at("mounts[1].options", ["ro", None]), "mounts[1].options[1]"),
    ("hostname is a list", at("hostname", ["a"]), "hostname"),
    ("hostname is too long", at("hostname", "x" * 65), "hostname"),
    ("rlimit of an unknown type", at("process.rlimits[0].type", "RLIMIT_BOGUS"), "process.rlimits[0]"),
    ("rlimit without hard", at("process.rlimits[0].hard", REMOVE), "process.rlimits[0]"),
    ("rlimit is negative", at("process.rlimits[0].soft", -1), "process.rlimits[0].soft"),
    ("rlimit is 2^64", at("process.rlimits[0].hard", 18446744073709551616), "process.rlimits[0].hard"),
    ("rlimit twice", at("process.rlimits", [{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}] * 2), "process.rlimits[1]"),
    ("capabilities are a list", at("process.capabilities", ["CAP_KILL"]), "process.capabilities"),
    ("bounding is a string", at("process.capabilities.bounding", "CAP_KILL"), "process.capabilities.bounding"),
    ("oomScoreAdj is out of range", at("process.oomScoreAdj", 1001), "process.oomScoreAdj"),
    ("oomScoreAdj is a string", at("process.oomScoreAdj", "5"), "process.oomScoreAdj"),
    ("noNewPrivileges is a string", at("process.noNewPrivileges", "yes"), "process.noNewPrivileges"),
    ("scheduler without policy", at("process.scheduler", {"nice": 1}), "process.scheduler"),
    ("consoleSize without width", at("process.consoleSize", {"height": 5}), "process.consoleSize"),
    ("a namespace of an unknown type", at("linux.namespaces[0].type", "bogus"), "linux.namespaces[0]"),
    ("a namespace without type", at("linux.namespaces[0]", {"path": "/proc/self/ns/net"}), "linux.namespaces[0]"),
    ("a namespace twice", at("linux.namespaces", [{"type": t} for t in ("pid", "uts", "mount", "pid")]), "linux.namespaces[3]"),
    ("a namespace path that is relative", at("linux.namespaces[0].path", "proc/1/ns/pid"), "linux.namespaces[0]"),
    ("a map without a user namespace", at("linux.uidMappings", [{"containerID": 0, "hostID": 1000, "size": 1}]), "linux.uidMappings"),
    ("a map with a string", at("linux.uidMappings", [{"containerID": "0", "hostID": 1000, "size": 1}]), "linux.uidMappings[0].containerID"),
    ("maskedPaths is a string", at("linux.maskedPaths", "/proc/kcore"), "linux.maskedPaths"),
    ("a masked path that is relative", at("linux.maskedPaths", ["/proc/kcore", "proc/keys"]), "linux.maskedPaths[1]"),
    ("a read-only path that is relative", at("linux.readonlyPaths", ["x"]), "linux.readonlyPaths[0]"),
    ("a limit is a string", at("linux.resources.memory.limit", "1G"), "linux.resources.memory.limit"),
    ("a limit is a float", at("linux.resources.memory.limit", 1.5), "linux.resources.memory.limit"),
    ("a limit is 2^63", at("linux.resources.memory.limit", 9223372036854775808), "linux.resources.memory.limit"),
    ("pids.limit is a list", at("linux.resources.pids.limit", [1]), "linux.resources.pids.limit"),
    ("cpu is a number", at("linux.resources.cpu", 5), "linux.resources.cpu"),
    ("devices is an object", at("linux.devices", {}), "linux.devices"),
    ("a device of an unknown type", at("linux.devices", [{"path": "/dev/x", "type": "q", "major": 1, "minor": 3}]), "linux.devices[0]"),
    ("a sysctl that is a number", at("linux.sysctl", {"net.ipv4.ip_forward": 1}), "linux.sysctl"),
    ("seccomp with an unknown action", at("linux.seccomp", {"defaultAction": "SCMP_ACT_BOGUS"}), "linux.seccomp.defaultAction"),
    ("seccomp without defaultAction", at("linux.seccomp", {"syscalls": []}), "linux.seccomp"),
    ("seccomp names are a string", at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": "mount", "action": "SCMP_ACT_ERRNO"}]}),
     "linux.seccomp.syscalls[0].names"),
    ("an unknown propagation", at("linux.rootfsPropagation", "bogus"), "linux.rootfsPropagation"),
    ("an unknown personality", at("linux.personality", {"domain": "BSD"}), "linux.personality"),
    ("a hook with a relative path", at("hooks.prestart", [{"path": "bin/true"}]), "hooks.prestart[0]"),
    ("a hook without a path", at("hooks.poststop", [{"args": ["x"]}]), "hooks.poststop[0]"),
    ("an unknown hook timeout", at("hooks.createRuntime", [{"path": "/bin/true", "timeout": 0}]), "hooks.createRuntime[0]"),
    ("an annotation that is a number", at("annotations", {"a": 5}), "annotations"),
    ("an annotation with an empty key", at("annotations", {"": "x"}), "annotations"),
    ("an environment entry without =", at("process.env", ["PATH=/bin", "NOEQUALS"]), "process.env[1]"),
    ("time offsets without a time namespace", at("linux.timeOffsets", {"monotonic": {"secs": 1}}), "linux.timeOffsets"),
    ("intelRdt closID with a slash", at("linux.intelRdt", {"closID": "../x"}), "linux.intelRdt"),
]


def text_of(change):
    return json.dumps(change(default_config()), indent=2).encode()


def base():
    return json.dumps(default_config(), indent=2).encode()


def nested(depth):
    return b'{"ociVersion":"1.0.2","x":' + b"[" * depth + b"]" * depth + b"}"


# Texts that are no JSON, or not the only JSON that they could be: (name, text, position expected).
TEXTS = [
    ("an empty file", lambda: b"", False),
    ("white space only", lambda: b" \n\t\n", False),
    ("null", lambda: b"null", True),
    ("a list", lambda: b"[]", True),
    ("a string", lambda: b'"x"', True),
    ("truncated in the middle", lambda: base()[:len(base()) // 2], True),
    ("truncated by its last byte", lambda: base()[:-1], True),
    ("trailing garbage", lambda: base() + b"x", True),
    ("a second object", lambda: base() + b"{}", True),
    ("a trailing comma", lambda: base().replace(b'"hull-test",', b'"hull-test",,'), True),
    ("a comment", lambda: b"// comment\n" + base(), True),
    ("single quotes", lambda: base().replace(b'"hull-test"', b"'hull-test'"), True),
    ("invalid UTF-8", lambda: base().replace(b"hull-test", b"hull\xff\xfetest"), True),
    ("an overlong UTF-8 sequence", lambda: base().replace(b"hull-test", b"hull\xc0\xaftest"), True),
    ("half of a surrogate pair", lambda: base().replace(b"hull-test", b"hull\\ud800test"), True),
    ("a NUL in a string", lambda: base().replace(b"hull-test", b"hull\\u0000test"), True),
    ("a NUL byte", lambda: base().replace(b"hull-test", b"hull\x00test"), True),
    ("a control character in a string", lambda: base().replace(b"hull-test", b"hull\x01test"), True),
    ("a NUL in a program's argument", lambda: base().replace(b'"/payload"', b'"/payload\\u0000x"'), True),
    ("a key twice", lambda: base().replace(b'"hostname":', b'"hostname": "other", "hostname":'), True),
    ("a key twice deep inside", lambda: base().replace(b'"uid": 0', b'"uid": 1000, "uid": 0'), True),
    ("an unknown key twice", lambda: base().replace(b'"hostname":', b'"x-unknown": 1, "x-unknown": 2, "hostname":'), True),
    ("a key that is the same when unescaped", lambda: base().replace(b'"uid": 0', b'"u\\u0069d": 1000, "uid": 0'), True),
    ("10,000 deep lists", lambda: nested(10000), True),
    ("1,000,000 deep lists", lambda: nested(1000000), True),
    ("a number with 100,000 digits", lambda: base().replace(b'"uid": 0', b'"uid": ' + b"1" * 100000), True),
    ("a number with a leading zero", lambda: base().replace(b'"uid": 0', b'"uid": 007'), True),
    ("NaN", lambda: base().replace(b'"uid": 0', b'"uid": NaN'), True),
    ("a hexadecimal number", lambda: base().replace(b'"uid": 0', b'"uid": 0x10'), True),
    ("100 MB of white space", lambda: base() + b" " * BIG, False),
    ("100 MB of one string", lambda: base().replace(b"hull-test", b"x" * BIG), False),
    ("millions of keys", lambda: b"{" + b",".join(b'"k%d":1' % i for i in range(3000000)) + b"}", False),
    ("a byte order mark", lambda: b"\xef\xbb\xbf" + base(), True),
    ("UTF-16", lambda: base().decode().encode("utf-16"), True),
]


def refuse(c, *parts, position=True, seconds=2):
    """create with the config.json that is there: exit 1, one message, at once, nothing left."""
    log = c.bundle.path + "/log"
    start = time.monotonic()
    r = c.call("create", "--bundle", c.bundle.path, c.id, timeout=20)
    took = time.monotonic() - start
    equal(r.rc, 1, f"exit code\n{r}")
    if position:
        check(re.search(r"config\.json:\d+:\d+", r.err), "file:line:column", r)
    contains(r.err, "config.json", *parts)
    equal(len([l for l in r.err.splitlines() if l.strip()]), 1, f"one message\n{r}")
    check(len(r.err) < 2000, "a short one", r)
    check(took < seconds, f"within {seconds} s, was {took:.1f}")
    r = command(HULL, "--root", ROOT, "--log", log, "--log-format", "json", "create", "--bundle", c.bundle.path, c.id, timeout=20)
    equal(r.rc, 1)
    lines = get(log).splitlines()
    equal(len(lines), 1, "one object in the log")
    o = json.loads(lines[0])
    equal((sorted(o), o["level"]), (["level", "msg", "time"], "error"))
    contains(o["msg"], *parts)
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", o["time"]), "time", o)
    # Nothing may be there: no state, no cgroup, no process.
    check(not os.path.exists(f"{ROOT}/{c.id}"), "state")
    check(not cgroups.ours() and not processes(), "left behind", cgroups.ours(), processes())


def add_shape(name, change, path):
    @test(f"{name}: refused at {path or 'its place'}", only="hull")
    def _():
        c = container()
        put(c.bundle.path + "/config.json", text_of(change))
        refuse(c, *([path] if path else []))


def add_text(name, make, position):
    @test(f"{name}: refused", only="hull")
    def _():
        c = container()
        put(c.bundle.path + "/config.json", make())
        refuse(c, position=position)


for shape in SHAPES:
    add_shape(*shape)
for text in TEXTS:
    add_text(*text)


@test("wrong types are refused by whatever words: no crash, no hang, nothing left", only="hull runc", limit=100)
def _():
    # Wrong types, numbers out of range and broken texts: what any runtime refuses.
    c = container(args=["/payload", "exit"])
    for name, change, _ in SHAPES:
        if kind != "hull" and not name.startswith(("args is", "cwd is a", "mounts is", "gid is 2^64", "env is", "hostname is a")):
            continue
        put(c.bundle.path + "/config.json", text_of(change))
        r = c.call("create", "--bundle", c.bundle.path, c.id)
        check(0 < r.rc < 128, name, r)


@test("config.json is missing, a directory, a FIFO, a device, a socket: an error at once", only="hull")
def _():
    c = container()
    path = c.bundle.path + "/config.json"
    def mkfifo():
        os.mkfifo(path)
    def a_socket():
        s = socket.socket(socket.AF_UNIX)
        s.bind(path)
        s.close()
    for make in (lambda: None, lambda: os.mkdir(path), mkfifo, lambda: os.mknod(path, 0o666 | 0o020000, os.makedev(1, 5)), a_socket,
                 lambda: os.symlink("/dev/zero", path), lambda: os.symlink("config.json", path), lambda: put(path, "{}", 0)):
        if os.path.lexists(path):
            os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
        make()
        start = time.monotonic()
        r = c.call("create", "--bundle", c.bundle.path, c.id, timeout=10)
        equal(r.rc, 1, str(r))
        contains(r.err, "config.json")
        check(time.monotonic() - start < 2, "at once")
    nothing_left()


@test("the bundle is missing, a file, empty", only="hull runc")
def _():
    c = container()
    for path in ("/nonesuch", "/etc/passwd", WORK + "/tmp"):
        r = c.call("create", "--bundle", path, c.id)
        check(r.rc == 1 and r.err.strip(), path, r)
    nothing_left()


@test("all findings are told, not just the first", only="hull")
def _():
    c = container()
    c.config["process"]["cwd"] = "rel"
    c.config["linux"]["maskedPaths"] = ["rel"]
    c.bundle.write()
    r = command(HULL, "check", c.bundle.path)
    check(r.rc != 0, "exit code", r)
    contains(r.text, "process.cwd", "linux.maskedPaths[0]")
    check(len(re.findall(r"config\.json:\d+:\d+", r.text)) >= 2, "two places", r)


@test("line and column point at the value", only="hull")
def _():
    c = container()
    text = '{\n "ociVersion": "1.0.2",\n "root": {"path": "rootfs"},\n "process": {"cwd": "/", "args": ["x"],\n   "user": {"uid": "zero", "gid": 0}}\n}\n'
    put(c.bundle.path + "/config.json", text)
    r = refused(c.call("create", "--bundle", c.bundle.path, c.id), "config.json:5:", "process.user.uid")
    column = int(re.search(r"config\.json:5:(\d+)", r.err).group(1))
    start = text.splitlines()[4].index('"zero"') + 1
    check(start <= column <= start + 6, f"column {column}, the value begins at {start}", r)


@test("unknown keys everywhere, sections of other platforms and null for absent are accepted")
def _():
    c = container(args=["/payload", "exit", "3"])
    c.config.update({"solaris": {"milestone": "x"}, "vm": {"kernel": {"path": "/k"}}, "x-org": {"a": [None, 1.5e3, {"b": True}]}})
    if kind == "hull":
        c.config["hooks"] = None
        c.config["process"]["rlimits"] = None
        c.config["linux"]["devices"] = None
    c.config["linux"]["x-new"] = "y"
    c.config["process"]["user"]["x"] = []
    equal(c.run().rc, 3)


@test("all string escapes and characters of every plane", only="hull runc")
def _():
    text = "a\"b\\c/d\te\u00e9\u4e2d\U0001f600"
    c = container(args=["/payload", "args", text])
    c.bundle.write()
    for ascii_only in (True, False):
        put(c.bundle.path + "/config.json", json.dumps(c.config, ensure_ascii=ascii_only).replace("c/d", "c\\/d"))
        r = must(c.call("run", "--bundle", c.bundle.path, c.id))
        equal(r.facts["args"][0].encode("latin-1").decode(), text)


@test("--log: to a file, text and JSON; level and words", only="hull runc")
def _():
    c = container(args=["/nonexist"])
    c.bundle.write()
    log = WORK + "/tmp/log"
    r = command(HULL, "--root", ROOT, "--log", log, "create", "--bundle", c.bundle.path, c.id)
    check(r.rc == 1, "exit code", r)
    contains(get(log), "level=error", "no such file or directory")
    contains(r.err, "no such file or directory")
    lacks(r.err, "level=")
    os.unlink(log)
    command(HULL, "--root", ROOT, "--log", log, "--log-format", "json", "create", "--bundle", c.bundle.path, c.id)
    lines = [json.loads(l) for l in get(log).splitlines()]
    equal(lines[-1]["level"], "error")
    contains(lines[-1]["msg"], "no such file or directory")
    equal(runtime("--log-format", "bogus", "list").rc, 1)


@test("a good run writes nothing to the log", only="hull runc")
def _():
    c = container(args=["/payload", "exit"])
    c.bundle.write()
    log = WORK + "/tmp/log"
    must(command(HULL, "--root", ROOT, "--log", log, "--log-format", "json", "run", "--bundle", c.bundle.path, c.id))
    equal(get(log) if os.path.exists(log) else "", "")


main()
