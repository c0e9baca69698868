#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hull, or what it starts, dies or gets an error at any of its system calls.

A sample of the calls by default. HULL_SWEEP=all takes every one of them (some minutes), HULL_SWEEP=N
every N-th.
"""

import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from attack import *

SWEEP = os.environ.get("HULL_SWEEP", "")
STEP = 1 if SWEEP == "all" else int(SWEEP or 0)
HOST, INIT = "host", "init"
BRK = {"x86_64": 12, "aarch64": 214}.get(os.uname().machine)
# Calls that wait, and so can be interrupted: read, write, poll, sendmsg, recvmsg, connect, accept4, wait4, waitid, flock.
WAITING = {"x86_64": (0, 1, 7, 42, 46, 47, 61, 73, 247, 288), "aarch64": (32, 63, 64, 73, 95, 203, 211, 212, 242, 260)}.get(os.uname().machine, ())
REPORT = WORK + "/report"
LIMIT = 1800 if STEP else 60
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # of a build with sanitizers: it does not work in a traced process


def tracer():
    return build("tracer", "tracer.c")


def harmed(who, at, harm, *argv):
    """The runtime with one harmed call: (result, counts of calls, number of the call or -1)."""
    program = tracer()
    put(REPORT)
    r = command(program, REPORT, who, str(at), str(harm), HULL, "--root", ROOT, *argv, timeout=20)
    check(r.rc != 125, "the tracer failed", r)
    host, init, call = [int(w) for w in get(REPORT).split()]
    return r, {HOST: host, INIT: init}, call


def points(total, sample):
    step = STEP or max(1, total // sample)
    # Other calls each time, whatever the number of points is.
    start = 1 if STEP == 1 else 1 + os.getpid() % step
    return range(start, total + 1, step)


def sweep(who, harm, sample, begin, argv, judge):
    """Harms one call after the other. begin() makes the container, argv(c) is the command, judge(c,
    result, at) sees to what came of it."""
    os.makedirs(ROOT, exist_ok=True)
    c = begin()
    r, counts, _ = harmed(who, 0, harm, *argv(c))
    must(r)
    must(c.delete("--force"))
    check(counts[who] > 20, "the tracer saw hull's calls", counts)
    bad, tried = [], 0
    for at in points(counts[who], sample):
        c = begin()
        r, _, call = harmed(who, at, harm, *argv(c))
        if call == BRK and harm != "kill":
            c.delete("--force")
            continue  # it has no errno: the value would be taken for an address
        where = f"call {at} of {counts[who]} (number {call}) of {who}, {harm}"
        tried += 1
        try:
            judge(c, r, call)
        except Failure as e:
            bad.append(f"{where}: {e}")
            _clean(c)
        c.bundle.remove()
        if len(bad) > 20:
            break
    print(f"# {tried} of {counts[who]} calls of {who}: {len(bad)} bad", flush=True)
    check(not bad, f"{len(bad)} of {tried}", *bad)


def _clean(c):
    """As the harness does after a test, so that the next point is not blamed."""
    c.delete("--force")
    for pid in processes():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    time.sleep(0.1)
    cgroups.remove_ours()
    command("rm", "-rf", ROOT)


def recovers(c):
    """Nothing hangs, nothing is left, the id can be used again."""
    must(c.call("list"))
    check(c.call("state", c.id).rc in (0, 1), "state")
    must(c.delete("--force"))
    nothing_left()
    check(not [n for n in os.listdir(WORK) if n.startswith(".")], "a temporary file", os.listdir(WORK))
    c.config["process"]["args"] = ["/payload", "exit", "7"]
    again = c.run()
    equal(again.rc, 7, f"again: {again}")
    nothing_left()


def after_kill(c, r, call):
    check(call < 0 or r.rc == 137, "it was not killed", r)
    recovers(c)


def after_init_kill(c, r, call):
    """hull survives: it tells, and takes all back by itself. Killed in the moment before its exec, when
    hull has nothing more to do for it, it is as the container's program, killed."""
    if r.rc not in (0, 137):
        one_line(r)
        nothing_left()
    recovers(c)


def one_line(r):
    check(0 < r.rc < 126 or r.rc in (137, 255), "neither success nor refusal", r)
    lines = r.err.splitlines()
    check(len(lines) == 1 and lines[0].startswith("hull: ") and len(lines[0]) > 12, "not one line of error", r)


def fresh(**change):
    return lambda: container(**dict({"args": ["/payload", "exit", "0"]}, **change)).prepared()


def created(**change):
    def begin():
        c = fresh(**change)()
        c.create()
        return c
    return begin


def running(**change):
    def begin():
        c = container(**change).prepared()
        c.up()
        return c
    return begin


def stopped(**change):
    def begin():
        c = created(**change)()
        c.start()
        c.stopped()
        return c
    return begin


def prepared(self):
    self.bundle.write()
    return self


Container.prepared = prepared

USER = {"namespaces": ["pid", "network", "ipc", "uts", "mount", "user"], "linux": user_namespace()}
HOOK = [{"path": "/bin/true"}]
IN_HOOK = [{"path": "/payload", "args": ["payload", "exit", "0"]}]
HOOKS = {"hooks": {"prestart": HOOK, "createRuntime": HOOK, "createContainer": HOOK, "startContainer": IN_HOOK,
                   "poststart": HOOK, "poststop": HOOK}}
BARE = {"namespaces": ["mount"], "bare": True}

KINDS = {"": {}, " with a user namespace": USER, " with hooks": HOOKS, " in the host's PID namespace": BARE}


