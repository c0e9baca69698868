#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Namespaces: new ones of all kinds, joined ones, user namespaces, time offsets."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

FILES = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "cgroup": "cgroup",
         "user": "user", "time": "time"}


def give(c):
    """The root file system to root of the user namespace, who makes devices and mount points."""
    for d in ("", "/dev", "/proc", "/sys"):
        os.chown(c.rootfs + d, 100000, 100000)


def ns(pid, name):
    return os.stat(f"/proc/{pid}/ns/{FILES[name]}").st_ino


def own(name):
    return ns("self", name)


@test("a new namespace of each kind that is asked for, the caller's of each that is not")
def _():
    for kinds in (["mount"], ["mount", "pid"], ["mount", "uts", "ipc"], ["mount", "pid", "network", "ipc", "uts", "cgroup"]):
        c = container(namespaces=kinds, bare=True)
        c.up()
        pid = c.pid()
        for k in FILES:
            equal(ns(pid, k) != own(k), k in kinds, f"{k} of {kinds}")
        must(c.delete("--force"))


@test("all eight kinds new", only="hull")
def _():
    c = container(namespaces=list(FILES), bare=True, linux=user_namespace(),
                  args=["/payload", "ns", "+", "pause"])
    give(c)
    r = c.ready(c.up())
    for k in FILES:
        check(ns(c.pid(), k) != own(k), k)
        equal(r.facts[FILES[k]], ns(c.pid(), k), k)


@test("two containers share a network namespace by its path")
def _():
    a = container()
    a.up()
    b = container(namespaces=["pid", "ipc", "uts", "mount", {"type": "network", "path": f"/proc/{a.pid()}/ns/net"}])
    b.up()
    equal(ns(a.pid(), "network"), ns(b.pid(), "network"))
    check(ns(a.pid(), "network") != own("network"), "not the host's")
    check(ns(a.pid(), "pid") != ns(b.pid(), "pid"), "pid is not shared")


@test("a third joins the pid, ipc and uts namespaces and sees the first one's processes")
def _():
    a = container()
    a.up()
    joined = [{"type": t, "path": f"/proc/{a.pid()}/ns/{FILES[t]}"} for t in ("pid", "ipc", "uts")]
    b = container(namespaces=joined + [{"type": "network"}, {"type": "mount"}], args=["/payload", "self", "+", "ns", "+", "ls", "/proc"])
    r = must(b.run())
    check(r.facts["pid"] > 1, "not process 1 there", r)
    equal(r.facts["pid"] and "1" in r.facts["ls"], True)
    for t in ("pid", "ipc", "uts"):
        equal(r.facts[FILES[t]], ns(a.pid(), t), t)
    equal(a.status(), "running")


@test("the end of a container in a joined pid namespace is not the end of the other")
def _():
    a = container()
    a.up()
    b = container(namespaces=["network", "ipc", "uts", "mount", {"type": "pid", "path": f"/proc/{a.pid()}/ns/pid"}])
    b.up()
    must(b.delete("--force"))
    equal(a.status(), "running")


@test("a network namespace with a name, from a bind mount")
def _():
    path = WORK + "/netns"
    put(path)
    p = helper(["unshare", "-n", "sleep", "60"])
    wait_for("its namespace", lambda: ns(p.pid, "network") != own("network"))
    mount(f"/proc/{p.pid}/ns/net", path, None, MS_BIND)
    cleanup(os.unlink, path)
    cleanup(umount, path)
    c = container(namespaces=["pid", "ipc", "uts", "mount", {"type": "network", "path": path}],
                  args=["/payload", "ns"])
    equal(must(c.run()).facts["net"], os.stat(path).st_ino)


@test("a path that is a namespace of another kind is refused")
def _():
    c = container(namespaces=["pid", "ipc", "uts", "mount", {"type": "network", "path": "/proc/self/ns/uts"}])
    refused(c.run())
    for path in ("/nonesuch", "/etc/passwd", "/dev/null", "/"):
        c.config["linux"]["namespaces"][-1]["path"] = path
        refused(c.run())
    nothing_left()


@test("a namespace twice is refused", only="hull runc")
def _():
    c = container(namespaces=["pid", "mount", "pid"])
    refused(c.run(), "linux.namespaces[2]" if kind == "hull" else "malformed")
    nothing_left()


