#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seccomp: profiles of engines, actions, arguments, notification."""

import fcntl
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

ENGINES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "engines")
NOTIF_RECV, NOTIF_SEND = 0xC0502100, 0xC0182101


def filtered(*commands, default="SCMP_ACT_ALLOW", syscalls=(), caps=("CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_BOOT"), **more):
    args = ["/payload"]
    for c in commands:
        args += (["+"] if len(args) > 1 else []) + c.split()
    change = {k: more.pop(k) for k in list(more) if k in ("process", "uid", "mounts", "env")}
    seccomp = {"defaultAction": default, "syscalls": list(syscalls)}
    seccomp.update(more)
    return container(args=args, caps=caps, linux={"seccomp": seccomp}, **change)


def rule(action, *names, **more):
    return dict(names=list(names), action=action, **more)


def engine_profile(name):
    with open(f"{ENGINES}/{name}/config.json") as f:
        return json.load(f)["linux"]["seccomp"]


@test("no seccomp section: no filter")
def _():
    equal(must(container(args=["/payload", "caps"]).run()).facts["seccomp"], 0)


@test("an engine's default profile: ordinary calls work, mount and the like do not")
def _():
    for engine in ("podman", "docker"):
        refused_call = "mount" if engine == "docker" else "reboot"
        c = filtered("caps", "syscall mount", "syscall keyctl", "syscall unshare-user", "syscall reboot", "syscall getppid", "mkdir /tmp/x",
                     **engine_profile(engine))
        r = must(c.run())
        equal(r.facts["seccomp"], 2)
        e = {k: l["errno"] for l in r.lines for k in l if "errno" in l}
        check(e[refused_call] in (1, 38), f"{engine}: {refused_call}", r)
        equal((e["getppid"], e["mkdir"]), (0, 0))


@test("the profile holds in exec as well")
def _():
    c = filtered("pause", **engine_profile("docker"))
    c.ready(c.up())
    r = must(c.exec("/payload", "caps", "+", "syscall", "mount"))
    equal(r.facts["seccomp"], 2)
    check(r.facts["errno"] in (1, 38), "mount", r)


@test("ERRNO gives EPERM, or errnoRet; of the default action defaultErrnoRet")
def _():
    c = filtered("syscall mount", "syscall keyctl", "mkdir /tmp/a",
                 syscalls=[rule("SCMP_ACT_ERRNO", "mount"), rule("SCMP_ACT_ERRNO", "keyctl", errnoRet=99)])
    equal([l["errno"] for l in must(c.run()).lines], [1, 99, 0])
    allow = engine_profile("docker")["syscalls"]
    c = filtered("syscall mount", default="SCMP_ACT_ERRNO", defaultErrnoRet=77, syscalls=[r for r in allow if r["action"] == "SCMP_ACT_ALLOW"])
    equal(must(c.run()).lines[0]["errno"], 77)


@test("rules for arguments: each operator")
def _():
    def args(op, value, two=None):
        a = {"index": 0, "value": value, "op": "SCMP_CMP_" + op}
        if two is not None:
            a["valueTwo"] = two
        return [a]
    # socket(domain): 1 is unix, 2 is inet, 16 is netlink; refused where the rule matches.
    table = (("EQ", 2, None, [0, 13, 0]), ("NE", 1, None, [0, 13, 13]), ("GT", 2, None, [0, 0, 13]), ("GE", 2, None, [0, 13, 13]),
             ("LT", 2, None, [13, 0, 0]), ("LE", 2, None, [13, 13, 0]), ("MASKED_EQ", 0x12, 0x10, [0, 0, 13]))
    for op, value, two, want in table:
        c = filtered("syscall socket 1", "syscall socket 2", "syscall socket 16",
                     syscalls=[rule("SCMP_ACT_ERRNO", "socket", errnoRet=13, args=args(op, value, two))])
        got = [l["errno"] for l in must(c.run()).lines]
        equal([e == 13 for e in got], [w == 13 for w in want], op)


