#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What only cgroup v2 has: unified keys, delegation, the rule of no internal processes."""

import ctypes
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
TOP = "/sys/fs/cgroup"
if not os.path.exists(TOP + "/cgroup.controllers"):
    print("1..0 # SKIP no pure cgroup v2 here")
    sys.exit(0)

from harness import *

MB = 1 << 20
ALL = ["pid", "network", "ipc", "uts", "mount", "cgroup"]
BPF_PROG_QUERY, BPF_CGROUP_DEVICE, SYS_BPF = 16, 6, {"x86_64": 321, "aarch64": 280}.get(os.uname().machine)


def unified(*args, resources=None, **change):
    change["linux"] = dict(change.get("linux", {}), resources=resources or {})
    return container(args=list(args) or ["/payload", "pause"], **change)


def folder(c):
    return f"{TOP}/{TAG}/{c.id}"


def value(c, name):
    return get(f"{folder(c)}/{name}").strip()


def writable(c):
    """The container's cgroup mount, not read-only."""
    for m in c.config["mounts"]:
        if m["type"] == "cgroup":
            m["options"] = [o for o in m["options"] if o != "ro"]
    return c


def controllers():
    return get(TOP + "/cgroup.controllers").split()


@test("unified: every key is written to its file, and wins over what the other sections say")
def _():
    c = unified(resources={"unified": {"memory.high": str(48 * MB), "memory.oom.group": "1", "pids.max": "55", "cgroup.max.depth": "3"},
                           "memory": {"limit": 64 * MB}})
    c.up()
    for name, want in (("memory.high", str(48 * MB)), ("memory.oom.group", "1"), ("pids.max", "55"), ("cgroup.max.depth", "3"),
                       ("memory.max", str(64 * MB))):
        equal(value(c, name), want, name)


@test("unified: values that the kernel refuses are an error with the key", only="hull")
def _():
    for key, text in (("memory.max", "banana"), ("pids.max", "-7"), ("cpu.max", "1"), ("memory.nonesuch", "1")):
        contains(refused(unified("/payload", "exit", resources={"unified": {key: text}}).run()).err, key)
    nothing_left()


@test("what v2 does not have is refused, not ignored", only="hull")
def _():
    for name, what in (("memory", {"swappiness": 10}), ("memory", {"disableOOMKiller": True}), ("cpu", {"realtimeRuntime": 1000}),
                       ("network", {"classID": 7}), ("blockIO", {"leafWeight": 100})):
        refused(unified("/payload", "exit", resources={name: what}).run(), f"linux.resources.{name}")
    nothing_left()


@test("memory and swap together become swap alone")
def _():
    c = unified(resources={"memory": {"limit": 64 * MB, "swap": 96 * MB}})
    c.up()
    if not os.path.exists(folder(c) + "/memory.swap.max"):
        skip("a kernel without swap accounting")
    equal((value(c, "memory.max"), value(c, "memory.swap.max")), (str(64 * MB), str(32 * MB)))


@test("cpu: burst, idle and a period without a quota")
def _():
    c = unified(resources={"cpu": {"quota": 50000, "period": 100000, "burst": 20000}})
    c.up()
    equal((value(c, "cpu.max"), value(c, "cpu.max.burst")), ("50000 100000", "20000"))
    c = unified(resources={"cpu": {"period": 50000, "idle": 1}})
    c.up()
    equal((value(c, "cpu.max"), value(c, "cpu.idle")), ("max 50000", "1"))


@test("blockIO: throttling is in io.max; 0 lifts it")
def _():
    disks = [d for d in sorted(os.listdir("/sys/block")) if not d.startswith(("loop", "ram", "zram", "dm-"))]
    if "io" not in controllers() or not disks:
        skip("no io controller or no disk")
    number = get(f"/sys/block/{disks[0]}/dev").strip()
    device = dict(zip(("major", "minor"), map(int, number.split(":"))))
    c = unified(resources={"blockIO": {"throttleReadBpsDevice": [dict(device, rate=MB)], "throttleWriteIOPSDevice": [dict(device, rate=50)]}})
    c.up()
    equal(value(c, "io.max"), f"{number} rbps={MB} wbps=max riops=max wiops=50")
    r = {"blockIO": {"throttleReadBpsDevice": [dict(device, rate=0)]}}
    must(c.call("update", "--resources", "-", c.id, text=json.dumps(r)))
    equal(value(c, "io.max"), f"{number} rbps=max wbps=max riops=max wiops=50")


@test("pause and resume are in cgroup.freeze and cgroup.events")
def _():
    c = unified()
    c.up()
    must(c.call("pause", c.id))
    contains(value(c, "cgroup.events"), "frozen 1")
    must(c.call("resume", c.id))
    contains(value(c, "cgroup.events"), "frozen 0")


SPLIT = "mkdir /sys/fs/cgroup/leaf && echo 1 >/sys/fs/cgroup/leaf/cgroup.procs && " \
        "echo '+pids +memory' >/sys/fs/cgroup/cgroup.subtree_control && echo ready; exec /payload pause"


