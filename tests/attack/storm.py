#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many commands at once, odd callers, full disks, missing files: hull in bad weather."""

import errno
import os
import resource
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from attack import *


def start_all(argvs, **more):
    return [background([HULL, "--root", ROOT, *a], **more) for a in argvs]


def finish_all(started, timeout=40):
    return [finish(p, timeout) for p in started]


def tell(r):
    """A refusal in one line."""
    check(0 < r.rc < 126 or r.rc == 255, "neither success nor refusal", r)
    lines = r.err.splitlines()
    check(len(lines) == 1 and len(lines[0]) > 10, "not one line of error", r)
    return r


# ---- concurrency -----------------------------------------------------------------------------


@test("16 creates of one id at once: one wins, and its container works", only="hull")
def _():
    for _ in range(3):
        c = container(args=["/payload", "exit", "0"])
        c.bundle.write()
        results = finish_all(start_all([("create", "--bundle", c.bundle.path, c.id)] * 16))
        won = [r for r in results if r.rc == 0]
        equal(len(won), 1, "winners: " + "\n".join(map(str, results)))
        for r in results:
            if r.rc:
                contains(r.err, "container with given ID already exists")
                equal(len(r.err.splitlines()), 1, r.err)
        equal(c.status(), "created")
        c.start()
        c.stopped()
        must(c.delete())
        nothing_left()


@test("16 runs of one id at once", only="hull")
def _():
    c = container(args=["/payload", "sleep", "1.5"])
    c.bundle.write()
    results = finish_all(start_all([("run", "--bundle", c.bundle.path, c.id)] * 16))
    equal(len([r for r in results if r.rc == 0]), 1, "winners: " + "\n".join(map(str, results)))
    for r in results:
        if r.rc:
            contains(r.err, "container with given ID already exists")
    nothing_left()


@test("6 delete --force at once: all succeed", only="hull")
def _():
    for change in ({}, {"namespaces": ["mount"], "bare": True}):
        for state in ("created", "running", "paused", "stopped"):
            c = container(**change)
            c.create()
            if state != "created":
                c.start()
            if state == "paused":
                must(c.call("pause", c.id))
            if state == "stopped":
                must(c.kill("KILL"))
                c.stopped()
            for r in finish_all(start_all([("delete", "--force", c.id)] * 6)):
                must(r)
                equal(r.err, "")
            nothing_left()


@test("starts at once: one wins", only="hull")
def _():
    for _ in range(4):
        c = container()
        c.create()
        results = finish_all(start_all([("start", c.id)] * 6))
        equal(len([r for r in results if r.rc == 0]), 1, "winners: " + "\n".join(map(str, results)))
        for r in results:
            if r.rc:
                contains(tell(r).err, "cannot start an already running container")
        equal(c.status(), "running")
        must(c.delete("--force"))
        nothing_left()


@test("start while init is killed", only="hull")
def _():
    for i in range(24):
        c = container(args=["/payload", "exit", "0"])
        c.create()
        pid = c.pid()
        p = start_all([("start", c.id)])[0]
        time.sleep(0.0006 * i)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        r = finish(p)
        if r.rc:
            tell(r)
        equal(c.stopped(), True)
        must(c.delete())
        nothing_left()


@test("execs while the container is deleted", only="hull")
def _():
    for i in range(6):
        c = container()
        c.up()
        execs = start_all([("exec", c.id, "/payload", "sleep", "5")] * 10)
        time.sleep(0.01 * i)
        for r in finish_all(start_all([("delete", "--force", c.id)])):
            must(r)
        for r in finish_all(execs):
            check(r.rc in (137, 255), "neither killed nor refused", r)
            if r.rc == 255:
                tell(r)
        nothing_left()


@test("list and state while containers come and go", only="hull")
def _():
    stop = threading.Event()
    bad = []

    def churn():
        while not stop.is_set():
            for argv in (("list",), ("list", "--format", "json"), ("list", "-q")):
                r = runtime(*argv)
                if r.rc or r.err:
                    bad.append(r)
    os.makedirs(ROOT, exist_ok=True)
    looker = threading.Thread(target=churn)
    looker.start()
    try:
        for _ in range(12):
            group = [container(args=["/payload", "exit", "0"]) for _ in range(3)]
            for c in group:
                c.bundle.write()
            for r in finish_all(start_all([("run", "--bundle", c.bundle.path, c.id) for c in group])):
                must(r)
    finally:
        stop.set()
        looker.join()
    check(not bad, f"{len(bad)} times", *bad[:3])
    nothing_left()


