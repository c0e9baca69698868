#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attributes of the process and the container that the kernel just takes: memory policy, scheduling,
affinity, personality, propagation, clocks, flags of the seccomp filter."""

import ctypes
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

NAMESPACES = ["pid", "network", "ipc", "uts", "mount"]
MILLION = 10 ** 6
_libc = ctypes.CDLL(None, use_errno=True)


def numa(policy, **change):
    return container(args=["/bin/cat", "/proc/self/numa_maps"], linux={"memoryPolicy": policy}, **change)


def policies(result):
    """The memory policies of a program's memory, as the kernel writes them."""
    words = set()
    for line in result.out.splitlines():
        rest = line.split(" ", 1)[1]
        for end in (" file=", " anon=", " heap", " stack", " mapped=", " N0="):
            rest = rest.split(end)[0]
        words.add(rest.strip())
    return words


def need_numa():
    if not os.path.exists("/proc/self/numa_maps"):
        skip("the kernel has no NUMA")


@test("memoryPolicy: every mode", only="hull")
def _():
    need_numa()
    for mode, nodes, want in (("MPOL_DEFAULT", None, "default"), ("MPOL_BIND", "0", "bind:0"), ("MPOL_INTERLEAVE", "0", "interleave:0"),
                              ("MPOL_WEIGHTED_INTERLEAVE", "0", "weighted interleave:0"), ("MPOL_PREFERRED", "0", "prefer:0"),
                              ("MPOL_PREFERRED", None, "local"), ("MPOL_PREFERRED_MANY", "0", "prefer (many):0"), ("MPOL_LOCAL", None, "local"),
                              ("MPOL_BIND", " 0-0 , 0 ", "bind:0")):
        policy = {"mode": mode, "nodes": nodes} if nodes else {"mode": mode}
        equal(policies(must(numa(policy).run())), {want}, str(policy))


