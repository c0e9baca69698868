#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hooks: all six kinds, their order, what they get, and what happens when they fail."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


def log_folder():
    path = f"{WORK}/tmp/hooks"
    os.makedirs(path, exist_ok=True)
    return path


def script(name, body):
    """A program that is at the same path on the host and, by a bind, in the container."""
    return put(f"{log_folder()}/{name}", f"#!/bin/sh\n{body}\n", 0o755)


def with_hooks(hooks, **change):
    folder = log_folder()
    return container(hooks=hooks, mounts=[bind(folder, folder)], **change)


def hook(path, *args, **more):
    return dict(path=path, args=[os.path.basename(path)] + list(args), **more)


def log():
    path = log_folder() + "/log"
    return get(path).split() if os.path.exists(path) else []


def recorder():
    """Appends its argument to the log; keeps its input, environment, folder and namespaces."""
    d = log_folder()
    return script("record", f"n={d}/$1\n/bin/cat >$n.state\necho $1 >>{d}/log\n/usr/bin/env >$n.env 2>/dev/null || /bin/env >$n.env\n"
                  f"pwd >$n.cwd\nfor k in mnt net pid; do /bin/readlink /proc/self/ns/$k; done >$n.ns 2>/dev/null\n"
                  f"for f in /proc/self/fd/*; do echo ${{f##*/}}; done >$n.fds 2>/dev/null\necho out-of-$1; echo err-of-$1 >&2\nexit 0")


@test("all six, in their order, each list in its order")
def _():
    r = recorder()
    c = with_hooks({k: [hook(r, k + "1", env=[PATH]), hook(r, k + "2", env=[PATH])] for k in KINDS})
    c.create()
    equal(log()[:6], [k + n for k in KINDS[:3] for n in "12"])
    c.start()
    # Poststart: after the program runs and before start returns.
    want = [k + n for k in KINDS[:5] for n in "12"]
    if kind == "hull":
        equal(log(), want)
    wait_for("all hooks", lambda: sorted(log()) == sorted(want))
    must(c.delete("--force"))
    equal(log()[-2:], ["poststop1", "poststop2"])
    equal(len(log()), 12)


@test("each gets the state on its input, with the right status")
def _():
    r = recorder()
    c = with_hooks({k: [hook(r, k, env=[PATH])] for k in KINDS}, annotations={"org.example": "x\"y"})
    c.create()
    c.start()
    pid = c.pid()
    must(c.delete("--force"))
    states = {k: json.loads(get(f"{log_folder()}/{k}.state")) for k in KINDS}
    for k, s in states.items():
        equal(s["id"], c.id, k)
        if kind != "crun":
            equal(s["bundle"], c.bundle.path, k)
        check(s["ociVersion"].startswith("1."), "ociVersion", s)
        if kind != "crun":
            equal(s["annotations"], {"org.example": "x\"y"}, k)
    equal([states[k]["pid"] for k in ("prestart", "createRuntime")], [pid] * 2)
    if kind != "runc":
        equal(states["poststart"]["status"], "running")
    if kind == "hull":
        equal([states[k]["status"] for k in KINDS], ["creating", "creating", "creating", "created", "running", "stopped"])
        equal([states[k]["pid"] for k in ("createContainer", "startContainer")], [1, 1])
        equal(states["poststart"]["pid"], pid)


@test("prestart and createRuntime run in the runtime's namespaces, createContainer and startContainer in the container's")
def _():
    r = recorder()
    c = with_hooks({k: [hook(r, k, env=[PATH])] for k in KINDS})
    c.create()
    c.start()
    pid = c.pid()
    must_be = {k: [os.readlink(f"/proc/{pid if k in ('createContainer', 'startContainer') else 'self'}/ns/{n}") for n in ("mnt", "net")]
               for k in KINDS}
    must(c.delete("--force"))
    for k in KINDS:
        equal(get(f"{log_folder()}/{k}.ns").split()[:2], must_be[k], k)


