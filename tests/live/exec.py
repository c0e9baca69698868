#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""exec: a second process in a running container."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *


def up(**change):
    c = container(**change)
    c.ready(c.up())
    return c


@test("exit codes, 128 + signal, and 0 with --detach")
def _():
    c = up()
    for code in (0, 1, 77, 255):
        equal(c.exec("/payload", "exit", str(code)).rc, code)
    for sig in (9, 15, 11):
        equal(c.exec("/payload", "kill-self", str(sig)).rc, 128 + sig)
    equal(c.exec("/payload", "exit", "5", flags=("--detach",)).rc, 0)


@test("stdin, stdout and stderr")
def _():
    c = up()
    r = c.exec("/bin/sh", "-c", "cat; echo err >&2", text="in\n")
    equal((r.rc, r.out, r.err), (0, "in\n", "err\n"))


@test("the same namespaces, all eight, as process 1; the same cgroups and root")
def _():
    c = up(args=["/payload", "ns", "+", "cgroup", "+", "stat", "/", "+", "pause"], namespaces=["pid", "network", "ipc", "uts", "mount", "cgroup"])
    first = get(output_of(c))
    a = [json.loads(l) for l in first.splitlines()]
    b = must(c.exec("/payload", "ns", "+", "cgroup", "+", "stat", "/")).lines
    equal(b[0], a[0])
    equal(b[1], a[1])
    equal((b[2]["dev"], b[2]["ino"]), (a[2]["dev"], a[2]["ino"]))


def output_of(c):
    """The file that the container's output goes to."""
    return os.readlink(f"/proc/{c.pid()}/fd/1")


@test("in a user namespace", only="hull runc")
def _():
    c = up(args=["/payload", "ns", "+", "pause"], namespaces=["pid", "network", "ipc", "uts", "mount", "user"], linux=user_namespace())
    a = json.loads(get(output_of(c)).splitlines()[0])
    r = must(c.exec("/payload", "ns", "+", "ids", "+", "caps"))
    equal(r.lines[0], a)
    equal(r.facts["uid"], [0, 0, 0])
    equal(r.facts["effective"], "20000420")


@test("in a time namespace", only="hull")
def _():
    c = up(namespaces=["pid", "network", "ipc", "uts", "mount", "time"], linux={"timeOffsets": {"boottime": {"secs": 500000}}})
    f = must(c.exec("/payload", "timens")).facts
    check(f["boottime"] > 500000, "offset", f)