@test("memoryPolicy: every flag", only="hull")
def _():
    need_numa()
    for flags, want in ((["MPOL_F_STATIC_NODES"], "bind=static:0"), (["MPOL_F_RELATIVE_NODES"], "bind=relative:0"),
                        (["MPOL_F_NUMA_BALANCING"], "bind=balancing:0"),
                        (["MPOL_F_STATIC_NODES", "MPOL_F_NUMA_BALANCING"], "bind=static|balancing:0"), ([], "bind:0")):
        got = policies(must(numa({"mode": "MPOL_BIND", "nodes": "0", "flags": flags}).run()))
        # Before Linux 6.15 the kernel does not tell of balancing.
        old = want.replace("|balancing", "").replace("=balancing", "")
        check(len(got) == 1 and got <= {want, old, want.replace("balancing", "")}, "the policy", flags, got)
    for mode in ("MPOL_INTERLEAVE", "MPOL_PREFERRED", "MPOL_PREFERRED_MANY"):
        got = policies(must(numa({"mode": mode, "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}).run()))
        contains(got.pop(), "=static:0")


@test("memoryPolicy: exec has it, too", only="hull")
def _():
    need_numa()
    c = container(linux={"memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0"}})
    c.up()
    equal(policies(must(c.exec("/bin/cat", "/proc/self/numa_maps"))), {"bind:0"})
    contains(get(f"/proc/{c.pid()}/numa_maps"), "bind:0")


@test("memoryPolicy: what does not fit is refused, by hull or by the kernel", only="hull")
def _():
    for policy in ({"mode": "MPOL_BOGUS"}, {"nodes": "0"}, {"mode": "MPOL_BIND"}, {"mode": "MPOL_INTERLEAVE", "nodes": ""},
                   {"mode": "MPOL_DEFAULT", "nodes": "0"}, {"mode": "MPOL_LOCAL", "nodes": "0"}, {"mode": "MPOL_BIND", "nodes": "x"},
                   {"mode": "MPOL_BIND", "nodes": "1-0"}, {"mode": "MPOL_BIND", "nodes": "0,"}, {"mode": "MPOL_BIND", "nodes": "99999999999"},
                   {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]},
                   {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_BOGUS"]}, {"mode": "MPOL_DEFAULT", "flags": ["MPOL_F_STATIC_NODES"]}):
        refused(numa(policy).run(), "linux.memoryPolicy")
    if os.path.exists("/proc/self/numa_maps") and not os.path.exists("/sys/devices/system/node/node900"):
        refused(numa({"mode": "MPOL_BIND", "nodes": "900"}).run(), "linux.memoryPolicy", "invalid argument")
    nothing_left()


def scheduled(scheduler, **change):
    return container(args=["/payload", "sched"], process={"scheduler": scheduler}, **change)


def need_deadline():
    """Whether the kernel gives a process of the test's own what the container is to have."""
    r = command("chrt", "--deadline", "-T", str(MILLION), "-D", str(50 * MILLION), "-P", str(100 * MILLION), "0", "true")
    if r.rc:
        skip("no SCHED_DEADLINE for us here: " + r.err.strip())


DEADLINE = {"policy": "SCHED_DEADLINE", "runtime": 10 * MILLION, "deadline": 50 * MILLION, "period": 100 * MILLION}


@test("SCHED_DEADLINE: runtime, deadline, period", only="hull")
def _():
    need_deadline()
    f = must(scheduled(DEADLINE).run()).facts
    equal([f[k] for k in ("policy", "runtime", "deadline", "period")], [6, 10 * MILLION, 50 * MILLION, 100 * MILLION])
    f = must(scheduled({k: v for k, v in DEADLINE.items() if k != "period"}).run()).facts
    equal(f["period"], 50 * MILLION, "a period of 0 is the deadline")
    for flags, bits in ((["SCHED_FLAG_RECLAIM"], 2), (["SCHED_FLAG_DL_OVERRUN"], 4), (["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM"], 3)):
        equal(must(scheduled(dict(DEADLINE, flags=flags)).run()).facts["flags"], bits, str(flags))


@test("SCHED_DEADLINE: exec of a process file", only="hull")
def _():
    need_deadline()
    c = container()
    c.up()
    f = must(c.exec_process({"args": ["/payload", "sched"], "cwd": "/", "env": [PATH], "user": {"uid": 0, "gid": 0}, "scheduler": DEADLINE})).facts
    equal((f["policy"], f["runtime"]), (6, 10 * MILLION))


@test("exec: a policy that ends with a fork is there all the same", only="hull")
def _():
    c = container()
    c.up()
    f = must(c.exec_process({"args": ["/payload", "sched"], "cwd": "/", "env": [PATH], "user": {"uid": 1000, "gid": 1000},
                             "scheduler": {"policy": "SCHED_BATCH", "nice": -3, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}})).facts
    equal((f["policy"], f["nice"], f["flags"]), (3, -3, 1))


@test("SCHED_DEADLINE with startContainer hooks", only="hull")
def _():
    need_deadline()
    c = scheduled(DEADLINE, hooks={"startContainer": [{"path": "/bin/true"}]})
    r = c.run()
    # sched(7): such a process may not fork. That has to be told, or be done in another order; never half.
    if r.rc:
        contains(r.err, "startContainer")
    else:
        equal(r.facts["policy"], 6)


@test("SCHED_DEADLINE: what is more than there is, or no sense, is refused", only="hull")
def _():
    for s in (dict(DEADLINE, runtime=0), dict(DEADLINE, runtime=60 * MILLION), dict(DEADLINE, period=1), dict(DEADLINE, nice=1),
              dict(DEADLINE, priority=1), dict(DEADLINE, runtime=2 ** 63), {"policy": "SCHED_OTHER", "runtime": 10 * MILLION}):
        refused(scheduled(s).run(), "process.scheduler")
    nothing_left()


@test("real-time policies in a cgroup with a budget, and their flags", only="hull")
def _():
    top, version = cgroups.controller("cpu")
    budget = os.path.exists(top + "/cpu.rt_runtime_us")
    if budget and int(get(top + "/cpu.rt_runtime_us")) <= 20000:
        skip("the cgroup at the top has no real-time budget to give")
    linux = {"resources": {"cpu": {"realtimeRuntime": 10000, "realtimePeriod": 1000000}}} if budget else {}
    for policy, number in (("SCHED_FIFO", 1), ("SCHED_RR", 2)):
        for flags, bits in (([], 0), (["SCHED_FLAG_RESET_ON_FORK"], 1)):
            c = scheduled({"policy": policy, "priority": 10, "flags": flags}, linux=linux)
            # Above the container's cgroup there is one of the test's, which gets no budget by itself.
            c.config["linux"]["cgroupsPath"] = f"/{c.id}"
            r = c.run()
            if r.rc and "realtime" in r.err + "cpu.rt_runtime_us" and budget and "cpu.rt" in r.err:
                skip("no real-time budget: " + r.err.strip())
            equal([must(r).facts[k] for k in ("policy", "priority", "flags")], [number, 10, bits])


@test("SCHED_ISO: the kernel has never had it, which is told", only="hull")
def _():
    refused(scheduled({"policy": "SCHED_ISO"}).run(), "process.scheduler", "invalid argument")


@test("nice values to their ends", only="hull")
def _():
    for nice in (-20, -1, 0, 19):
        for policy, number in (("SCHED_OTHER", 0), ("SCHED_BATCH", 3)):
            f = must(scheduled({"policy": policy, "nice": nice}).run()).facts
            equal((f["policy"], f["nice"]), (number, nice))


@test("ioPriority: every class, every priority", only="hull")
def _():
    for name, number in (("IOPRIO_CLASS_RT", 1), ("IOPRIO_CLASS_BE", 2), ("IOPRIO_CLASS_IDLE", 3)):
        for priority in (0, 7):
            c = container(args=["/payload", "sched"], process={"ioPriority": {"class": name, "priority": priority}})
            f = must(c.run()).facts
            equal((f["ioClass"], f["ioPriority"]), (number, priority))


@test("execCPUAffinity: initial before the container's cgroup, final in it", only="hull")
def _():
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        skip("one CPU only")
    a, b = cpus[0], cpus[-1]
    for affinity, want in (({"initial": str(a), "final": str(b)}, [b]), ({"final": str(a)}, [a]), ({"final": f"{a}-{b}"}, cpus),
                           ({"final": f"{b},{a}"}, [a, b]), ({}, cpus)):
        c = container(process={"execCPUAffinity": affinity})
        c.up()
        equal(must(c.exec("/payload", "sched")).facts["cpus"], want, str(affinity))
    # Alone it counts for the first moments; what comes then is the kernel's choice: never more than the cgroup's.
    c = container(process={"execCPUAffinity": {"initial": str(a)}}, linux={"resources": {"cpu": {"cpus": f"{a},{b}"}}})
    c.up()
    check(set(must(c.exec("/payload", "sched")).facts["cpus"]) <= {a, b}, "within the cgroup")
    # The container's own CPUs are the last word.
    c = container(process={"execCPUAffinity": {"final": str(a)}}, linux={"resources": {"cpu": {"cpus": str(b)}}})
    c.up()
    refused(c.exec("/payload", "sched"), "process.execCPUAffinity.final")


@test("execCPUAffinity.initial is in force before the process enters the container", only="hull")
def _():
    cpus = sorted(os.sched_getaffinity(0))
    c = container(process={"execCPUAffinity": {"initial": "1000"}})
    c.up()
    if max(cpus) >= 1000:
        skip("there is such a CPU")
    refused(c.exec("/payload", "sched"), "process.execCPUAffinity.initial", "invalid argument")


@test("personality: LINUX32 for exec as well; flags are not defined by the spec", only="hull")
def _():
    c = container(linux={"personality": {"domain": "LINUX32"}})
    c.up()
    equal(must(c.exec("/payload", "sched")).facts["personality"], 8)
    # The domain alone: what the caller has is not handed on.
    f = must(container(args=["/payload", "sched"], linux={"personality": {"domain": "LINUX"}}).run()).facts
    equal(f["personality"], 0)
    refused(container(linux={"personality": {"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}}).try_create(), "linux.personality.flags")
    refused(container(linux={"personality": {"flags": []}}).try_create(), "linux.personality")


def root_mount(result):
    return [m for m in result.facts["mounts"] if m["dest"] == "/"][-1]


@test("rootfsPropagation: every word, plain and recursive", only="hull")
def _():
    for word, shows, lacks_it in (("private", "", ("shared:", "master:")), ("rprivate", "", ("shared:", "master:")),
                                  ("slave", "", ("shared:",)), ("rslave", "", ("shared:",)), ("shared", "shared:", ("unbindable",)),
                                  ("rshared", "shared:", ("unbindable",)), ("unbindable", "unbindable", ("shared:",)),
                                  ("runbindable", "unbindable", ("shared:",)), ("", "", ("shared:",))):
        c = container(args=["/payload", "mounts"], linux={"rootfsPropagation": word} if word else {})
        m = root_mount(must(c.run()))
        contains(m["optional"], shows)
        lacks(m["optional"], *lacks_it)


@test("rootfsPropagation slave: what the host mounts on a shared root file system arrives, private: it does not", only="hull")
def _():
    for word, arrives in (("rslave", True), ("rshared", True), ("rprivate", False)):
        c = container(linux={"rootfsPropagation": word})
        mount(c.rootfs, c.rootfs, None, MS_BIND)
        mount(None, c.rootfs, None, MS_SHARED)
        cleanup(umount, c.rootfs)
        c.up()
        mount("tmpfs", c.rootfs + "/mnt", "tmpfs")
        cleanup(umount, c.rootfs + "/mnt")
        put(c.rootfs + "/mnt/seen")
        equal(must(c.exec("/payload", "stat", "/mnt/seen")).facts["error"], "" if arrives else "ENOENT", word)


@test("timeOffsets: seconds and nanoseconds, one clock alone, far ahead and behind", only="hull")
def _():
    for offsets, want in (({"boottime": {"secs": 3600}}, (0, 3600)), ({"monotonic": {"secs": 86400 * 365 * 50}}, (86400 * 365 * 50, 0)),
                          ({"monotonic": {"secs": -3, "nanosecs": 999999999}, "boottime": {"secs": -3}}, (-2, -3)), ({}, (0, 0))):
        c = container(namespaces=NAMESPACES + ["time"], linux={"timeOffsets": offsets} if offsets else {},
                      args=["/payload", "timens", "+", "read", "/proc/self/timens_offsets"])
        r = must(c.run())
        for clock, ident, offset in (("monotonic", time.CLOCK_MONOTONIC, want[0]), ("boottime", time.CLOCK_BOOTTIME, want[1])):
            check(abs(r.facts[clock] - time.clock_gettime(ident) - offset) < 8, clock, offsets, r)
        lines = [l.split() for l in r.facts["text"].splitlines()]
        given = {c: (o.get("secs", 0), o.get("nanosecs", 0)) for c, o in offsets.items()}
        equal({l[0]: (int(l[1]), int(l[2])) for l in lines},
              {c: given.get(c, (0, 0)) for c in ("monotonic", "boottime")}, str(offsets))


@test("timeOffsets: exec sees the same clocks", only="hull")
def _():
    c = container(namespaces=NAMESPACES + ["time"], linux={"timeOffsets": {"monotonic": {"secs": 500000}}})
    c.up()
    f = must(c.exec("/payload", "timens")).facts
    check(abs(f["monotonic"] - time.clock_gettime(time.CLOCK_MONOTONIC) - 500000) < 8, "monotonic", f)


@test("timeOffsets: a clock that would be negative is refused by the kernel, and told", only="hull")
def _():
    c = container(namespaces=NAMESPACES + ["time"], linux={"timeOffsets": {"monotonic": {"secs": -10 ** 10}}})
    refused(c.try_create(), "linux.timeOffsets")
    c = container(namespaces=NAMESPACES + ["time"], linux={"timeOffsets": {"boottime": {"secs": 1, "nanosecs": 10 ** 9}}})
    refused(c.try_create(), "linux.timeOffsets.boottime.nanosecs")
    nothing_left()


def speculation(pid):
    return [l.split(":")[1].strip() for l in get(f"/proc/{pid}/status").splitlines() if l.startswith("Speculation_Store_Bypass")][0]


def with_filter(flags, **more):
    return container(linux={"seccomp": dict({"defaultAction": "SCMP_ACT_ALLOW",
                                             "syscalls": [{"names": ["keyctl"], "action": "SCMP_ACT_ERRNO"}]},
                                            **({} if flags is None else {"flags": flags}), **more)})


@test("seccomp flags: SPEC_ALLOW leaves speculation as it is", only="hull")
def _():
    states = {}
    for flags in (["SECCOMP_FILTER_FLAG_SPEC_ALLOW"], []):
        c = with_filter(flags)
        c.up()
        states[len(flags)] = speculation(c.pid())
        equal([l.split()[1] for l in get(f"/proc/{c.pid()}/status").splitlines() if l.startswith("Seccomp:")], ["2"])
    if "seccomp" not in get("/proc/cmdline") and states[0] == states[1]:
        equal(states[1], speculation("self"))
    else:
        lacks(states[1], "mitigated")


def planned_flags(c):
    """What the plan gives to seccomp(2)."""
    c.bundle.write()
    line = [l for l in must(runtime("plan", "--bundle", c.bundle.path)).out.splitlines() if l.startswith("seccomp ")][0]
    return int(line.split("flags=")[1], 16)


def logged(call):
    """How often the kernel's log tells of a filter's answer to that call."""
    size = _libc.klogctl(10, None, 0)
    text = ctypes.create_string_buffer(max(size, 0) + 1)
    if size <= 0 or _libc.klogctl(3, text, size) < 0:
        skip("the kernel's log cannot be read")
    return sum("type=1326" in l and f" syscall={call} " in l for l in text.value.decode(errors="replace").splitlines())


@test("seccomp flags: each reaches the kernel", only="hull")
def _():
    for flags, bits in ((["SECCOMP_FILTER_FLAG_LOG"], 2), (["SECCOMP_FILTER_FLAG_SPEC_ALLOW"], 4), ([], 0),
                        (["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"], 6)):
        c = with_filter(flags)
        equal(planned_flags(c), bits, str(flags))
        c.config["process"]["args"] = ["/payload", "syscall", "keyctl"]
        equal(must(c.run()).facts["errno"], 1, str(flags))
    # The process has one thread: there is nobody else that the filter could be given to.
    must(with_filter(["SECCOMP_FILTER_FLAG_TSYNC"]).run("--detach"))
    refused(with_filter(["SECCOMP_FILTER_FLAG_BOGUS"]).try_create(), "linux.seccomp.flags")


@test("seccomp flags: LOG tells the kernel's log of what the filter refused", only="hull")
def _():
    if os.uname().machine != "x86_64":
        skip("the number of keyctl is that of x86-64")
    counts = []
    for flags in (["SECCOMP_FILTER_FLAG_SPEC_ALLOW"], ["SECCOMP_FILTER_FLAG_LOG"]):
        c = with_filter(flags)
        c.config["process"]["args"] = ["/payload", "syscall", "keyctl"]
        before = logged(250)
        must(c.run())
        counts.append(logged(250) - before)
    # Other tests may be at work on the same machine.
    if counts == [0, 0]:
        skip("the kernel does not audit, or has told too much already")
    check(counts[1] > 0, "with LOG", counts)


main()
