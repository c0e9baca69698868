#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on the runtime's own program, descriptors and terminal from inside of a container."""

import fcntl
import hashlib
import os
import pty
import shutil
import sys
import termios

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from attack import *

ALL_CAPS = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SYS_CHROOT",
            "CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_NET_ADMIN", "CAP_SETPCAP"]


def sha(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def own_runtime():
    """A copy of the runtime that may be lost."""
    path = WORK + "/tmp/runtime"
    with open(HULL, "rb") as f:
        put(path, f.read(), 0o755)
    return path


def watched(execs, argv, program, **change):
    """What a watcher in a container saw of that many runs of `program exec`."""
    c = container(args=["/attacker", "watch"], **change)
    attacker_in(c)
    c.bundle.write()
    must(command(program, "--root", ROOT, "run", "-d", "--bundle", c.bundle.path, c.id))
    out = os.readlink(f"/proc/{c.pid()}/fd/1")
    wait_for("the watcher", lambda: "ready" in get(out))
    for _ in range(execs):
        must(command(program, "--root", ROOT, "exec", c.id, *argv))
    must(c.kill("TERM"))
    wait_for("its report", lambda: "looks" in get(out))
    lines = [json.loads(l) for l in get(out).splitlines()]
    check(lines[-1]["looks"] > execs, "it saw processes", lines[-1])
    return c, [l for l in lines if "found" in l]


def outside(c, found, program):
    """Of what was got hold of, what is the host's."""
    bad = []
    places = {os.stat(p).st_dev: p for p in ("/", "/proc", "/sys") + tuple(cgroups.hierarchies())}
    places[os.stat(c.rootfs).st_dev] = None
    inside_root = set()
    for folder, dirs, files in os.walk(c.rootfs):
        for n in dirs + files + ["."]:
            s = os.lstat(os.path.join(folder, n))
            inside_root.add((s.st_dev, s.st_ino))
    # The output files that the container was given are its own.
    given = {(os.stat(p).st_dev, os.stat(p).st_ino) for p in [WORK + "/io/" + n for n in os.listdir(WORK + "/io")]}
    given |= {(os.stat("/dev/null").st_dev, os.stat("/dev/null").st_ino)}
    for f in found:
        key = (f["dev"], f["ino"])
        if f["dev"] in places and key not in inside_root and key not in given:
            bad.append((f, "of " + (places[f["dev"]] or "the file system of the root")))
    return bad


@test("S01 CVE-2019-5736: the runtime's program cannot be reached by /proc/PID/exe during exec", limit=90)
def _():
    program = own_runtime()
    before, inode = sha(program), os.stat(program)
    c, found = watched(40, ["/payload", "exit"], program, caps=ALL_CAPS)
    equal(sha(program), before, "the runtime's program")
    check(not [f for f in found if f["writable"] and f["found"] == "exe" and f["ino"] == inode.st_ino and f["dev"] == inode.st_dev],
          "a writable descriptor of the program", found)
    if kind == "hull":
        for path in (program, HULL):
            s = os.stat(path)
            check(not [f for f in found if (f["dev"], f["ino"]) == (s.st_dev, s.st_ino)], "the program's inode is visible", found)
        in_root = {os.stat(c.rootfs + p).st_ino for p in ("/payload", "/bin/busybox", "/attacker")}
        check(not [f for f in found if f["writable"] and f["found"] == "exe" and f["ino"] not in in_root], "a writable program", found)


@test("S03 CVE-2016-9962: no descriptor, root or folder of the host in a joining process", limit=90)
def _():
    c, found = watched(60, ["/payload", "exit"], HULL, caps=ALL_CAPS)
    bad = [b for b in outside(c, found, HULL) if b[0]["found"] != "exe"]
    check(not bad, "reached", *bad)


@test("S03 in a user namespace: a joining process shows nothing at all", only="hull", limit=90)
def _():
    c, found = watched(40, ["/payload", "exit"], HULL, caps=ALL_CAPS, namespaces=["pid", "network", "ipc", "uts", "mount", "user"], linux=user_namespace())
    bad = outside(c, found, HULL)
    check(not bad, "reached", *bad)
    in_root = {(os.stat(c.rootfs + p).st_dev, os.stat(c.rootfs + p).st_ino) for p in ("/payload", "/bin/busybox", "/attacker")}
    check(not [f for f in found if f["found"] == "exe" and (f["dev"], f["ino"]) not in in_root], "the runtime's half is visible", found)


@test("S02: a program that is /proc/self/exe, /proc/1/exe, /proc/self/fd/N or a script of them")
def _():
    program = sha(HULL)
    names = ["/proc/self/exe", "/proc/1/exe", "/proc/thread-self/exe"] + [f"/proc/self/fd/{n}" for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 20)]
    for name in names:
        r = container(args=[name, "--version"]).run()
        check(r.rc != 0, f"{name} ran", r)
        lacks(r.out, "commit:")
    for name in ("/proc/self/exe", "/proc/1/exe"):
        c = container(args=["/script"])
        put(c.rootfs + "/script", f"#!{name}\n", 0o755)
        r = c.run()
        lacks(r.out, "commit:")
    c = container()
    c.up()
    for name in names[:8]:
        r = c.exec(name, "--version")
        check(r.rc != 0, f"{name} ran", r)
        lacks(r.out, "commit:")
    equal(sha(HULL), program)
    must(c.delete("--force"))
    nothing_left()


