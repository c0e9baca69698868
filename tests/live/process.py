#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The process section of config.json, seen from inside."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

BITS = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7,
        "CAP_NET_BIND_SERVICE": 10, "CAP_SYS_CHROOT": 18, "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21,
        "CAP_SYS_NICE": 23, "CAP_AUDIT_WRITE": 29}


def bits(*names):
    return f"{sum(1 << BITS[n] for n in names):x}"


def facts(*commands, flags=(), run=None, **change):
    """What the payload's commands tell in a container with that configuration."""
    args = ["/payload"]
    for c in commands:
        args += (["+"] if len(args) > 1 else []) + c.split()
    r = container(args=args, **change).run(*flags, **(run or {}))
    equal(r.rc, 0, str(r))
    return r.facts


@test("args reach the program as they are")
def _():
    odd = ["", " ", "a b", "\"'\\", "\t\n", "$HOME", "*", "-x", "--", "\u00e9\u4e2d", "=", "x" * 5000]
    r = container(args=["/payload", "args"] + odd).run()
    got = [a.encode("latin-1").decode() for a in r.facts["args"]]
    equal(got, odd)


@test("the program is looked up in the PATH of the container's env")
def _():
    c = container(args=["tool", "args", "x"], env=["PATH=/nonesuch:/opt/b:/opt/a"])
    for d in ("a", "b"):
        os.makedirs(f"{c.rootfs}/opt/{d}")
    os.symlink("/payload", c.rootfs + "/opt/a/tool")
    equal(c.run().facts["args"], ["x"])
    put(c.rootfs + "/opt/b/tool", "#!/bin/sh\nexit 33\n", 0o644)
    equal(c.run().rc, 0)  # without the right to execute it is passed over
    os.chmod(c.rootfs + "/opt/b/tool", 0o755)
    equal(c.run().rc, 33)


@test("a program named by a relative path is taken from cwd")
def _():
    c = container(args=["./bin/../payload", "exit", "3"])
    equal(c.run().rc, 3)


@test("programs that cannot be run: the words that engines turn into 126 and 127")
def _():
    table = (("nonexist", "executable file not found in $PATH", 0), ("/nonexist", "no such file or directory", 0),
             ("/etc/passwd", "permission denied", 0), ("/etc", "", 0), ("/etc/passwd/x", "not a directory", 0))
    for program, words, _ in table:
        r = container(args=[program]).run()
        check(r.rc not in (0, 128), "exit code", r)
        check(r.err.strip() != "", "says why", r)
        if kind == "hull":
            contains(r.err, words, program)
            equal(r.rc, 1, "exit code")
    if kind == "hull":
        r = container(args=["/etc"]).run()
        check("is a directory" in r.err or "permission denied" in r.err, "a directory", r)
        contains(container(args=["nonexist"]).run().err, 'exec: "nonexist": executable file not found in $PATH')
        contains(container(args=["x"], env=["A=b"]).run().err, "executable file not found in $PATH")
    nothing_left()


@test("a program that cannot be run is told by create already", only="hull runc")
def _():
    c = container(args=["/nonexist"])
    contains(refused(c.try_create()).err, "no such file or directory")
    nothing_left()


@test("a script runs by its interpreter; a missing interpreter is an error")
def _():
    c = container(args=["/script", "a"])
    put(c.rootfs + "/script", "#!/payload args\n", 0o755)
    equal(c.run().facts["args"], ["/script", "a"])
    put(c.rootfs + "/script", "#!/nonesuch\n", 0o755)
    r = c.run()
    check(r.rc != 0, "exit code", r)
    nothing_left()


@test("env reaches the program as it is, in its order")
def _():
    env = [PATH, "A=1", "B=", "C=x=y", "E=\u00e9 \"q\"", "HOME=/somewhere"]
    got = [e.encode("latin-1").decode() for e in facts("env", env=env)["env"]]
    equal([e for e in got if e in env], env)
    equal(len(got), len(env))


@test("nothing of the caller's environment gets in")
def _():
    e = facts("env", run={"env": dict(os.environ, SECRET_OF_CALLER="x", LD_PRELOAD="", HOME="/caller")})["env"]
    lacks("\n".join(e), "SECRET", "LD_", "/caller", "HULL", "_LIBCONTAINER")