def in_user_namespace(*commands, **change):
    args = ["/payload"]
    for c in commands:
        args += (["+"] if len(args) > 1 else []) + c.split()
    linux = user_namespace()
    linux.update(change.pop("linux", {}))
    return container(namespaces=["pid", "network", "ipc", "uts", "mount", "user"], linux=linux, args=args, **change)


@test("user namespace: root inside is uid 100000 on the host")
def _():
    c = in_user_namespace("ids", "status /proc/self/uid_map", "read /proc/self/uid_map", "read /proc/self/gid_map", "pause")
    os.chown(c.rootfs, 100000, 100000)
    r = c.ready(c.up())
    equal(r.facts["uid"], [0, 0, 0])
    equal(os.stat(f"/proc/{c.pid()}").st_uid, 100000)
    maps = [l["text"].split() for l in r.lines if "text" in l]
    equal(maps, [["0", "100000", "65536"]] * 2)
    uid = [l for l in get(f"/proc/{c.pid()}/status").splitlines() if l.startswith("Uid")][0].split()
    equal(uid[1:], ["100000"] * 4)


@test("user namespace: maps of several lines")
def _():
    m = [{"containerID": 0, "hostID": 100000, "size": 1000}, {"containerID": 1000, "hostID": 5000, "size": 1},
         {"containerID": 2000, "hostID": 200000, "size": 10}]
    c = in_user_namespace("ids", "read /proc/self/uid_map", "stat /mine /other", linux={"uidMappings": m, "gidMappings": m}, uid=1000, gid=2000)
    for name, owner in (("mine", 5000), ("other", 4999)):
        put(f"{c.rootfs}/{name}")
        os.chown(f"{c.rootfs}/{name}", owner, owner)
    r = must(c.run())
    equal((r.lines[0]["uid"], r.lines[0]["gid"]), ([1000] * 3, [2000] * 3))
    equal([l.split() for l in r.facts["text"].splitlines()], [["0", "100000", "1000"], ["1000", "5000", "1"], ["2000", "200000", "10"]])
    stats = {l["stat"]: l["uid"] for l in r.lines if "stat" in l}
    equal(stats, {"/mine": 1000, "/other": 65534})


# The kernel takes a map in one write of less than a page.
@test("user namespace: 280 lines of map", only="hull")
def _():
    m = [{"containerID": i, "hostID": 100000 + i, "size": 1} for i in range(280)]
    r = must(in_user_namespace("read /proc/self/uid_map", linux={"uidMappings": m, "gidMappings": m}).run())
    equal(len(r.facts["text"].splitlines()), 280)


@test("user namespace: all default mounts and devices work")
def _():
    c = in_user_namespace("mounts", "stat /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/ptmx /dev/fd /dev/stdin",
                          "write /dev/null x", "open /dev/urandom", "write /dev/shm/x y", "write /root/x y")
    os.chown(c.rootfs + "/root", 100000, 100000)
    r = must(c.run())
    kinds = {l["stat"]: l.get("type") or l["error"] for l in r.lines if "stat" in l}
    equal([kinds[f"/dev/{n}"] for n in ("null", "zero", "full", "random", "urandom", "tty")], ["char"] * 6)
    dests = [m["dest"] for m in r.facts["mounts"]]
    for d in ("/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys"):
        check(d in dests, d, dests)
    equal([l["errno"] for l in r.lines if "write" in l or "open" in l], [0] * 4)


@test("user namespace: an id that is not mapped is refused", only="hull runc")
def _():
    refused(in_user_namespace("ids", uid=70000).run())
    refused(in_user_namespace("ids", process={"user": {"additionalGids": [70000]}}).run())
    nothing_left()


@test("user namespace: mappings without it, and it without mappings, are refused", only="hull")
def _():
    refused(container(linux=user_namespace(), args=["/payload", "exit"]).run(), "linux.uidMappings")
    c = container(namespaces=["pid", "mount", "user"], args=["/payload", "exit"])
    refused(c.run())
    nothing_left()


@test("user namespace: overlapping and too many lines of a map are refused, with their place", only="hull")
def _():
    for m in ([{"containerID": 0, "hostID": 1000, "size": 10}, {"containerID": 5, "hostID": 5000, "size": 10}],
              [{"containerID": 0, "hostID": 1000, "size": 0}],
              [{"containerID": 4294967295, "hostID": 1000, "size": 10}],
              [{"containerID": i, "hostID": i, "size": 1} for i in range(341)]):
        refused(in_user_namespace("ids", linux={"uidMappings": m}).run(), "uid")
    nothing_left()