@test("50 containers at once", only="hull", limit=120)
def _():
    many = [container(args=["/payload", "exit", "3"]) for _ in range(50)]
    for c in many:
        c.bundle.write()
    for r in finish_all(start_all([("create", "--bundle", c.bundle.path, c.id) for c in many])):
        must(r)
    states = json.loads(must(runtime("list", "--format", "json")).out)
    equal(sorted(s["id"] for s in states), sorted(c.id for c in many))
    equal({s["status"] for s in states}, {"created"})
    for r in finish_all(start_all([("start", c.id) for c in many])):
        must(r)
    for c in many:
        c.stopped()
    for r in finish_all(start_all([("delete", c.id) for c in many])):
        must(r)
    nothing_left()


# ---- memory ----------------------------------------------------------------------------------

FAIL_MALLOC = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <stddef.h>
void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
static long at = -1, n;
__attribute__((constructor)) static void begin(void)
{
	const char *s = getenv("FAIL_AT");
	n = 0;
	at = s ? atol(s) : 0;
}
static int fails(void)
{
	if (at <= 0 || ++n != at)
		return 0;
	errno = ENOMEM;
	return 1;
}
void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t k, size_t size) { return fails() ? NULL : __libc_calloc(k, size); }
void *realloc(void *p, size_t size) { return fails() ? NULL : __libc_realloc(p, size); }
"""


def no_memory():
    """A library that lets one allocation fail."""
    source, library = put(WORK + "/tmp/fail.c", FAIL_MALLOC), WORK + "/tmp/fail.so"
    subprocess.run([os.environ.get("CC", "cc"), "-O1", "-fno-builtin", "-shared", "-fPIC", "-o", library, source], check=True, timeout=60)
    return library


@test("the n-th allocation of hull fails: success or a clean error", only="hull", limit=120)
def _():
    library = no_memory()
    profile = {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}]}}
    for argv in ("run", "exec", "delete"):
        good = 0
        for at in range(1, 2000):
            c = container(args=["/payload", "exit", "0"] if argv == "run" else None, linux=profile)
            c.bundle.write()
            if argv != "run":
                c.up()
            tail = {"run": ("run", "--bundle", c.bundle.path, c.id), "exec": ("exec", c.id, "/payload", "exit", "0"),
                    "delete": ("delete", "--force", c.id)}[argv]
            r = runtime(*tail, env=dict(os.environ, LD_PRELOAD=library, FAIL_AT=str(at)))
            if r.rc:
                tell(r)
                good = 0
            else:
                good += 1
            if argv == "run":
                nothing_left()
            must(c.delete("--force"))
            nothing_left()
            c.bundle.remove()
            if good > 6:
                break
        print(f"# {argv}: {at} allocations", flush=True)


@test("memory limits too small for anything are a clean error", only="hull")
def _():
    if cgroups.controller("memory")[0] is None:
        skip("no memory controller")
    for limit in (1, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576):
        c = container(args=["/payload", "exit", "0"], linux={"resources": {"memory": {"limit": limit}}})
        r = c.run()
        if r.rc not in (0, 137):
            tell(r)
        nothing_left()


# ---- odd callers -----------------------------------------------------------------------------


def shell(script, **more):
    """A shell in which $H is the runtime with its root."""
    return command("/bin/sh", "-c", script, env=dict(os.environ, H=f"{HULL} --root {ROOT}"), **more)


@test("standard descriptors closed in every combination", only="hull")
def _():
    for bits in range(8):
        closed = " ".join(c for i, c in enumerate(("<&-", ">&-", "2>&-")) if bits & 1 << i)
        c = container(args=["/payload", "pause"])
        c.bundle.write()
        for argv in (f"create --bundle {c.bundle.path} {c.id}", f"start {c.id}", f"exec {c.id} /payload fds", f"state {c.id}", "list",
                     f"pause {c.id}", f"resume {c.id}", f"delete --force {c.id}"):
            r = shell(f"exec $H {argv} {closed}")
            check(r.rc == 0 or (bits & 2 and argv.split()[0] in ("state", "list")), f"{argv} {closed}", r)
        nothing_left()


@test("standard input is a directory, a closed pipe, a socket", only="hull")
def _():
    a, b = socket.socketpair()
    r, w = os.pipe()
    os.close(w)
    for stdin in (os.open("/", os.O_RDONLY), os.open("/", os.O_PATH), a.fileno(), r):
        equal(container(args=["/payload", "exit", "4"]).run(stdin=stdin).rc, 4)
        nothing_left()
    for x in (r, ):
        os.close(x)


@test("a caller that ignores and blocks signals", only="hull")
def _():
    def ignore():
        for s in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM):
            signal.signal(s, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    hook = [{"path": "/bin/true"}]
    c = container(hooks={"prestart": hook, "poststart": hook, "poststop": hook})
    c.bundle.write()
    must(c.create(preexec_fn=ignore))
    must(c.call("start", c.id, preexec_fn=ignore))
    must(c.exec("/payload", "exit", "0", preexec_fn=ignore))
    for line in get(f"/proc/{c.pid()}/status").splitlines():
        if line.startswith("SigIgn:"):
            equal(int(line.split()[1], 16), 0, line)
    must(c.delete("--force", preexec_fn=ignore))
    nothing_left()
    equal(container(args=["/payload", "exit", "4"], hooks={"prestart": hook}).run(preexec_fn=ignore).rc, 4)


@test("output that nobody reads is an error, not a death", only="hull")
def _():
    c = container()
    c.up()
    for argv in (("list",), ("state", c.id), ("features",), ("spec", "--help"), ("ps", c.id), ("--version",), ("--help",)):
        r, w = os.pipe()
        os.close(r)
        got = runtime(*argv, stdout=w)
        os.close(w)
        contains(tell(got).err, "broken pipe")
    full = os.open("/dev/full", os.O_WRONLY)
    contains(tell(runtime("state", c.id, stdout=full)).err, "no space left on device")
    os.close(full)


@test("a working directory that was removed", only="hull")
def _():
    gone = WORK + "/tmp/gone"

    def go():
        os.mkdir(gone)
        os.chdir(gone)
        os.rmdir(gone)
    c = container()
    c.create(preexec_fn=go)
    must(c.call("start", c.id, preexec_fn=go))
    must(c.exec("/payload", "exit", "0", preexec_fn=go))
    must(c.call("list", preexec_fn=go))
    must(c.delete("--force", preexec_fn=go))
    nothing_left()
    tell(c.call("run", c.id, preexec_fn=go))
    nothing_left()


@test("limits of the caller: files, file size, address space, stack, core", only="hull")
def _():
    def limit(what, value):
        def go():
            soft, hard = resource.getrlimit(what)
            resource.setrlimit(what, (min(value, hard) if hard >= 0 else value, hard))
        return go
    # Files of the caller's limit of size would hold no message: pipes.
    for what, values in ((resource.RLIMIT_NOFILE, (3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 32)), (resource.RLIMIT_FSIZE, (0, 1, 100, 1000, 20000)),
                         (resource.RLIMIT_AS, (1 << 22, 1 << 23, 1 << 24)), (resource.RLIMIT_STACK, (65536, 1 << 17, 1 << 20)), (resource.RLIMIT_DATA, (0, 65536, 1 << 20)),
                         (resource.RLIMIT_CORE, (0,)), (resource.RLIMIT_NPROC, (0, 1)), (resource.RLIMIT_MEMLOCK, (0,)), (resource.RLIMIT_SIGPENDING, (0,)),
                         (resource.RLIMIT_MSGQUEUE, (0,))):
        # With these the loader may not get as far as hull.
        loader = what in (resource.RLIMIT_AS, resource.RLIMIT_STACK, resource.RLIMIT_DATA) or (what == resource.RLIMIT_NOFILE and values[0] == 3)
        for value in values:
            for verb in ("run", "create"):
                c = container(args=["/payload", "exit", "4"])
                c.bundle.write()
                p = subprocess.Popen([HULL, "--root", ROOT, verb, "--bundle", c.bundle.path, c.id], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE, preexec_fn=limit(what, value))
                told = p.stderr.read() if verb == "run" else b""
                rc = p.wait(20)
                if verb == "create" and rc:
                    told = p.stderr.read()
                p.stderr.close()
                where = f"{verb} with limit {what} = {value}: {rc} {told.decode()}"
                if rc == 0 and verb == "create":
                    must(c.delete("--force"))
                elif rc != 4 and not (loader and rc in (127, -11, -9)):
                    check(0 < rc < 126 and len(told.splitlines()) == 1, where)
                left = left_behind()
                check(not left, f"{where}\n{left}")
                c.bundle.remove()


@test("rlimits of a program that is not root, however slow hull is", only="hull")
def _():
    if not shutil.which("strace"):
        skip("no strace")
    for n in (2, 3):
        c = container(args=["/payload", "exit", "4"], uid=1000, gid=1000)
        c.bundle.write()
        r = command("strace", "-o", WORK + "/tmp/strace", "-e", "trace=prlimit64", "-e", f"inject=prlimit64:delay_enter=100000:when={n}+",
                    HULL, "--root", ROOT, "run", "--bundle", c.bundle.path, c.id)
        equal(r.rc, 4, str(r))
    nothing_left()


@test("a full disk, or a read-only one, for --root", only="hull")
def _():
    at = WORK + "/tmp/small"
    os.mkdir(at)
    mount("tmpfs", at, "tmpfs", 0, "size=16k,nr_inodes=20")
    try:
        for fill in (16384, 12288, 8192, 4096):
            with open(at + "/fill", "wb") as f:
                try:
                    f.write(b"x" * fill)
                    f.flush()
                except OSError:
                    pass
            c = container(args=["/payload", "exit", "4"])
            c.bundle.write()
            r = runtime("run", "--bundle", c.bundle.path, c.id, root=at + "/root")
            if r.rc != 4:
                contains(tell(r).err, "no space left on device")
            equal([n for n in os.listdir(at + "/root") if not n.startswith(".")] if os.path.isdir(at + "/root") else [], [])
            os.unlink(at + "/fill")
        for i in range(22):
            for k in range(20):
                try:
                    put(f"{at}/i{k}")
                except OSError:
                    break
            for k in range(i):
                if os.path.exists(f"{at}/i{k}"):
                    os.unlink(f"{at}/i{k}")
            c = container(args=["/payload", "exit", "4"])
            c.bundle.write()
            r = runtime("run", "--bundle", c.bundle.path, c.id, root=at + "/root")
            if r.rc != 4:
                contains(tell(r).err, "no space left on device")
            equal([n for n in os.listdir(at + "/root") if not n.startswith(".")] if os.path.isdir(at + "/root") else [], [])
        mount("none", at, None, MS_REMOUNT | MS_RDONLY)
        c = container(args=["/payload", "exit", "4"])
        c.bundle.write()
        contains(tell(runtime("run", "--bundle", c.bundle.path, c.id, root=at + "/root")).err, "read-only file system")
    finally:
        umount(at)
    nothing_left()


def apart(setup, *argv):
    """The runtime in a mount namespace of its own, after some shell."""
    return command("unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", setup + '\nexec "$@"', "sh", HULL, "--root", ROOT, *argv)


@test("read-only or missing cgroups, missing /proc, missing /dev, missing /sys", only="hull")
def _():
    for setup in ("for m in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,ro $m 2>/dev/null; done", "umount -R -l /sys/fs/cgroup",
                  "umount -l /proc", "mount -t tmpfs tmpfs /proc", "mount -t tmpfs tmpfs /dev", "umount -R -l /sys",
                  "mount -t tmpfs tmpfs /sys/fs/cgroup"):
        c = container(args=["/payload", "exit", "4"])
        c.bundle.write()
        r = apart(setup, "run", "--bundle", c.bundle.path, c.id)
        if r.rc != 4:
            tell(r)
        check(not left_behind(), f"{setup}: {r}\n{left_behind()}")
        c = container()
        c.up()
        r = apart(setup, "exec", c.id, "/payload", "exit", "4")
        if r.rc != 4:
            tell(r)
        for argv in (("state", c.id), ("list",), ("ps", c.id), ("kill", c.id, "0")):
            r = apart(setup, *argv)
            if r.rc:
                tell(r)
        r = apart(setup, "delete", "--force", c.id)
        if r.rc:
            tell(r)
        must(c.delete("--force"))
        if r.rc == 0 and "cgroup" in setup and "ro" not in setup or "/sys" in setup:
            cgroups.remove_ours()  # it could not see them
        check(not left_behind(), f"delete: {setup}: {r}\n{left_behind()}")


@test("umask 0777 and 0", only="hull")
def _():
    for mask in (0o777, 0, 0o077):
        c = container()
        c.create("--pid-file", WORK + "/tmp/pid", preexec_fn=lambda: os.umask(mask))
        for name in ("record", "config.json"):
            equal(os.stat(f"{ROOT}/{c.id}/{name}").st_mode & 0o077, 0, name)
        equal(os.stat(f"{ROOT}/{c.id}").st_mode & 0o777, 0o700)
        equal(int(get(WORK + "/tmp/pid")), c.pid())
        must(c.call("start", c.id, preexec_fn=lambda: os.umask(mask)))
        must(c.exec("/payload", "exit", "0", preexec_fn=lambda: os.umask(mask)))
        must(c.delete("--force", preexec_fn=lambda: os.umask(mask)))
        command("rm", "-rf", ROOT)
        c = container(args=["/payload", "exit", "4"])
        equal(c.run(preexec_fn=lambda: os.umask(mask)).rc, 4)
        nothing_left()
        command("rm", "-rf", ROOT)


def in_cgroup(name, file, value):
    """A cgroup of the tests' own; what is put in is called by hull's child. (folder, preexec_fn)"""
    top, version = cgroups.controller(name)
    if version != 1:
        skip(f"no v1 hierarchy of {name}")
    path = f"{top}/{TAG}/own-{name}"
    os.makedirs(path, exist_ok=True)
    put_knob(f"{path}/{file}", value)

    def enter_it():
        put_knob(path + "/tasks", "0")
    return path, enter_it


def put_knob(path, value):
    with open(path, "w") as f:
        f.write(value)


@test("hull's own cgroup has no pids left", only="hull")
def _():
    for value in ("0", "1", "2"):
        path, go = in_cgroup("pids", "pids.max", value)
        try:
            c = container(args=["/payload", "exit", "4"])
            r = c.run(preexec_fn=go)
            if r.rc != 4:
                contains(tell(r).err, "resource temporarily unavailable")
            c = container()
            c.up()
            r = c.exec("/payload", "exit", "4", preexec_fn=go)
            if r.rc != 4:
                contains(tell(r).err, "resource temporarily unavailable")
            must(c.delete("--force", preexec_fn=go))
        finally:
            wait_for("the cgroup's end", lambda: not get(path + "/tasks"))
            os.rmdir(path)
        nothing_left()


@test("hull's own cgroup has little memory", only="hull")
def _():
    for value in ("262144", "1048576", "2097152", "4194304"):
        path, go = in_cgroup("memory", "memory.limit_in_bytes", value)
        try:
            c = container(args=["/payload", "exit", "4"])
            c.bundle.write()
            r = c.call("run", "--bundle", c.bundle.path, c.id, preexec_fn=go)
            if r.rc not in (4, -9, -7, -11):
                tell(r)
            must(c.delete("--force"))
        finally:
            wait_for("the cgroup's end", lambda: not get(path + "/tasks"))
            os.rmdir(path)
        nothing_left()


@test("commands for a container in a frozen cgroup end", only="hull")
def _():
    top, version = cgroups.controller("freezer")
    if version != 1:
        skip("no v1 freezer")
    folder = f"{top}/{TAG}"
    c, d = container(args=["/payload", "exit", "0"]), container()
    d.up()
    c.bundle.write()
    put_knob(folder + "/freezer.state", "FROZEN")
    try:
        start = time.monotonic()
        contains(tell(c.call("run", "--bundle", c.bundle.path, c.id)).err, "frozen")
        waits = start_all([("exec", d.id, "/payload", "exit", "0")])
        time.sleep(0.1)
        for argv in (("state", d.id), ("list",), ("resume", d.id), ("pause", d.id), ("resume", d.id), ("ps", d.id), ("kill", d.id, "KILL"),
                     ("delete", d.id), ("delete", "--force", d.id)):
            r = runtime(*argv, timeout=30)
            if r.rc:
                tell(r)
        check(time.monotonic() - start < 45, "it took long", time.monotonic() - start)
    finally:
        put_knob(folder + "/freezer.state", "THAWED")
    must(d.delete("--force"))
    finish_all(waits)
    nothing_left()


@test("an exec that waits in a paused container keeps nobody from it", only="hull")
def _():
    for verb in ("resume", "delete --force", "kill"):
        for flags in ((), ("--detach",)):
            c = container()
            c.up()
            must(c.call("pause", c.id))
            p = start_all([("exec", "--ignore-paused", *flags, c.id, "/payload", "exit", "0")])[0]
            wait_for("the waiting exec", lambda: [t for t in processes().values() if "hull-init" in t])
            start = time.monotonic()
            equal(c.status(), "paused")
            must(c.call(*verb.split(), c.id, *(["KILL"] if verb == "kill" else [])))
            check(time.monotonic() - start < 5, "it took long", time.monotonic() - start)
            r = finish(p)
            if verb == "resume":
                must(r)
            must(c.delete("--force"))
            nothing_left()


@test("descriptors 3 to 60 of the caller are not the container's", only="hull")
def _():
    def place():
        fd = os.open("/", os.O_RDONLY)
        os.dup2(fd, 100)
        for n in range(3, 61):
            os.dup2(100, n)
    hook = [{"path": "/bin/sh", "args": ["sh", "-c", "ls /proc/self/fd | wc -l > " + WORK + "/tmp/fds"]}]
    c = container(args=["/payload", "fds", "+", "pause"], hooks={"createRuntime": hook})
    r = c.ready(c.up("--preserve-fds", "0", preexec_fn=place, close_fds=False))
    equal([f["fd"] for f in r.facts["fds"]], [0, 1, 2])
    equal(get(WORK + "/tmp/fds").strip(), "4")
    f = must(c.exec("/payload", "fds", preexec_fn=place, close_fds=False)).facts
    equal([x["fd"] for x in f["fds"]], [0, 1, 2])
    f = must(c.exec("/payload", "fds", flags=("--preserve-fds", "58"), preexec_fn=place, close_fds=False)).facts
    equal([x["fd"] for x in f["fds"]], list(range(61)))


@test("--preserve-fds with a hole is refused before anything happens, with a log file too", only="hull")
def _():
    def place(*fds):
        def go():
            os.closerange(3, 30)
            fd = os.open("/dev/zero", os.O_RDONLY)
            high = fcntl_high(fd)
            for n in fds:
                os.dup2(high, n)
            os.close(high)
        return go

    def fcntl_high(fd):
        os.dup2(fd, 100)
        os.close(fd)
        return 100
    ran = [{"path": "/bin/touch", "args": ["touch", WORK + "/tmp/ran"]}]
    for options in ((), ("--log", WORK + "/tmp/log"), ("--trace", WORK + "/tmp/trace")):
        for fds, n, hole in (((), 1, 3), ((4, 5), 3, 3), ((3, 5), 3, 4), ((3, 4), 3, 5), ((3,), 65536, 4), ((3,), 2147483647, 4)):
            c = container(hooks={"createRuntime": ran})
            c.options = options
            c.bundle.write()
            for verb in ("create", "run"):
                r = c.call(verb, "--bundle", c.bundle.path, "--preserve-fds", str(n), c.id, preexec_fn=place(*fds), close_fds=False)
                contains(tell(r).err, f"descriptor {hole} is not open")
            check(not os.path.exists(WORK + "/tmp/ran"), "a hook ran")
            nothing_left()
        c = container(args=["/payload", "fds"])
        c.options = options
        f = must(c.run("--preserve-fds", "2", preexec_fn=place(3, 4), close_fds=False)).facts
        equal([x["fd"] for x in f["fds"]], [0, 1, 2, 3, 4])
        c = container()
        c.up()
        c.options = options
        contains(tell(c.exec("/payload", "exit", "0", flags=("--preserve-fds", "2"), preexec_fn=place(4), close_fds=False)).err, "descriptor 3 is not open")
        must(c.delete("--force"))


# ---- the command line ------------------------------------------------------------------------

COMMANDS = (("start", "ID"), ("state", "ID"), ("kill", "ID"), ("kill", "--all", "ID", "KILL"), ("delete", "ID"), ("pause", "ID"), ("resume", "ID"), ("ps", "ID"),
            ("events", "--stats", "ID"), ("update", "--pids-limit", "100", "ID"), ("exec", "ID", "/payload", "exit", "0"))


@test("every command in every state, twice", only="hull", limit=120)
def _():
    for state in ("none", "created", "running", "paused", "stopped"):
        for argv in COMMANDS:
            c = container(args=["/payload", "pause"])
            if state != "none":
                c.create()
            if state in ("running", "paused", "stopped"):
                c.start()
            if state == "paused":
                must(c.call("pause", c.id))
            if state == "stopped":
                must(c.kill("KILL"))
                c.stopped()
            for _ in range(2):
                r = runtime(*[c.id if a == "ID" else a for a in argv], timeout=15)
                if r.rc:
                    tell(r)
                else:
                    equal(r.err, "", f"{argv} in {state}")
            must(c.delete("--force"))
            c.bundle.remove()
        nothing_left()


@test("ids that are no ids", only="hull")
def _():
    os.makedirs(ROOT, exist_ok=True)
    put(ROOT + "/file")
    os.mkdir(ROOT + "/empty")
    os.mkdir(ROOT + "/strange")
    os.mkdir(ROOT + "/strange/record")
    os.symlink("/", ROOT + "/link")
    c = container()
    c.bundle.write()
    bad = ("", ".", "..", "/", "a/b", "../x", ".hidden", "a\nb", "a" * 256, "a" * 100000, "ä", "-x", "a b", "%s%n", "\x01")
    for name in bad + ("file", "link", "missing"):
        for argv in COMMANDS + (("create", "--bundle", c.bundle.path, "ID"), ("run", "--bundle", c.bundle.path, "ID"), ("delete", "--force", "ID")):
            if argv[0] in ("create", "run") and name == "missing":
                continue
            r = runtime(*[name if a == "ID" else a for a in argv])
            check(r.rc or (argv[1] == "--force" and name == "missing"), f"{argv} of {name!r}", r)
            if r.rc:
                tell(r)
    check(os.path.exists(ROOT + "/file") and os.path.islink(ROOT + "/link") and os.path.isdir("/run"), "they are still there")
    for name in ("empty", "strange"):
        must(runtime("list"))
        r = runtime("state", name)
        check(r.rc, "a state", r)
        tell(r)
    must(runtime("delete", "--force", "empty"))
    r = runtime("delete", "--force", "strange")
    if r.rc:
        tell(r)
    command("rm", "-rf", ROOT)


@test("much of everything: 1 MB of environment, 100000 arguments, 300 hooks, 3000 mounts", only="hull", limit=120)
def _():
    big = container(args=["/payload", "exit", "4"], env=["PATH=/"] + [f"V{i}=" + "x" * 1000 for i in range(1000)])
    equal(big.run().rc, 4)
    nothing_left()
    r = container(args=["/payload", "exit", "4"], env=["V=" + "x" * (1 << 18)]).run()
    contains(tell(r).err, "argument list too long")
    nothing_left()
    r = container(args=["/payload", "exit", "4"] + ["x"] * 100000).run()
    equal(r.rc, 4, str(r)[:500])
    r = container(args=["/payload", "exit", "4"] + ["x" * 100] * 100000).run()
    contains(tell(r).err, "argument list too long")
    nothing_left()
    hooks = [{"path": "/bin/true"}] * 300
    equal(container(args=["/payload", "exit", "4"], hooks={"createRuntime": hooks[:150], "poststop": hooks[:150]}).run().rc, 4)
    r = container(args=["/payload", "exit", "4"], mounts=[tmpfs("/mnt")] * 3000).run(timeout=60)
    equal(r.rc, 4, str(r)[:500])
    nothing_left()


main()