@test("rules for arguments: two of one rule are both needed; 64 bits count")
def _():
    both = [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]
    c = filtered("syscall socket 1", "syscall socket 2", syscalls=[rule("SCMP_ACT_ERRNO", "socket", errnoRet=13, args=both)])
    equal([l["errno"] for l in must(c.run()).lines], [13, 0])
    high = [{"index": 0, "value": (1 << 32) + 1, "op": "SCMP_CMP_EQ"}]
    c = filtered("syscall personality 0x1", syscalls=[rule("SCMP_ACT_ERRNO", "personality", errnoRet=13, args=high)])
    equal(must(c.run()).lines[0]["errno"], 0)
    huge = [{"index": 0, "value": 18446744073709551615, "op": "SCMP_CMP_EQ"}]
    must(filtered("self", syscalls=[rule("SCMP_ACT_ERRNO", "personality", args=huge)]).run())


@test("KILL_PROCESS ends the process with SIGSYS")
def _():
    for action in ("SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL"):
        c = filtered("self", "syscall keyctl", "self", syscalls=[rule(action, "keyctl")])
        r = c.run()
        equal((r.rc, len(r.lines)), (128 + 31, 1), action)


@test("TRAP, LOG, TRACE and ALLOW")
def _():
    # TRAP is a signal with the default of an end, which process 1 of a namespace cannot escape: it is forced.
    equal(filtered("syscall keyctl", syscalls=[rule("SCMP_ACT_TRAP", "keyctl")]).run().rc, 128 + 31)
    equal(must(filtered("syscall getppid", syscalls=[rule("SCMP_ACT_LOG", "getppid")]).run()).lines[0]["errno"], 0)
    # Without a tracer the call fails with ENOSYS.
    equal(must(filtered("syscall keyctl", syscalls=[rule("SCMP_ACT_TRACE", "keyctl", errnoRet=5)]).run()).lines[0]["errno"], 38)


@test("default KILL with a list of what is allowed", only="hull runc")
def _():
    allow = [n for r in engine_profile("podman")["syscalls"] if r["action"] == "SCMP_ACT_ALLOW" and not r.get("args") for n in r["names"]
             if n != "keyctl"]
    c = filtered("self", "syscall keyctl", default="SCMP_ACT_KILL_PROCESS", syscalls=[rule("SCMP_ACT_ALLOW", *allow)])
    equal(c.run().rc, 159)


@test("a plain user with no new privileges gets the filter as well")
def _():
    for nnp in (True, False):
        c = filtered("caps", "syscall keyctl", syscalls=[rule("SCMP_ACT_ERRNO", "keyctl", errnoRet=42)], uid=1000,
                     process={"noNewPrivileges": nnp})
        r = must(c.run())
        equal((r.facts["seccomp"], r.facts["errno"]), (2, 42))


@test("a filter that refuses what a runtime itself needs late does not stop the start")
def _():
    names = ["capset", "setresuid", "setresgid", "setgroups", "fchdir", "umask"]
    c = filtered("self", syscalls=[rule("SCMP_ACT_ERRNO", *names)], uid=1000)
    must(c.run())


@test("unknown calls of a profile are passed over; unknown actions, operators, architectures and flags are refused")
def _():
    must(filtered("self", syscalls=[rule("SCMP_ACT_ERRNO", "nonesuch_call", "keyctl")]).run())
    if kind == "crun":
        return
    bad = [dict(default="SCMP_ACT_BOGUS"), dict(syscalls=[rule("SCMP_ACT_BOGUS", "keyctl")]), dict(architectures=["SCMP_ARCH_BOGUS"]),
           dict(flags=["SECCOMP_FILTER_FLAG_BOGUS"]),
           dict(syscalls=[rule("SCMP_ACT_ERRNO", "socket", args=[{"index": 0, "value": 1, "op": "SCMP_CMP_BOGUS"}])])]
    if kind == "hull":
        bad += [dict(syscalls=[rule("SCMP_ACT_ERRNO", "socket", args=[{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}])]),
                dict(syscalls=[rule("SCMP_ACT_ALLOW", "socket", errnoRet=5)]), dict(syscalls=[rule("SCMP_ACT_KILL", "socket", errnoRet=5)]),
                dict(syscalls=[{"names": [], "action": "SCMP_ACT_ERRNO"}]), dict(syscalls=[{"action": "SCMP_ACT_ERRNO"}]),
                dict(listenerMetadata="x"), dict(defaultErrnoRet=5)]
    for b in bad:
        refused(filtered("exit 0", **b).run(), *(["seccomp"] if kind == "hull" else []))
    nothing_left()