@test("a container that gives controllers to its children: exec, update, pause, ps and delete still work")
def _():
    c = writable(unified("/bin/sh", "-c", SPLIT, namespaces=ALL))
    r = c.up()
    c.ready(r)
    equal(value(c, "cgroup.subtree_control"), "memory pids", r.text)
    r = must(c.exec("/payload", "cgroup"))
    contains(r.out, "/leaf")
    must(c.call("update", "--pids-limit", "60", c.id))
    equal(value(c, "pids.max"), "60")
    equal(json.loads(must(c.call("ps", "--format", "json", c.id)).out), [c.pid()])
    must(c.call("pause", c.id))
    equal(c.status(), "paused")
    must(c.call("resume", c.id))
    must(c.delete("--force"))
    nothing_left()


@test("in a cgroup namespace the container sees / and its own files only")
def _():
    c = unified("/payload", "cgroup", "+", "ls", "/sys/fs/cgroup", "+", "read", "/sys/fs/cgroup/cgroup.procs", namespaces=ALL)
    r = must(c.run())
    contains(r.out, '"/"')
    lacks(r.out, TAG + "-", "system.slice")
    equal(r.facts["text"].split(), ["1"])


def owner(path):
    s = os.stat(path)
    return s.st_uid, s.st_gid


@test("a user namespace with a cgroup namespace and a writable mount: the cgroup is delegated")
def _():
    c = writable(unified("/bin/sh", "-c", SPLIT, namespaces=ALL + ["user"], linux=user_namespace(), resources={"pids": {"limit": 50}}))
    for f in ("", "/payload"):
        os.chmod(c.rootfs + f, 0o755)
    r = c.up()
    c.ready(r)
    equal(owner(folder(c))[0], 100000)
    for name in ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
        equal(owner(f"{folder(c)}/{name}")[0], 100000, name)
    # Its own limits are not the container's to change.
    for name in ("pids.max", "memory.max", "cgroup.freeze"):
        equal(owner(f"{folder(c)}/{name}")[0], 0, name)
    check(os.path.isdir(folder(c) + "/leaf"), "a cgroup of the container's own", r)
    equal(owner(f"{folder(c)}/..")[0], 0)
    must(c.delete("--force"))
    nothing_left()


@test("no delegation without a cgroup namespace, or with a read-only mount")
def _():
    for kinds, change in ((ALL[:-1], writable), (ALL, lambda c: c)):
        c = change(unified(namespaces=kinds + ["user"], linux=user_namespace()))
        c.up()
        equal((owner(folder(c)), owner(folder(c) + "/cgroup.procs")), ((0, 0), (0, 0)))


class Full:
    """A cgroup with a process in it; not for ever, since it is not the container's."""

    def __init__(self):
        self.path = f"{TOP}/{TAG}/full"
        os.makedirs(self.path)
        self.helper = helper(["sleep", "60"])
        put(self.path + "/cgroup.procs", str(self.helper.pid))
        cleanup(self.gone)

    def holds(self, c):
        c.config["linux"]["cgroupsPath"] = f"/{TAG}/full/{c.id}"
        return c

    def gone(self):
        os.rmdir(self.path)


@test("below a cgroup with processes a limit is refused, with the rule's name", only="hull")
def _():
    full = Full()
    for resources, name in (({"memory": {"limit": 64 * MB}}, "memory"), ({"pids": {"limit": 10}}, "pids")):
        c = full.holds(unified("/payload", "exit", resources=resources))
        contains(refused(c.run()).err, f"{name} controller", "no internal processes")
        check(not os.path.exists(f"{full.path}/{c.id}"), "the cgroup is left")


@test("below a cgroup with processes a container without limits runs, and that cgroup stays as it was", only="hull")
def _():
    full = Full()
    c = full.holds(unified())
    c.up()
    contains(get(f"/proc/{c.pid()}/cgroup"), f"/full/{c.id}")
    equal((get(full.path + "/cgroup.type").strip(), get(full.path + "/cgroup.subtree_control").strip()), ("domain", ""))
    must(c.delete("--force"))


def device_programs(path):
    """How many programs decide on devices in a cgroup: bpf(2), BPF_PROG_QUERY."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    ids = (ctypes.c_uint32 * 64)()
    attr = ctypes.create_string_buffer(struct.pack("IIIIQI", fd, BPF_CGROUP_DEVICE, 0, 0, ctypes.addressof(ids), 64), 128)
    r = ctypes.CDLL(None, use_errno=True).syscall(SYS_BPF, BPF_PROG_QUERY, attr, 128)
    os.close(fd)
    check(r == 0, "BPF_PROG_QUERY", os.strerror(ctypes.get_errno()))
    return struct.unpack_from("I", attr, 24)[0]


@test("one device program, before and after updates")
def _():
    if not SYS_BPF:
        skip("the number of bpf(2) here")
    c = unified()
    c.up()
    equal(device_programs(folder(c)), 1)
    for i in range(3):
        must(c.call("update", "--pids-limit", str(50 + i), c.id))
    equal(device_programs(folder(c)), 1)


main()
