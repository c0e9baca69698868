#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on who a process is: ids by parsing, capabilities, groups, and what exec forgets."""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from attack import *

NAMES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
         "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW"]


def bits(names):
    return f"{sum(1 << NAMES.index(n) for n in names):x}"


@test("S40 CVE-2026-30892, CVE-2026-46680, CVE-2016-3697: ids of exec --user, exactly or refused", only="hull")
def _():
    c = container()
    put(c.rootfs + "/etc/passwd", "1000:x:0:0::/:/bin/sh\n1:x:0:0::/:/bin/sh\nroot:x:0:0::/root:/bin/sh\nname:x:77:77::/:/bin/sh\n4294967296:x:0:0::/:/\n")
    c.up()
    good = {"1": (1, 0), "1000": (1000, 0), "1000:1000": (1000, 1000), "2147483648": (2147483648, 0), "4294967294:4294967294": (4294967294, 4294967294),
            "0:0": (0, 0), "00": None, "007:8": None}
    bad = ["4294967295", "4294967296", "99999999999", "18446744073709551616", "-1", "1x", " 1", "1 ", "", "1:", ":1", ":", "0x10", "1:-1", "1:4294967295",
           "1:4294967296", "1:2:3", "+1", "1e3", "1.0", "name", "root", "1:name", "\u0661", "1\n"]
    for text, want in good.items():
        r = c.exec("/payload", "ids", flags=("--user", text))
        if want:
            must(r)
        if r.rc == 0:
            uid, gid = want or tuple(int(x or "0") for x in (text + ":0").split(":")[:2])
            equal((r.facts["uid"], r.facts["gid"]), ([uid] * 3, [gid] * 3), text)
    for text in bad:
        r = c.exec("/payload", "ids", flags=("--user", text))
        check(r.rc != 0, f"--user {text!r} ran", r)
        check(r.err.strip(), "says why", r)
    for text in ("-1", "4294967295", "4294967296", "x", "1x"):
        r = c.exec("/payload", "ids", flags=("--additional-gids", text))
        check(r.rc != 0, f"--additional-gids {text!r} ran", r)


@test("S41: ids of the config that are no numbers of the right range are refused, never 0", only="hull")
def _():
    for field in ("uid", "gid"):
        for value in ("-1", "4294967295", "4294967296", "1.5", "1e3", '"1"', "null", "true", "[]", "1e400", "18446744073709551617"):
            c = container(args=["/payload", "ids"])
            c.config["process"]["user"][field] = "@"
            c.bundle.write()
            put(c.bundle.path + "/config.json", get(c.bundle.path + "/config.json").replace('"@"', value))
            r = c.call("run", "--bundle", c.bundle.path, c.id)
            if value == "null" and r.rc == 0:
                continue  # absent, and the field is required: also refused by the check of required keys
            if value == "1e3" and r.rc == 0:
                equal(r.facts[field], [1000] * 3)
                continue
            refused(r, f"process.user.{field}")
    for value in ([-1], [4294967295], [4294967296], ["1"], [None], [1.5]):
        refused(container(args=["/payload", "ids"], process={"user": {"additionalGids": value}}).run(), "process.user.additionalGids[0]")
    nothing_left()


@test("S42 CVE-2022-29162, CVE-2016-8867: capability sets of run and exec, for root and for users", limit=90)
def _():
    asked = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"]
    for uid in (0, 1000):
        c = container(uid=uid, caps=asked, args=["/payload", "caps", "+", "pause"])
        r = c.ready(c.up())
        runs = [(r.lines[0], asked)]
        runs.append((must(c.exec("/payload", "caps")).facts, asked))
        if kind != "crun":
            runs.append((must(c.exec("/payload", "caps", flags=("--cap", "CAP_SETUID"))).facts, asked + ["CAP_SETUID"]))
        for f, names in runs:
            equal((f["inheritable"], f["ambient"]), ("0", "0"), f"uid {uid}")
            equal(f["bounding"], bits(names), f"uid {uid}")
            want = bits(names) if uid == 0 else "0"
            if kind != "crun":
                equal((f["permitted"], f["effective"]), (want, want), f"uid {uid}")


@test("S42: an ambient capability needs permitted and inheritable; it is not given for nothing")
def _():
    sets = {"bounding": ["CAP_KILL"], "permitted": [], "effective": [], "inheritable": [], "ambient": ["CAP_KILL"]}
    r = container(args=["/payload", "caps"], uid=1000, process={"capabilities": sets}).run()
    if r.rc == 0:
        equal((r.facts["ambient"], r.facts["permitted"], r.facts["effective"]), ("0", "0", "0"))
    else:
        check(r.err.strip(), "says why", r)