@test("createContainer sees the host's paths, startContainer the container's")
def _():
    marker = put(f"{WORK}/tmp/on-host")
    d = log_folder()
    s = script("see", f"test -e {marker} && echo $1-host >>{d}/log; test -e /only-inside && echo $1-inside >>{d}/log; exit 0")
    c = with_hooks({k: [hook(s, k, env=[PATH])] for k in ("createRuntime", "createContainer", "startContainer")})
    put(c.rootfs + "/only-inside")
    c.up()
    wait_for("all hooks", lambda: log() == ["createRuntime-host", "createContainer-host", "startContainer-inside"])


@test("a createRuntime hook finds the container's namespaces by the pid of the state (S54)")
def _():
    d = log_folder()
    s = script("net", f"/bin/sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p' >{d}/pid; /bin/readlink /proc/$(/bin/cat {d}/pid)/ns/net >{d}/net")
    c = with_hooks({"createRuntime": [hook(s, env=[PATH])]})
    c.create()
    equal(get(d + "/net").strip(), os.readlink(f"/proc/{c.pid()}/ns/net"))
    check(get(d + "/net").strip() != os.readlink("/proc/self/ns/net"), "not the host's")


@test("env is the hook's own; cwd is the bundle; no descriptors of the runtime (S54, CVE-2025-23266)", only="hull")
def _():
    r = recorder()
    evil = [PATH, "LD_PRELOAD=/evil.so", "SECRET=container"]
    kinds = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    c = with_hooks({k: [hook(r, k, env=["MINE=1", PATH])] for k in kinds}, env=evil)
    c.create(env=dict(os.environ, SECRET_OF_CALLER="1"))
    c.start()
    must(c.delete("--force"))
    for k in kinds:
        e = [l for l in get(f"{log_folder()}/{k}.env").splitlines() if not l.startswith(("PWD=", "SHLVL=", "_=", "OLDPWD="))]
        equal(sorted(e), sorted(["MINE=1", PATH]), k)
        if k != "createContainer":
            equal(get(f"{log_folder()}/{k}.cwd").strip(), c.bundle.path, k)


@test("a hook without env gets an empty one", only="hull")
def _():
    r = recorder()
    c = with_hooks({"createRuntime": [hook(r, "x")]})
    c.create(env=dict(os.environ, SECRET_OF_CALLER="1"))
    lacks(get(log_folder() + "/x.env"), "SECRET", "HULL", "HOME")


@test("args are the hook's, args[0] too; without args it is the path")
def _():
    d = log_folder()
    s = script("argv", f"for a in \"$@\"; do echo \"<$a>\" >>{d}/log; done")
    c = with_hooks({"createRuntime": [dict(path=s, args=["zero", "a", "", "x\ty"], env=[PATH]), dict(path=s, env=[PATH])]})
    c.create()
    equal(get(d + "/log").splitlines(), ["<a>", "<>", "<x\ty>"])


@test("a failing hook of create is an error with its output; nothing is left; poststop ran")
def _():
    for k in KINDS[:3]:
        bad = script("bad", "echo text-of-hook >&2; exit 7")
        r = recorder()
        c = with_hooks({k: [hook(bad, env=[PATH]), hook(r, "after", env=[PATH])], "poststop": [hook(r, "poststop", env=[PATH])]})
        out = refused(c.try_create())
        if kind == "hull":
            contains(out.err, f"hooks.{k}[0]", "7", "text-of-hook")
            equal(log(), ["poststop"], k)
        lacks(" ".join(log()), "after")
        refused(c.call("state", c.id))
        nothing_left()
        command("rm", "-f", log_folder() + "/log")


@test("a failing startContainer hook: start is an error, the program does not run", only="hull runc")
def _():
    bad = script("bad", "echo text-of-hook >&2; exit 7")
    c = with_hooks({"startContainer": [hook(bad, env=[PATH])]}, args=["/payload", "write", "/ran"])
    c.create()
    r = c.call("start", c.id)
    if kind == "hull":
        refused(r, "startContainer")
    c.call("delete", "--force", c.id)
    check(not os.path.exists(c.rootfs + "/ran"), "the program ran")
    nothing_left()


