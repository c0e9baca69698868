#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Resource limits, tried: they hold, or the container does not start."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

MB = 1 << 20


def limited(*args, **resources):
    return container(args=list(args), linux={"resources": resources})


def value(c, controller, v1, v2):
    """What stands in the container's cgroup."""
    folder = cgroups.of_pid(c.pid(), controller)
    version = cgroups.controller(controller)[1]
    return get(f"{folder}/{v1 if version == 1 else v2}").strip(), version


@test("memory: 200 MB kill a hog of 400 MB, with 137")
def _():
    equal(limited("/payload", "hog", "400", memory={"limit": 200 * MB}).run().rc, 137)
    r = limited("/payload", "hog", "100", memory={"limit": 200 * MB}).run()
    equal((r.rc, r.facts["hog"]), (0, 100))


@test("memory: limit, reservation and swap are written as asked")
def _():
    c = limited("/payload", "pause", memory={"limit": 64 * MB, "reservation": 32 * MB})
    c.up()
    got, _ = value(c, "memory", "memory.limit_in_bytes", "memory.max")
    equal(got, str(64 * MB))
    got, _ = value(c, "memory", "memory.soft_limit_in_bytes", "memory.low")
    equal(got, str(32 * MB))


@test("memory: a small limit is enough to start", only="hull")
def _():
    equal(limited("/payload", "exit", "3", memory={"limit": 2 * MB}).run().rc, 3)


@test("cpu: half a core is half a core", limit=30)
def _():
    best = 0
    for _ in range(3):
        r = limited("/payload", "burn", "2", cpu={"quota": 50000, "period": 100000}).run()
        # An emulated clock is not exact.
        check(r.facts["share"] <= (0.60 if SLOW == 1 else 0.75), "share of a core", r)
        best = max(best, r.facts["share"])
        if best >= 0.40:
            break
    # A machine that is busier than it has cores gives nobody his share.
    busy = os.getloadavg()[0] > os.cpu_count() + 2
    check(best >= (0.02 if busy else 0.40), "share of a core", r)


@test("cpu: shares, quota and period as asked")
def _():
    c = limited("/payload", "pause", cpu={"shares": 512, "quota": 30000, "period": 60000})
    c.up()
    got, version = value(c, "cpu", "cpu.cfs_quota_us", "cpu.max")
    equal(got, "30000" if version == 1 else "30000 60000")
    if version == 1:
        equal(value(c, "cpu", "cpu.cfs_period_us", "")[0], "60000")
        equal(value(c, "cpu", "cpu.shares", "")[0], "512")
    elif kind == "hull":
        equal(value(c, "cpu", "", "cpu.weight")[0], "59")


@test("cpuset: the process runs on these CPUs only")
def _():
    cpus = sorted(os.sched_getaffinity(0))
    r = limited("/payload", "sched", cpu={"cpus": str(cpus[-1])}).run()
    equal(must(r).facts["cpus"], cpus[-1:])


@test("cpuset: CPUs that are not there are refused", only="hull runc")
def _():
    refused(limited("/payload", "exit", cpu={"cpus": "4000-5000"}).run())
    refused(limited("/payload", "exit", cpu={"cpus": "banana"}).run())
    nothing_left()


@test("pids: the limit holds")
def _():
    r = limited("/payload", "forks", "50", pids={"limit": 10}).run()
    check(r.facts["error"] == "EAGAIN" and 5 <= r.facts["forks"] <= 9, "forks", r)


@test("pids: -1 is no limit", only="hull runc")
def _():
    c = limited("/payload", "pause", pids={"limit": -1})
    c.up()
    equal(value(c, "pids", "pids.max", "pids.max")[0], "max")


def opens(r):
    return [l["errno"] for l in r.lines if "open" in l]


@test("devices: denied is denied, the default devices work all the same")
def _():
    c = container(args=["/payload", "mknod", "/tmp/mem", "c", "1", "1", "+", "open", "/tmp/mem", "+", "mknod", "/tmp/sda", "b", "8", "0", "+",
                        "open", "/tmp/sda", "+", "open", "/dev/null", "+", "open", "/dev/zero", "+", "open", "/dev/urandom", "+", "mknod", "/tmp/null", "c", "1", "3",
                        "+", "open", "/tmp/null", "rw"],
                  caps=["CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_DAC_OVERRIDE"])
    r = must(c.run())
    equal(opens(r), [1, 1, 0, 0, 0, 0])