@test("HOME is taken from the container's passwd when it is not given")
def _():
    for uid, home in ((0, "/root"), (1000, "/home/user")):
        contains("\n".join(facts("env", env=[PATH], uid=uid)["env"]), f"HOME={home}")
    if kind != "crun":
        contains("\n".join(facts("env", env=[PATH], uid=4321)["env"]), "HOME=/")
    contains("\n".join(facts("env", env=[PATH, "HOME=/given"])["env"]), "HOME=/given")


@test("an empty HOME is set as well", only="hull")
def _():
    contains("\n".join(facts("env", env=[PATH, "HOME="])["env"]), "HOME=/root")


@test("of an environment variable that is there twice the last one counts", only="hull")
def _():
    equal([e for e in facts("env", env=[PATH, "A=1", "A=2"])["env"] if e.startswith("A=")], ["A=2"])


@test("cwd: existing, made when missing, inside of the root only")
def _():
    equal(facts("cwd", cwd="/tmp")["cwd"], "/tmp")
    equal(facts("cwd", cwd="/home/user", uid=1000)["cwd"], "/home/user")
    if kind != "crun":
        equal(facts("cwd", cwd="/new/dir")["cwd"], "/new/dir")
    c = container(cwd="/link", args=["/payload", "cwd"])
    os.symlink("/../../../../tmp", c.rootfs + "/link")
    equal(c.run().facts["cwd"], "/tmp")


@test("cwd must be absolute, and a directory", only="hull runc")
def _():
    refused(container(cwd="tmp").run(), "cwd" if kind == "hull" else "wd")
    refused(container(cwd="").run())
    refused(container(cwd="/etc/passwd").run(), "not a directory")
    nothing_left()


@test("a cwd that only the user may enter")
def _():
    c = container(cwd="/private/in", uid=1000, gid=1000, args=["/payload", "cwd"])
    os.makedirs(c.rootfs + "/private/in")
    for d in ("/private/in", "/private"):
        os.chown(c.rootfs + d, 1000, 1000)
        os.chmod(c.rootfs + d, 0o700)
    equal(c.run().facts["cwd"], "/private/in")


@test("user: uid and gid in all their kinds, no groups of the caller")
def _():
    f = facts("ids", uid=1000, gid=2000, run={"extra_groups": [27, 998, 1234]})
    equal((f["uid"], f["gid"]), ([1000] * 3, [2000] * 3))
    check(set(f["groups"]) <= {2000}, "groups", f)


@test("user: additional groups exactly")
def _():
    f = facts("ids", uid=1000, gid=2000, process={"user": {"additionalGids": [5, 6, 77]}})
    equal(set(f["groups"]) - {2000}, {5, 6, 77})
    f = facts("ids", process={"user": {"additionalGids": [5]}}, run={"extra_groups": [27]})
    equal(set(f["groups"]) - {0}, {5})


@test("umask: what is asked for, else 022")
def _():
    for mask, text in ((0o077, "077"), (0, "000"), (0o777, "777"), (63, "077")):
        equal(facts("umask", process={"user": {"umask": mask}})["umask"], text)
    equal(facts("umask", run={"umask": 0o027})["umask"], "022")


@test("rlimits: soft and hard of every kind that is asked for")
def _():
    want = {"RLIMIT_NOFILE": (100, 200), "RLIMIT_CORE": (0, 0), "RLIMIT_NPROC": (500, 600), "RLIMIT_CPU": (1000, 1001),
            "RLIMIT_AS": (2 ** 40, 2 ** 64 - 1), "RLIMIT_STACK": (8388608, 16777216), "RLIMIT_FSIZE": (2 ** 33, 2 ** 63),
            "RLIMIT_MSGQUEUE": (4096, 8192), "RLIMIT_SIGPENDING": (50, 60), "RLIMIT_MEMLOCK": (65536, 65536),
            "RLIMIT_DATA": (2 ** 40, 2 ** 40), "RLIMIT_NICE": (0, 0), "RLIMIT_RTPRIO": (0, 0)}
    f = facts("rlimits", process={"rlimits": [{"type": k, "soft": s, "hard": h} for k, (s, h) in want.items()]})
    for k, (s, h) in want.items():
        equal(tuple(f[k]), (s, h), k)