@test("a failing poststart hook stops the container; start is an error", only="hull")
def _():
    bad = script("bad", "exit 3")
    c = with_hooks({"poststart": [hook(bad, env=[PATH])]})
    c.create()
    refused(c.call("start", c.id), "hooks.poststart[0]")
    wait_for("its end", lambda: not processes())


@test("a failing poststop hook does not keep delete from its work; the next one runs")
def _():
    bad = script("bad", "exit 3")
    r = recorder()
    c = with_hooks({"poststop": [hook(bad, env=[PATH]), hook(r, "second", env=[PATH])]})
    c.up()
    must(c.delete("--force"))
    if kind == "hull":
        equal(log(), ["second"])
    nothing_left()


@test("poststop runs after the container is gone", only="hull runc")
def _():
    d = log_folder()
    s = script("gone", f"test -d /proc/$(/bin/cat {d}/pid) && echo alive >>{d}/log; echo ran >>{d}/log")
    c = with_hooks({"poststop": [hook(s, env=[PATH])]})
    c.up()
    put(d + "/pid", str(c.pid()))
    must(c.delete("--force"))
    equal(log(), ["ran"])


@test("run calls them all as well")
def _():
    r = recorder()
    c = with_hooks({k: [hook(r, k, env=[PATH])] for k in KINDS}, args=["/payload", "exit", "4"])
    equal(c.run().rc, 4)
    equal(sorted(log()), sorted(KINDS))


@test("a hook past its timeout is killed, with its children, and is an error (S55)", limit=30)
def _():
    slow = script("slow", f"{'/bin/sleep 60 &' if kind == 'hull' else ''} exec /bin/sleep 60; echo late >>{log_folder()}/log")
    c = with_hooks({"createRuntime": [hook(slow, env=[PATH], timeout=1)]})
    start = time.monotonic()
    r = refused(c.try_create(timeout=15))
    took = time.monotonic() - start
    check(0.9 < took < 8, f"after a second: {took:.1f}", r)
    if kind == "hull":
        contains(r.err, "hooks.createRuntime[0]", "timeout")
    nothing_left()


@test("a hook that leaves a child with its output open does not hang the runtime (S55)", only="hull", limit=30)
def _():
    s = script("daemon", "/bin/sleep 30 & exit 0")
    c = with_hooks({"createRuntime": [hook(s, env=[PATH], timeout=5)]})
    start = time.monotonic()
    c.try_create(timeout=25)
    check(time.monotonic() - start < 6, "took long")
    for pid, text in processes().items():
        if "sleep" in text:
            os.kill(pid, signal.SIGKILL)


@test("a hook that does not read its input is fine")
def _():
    s = script("deaf", "exec 0<&-; exit 0")
    c = with_hooks({"createRuntime": [hook(s, env=[PATH])]}, annotations={f"k{i}": "x" * 1000 for i in range(200)})
    c.create()


@test("bad hooks are refused: relative path, missing program, zero and negative timeout")
def _():
    bad = [dict(path="bin/true"), dict(path="/nonesuch")]
    if kind == "hull":
        bad += [dict(path="/bin/true", timeout=0), dict(path="/bin/true", timeout=-1), dict(args=["x"]), dict(path="/bin/true", timeout="5")]
    for h in bad:
        refused(with_hooks({"createRuntime": [h]}).try_create(), *(["hooks.createRuntime[0]"] if kind == "hull" else []))
    nothing_left()


@test("a hook has three descriptors, and default signals", only="hull")
def _():
    d = log_folder()
    s = script("see", f"/bin/cat /proc/self/status >{d}/status; exec /bin/ls /proc/self/fd >{d}/fds")
    c = with_hooks({"createRuntime": [hook(s, env=[PATH])]})
    def careless():
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        os.dup2(os.open("/", os.O_RDONLY), 37)
    c.create(preexec_fn=careless, close_fds=False)
    # 3 is the folder that ls reads.
    equal(get(d + "/fds").split(), ["0", "1", "2", "3"])
    status = dict(l.split(":\t", 1) for l in get(d + "/status").splitlines() if ":\t" in l)
    equal((int(status["SigBlk"], 16), int(status["SigIgn"], 16)), (0, 0))


main()