def climbs(result, canary):
    """Whether a process with that cwd sees the host."""
    if result.rc != 0:
        return False
    check("unreachable" not in result.facts.get("cwd", ""), "a cwd outside of the root", result)
    return any(l.get("read", -1) >= 0 for l in result.lines if "read" in l)


@test("S04 CVE-2024-21626: cwd by /proc/self/fd/N, for run and exec", limit=90)
def _():
    canary = Canary()
    shutil.copy(payload(), canary.path + "/program")
    canary.before = snapshot(canary.path)
    up = "../" * 12 + canary.path[1:] + "/secret"
    for n in list(range(3, 14)) + [16, 20]:
        r = inside("cwd", f"read {up}", cwd=f"/proc/self/fd/{n}").run()
        check(not climbs(r, canary), f"fd {n}", r)
    c = container()
    c.up()
    for n in range(3, 14):
        r = c.exec("/payload", "cwd", "+", "read", up, flags=("--cwd", f"/proc/self/fd/{n}"))
        check(not climbs(r, canary), f"exec, fd {n}", r)
        os.symlink(f"/proc/self/fd/{n}", f"{c.rootfs}/l{n}")
        r = c.exec("/payload", "cwd", "+", "read", up, flags=("--cwd", f"/l{n}"))
        check(not climbs(r, canary), f"exec, link to fd {n}", r)
        for climb in ("../" * 3, "../" * 15):
            r = c.exec(f"/proc/self/fd/{n}/{climb}{canary.path[1:]}/program", "exit")
            check(r.rc != 0, f"a program of the host by fd {n}", r)
    canary.unharmed()


@test("S05: descriptors that the caller left open do not get in")
def _():
    def place():
        fd = os.open("/", os.O_RDONLY)
        for n in (3, 9, 37, 63, 500):
            os.dup2(fd, n)
    c = container(args=["/payload", "fds", "+", "ls", "/proc/1/fd", "+", "pause"])
    r = c.ready(c.up(preexec_fn=place, close_fds=False))
    equal([f["fd"] for f in r.facts["fds"]], [0, 1, 2])
    f = must(c.exec("/payload", "fds", "+", "ls", "/proc/1/fd", preexec_fn=place, close_fds=False)).facts
    equal([x["fd"] for x in f["fds"]], [0, 1, 2])
    equal(sorted(f["ls"]), ["0", "1", "2"])