@test("rlimits: unknown type, soft above hard and (hull) duplicates are refused")
def _():
    bad = [[{"type": "RLIMIT_BOGUS", "soft": 1, "hard": 1}], [{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}]]
    if kind == "hull":
        bad.append([{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}, {"type": "RLIMIT_CORE", "soft": 2, "hard": 2}])
    for limits in bad:
        refused(container(process={"rlimits": limits}).run())
    nothing_left()


@test("oomScoreAdj is set when given and not touched when not")
def _():
    def caller():
        with open("/proc/self/oom_score_adj", "w") as f:
            f.write("123")
    equal(facts("oom", process={"oomScoreAdj": 500})["oomScoreAdj"], 500)
    if kind != "crun":
        equal(facts("oom", process={"oomScoreAdj": 0}, run={"preexec_fn": caller})["oomScoreAdj"], 0)
    equal(facts("oom", run={"preexec_fn": caller})["oomScoreAdj"], 123)


def cap_facts(sets, **change):
    return facts("caps", process={"capabilities": {k: v for k, v in sets.items()}}, **change)


@test("capabilities: each of the five sets is as asked")
def _():
    sets = {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_AUDIT_WRITE", "CAP_NET_BIND_SERVICE"],
            "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_BIND_SERVICE"],
            "inheritable": ["CAP_KILL", "CAP_NET_BIND_SERVICE"],
            "effective": ["CAP_CHOWN", "CAP_KILL"], "ambient": ["CAP_NET_BIND_SERVICE"]}
    # A program's exec as a plain user keeps what is ambient: permitted and effective are that then.
    f = cap_facts(sets, uid=1000)
    equal(f["bounding"], bits(*sets["bounding"]))
    equal(f["inheritable"], bits(*sets["inheritable"]))
    equal(f["ambient"], bits(*sets["ambient"]))
    equal(f["permitted"], bits(*sets["ambient"]))
    equal(f["effective"], bits(*sets["ambient"]))


@test("capabilities of root: permitted by the bounding set, nothing inheritable, nothing ambient")
def _():
    names = ["CAP_CHOWN", "CAP_KILL"]
    f = cap_facts({k: names for k in ("bounding", "permitted", "effective")})
    equal([f[k] for k in ("bounding", "permitted", "effective", "inheritable", "ambient")],
          [bits(*names)] * 3 + ["0"] * 2)


@test("capabilities: empty sets and an absent section mean none at all")
def _():
    for sets in ({k: [] for k in ("bounding", "permitted", "effective", "inheritable", "ambient")}, None):
        f = facts("caps", process={"capabilities": None}) if sets is None else cap_facts(sets)
        keys = ("permitted", "effective", "inheritable", "ambient") + (("bounding",) if kind == "hull" or sets else ())
        equal([f[k] for k in keys], ["0"] * len(keys), str(sets))


@test("capabilities of a plain user: none without ambient, nothing inheritable")
def _():
    names = ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_KILL"]
    f = facts("caps", uid=1000, caps=names)
    equal([f[k] for k in ("bounding", "permitted", "effective", "inheritable", "ambient")],
          [bits(*names)] + ["0"] * 4)


@test("an unknown capability is not an error but told", only="hull")
def _():
    c = container(args=["/payload", "caps"], caps=["CAP_KILL", "CAP_BOGUS"])
    r = c.run()
    # Spec: "MUST be logged as a warning"; a name that no kernel knows may also be refused. Silence may not be.
    contains(r.err, "CAP_BOGUS")
    if r.rc == 0:
        equal(r.facts["effective"], bits("CAP_KILL"))


@test("noNewPrivileges")
def _():
    for value in (True, False):
        equal(facts("caps", process={"noNewPrivileges": value})["noNewPrivileges"], int(value))
    c = container(args=["/payload", "spawn", "/suid", "ids"], uid=1000, process={"noNewPrivileges": True})
    put(c.rootfs + "/suid", open(c.rootfs + "/payload", "rb").read())
    os.chmod(c.rootfs + "/suid", 0o4755)
    equal(c.run().facts["uid"], [1000] * 3)
    c.config["process"]["noNewPrivileges"] = False
    equal(c.run().facts["uid"], [1000, 0, 0])