@test("user namespace: another one joins it by path")
def _():
    a = in_user_namespace("pause")
    a.ready(a.up())
    b = container(namespaces=["pid", "ipc", "uts", "mount", {"type": "user", "path": f"/proc/{a.pid()}/ns/user"},
                              {"type": "network", "path": f"/proc/{a.pid()}/ns/net"}],
                  args=["/payload", "ns", "+", "ids"], bare=True)
    b.config["mounts"] = []
    b.config["linux"]["maskedPaths"] = b.config["linux"]["readonlyPaths"] = []
    b.config["mounts"].append({"destination": "/proc", "type": "proc", "source": "proc"})
    give(b)
    r = b.run()
    if kind == "hull":
        must(r)
        equal(r.facts["user"], ns(a.pid(), "user"))
        equal(r.facts["net"], ns(a.pid(), "network"))
        equal(r.facts["uid"], [0, 0, 0])


@test("time namespace with offsets", only="hull")
def _():
    offsets = {"monotonic": {"secs": 7776000, "nanosecs": 500}, "boottime": {"secs": 604800}}
    c = container(namespaces=["pid", "network", "ipc", "uts", "mount", "time"], linux={"timeOffsets": offsets},
                  args=["/payload", "timens", "+", "read", "/proc/self/timens_offsets"])
    r = must(c.run())
    check(abs(r.facts["monotonic"] - time.clock_gettime(time.CLOCK_MONOTONIC) - 7776000) < 10, "monotonic", r)
    check(abs(r.facts["boottime"] - time.clock_gettime(time.CLOCK_BOOTTIME) - 604800) < 10, "boottime", r)


@test("time offsets: negative, and without a time namespace", only="hull")
def _():
    kinds = ["pid", "network", "ipc", "uts", "mount"]
    c = container(namespaces=kinds + ["time"], linux={"timeOffsets": {"monotonic": {"secs": -5}}}, args=["/payload", "timens"])
    r = must(c.run())
    check(abs(r.facts["monotonic"] - time.clock_gettime(time.CLOCK_MONOTONIC) + 5) < 5, "monotonic", r)
    c = container(namespaces=kinds, linux={"timeOffsets": {"monotonic": {"secs": 5}}})
    refused(c.run(), "timeOffsets")
    c = container(namespaces=kinds + [{"type": "time", "path": "/proc/self/ns/time"}], linux={"timeOffsets": {"monotonic": {"secs": 5}}})
    refused(c.run(), "timeOffsets")


@test("no pid namespace: the host's /proc shows it, and it ends by delete")
def _():
    c = container(namespaces=["network", "ipc", "uts", "mount"], args=["/payload", "self", "+", "pause"])
    r = c.ready(c.up())
    equal(r.facts["pid"], c.pid())
    must(c.delete("--force"))
    nothing_left()


@test("a cgroup namespace shows the container's cgroup as /")
def _():
    c = container(namespaces=["pid", "network", "ipc", "uts", "mount", "cgroup"], args=["/payload", "cgroup"])
    f = must(c.run()).facts
    for controllers, path in f.items():
        check(path == "/" or (controllers == "" and kind != "hull"), "the root of the namespace", f)


@test("sysctl of namespaces that are its own are set; the host's are untouched")
def _():
    before = get("/proc/sys/kernel/msgmax"), get("/proc/sys/net/ipv4/ip_forward")
    c = container(linux={"sysctl": {"kernel.msgmax": "12345", "net.ipv4.ip_forward": "1", "fs.mqueue.msg_max": "77"}},
                  args=["/payload", "read", "/proc/sys/kernel/msgmax", "+", "read", "/proc/sys/net/ipv4/ip_forward",
                        "+", "read", "/proc/sys/fs/mqueue/msg_max"])
    equal([l["text"].strip() for l in must(c.run()).lines], ["12345", "1", "77"])
    equal((get("/proc/sys/kernel/msgmax"), get("/proc/sys/net/ipv4/ip_forward")), before)


@test("the loopback device of a new network namespace is there and up", only="hull runc")
def _():
    c = container(args=["/bin/cat", "/sys/class/net/lo/flags"])
    equal(int(must(c.run()).out, 16) & 1, 1)


main()