@test("S07 CVE-2016-10124: TIOCSTI types nothing into the caller's terminal")
def _():
    master, slave = pty.openpty()
    def take():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for where in ("run", "exec"):
        c = container(args=["/attacker", "tiocsti", "id\n"] if where == "run" else ["/payload", "pause"], process={"noNewPrivileges": False})
        attacker_in(c)
        c.bundle.write()
        if where == "exec":
            c.up()
        argv = ["run", "--bundle", c.bundle.path, c.id] if where == "run" else ["exec", c.id, "/attacker", "tiocsti", "id\n"]
        p = background([HULL, "--root", ROOT, *argv], stdin=slave, preexec_fn=take)
        r = finish(p)
        contains(r.out, "tiocsti")
        waiting = bytearray(4)
        fcntl.ioctl(slave, termios.FIONREAD, waiting)
        equal(struct.unpack("i", waiting)[0], 0, "typed into the caller's terminal")
        # EIO: dev.tty.legacy_tiocsti is off (Linux 6.2), nobody may type.
        check(r.facts["error"] in (("EPERM", "EIO") if kind == "hull" else ("EPERM", "EIO", "ENOTTY")), "typing was refused", r)
    os.close(master)
    os.close(slave)


@test("S08 CVE-2020-15257: no abstract unix socket while a container is created, runs, executes")
def _():
    c = container(args=["/payload", "pause"], namespaces=["pid", "ipc", "uts", "mount"])
    def abstract():
        return [l for l in get("/proc/net/unix").splitlines()[1:] if len(l.split()) > 7 and l.split()[7].startswith("@")]
    equal(abstract(), [])
    c.create()
    equal(abstract(), [])
    c.start()
    p = background([HULL, "--root", ROOT, "exec", c.id, "/payload", "sleep", "0.5"])
    for _ in range(40):
        equal(abstract(), [])
        time.sleep(0.01)
    must(finish(p))


@test("S06: --preserve-fds gives these and no others, for run and exec")
def _():
    def place():
        fd = os.open("/dev/zero", os.O_RDONLY)
        for n in (3, 4, 5, 6, 7, 30):
            os.dup2(fd, n)
    for k in (0, 1, 3):
        f = must(container(args=["/payload", "fds"]).run("--preserve-fds", str(k), preexec_fn=place, close_fds=False)).facts
        equal([x["fd"] for x in f["fds"]], list(range(3 + k)))
    c = container()
    c.up()
    f = must(c.exec("/payload", "fds", flags=("--preserve-fds", "1"), preexec_fn=place, close_fds=False)).facts
    equal([x["fd"] for x in f["fds"]], [0, 1, 2, 3])


@test("S30 CVE-2026-88265: a /dev/null that is a file of the host is neither opened nor given away", only="hull")
def _():
    canary = Canary()
    os.chmod(canary.path + "/secret", 0o600)
    canary.before = snapshot(canary.path)
    c = inside("ids", uid=1000, gid=1000, mounts=[bind(canary.path + "/secret", "/hostfile", "bind", "rw")])
    c.config["mounts"] = [m for m in c.config["mounts"] if not m["destination"].startswith("/dev")]
    os.symlink("/hostfile", c.rootfs + "/dev/null")
    r, w = os.pipe()
    os.set_blocking(r, False)
    c.bundle.write()
    for stdin in (None, r):
        p = background([HULL, "--root", ROOT, "run", "--bundle", c.bundle.path, c.id], stdin=stdin, stdout=w, stderr=w)
        finish(p)
        canary.unharmed()
        device_unharmed()
    os.close(r)
    os.close(w)


@test("a closed descriptor of the caller is not filled with a file of the host", only="hull")
def _():
    canary = Canary()
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        c = inside("fds", "write /result x", "stat /result")
        c.bundle.write()
        command("sh", "-c", f"exec {HULL} --root {ROOT} run --bundle {c.bundle.path} {c.id} {closed}")
        check(os.path.exists(c.rootfs + "/result"), "the program ran", closed)
    canary.unharmed()
    device_unharmed()


main()