@test("other architectures and x32 cannot get around the filter", only="hull runc")
def _():
    if os.uname().machine != "x86_64":
        skip("x86-64 only")
    # keyctl by its x32 number; without SCMP_ARCH_X32 in the profile the call may not be let through.
    c = filtered(f"syscall number {0x40000000 + 250}", syscalls=[rule("SCMP_ACT_ERRNO", "keyctl")])
    r = c.run()
    check(r.rc != 0 or r.lines[0]["errno"] != 0, "x32", r)


@test("flags are given on", only="hull")
def _():
    must(filtered("caps", flags=["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
                  syscalls=[rule("SCMP_ACT_ERRNO", "keyctl")]).run())


@test("newer calls than the profile knows give ENOSYS, not EPERM", only="hull")
def _():
    allow = [n for r in engine_profile("docker")["syscalls"] if r["action"] == "SCMP_ACT_ALLOW" and not r.get("args") for n in r["names"]]
    c = filtered("syscall number 5000", default="SCMP_ACT_ERRNO", syscalls=[rule("SCMP_ACT_ALLOW", *allow)])
    equal(must(c.run()).lines[0]["errno"], 38)


def answer(fd, error=0, value=0):
    """Takes one notification and answers it: the caller's (pid, call number)."""
    raw = bytearray(80)
    fcntl.ioctl(fd, NOTIF_RECV, raw)
    ident, pid, _, number = struct.unpack_from("=QIIi", raw)
    fcntl.ioctl(fd, NOTIF_SEND, bytearray(struct.pack("=QqiI", ident, value, -error, 0)))
    return pid, number


@test("NOTIFY: the agent gets one descriptor and the container's state, and answers")
def _():
    agent = Listener("agent.sock")
    c = filtered("syscall keyctl", "fds", syscalls=[rule("SCMP_ACT_NOTIFY", "keyctl")], listenerPath=agent.path, listenerMetadata="some=metadata")
    r = c.create()
    # The filter is loaded as late as possible: at create, or when start lets the process go.
    starting = background([HULL, "--root", ROOT, "start", c.id])
    messages = agent.wait()
    wait_for("the end of the connection", lambda: agent.connections == 1)
    equal([len(m[1]) for m in messages if m[1]], [1])
    state = json.loads(b"".join(m[0] for m in messages))
    equal(state["fds"], ["seccompFd"])
    equal(state["metadata"], "some=metadata")
    equal(state["state"]["id"], c.id)
    equal(state["state"]["bundle"], c.bundle.path)
    check(state["pid"] == c.pid() == state["state"]["pid"], "pid", state)
    if kind != "crun":
        check(state["state"]["status"] in ("creating", "created"), "status", state)
    answer(messages[0][1][0], error=0, value=4711)
    must(finish(starting))
    c.stopped()
    equal(r.lines[0]["keyctl"], 4711)
    equal([f["fd"] for f in r.lines[1]["fds"]], [0, 1, 2])


@test("NOTIFY: exec sends a descriptor of its own", only="hull runc")
def _():
    agent = Listener("agent.sock")
    c = filtered("pause", syscalls=[rule("SCMP_ACT_NOTIFY", "keyctl")], listenerPath=agent.path)
    c.up()
    agent.wait()
    del agent.messages[:]
    p = background([HULL, "--root", ROOT, "exec", c.id, "/payload", "syscall", "keyctl"])
    messages = agent.wait()
    answer(messages[0][1][0], error=55)
    equal(must(finish(p)).lines[0]["errno"], 55)


@test("NOTIFY: an agent that is not there, or goes away, is an error")
def _():
    r = filtered("exit 0", syscalls=[rule("SCMP_ACT_NOTIFY", "keyctl")], listenerPath="/nonesuch/agent").run()
    refused(r)
    nothing_left()


@test("NOTIFY without listenerPath or as default is refused", only="hull")
def _():
    refused(filtered("exit 0", syscalls=[rule("SCMP_ACT_NOTIFY", "keyctl")]).run(), "listenerPath")
    agent = Listener("agent.sock")
    for bad in (dict(default="SCMP_ACT_NOTIFY"), dict(syscalls=[rule("SCMP_ACT_NOTIFY", "sendmsg")])):
        refused(filtered("exit 0", listenerPath=agent.path, **bad).run(), "SCMP_ACT_NOTIFY")


main()