@test("the config's user, groups, env, cwd, capabilities, limits and no new privileges hold")
def _():
    c = up(uid=1000, gid=2000, cwd="/tmp", env=[PATH, "A=b"],
           process={"user": {"additionalGids": [7, 8]}, "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 55, "hard": 66}], "oomScoreAdj": 300})
    f = must(c.exec("/payload", "ids", "+", "env", "+", "cwd", "+", "caps", "+", "rlimits", "+", "oom", extra_groups=[27])).facts
    if kind != "crun":
        equal((f["uid"], f["gid"]), ([1000] * 3, [2000] * 3))
        equal(set(f["groups"]) - {2000}, {7, 8})
    check("A=b" in f["env"], "env", f)
    if kind != "crun":
        equal(f["cwd"], "/tmp")
        equal(f["noNewPrivileges"], 1)
    equal(f["bounding"], "20000420")
    if kind != "crun":
        equal(f["RLIMIT_NOFILE"], [55, 66])
    if kind == "hull":
        equal(f["oomScoreAdj"], 300)


@test("--user UID and UID:GID, --additional-gids", only="hull runc")
def _():
    c = up(gid=33)
    equal(must(c.exec("/payload", "ids", flags=("--user", "1000:1001"))).facts["gid"], [1001] * 3)
    f = must(c.exec("/payload", "ids", flags=("-u", "1000"))).facts
    equal((f["uid"], f["gid"]), ([1000] * 3, [33] * 3))
    f = must(c.exec("/payload", "ids", "+", "caps", flags=("-u", "1000:1000", "--additional-gids", "44", "--additional-gids", "55"))).facts
    equal(set(f["groups"]) - {1000}, {44, 55})
    equal((f["effective"], f["permitted"]), ("0", "0"))


@test("--cwd; one that is missing is an error")
def _():
    c = up()
    equal(must(c.exec("/payload", "cwd", flags=("--cwd", "/tmp"))).facts["cwd"], "/tmp")
    r = c.exec("/payload", "cwd", flags=("--cwd", "/nonesuch"))
    check(r.rc != 0, "missing", r)
    contains(r.err.lower(), "no such file or directory")


@test("--env adds to the config's, the last one wins", only="hull")
def _():
    c = up(env=[PATH, "A=1", "B=2"])
    e = must(c.exec("/payload", "env", flags=("-e", "B=3", "--env", "C=4", "--env=D=5=6"))).facts["env"]
    for x in ("A=1", "B=3", "C=4", "D=5=6"):
        check(x in e, x, e)
    equal(len([x for x in e if x.startswith("B=")]), 1)


@test("--cap adds to bounding, permitted and effective; never to inheritable (S42, CVE-2022-29162)", only="hull runc")
def _():
    c = up(caps=["CAP_KILL"])
    f = must(c.exec("/payload", "caps", flags=("--cap", "CAP_CHOWN"))).facts
    equal([f[k] for k in ("bounding", "permitted", "effective", "inheritable", "ambient")], ["21"] * 3 + ["0"] * 2)
    f = must(c.exec("/payload", "caps", flags=("--cap", "CAP_CHOWN", "--user", "1000"))).facts
    equal([f[k] for k in ("permitted", "effective", "inheritable", "ambient")], ["0"] * 4)


@test("an unknown --cap is refused", only="hull")
def _():
    c = up()
    refused(c.exec("/payload", "caps", flags=("--cap", "CAP_BOGUS")), "CAP_BOGUS")


@test("--no-new-privs")
def _():
    c = up(process={"noNewPrivileges": False})
    equal(must(c.exec("/payload", "caps")).facts["noNewPrivileges"], 0)
    equal(must(c.exec("/payload", "caps", flags=("--no-new-privs",))).facts["noNewPrivileges"], 1)


@test("--detach and --pid-file: the host's pid, no newline; it goes on")
def _():
    c = up()
    path = c.bundle.path + "/exec.pid"
    must(c.exec("/payload", "pause", flags=("--detach", "--pid-file", path)))
    pid = get(path)
    check(pid.isdigit(), "digits only", repr(pid))
    contains(get(f"/proc/{pid}/cmdline"), "pause")
    equal(get(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[1], "1", "its parent is the reaper")
    must(c.delete("--force"))
    nothing_left()


@test("--preserve-fds passes exactly these")
def _():
    c = up()
    def place():
        fd = os.open("/dev/null", os.O_RDONLY)
        for n in (3, 4, 5, 9):
            os.dup2(fd, n)
    f = must(c.exec("/payload", "fds", flags=("--preserve-fds", "2"), preexec_fn=place, close_fds=False)).facts
    equal([x["fd"] for x in f["fds"]], [0, 1, 2, 3, 4])


@test("descriptors of the caller do not get in (S05)")
def _():
    c = up()
    def place():
        fd = os.open("/", os.O_RDONLY)
        for n in (9, 37, 63):
            os.dup2(fd, n)
    f = must(c.exec("/payload", "fds", preexec_fn=place, close_fds=False)).facts
    equal([x["fd"] for x in f["fds"]], [0, 1, 2])


def process(**change):
    p = {"user": {"uid": 0, "gid": 0}, "args": ["/payload", "ids"], "cwd": "/", "env": [PATH]}
    p.update(change)
    return p


@test("--process FILE: a whole process object")
def _():
    c = up()
    p = process(args=["/payload", "ids", "+", "caps", "+", "cwd", "+", "env", "+", "rlimits"], user={"uid": 1000, "gid": 1001, "additionalGids": [9]},
                cwd="/tmp", env=[PATH, "X=y"], noNewPrivileges=True, rlimits=[{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 88}],
                capabilities={"bounding": ["CAP_CHOWN"]})
    f = must(c.exec_process(p)).facts
    equal((f["uid"], f["gid"], set(f["groups"]) - {1001}), ([1000] * 3, [1001] * 3, {9}))
    equal((f["cwd"], f["bounding"], f["RLIMIT_NOFILE"], f["noNewPrivileges"]), ("/tmp", "1", [77, 88], 1))
    check("X=y" in f["env"], "env", f)


@test("--process FILE: wrong ones are refused with their place", only="hull runc")
def _():
    c = up()
    bad = [process(args=[]), process(cwd="rel"), process(cwd="")]
    if kind == "hull":
        bad += [process(args="x"), process(user={"uid": "0", "gid": 0}), {"args": ["/payload"]}]
    for p in bad:
        r = c.exec_process(p)
        check(r.rc != 0, "refused", p, r)
        check(r.err.strip(), "says why", r)
    if kind == "hull":
        for text in ("", "{", "null", "[]", '{"args":["x"],"cwd":"/"} trailing', '{"args":["x\\u0000y"],"cwd":"/"}'):
            path = put(c.bundle.path + "/p.json", text)
            r = c.call("exec", "--process", path, c.id)
            check(r.rc != 0, "refused", text, r)
            contains(r.err, "p.json")
    check(c.call("exec", "--process", "/nonesuch", c.id).rc != 0, "a missing file")


@test("programs that cannot be run: exit code and words")
def _():
    c = up()
    for program, words in (("nonexist", "executable file not found in $PATH"), ("/nonexist", "no such file or directory"),
                           ("/etc/passwd", "permission denied")):
        r = c.exec(program)
        if kind == "hull":
            contains(r.err, words)
        check(r.rc in (1, 255), "exit code", r)
    equal(c.status(), "running")


@test("a process that leaves children behind comes back")
def _():
    c = up()
    equal(c.exec("/bin/sh", "-c", "sleep 30 >/dev/null 2>&1 & exit 6", timeout=10).rc, 6)


@test("exec ends when the container is killed")
def _():
    c = up()
    p = background([HULL, "--root", ROOT, "exec", c.id, "/payload", "pause"])
    wait_for("its start", lambda: "ready" in get(p.files[0]))
    must(c.kill("KILL"))
    equal(finish(p, 10).rc, 137)


@test("signals to a foreground exec reach its process")
def _():
    c = up()
    p = background([HULL, "--root", ROOT, "exec", c.id, "/payload", "trap"])
    wait_for("its start", lambda: "ready" in get(p.files[0]))
    p.send_signal(signal.SIGUSR1)
    if kind != "crun":
        wait_for("USR1", lambda: '"signal":10' in get(p.files[0]))
    p.send_signal(signal.SIGTERM)
    equal(finish(p, 10).rc, 42)


@test("exec does not wait for the container's lock of others: many at once")
def _():
    c = up()
    many = [background([HULL, "--root", ROOT, "exec", c.id, "/payload", "exit", str(i)]) for i in range(16)]
    equal([finish(p).rc for p in many], list(range(16)))


@test("--tty=false and a second container with the same name of program")
def _():
    c = up()
    f = must(c.exec("/payload", "tty", flags=("--tty=false",))).facts
    equal(f["tty"], [0, 0, 0])


@test("the process is in its own session with nothing blocked or ignored", only="hull")
def _():
    c = up()
    f = must(c.exec("/payload", "self", "+", "signals")).facts
    equal((f["sid"], f["pgid"], f["blocked"], f["ignored"]), (f["pid"], f["pid"], [], []))
    equal(f["ppid"], 0)


@test("--cgroup of a part of the container's own tree; outside is refused (S51)", only="hull")
def _():
    c = up()
    top, version = cgroups.controller("pids")
    folder = cgroups.of_pid(c.pid(), "pids")
    for bad in ("../x", "../../..", "/../x", "a/../../x", "nonesuch"):
        r = c.exec("/payload", "cgroup", flags=("--cgroup", bad))
        check(r.rc != 0, f"--cgroup {bad}", r)
    if version == 1:
        os.mkdir(folder + "/part")
        f = must(c.exec("/payload", "cgroup", flags=("--cgroup", "pids:part"))).facts
        equal(f["pids"], f"/{TAG}/{c.id}/part")


@test("exec of scheduler, ioPriority and affinity of a process file", only="hull")
def _():
    c = up()
    cpu = sorted(os.sched_getaffinity(0))[-1]
    f = must(c.exec_process(process(args=["/payload", "sched"], scheduler={"policy": "SCHED_BATCH", "nice": 4},
                                    ioPriority={"class": "IOPRIO_CLASS_IDLE", "priority": 2}, execCPUAffinity={"final": str(cpu)}))).facts
    equal((f["policy"], f["nice"], f["ioClass"], f["cpus"]), (3, 4, 3, [cpu]))


@test("the mount view of exec is the container's: masks and read-only paths hold")
def _():
    c = up(linux={"maskedPaths": ["/secret", "/proc/keys"], "readonlyPaths": ["/etc"]})
    put(c.rootfs + "/secret", "x")
    r = must(c.exec("/payload", "read", "/proc/keys", "+", "write", "/etc/x", "y"))
    equal((r.lines[0]["read"], r.lines[1]["errno"]), (0, 30))


@test("exec leaves no state behind", only="hull")
def _():
    c = up()
    before = sorted(os.listdir(f"{ROOT}/{c.id}"))
    for _ in range(5):
        must(c.exec("/payload", "exit"))
    equal(sorted(os.listdir(f"{ROOT}/{c.id}")), before)
    equal(list(processes()), [c.pid()])


main()