@test("S42: a program with file capabilities gets no more than the bounding set; none with no new privileges")
def _():
    for nnp in (True, False):
        c = container(args=["/filecap", "caps"], uid=1000, process={"noNewPrivileges": nnp, "capabilities": None})
        c.config["process"]["capabilities"] = {"bounding": ["CAP_CHOWN"]}
        with open(c.rootfs + "/payload", "rb") as f:
            put(c.rootfs + "/filecap", f.read(), 0o755)
        # Version 2 of security.capability: effective, CAP_CHOWN and CAP_KILL permitted.
        os.setxattr(c.rootfs + "/filecap", "security.capability", struct.pack("<IIIII", 0x02000001, 0x1, 0, 0, 0))
        f = must(c.run()).facts
        equal(f["permitted"], "0" if nnp else "1")


@test("S43 CVE-2022-2989: groups of the caller do not get in, for root, users and user namespaces, run and exec")
def _():
    careless = {"extra_groups": [27, 998, 1234]}
    for change in ({}, {"uid": 1000, "gid": 1000}, {"uid": 1000, "gid": 1000, "namespaces": ["pid", "network", "ipc", "uts", "mount", "user"], "linux": user_namespace()}):
        c = container(args=["/payload", "ids", "+", "pause"], **change)
        r = c.ready(c.up(**careless))
        gid = change.get("gid", 0)
        check(set(r.lines[0]["groups"]) <= {gid}, "groups of run", r)
        f = must(c.exec("/payload", "ids", **careless)).facts
        check(set(f["groups"]) <= {gid}, "groups of exec", f)