@test("devices: what is allowed after a denial works, with its access only")
def _():
    rules = [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"}]
    c = container(args=["/payload", "mknod", "/tmp/k", "c", "1", "11", "+", "open", "/tmp/k", "r", "+", "open", "/tmp/k", "w"],
                  caps=["CAP_MKNOD", "CAP_SYSLOG", "CAP_DAC_OVERRIDE"], linux={"resources": {"devices": rules}})
    equal(opens(must(c.run())), [0, 1])


@test("devices: the last rule counts", only="hull runc")
def _():
    rules = [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rw"},
             {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "w"}]
    c = container(args=["/payload", "mknod", "/tmp/k", "c", "1", "11", "+", "open", "/tmp/k", "r", "+", "open", "/tmp/k", "w"],
                  caps=["CAP_MKNOD", "CAP_SYSLOG", "CAP_DAC_OVERRIDE"], linux={"resources": {"devices": rules}})
    equal(opens(must(c.run())), [0, 1])


@test("devices: rules are absent, empty or allow only: memory and disks stay closed (S45, GHSA-g54h-m393-cpwq)", only="hull runc")
def _():
    for rules in ([], [{"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rwm"}], None):
        c = container(args=["/payload", "mknod", "/tmp/mem", "c", "1", "1", "+", "open", "/tmp/mem"], caps=["CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_DAC_OVERRIDE"],
                      linux={"resources": {"devices": rules}})
        if kind == "hull" or rules:
            equal(opens(must(c.run())), [1], str(rules))


@test("devices: wrong type or access of a rule is refused", only="hull")
def _():
    for rule in ({"allow": True, "type": "x", "access": "r"}, {"allow": True, "type": "c", "access": "q"},
                 {"allow": True, "type": "c", "major": 1, "minor": 3, "access": ""}, {"type": "c", "access": "r"}):
        refused(container(linux={"resources": {"devices": [rule]}}).run(), "linux.resources.devices[0]")
    nothing_left()


@test("the container's processes are in its cgroup in every hierarchy, exec's too")
def _():
    c = container()
    c.up()
    must(c.exec("/payload", "sleep", "60", flags=("--detach", "--pid-file", c.bundle.path + "/p")))
    for pid in (c.pid(), int(get(c.bundle.path + "/p"))):
        for line in get(f"/proc/{pid}/cgroup").splitlines():
            number, names, path = line.split(":", 2)
            if names or number == "0" and len(cgroups.hierarchies()) == 1:
                equal(path, f"/{TAG}/{c.id}", names)


@test("the same cgroupsPath after a delete can be used again; nothing of it stays")
def _():
    for _ in range(3):
        c = container(args=["/payload", "exit"])
        must(c.run())
        must(c.run())
        nothing_left()


@test("a relative cgroupsPath is somewhere below, a missing one too; both are removed")
def _():
    for path in (f"{TAG}/rel", None):
        c = container()
        if path is None:
            del c.config["linux"]["cgroupsPath"]
        else:
            c.config["linux"]["cgroupsPath"] = path
        c.up()
        contains(get(f"/proc/{c.pid()}/cgroup"), TAG)
        must(c.delete("--force"))
        nothing_left()


@test("a cgroup made by the container itself is removed with it")
def _():
    c = container(args=["/payload", "pause"])
    c.up()
    sub = cgroups.of_pid(c.pid(), "pids") + "/inner/deep"
    os.makedirs(sub)
    must(c.delete("--force"))
    nothing_left()


@test("a second container in the same cgroup is refused", only="hull")
def _():
    a, b = container(), container()
    a.up()
    b.config["linux"]["cgroupsPath"] = a.config["linux"]["cgroupsPath"]
    refused(b.try_create(), "cgroup")
    equal(a.status(), "running")
    equal(value(a, "pids", "cgroup.procs", "cgroup.procs")[0], str(a.pid()))


@test("update changes limits of a running container, by flags and by JSON on stdin", only="hull runc")
def _():
    c = limited("/payload", "pause", memory={"limit": 64 * MB}, pids={"limit": 100})
    c.up()
    must(c.call("update", "--memory", "96M", "--pids-limit", "50", c.id))
    equal(value(c, "memory", "memory.limit_in_bytes", "memory.max")[0], str(96 * MB))
    equal(value(c, "pids", "pids.max", "pids.max")[0], "50")
    for flags in (["--resources", "-"], ["--resources=-"], ["-r", "-"]):
        must(c.call("update", *flags, c.id, text=json.dumps({"memory": {"limit": 80 * MB}, "cpu": {"quota": 20000, "period": 100000}})))
        equal(value(c, "memory", "memory.limit_in_bytes", "memory.max")[0], str(80 * MB))
    got, version = value(c, "cpu", "cpu.cfs_quota_us", "cpu.max")
    equal(got.split()[0], "20000")
    must(c.call("update", "--cpu-quota", "30000", "--cpu-share", "256", c.id))
    equal(value(c, "cpu", "cpu.cfs_quota_us", "cpu.max")[0].split()[0], "30000")
    must(c.call("update", "--cpuset-cpus", "0", c.id))
    equal(value(c, "cpuset", "cpuset.cpus", "cpuset.cpus")[0], "0")


@test("update does not open devices (S45)", only="hull runc")
def _():
    c = container(caps=["CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_DAC_OVERRIDE"])
    c.up()
    must(c.call("update", "--pids-limit", "50", c.id))
    r = must(c.exec("/payload", "mknod", "/tmp/mem", "c", "1", "1", "+", "open", "/tmp/mem"))
    equal(opens(r), [1])


@test("update: bad values and a stopped container are refused, nothing is changed", only="hull")
def _():
    c = limited("/payload", "pause", memory={"limit": 64 * MB})
    c.up()
    for flags in (["--memory", "banana"], ["--pids-limit", "x"], ["--cpu-period", "-5"], ["--cpuset-cpus", "9999"]):
        check(c.call("update", *flags, c.id).rc != 0, f"{flags}")
    check(c.call("update", "-r", "-", c.id, text='{"memory": {"limit": "1G"}}').rc != 0, "a string for a number")
    check(c.call("update", "-r", "-", c.id, text='{"memory": ').rc != 0, "truncated")
    equal(value(c, "memory", "memory.limit_in_bytes", "memory.max")[0], str(64 * MB))
    must(c.kill("KILL"))
    c.stopped()
    contains(refused(c.call("update", "--memory", "96M", c.id)).err, "container not running")


@test("events --stats gives one record of the shape that clients read", only="hull runc")
def _():
    c = limited("/payload", "pause", memory={"limit": 64 * MB}, pids={"limit": 100})
    c.up()
    r = must(c.call("events", "--stats", c.id))
    e = json.loads(r.out)
    equal((e["type"], e["id"]), ("stats", c.id))
    equal(e["data"]["pids"]["limit"], 100)
    check(e["data"]["pids"]["current"] >= 1, "pids", e)
    equal(e["data"]["memory"]["usage"]["limit"], 64 * MB)
    check(e["data"]["memory"]["usage"]["usage"] > 0, "memory", e)
    check(e["data"]["cpu"]["usage"]["total"] > 0, "cpu", e)
    check("cache" in e["data"]["memory"]["raw"] or "file" in e["data"]["memory"]["raw"], "raw", e)


@test("events of a stopped container is refused", only="hull runc")
def _():
    c = container(args=["/payload", "exit"])
    c.up()
    c.stopped()
    contains(refused(c.call("events", "--stats", c.id)).err, f"container with id {c.id} is not running")


@test("a limit that cannot be set is an error with its place, not silence", only="hull")
def _():
    bad = [("memory", {"limit": "1G"}), ("memory", {"limit": -5}), ("cpu", {"quota": "x"}), ("pids", {"limit": "10"}), ("pids", {}),
           ("cpu", {"period": -1}), ("hugepageLimits", [{"pageSize": "3MB", "limit": 1}]), ("unified", {"nonesuch.max": "1"}),
           ("unified", {"../x": "1"}), ("unified", {"memory.max/../x": "1"}), ("cpu", {"shares": 1.5})]
    for name, what in bad:
        r = refused(container(args=["/payload", "exit"], linux={"resources": {name: what}}).run(), f"linux.resources.{name}")
    nothing_left()


@test("swap below memory is refused; unlimited is -1", only="hull runc")
def _():
    refused(limited("/payload", "exit", memory={"limit": 64 * MB, "swap": 32 * MB}).run())
    must(limited("/payload", "exit", memory={"limit": -1}).run())
    nothing_left()


@test("the kill by memory shortage is seen as a stop, and delete works")
def _():
    c = limited("/payload", "hog", "100", memory={"limit": 32 * MB})
    c.up()
    c.stopped(10)
    must(c.delete())
    nothing_left()


@test("300 processes are ended by delete --force", limit=40)
def _():
    c = container(args=["/bin/sh", "-c", "i=0; while [ $i -lt 300 ]; do /payload pause & i=$((i+1)); done; echo all; wait"])
    r = c.up()
    wait_for("its children", lambda: "all" in r.out, 20)
    must(c.delete("--force"))
    nothing_left()


main()