def create(c):
    return "create", "--bundle", c.bundle.path, "--pid-file", WORK + "/tmp/pid", c.id


def run(c):
    return "run", "--bundle", c.bundle.path, c.id


def start(c):
    return "start", c.id


def exec_(c):
    return "exec", c.id, "/payload", "exit", "0"


def alone(c):
    """No half of an exec waits in the container for a hull that is dead."""
    wait_for("the joining process to end", lambda: not [p for p in processes().values() if "hull-init" in p])


def after_exec_kill(c, r, call):
    check(call < 0 or r.rc == 137, "it was not killed", r)
    alone(c)
    equal(c.status(), "running")
    equal(c.exec("/payload", "exit", "5").rc, 5)
    recovers(c)


def after_exec_init_kill(c, r, call):
    if r.rc not in (0, 137):
        one_line(r)
    alone(c)
    equal(c.status(), "running")
    equal(c.exec("/payload", "exit", "5").rc, 5)
    recovers(c)


for _name, _change in KINDS.items():
    def _tests(name, change):
        test(f"SIGKILL of create{name}", only="hull", limit=LIMIT)(
            lambda: sweep(HOST, "kill", 8, fresh(**change), create, after_kill))
        test(f"SIGKILL of start{name}", only="hull", limit=LIMIT)(
            lambda: sweep(HOST, "kill", 5, created(**change), start, after_kill))
        test(f"SIGKILL of run{name}", only="hull", limit=LIMIT)(
            lambda: sweep(HOST, "kill", 5, fresh(**change), run, after_kill))
        test(f"SIGKILL of exec{name}", only="hull", limit=LIMIT)(
            lambda: sweep(HOST, "kill", 5, running(**change), exec_, after_exec_kill))
        test(f"SIGKILL of what create starts{name}", only="hull", limit=LIMIT)(
            lambda: sweep(INIT, "kill", 5, fresh(**change), create, after_init_kill))
        test(f"SIGKILL of what run starts{name}", only="hull", limit=LIMIT)(
            lambda: sweep(INIT, "kill", 5, fresh(**change), run, after_init_kill))
        test(f"SIGKILL of what exec starts{name}", only="hull", limit=LIMIT)(
            lambda: sweep(INIT, "kill", 5, running(**change), exec_, after_exec_init_kill))
    _tests(_name, _change)


@test("SIGKILL of kill", only="hull", limit=LIMIT)
def _():
    sweep(HOST, "kill", 5, running(), lambda c: ("kill", c.id, "KILL"), after_kill)


@test("SIGKILL of kill --all", only="hull", limit=LIMIT)
def _():
    sweep(HOST, "kill", 5, running(), lambda c: ("kill", "--all", c.id, "KILL"), after_kill)


@test("SIGKILL of delete", only="hull", limit=LIMIT)
def _():
    sweep(HOST, "kill", 5, stopped(), lambda c: ("delete", c.id), after_kill)


@test("SIGKILL of delete --force", only="hull", limit=LIMIT)
def _():
    sweep(HOST, "kill", 5, running(**HOOKS), lambda c: ("delete", "--force", c.id), after_kill)


@test("SIGKILL of delete --force in the host's PID namespace", only="hull", limit=LIMIT)
def _():
    sweep(HOST, "kill", 5, running(**BARE), lambda c: ("delete", "--force", c.id), after_kill)


@test("SIGKILL of pause, update and resume", only="hull", limit=LIMIT)
def _():
    def paused():
        c = running()()
        must(c.call("pause", c.id))
        return c
    sweep(HOST, "kill", 4, running(), lambda c: ("pause", c.id), after_kill)
    sweep(HOST, "kill", 4, running(), lambda c: ("update", "--pids-limit", "50", c.id), after_kill)
    sweep(HOST, "kill", 4, paused, lambda c: ("resume", c.id), after_kill)


def after_error(c, r, call):
    """Success, or one line that names what failed and nothing left; never a crash."""
    if r.rc == 0:
        return recovers(c)
    one_line(r)
    # When the deletion at the end fails, the container is still there to be deleted.
    if "delete container" not in r.err and "remove " not in r.err or not os.path.exists(f"{ROOT}/{c.id}/record"):
        nothing_left()
    recovers(c)


def retried(judge):
    def judged(c, r, call):
        check(r.rc == 0 or call not in WAITING, "not tried again", r)
        judge(c, r, call)
    return judged


def after_exec_error(c, r, call):
    if r.rc != 0:
        one_line(r)
    alone(c)
    equal(c.status(), "running")
    recovers(c)


CODES = ("EIO", "ENOMEM", "EPERM", "EINTR", "ENOSPC", "EMFILE", "EAGAIN")

for _code in CODES:
    def _tests(name):
        code = getattr(errno, name)
        again = retried if name == "EINTR" else lambda judge: judge
        test(f"{name} in run", only="hull", limit=LIMIT)(
            lambda: sweep(HOST, code, 3, fresh(), run, again(after_error)))
        test(f"{name} in what run starts", only="hull", limit=LIMIT)(
            lambda: sweep(INIT, code, 3, fresh(), run, again(after_error)))
        test(f"{name} in exec", only="hull", limit=LIMIT)(
            lambda: sweep(HOST, code, 3, running(), exec_, again(after_exec_error)))
        test(f"{name} in what exec starts", only="hull", limit=LIMIT)(
            lambda: sweep(INIT, code, 3, running(), exec_, again(after_exec_error)))
    _tests(_code)


main()