@test("S44 CVE-2019-10144: an executed process is confined as process 1 is")
def _():
    docker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "engines", "docker", "config.json")
    seccomp = json.loads(get(docker))["linux"]["seccomp"]
    for user in (False, True):
        kinds = ["pid", "network", "ipc", "uts", "mount", "cgroup"] + (["user"] if user else [])
        linux = dict(user_namespace() if user else {}, seccomp=seccomp)
        what = ["status", "+", "ns", "+", "cgroup", "+", "oom", "+", "rlimits", "+", "umask", "+", "mounts", "+", "stat", "/"]
        c = container(args=["/payload"] + what + ["+", "pause"], namespaces=kinds, linux=linux, uid=1000, gid=1000, caps=["CAP_CHOWN"],
                      process={"oomScoreAdj": 250, "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 65}], "user": {"umask": 0o077}})
        r = c.ready(c.up())
        first = r.lines
        second = must(c.exec("/payload", *what)).lines
        for key in ("Seccomp", "Seccomp_filters", "NoNewPrivs", "CapBnd", "CapInh", "CapPrm", "CapEff", "CapAmb", "Uid", "Gid", "Groups", "SigBlk", "SigIgn"):
            if kind == "hull" or key in ("Seccomp", "CapBnd", "CapInh"):
                equal(second[0].get(key), first[0].get(key), f"{key}, user namespace {user}")
        equal(second[1], first[1], "namespaces")
        if kind == "hull":
            for what_, a, b in zip(("cgroup", "oom_score_adj", "limits", "umask", "mounts", "root"), second[2:], first[2:]):
                equal(a, b, what_)


def random_config(dice):
    """A valid configuration, and what has to be seen of it."""
    caps = {k: sorted(dice.sample(NAMES, dice.randint(0, 6))) for k in ("bounding",)}
    caps["permitted"] = sorted(dice.sample(caps["bounding"], dice.randint(0, len(caps["bounding"]))))
    caps["effective"] = sorted(dice.sample(caps["permitted"], dice.randint(0, len(caps["permitted"]))))
    caps["inheritable"] = sorted(dice.sample(caps["permitted"], dice.randint(0, len(caps["permitted"]))))
    caps["ambient"] = sorted(dice.sample(caps["inheritable"], dice.randint(0, len(caps["inheritable"]))))
    user = dice.random() < 0.3
    top = 60000 if user else 4000000000
    kinds = ["mount", "pid"] + [k for k in ("network", "ipc", "uts", "cgroup", "time") if user or dice.random() < 0.6] + (["user"] if user else [])
    process = {"user": {"uid": dice.choice([0, 1, 1000, dice.randint(2, top)]), "gid": dice.choice([0, dice.randint(1, top)]), "umask": dice.randint(0, 0o777),
                        "additionalGids": [dice.randint(1, top) for _ in range(dice.randint(0, 5))]},
               "capabilities": caps, "noNewPrivileges": dice.random() < 0.5, "oomScoreAdj": dice.randint(0, 1000), "cwd": dice.choice(["/", "/tmp", "/etc"]),
               "rlimits": [{"type": "RLIMIT_NOFILE", "soft": dice.randint(50, 100), "hard": dice.randint(100, 200)},
                           {"type": "RLIMIT_CORE", "soft": dice.randint(0, 10 ** 12), "hard": 2 ** 64 - 1}]}
    linux = {"maskedPaths": dice.sample(["/secret", "/proc/keys", "/proc/timer_list"], 2), "readonlyPaths": dice.sample(["/etc", "/proc/sys", "/home"], 2)}
    if "time" in kinds:
        linux["timeOffsets"] = {"boottime": {"secs": dice.randint(1000, 10 ** 6)}}
    if user:
        linux.update(user_namespace(host=dice.choice([100000, 300000])))
    if dice.random() < 0.4:
        linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["keyctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 99}]}
    # The kernel lets no user namespace but the first write the sysctls of UTS.
    if "uts" in kinds and not user and dice.random() < 0.5:
        linux["sysctl"] = {"kernel.domainname": "d" + str(dice.randint(0, 99))}
    process["scheduler"] = dice.choice([None, {"policy": "SCHED_BATCH", "nice": dice.randint(0, 19)}, {"policy": "SCHED_IDLE"}])
    process["ioPriority"] = dice.choice([None, {"class": "IOPRIO_CLASS_BE", "priority": dice.randint(0, 7)}])
    return process, linux, kinds


def compare(r, config, kinds, text):
    f = {}
    for l in r.lines[:12]:
        for k, v in l.items():
            f.setdefault(k, v)
    p, linux = config["process"], config["linux"]
    user, caps = p["user"], p["capabilities"]
    def same(got, want, what):
        equal(got, want, f"{what} of {text}")
    same((f["uid"], f["gid"]), ([user["uid"]] * 3, [user["gid"]] * 3), "ids")
    check(set(f["groups"]) - {user["gid"]} == set(user["additionalGids"]) - {user["gid"]}, "groups", f, text)
    same(f["umask"], f"{user['umask']:03o}", "umask")
    same((f["bounding"], f["inheritable"], f["ambient"]), tuple(bits(caps[k]) for k in ("bounding", "inheritable", "ambient")), "capabilities")
    if user["uid"]:
        same((f["permitted"], f["effective"]), (bits(caps["ambient"]),) * 2, "capabilities of a user")
    else:
        want = set(caps["bounding"]) | set(caps["inheritable"])
        if p["noNewPrivileges"]:
            want &= set(caps["permitted"])  # capabilities(7): an exec then gains nothing
        same(f["permitted"], bits(want), "permitted of root")
    same(f["noNewPrivileges"], int(p["noNewPrivileges"]), "no new privileges")
    same(f["oomScoreAdj"], p["oomScoreAdj"], "oom_score_adj")
    for l in p["rlimits"]:
        same(tuple(f[l["type"]]), (l["soft"], l["hard"]), l["type"])
    same(f["cwd"], p["cwd"], "cwd")
    same(f["seccomp"], 2 if "seccomp" in linux else 0, "seccomp")
    for name, file in (("mount", "mnt"), ("pid", "pid"), ("network", "net"), ("ipc", "ipc"), ("uts", "uts"), ("cgroup", "cgroup"), ("time", "time"), ("user", "user")):
        same(f[file] != os.stat(f"/proc/self/ns/{file}").st_ino, name in kinds, f"namespace {name}")
    if "timeOffsets" in linux:
        check(abs(f["boottime"] - time.clock_gettime(time.CLOCK_BOOTTIME) - linux["timeOffsets"]["boottime"]["secs"]) < 10, "boottime", f, text)
    if p.get("scheduler"):
        same(f["policy"], {"SCHED_BATCH": 3, "SCHED_IDLE": 5}[p["scheduler"]["policy"]], "scheduler")
    if p.get("ioPriority"):
        same((f["ioClass"], f["ioPriority"]), (2, p["ioPriority"]["priority"]), "ioPriority")
    if linux.get("sysctl"):
        same(f["domainname"], linux["sysctl"]["kernel.domainname"], "sysctl")
    mounts = {m["dest"]: m["options"].split(",") for m in f["mounts"]}
    for path in linux["readonlyPaths"]:
        check("ro" in mounts.get(path, []), f"{path} read-only", text)
    for path in linux["maskedPaths"]:
        check(path in mounts, f"{path} masked", text)


def add_random(part, seeds):
    @test(f"S47: what is applied is what was asked for: random configurations, part {part}", only="hull", limit=100)
    def _():
        for seed in seeds:
            process, linux, kinds = random_config(random.Random(seed))
            c = container(args=["/payload", "ids", "+", "caps", "+", "ns", "+", "umask", "+", "oom", "+", "rlimits", "+", "cwd", "+", "sched", "+", "timens",
                                "+", "uts", "+", "mounts"], process=process, linux=linux, namespaces=kinds)
            c.config["process"]["user"] = process["user"]
            c.config["process"]["capabilities"] = process["capabilities"]
            c.config["linux"]["namespaces"] = [{"type": k} for k in kinds]
            if not {"network"} <= set(kinds) and "user" in kinds:
                c.config["mounts"] = [m for m in c.config["mounts"] if not m["destination"].startswith("/sys")]
            put(c.rootfs + "/secret", "x")
            text = f"seed {seed}: {json.dumps(c.config)}"
            r = c.run()
            check(r.rc == 0, text, r)
            compare(r, c.config, kinds, text)
            c.bundle.remove()


for part in range(3):
    add_random(part + 1, range(part * 20, part * 20 + 20))

main()