@test("the process: its own session, no signals blocked or ignored, no descriptors but three")
def _():
    f = facts("self", "signals", "fds")
    equal((f["pid"], f["sid"], f["pgid"]), (1, 1, 1))
    equal((f["blocked"], f["ignored"]), ([], []))
    equal([x["fd"] for x in f["fds"]], [0, 1, 2])


@test("the process cannot be dumped or traced through a leaked flag: it is as after any exec")
def _():
    equal(facts("caps")["dumpable"], 1)
    equal(facts("caps")["securebits"], 0)


@test("--preserve-fds passes exactly these")
def _():
    fds = []
    for i in range(4):
        fds.append(os.open("/dev/null", os.O_RDONLY))
    def place():
        for n, fd in enumerate(fds):
            os.dup2(fd, 40 + n)
        for n in range(4):
            os.dup2(40 + n, 3 + n)
            os.close(40 + n)
    c = container(args=["/payload", "fds"])
    r = c.run("--preserve-fds", "2", preexec_fn=place, close_fds=False)
    for fd in fds:
        os.close(fd)
    equal([x["fd"] for x in must(r).facts["fds"]], [0, 1, 2, 3, 4])


@test("a hole in --preserve-fds is refused", only="hull")
def _():
    refused(container(args=["/payload", "exit"]).run("--preserve-fds", "3"))
    nothing_left()


@test("scheduler: policies with their values", only="hull")
def _():
    f = facts("sched", process={"scheduler": {"policy": "SCHED_BATCH", "nice": 5}})
    equal((f["policy"], f["nice"]), (3, 5))
    f = facts("sched", process={"scheduler": {"policy": "SCHED_BATCH", "flags": ["SCHED_FLAG_RESET_ON_FORK"]}})
    equal((f["policy"], f["flags"] & 1), (3, 1))
    # A new cgroup v1 has no real-time budget unless it is given one: then the kernel refuses, and so must we.
    top, version = cgroups.controller("cpu")
    budget = {"resources": {"cpu": {"realtimeRuntime": 10000, "realtimePeriod": 1000000}}} if os.path.exists(top + "/cpu.rt_runtime_us") else {}
    for policy, number in (("SCHED_FIFO", 1), ("SCHED_RR", 2)):
        r = container(args=["/payload", "sched"], process={"scheduler": {"policy": policy, "priority": 10}}, linux=budget).run()
        if r.rc:
            contains(r.err, "process.scheduler" if not budget else "")
        else:
            equal((r.facts["policy"], r.facts["priority"]), (number, 10))
    f = facts("sched", process={"scheduler": {"policy": "SCHED_IDLE"}})
    equal(f["policy"], 5)
    f = facts("sched", process={"scheduler": {"policy": "SCHED_OTHER", "nice": -5}}, caps=["CAP_SYS_NICE"])
    equal((f["policy"], f["nice"]), (0, -5))
    deadline = {"policy": "SCHED_DEADLINE", "runtime": 10 ** 7, "deadline": 5 * 10 ** 7, "period": 10 ** 8}
    r = container(args=["/payload", "sched"], process={"scheduler": deadline}).run()
    if r.rc:
        # The kernel may have no bandwidth to give in this cgroup; then it is an error, not silence.
        contains(r.err, "process.scheduler")
    else:
        equal([r.facts[k] for k in ("policy", "runtime", "deadline", "period")], [6, 10 ** 7, 5 * 10 ** 7, 10 ** 8])


@test("scheduler: what does not fit is refused", only="hull")
def _():
    for s in ({"policy": "SCHED_BOGUS"}, {"nice": 1}, {"policy": "SCHED_OTHER", "nice": 21},
              {"policy": "SCHED_OTHER", "priority": 5}, {"policy": "SCHED_FIFO", "priority": 200},
              {"policy": "SCHED_RR", "priority": 1, "flags": ["SCHED_FLAG_BOGUS"]}):
        refused(container(process={"scheduler": s}).run(), "process.scheduler")


@test("ioPriority", only="hull")
def _():
    for name, number, priority in (("IOPRIO_CLASS_RT", 1, 3), ("IOPRIO_CLASS_BE", 2, 7), ("IOPRIO_CLASS_IDLE", 3, 4)):
        f = facts("sched", process={"ioPriority": {"class": name, "priority": priority}})
        equal((f["ioClass"], f["ioPriority"]), (number, priority))
    for p in ({"class": "IOPRIO_CLASS_BE", "priority": 8}, {"class": "IOPRIO_CLASS_NONE", "priority": 1}, {"priority": 1},
              {"class": "IOPRIO_CLASS_BE", "priority": -1}):
        refused(container(process={"ioPriority": p}).run(), "process.ioPriority")


@test("personality: LINUX32 shows a 32 bit machine", only="hull crun")
def _():
    f = facts("sched", linux={"personality": {"domain": "LINUX32"}})
    equal((f["personality"], f["machine"]), (8, "i686"))
    f = facts("sched", linux={"personality": {"domain": "LINUX"}})
    equal((f["personality"], f["machine"]), (0, os.uname().machine))


@test("CPU affinity of the runtime does not stick to the container", only="hull")
def _():
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        skip("one CPU only")
    f = facts("sched", run={"preexec_fn": lambda: os.sched_setaffinity(0, cpus[:1])})
    equal(f["cpus"], cpus)


@test("hostname and domainname")
def _():
    c = container(args=["/payload", "uts"], hostname="a-name")
    if kind == "hull":
        c.config["domainname"] = "dom.example"
    f = must(c.run()).facts
    equal(f["hostname"], "a-name")
    if kind == "hull":
        equal(f["domainname"], "dom.example")


@test("hostname without a UTS namespace of its own is refused; the host's stays", only="hull runc")
def _():
    before = os.uname().nodename
    c = container(namespaces=["pid", "ipc", "mount"], hostname="evil")
    refused(c.run())
    equal(os.uname().nodename, before)


@test("a config without process can be created, start is refused", only="hull")
def _():
    c = container()
    del c.config["process"]
    r = c.try_create()
    # Spec: process is required when start is called. To refuse it at create is allowed to be early.
    if r.rc == 0:
        refused(c.call("start", c.id), "process")
    else:
        refused(r, "process")


@test("process.user.username and unknown keys are ignored")
def _():
    c = container(args=["/payload", "ids"], process={"user": {"username": "x"}, "org.example.unknown": {"a": [1]}})
    c.config["unknownKey"] = [{"deep": None}]
    equal(must(c.run()).facts["uid"], [0, 0, 0])


@test("big arguments and environment: 1 MiB in all")
def _():
    c = container(args=["/payload", "args", "a" * 100000, "b" * 65536], env=[PATH] + [f"V{i}=" + "x" * 1000 for i in range(800)])
    r = must(c.run())
    equal([len(a) for a in r.facts["args"]], [100000, 65536])


@test("a container without any /proc, /dev and /sys mount")
def _():
    c = container(args=["/payload", "ids", "+", "caps", "+", "cwd"])
    c.config["mounts"] = []
    c.config["linux"]["maskedPaths"] = c.config["linux"]["readonlyPaths"] = []
    r = c.run()
    if kind == "hull":
        equal(must(r).facts["cwd"], "/")


@test("root.path: relative, absolute, missing, a file")
def _():
    c = container(args=["/payload", "exit", "2"])
    c.config["root"]["path"] = c.rootfs
    equal(c.run().rc, 2)
    for path in ("nonesuch", "/nonesuch", "config.json", ""):
        c.config["root"]["path"] = path
        refused(c.run())
    del c.config["root"]
    refused(c.run(), "root")
    nothing_left()


@test("root.readonly")
def _():
    for rw in (True, False):
        r = container(args=["/payload", "write", "/x"], rw=rw).run()
        equal(r.facts["errno"], 0 if rw else 30)


@test("execCPUAffinity is for exec alone; a bad one is refused", only="hull")
def _():
    cpus = sorted(os.sched_getaffinity(0))
    c = container(args=["/payload", "sched", "+", "pause"],
                  process={"execCPUAffinity": {"initial": str(cpus[0]), "final": str(cpus[-1])}})
    r = c.ready(c.up())
    equal(r.facts["cpus"], cpus)
    equal(must(c.exec("/payload", "sched")).facts["cpus"], cpus[-1:])
    refused(container(process={"execCPUAffinity": {"initial": "x"}}).run(), "process.execCPUAffinity")


main()
