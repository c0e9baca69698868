#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks by links and odd files in the root file system: nothing of the host is made, changed,
mounted or read, and no protection is lost on the way."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from attack import *

# The file of procfs that attacks aim at: one of our own UTS namespace, should they succeed.
PROC_MAGIC, CORE = "9fa0", "/proc/sys/kernel/domainname"
SHARED_UTS = ["pid", "network", "ipc", "mount"]


def replace(path, target):
    """A link in the place of what is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)


def without(c, *destinations):
    c.config["mounts"] = [m for m in c.config["mounts"] if not m["destination"].startswith(destinations)]
    return c


@test("S10 CVE-2019-19921: /proc in the root file system is a link")
def _():
    canary = Canary()
    for target in (canary.path, "../../../../../../.." + canary.path, "/fake", "fake", "/proc", "/etc/passwd", "/nonesuch"):
        c = inside("statfs /proc", "caps")
        os.makedirs(c.rootfs + "/fake/self/attr", exist_ok=True)
        put(c.rootfs + "/fake/self/attr/exec")
        replace(c.rootfs + "/proc", target)
        r = neutral(c.run())
        if r.rc == 0 and kind == "hull":
            equal(r.lines[0]["statfs"], PROC_MAGIC, "a real /proc")
        canary.unharmed()
    nothing_left()


@test("S11 CVE-2023-27561: /sys in the root file system is a link")
def _():
    canary = Canary()
    for target in (canary.path, "../../../../../../.." + canary.path, "/fake", "/sys"):
        c = inside("statfs /sys")
        os.makedirs(c.rootfs + "/fake", exist_ok=True)
        replace(c.rootfs + "/sys", target)
        neutral(c.run())
        canary.unharmed()
    nothing_left()


@test("S12 CVE-2019-16884: something else on /proc is refused", only="hull runc")
def _():
    source = Canary("fakeproc", x="1").path
    for m in (tmpfs("/proc"), bind(source, "/proc"), bind(source, "/proc", "rbind")):
        c = container(args=["/payload", "exit"])
        c.config["mounts"] = c.config["mounts"][1:] + [m]
        refused(c.run(), "/proc")
    nothing_left()


@test("S13 CVE-2025-52881: mounts below /proc are refused, but the few that are known", only="hull runc")
def _():
    source = Canary("fakeattr", file="1")
    for dest in ("/proc/self/attr", "/proc/thread-self", "/proc/sys", "/proc/self", "/proc/1", "/proc/sysrq-trigger", "/proc/sys/kernel"):
        refused(container(args=["/payload", "exit"], mounts=[bind(source.path, dest)]).run(), "/proc")
    for dest in ("/proc/self/attr/exec", "/proc/self/attr/current", "/proc/sysrq-trigger", "/proc/kcore", "/proc/../proc/self/attr/exec", "/proc/./sysrq-trigger"):
        refused(container(args=["/payload", "exit"], mounts=[bind(source.path + "/file", dest)]).run(), "/proc")
    r = must(inside("read /proc/meminfo", "read /proc/cpuinfo", mounts=[bind(source.path + "/file", "/proc/meminfo"), bind(source.path + "/file", "/proc/cpuinfo")]).run())
    equal([l["text"] for l in r.lines], ["1", "1"])
    source.unharmed()
    nothing_left()


@test("S13: a way to /proc through a link counts as /proc", only="hull")
def _():
    source = Canary("fakeattr2", file="1")
    c = container(args=["/payload", "exit"], mounts=[bind(source.path + "/file", "/way/version")])
    os.symlink("/proc", c.rootfs + "/way")
    refused(c.run(), "/proc")
    source.unharmed()


@test("S14: sysctl through a faked /proc/sys: the flag file is untouched")
def _():
    flag = Canary("flagdir", flag="untouched")
    tree = f"{WORK}/tmp/tree"
    os.makedirs(tree + "/kernel")
    os.symlink(flag.path + "/flag", tree + "/kernel/domainname")
    for mounts in ([bind(tree, "/proc/sys")], [bind(tree + "/kernel", "/proc/sys/kernel")]):
        c = inside("uts", mounts=mounts + [bind(flag.path, flag.path)], linux={"sysctl": {"kernel.domainname": "changed"}, "readonlyPaths": [], "maskedPaths": []})
        r = neutral(c.run())
        flag.unharmed()
        if r.rc == 0 and kind == "hull":
            equal(r.facts["domainname"], "changed", "really set")


@test("S16 CVE-2022-0811 class: sysctl names that are not the container's are refused")
def _():
    core = "/proc/sys/kernel/core_pattern"
    before = get(core), get("/proc/sys/kernel/hostname"), get("/proc/sys/kernel/domainname")
    table = ["kernel.core_pattern", "net../../kernel/hostname", "fs.mqueue/../../kernel/domainname", "fs.mqueue/../../kernel/core_pattern",
             "net/../kernel/core_pattern", "kernel/core_pattern", "vm.overcommit_memory", "net..x", "kernel.msgmax/../core_pattern", "user.max_user_namespaces"]
    if kind == "hull":
        table += ["", ".", "/", "net.", "kernel.domainname\nx", "kernel.sem\u00e9", "net.ipv4..ip_forward", "kernel.shm_rmid_forced ", "kernel.hostname"]
    for key in table:
        # The value that is there: should it get through, nothing is lost.
        value = get(core).strip() if "core" in key else "1"
        r = container(args=["/payload", "exit"], linux={"sysctl": {key: value}}).run()
        check(r.rc not in (0, 128), f"{key!r} was taken", r)
        equal((get(core), get("/proc/sys/kernel/hostname"), get("/proc/sys/kernel/domainname")), before)
    # A name of a namespace that is the host's.
    for key, kinds in (("net.ipv4.ip_forward", ["pid", "ipc", "uts", "mount"]), ("kernel.domainname", ["pid", "ipc", "network", "mount"]),
                       ("kernel.msgmax", ["pid", "uts", "network", "mount"])):
        c = container(args=["/payload", "exit"], namespaces=kinds, linux={"sysctl": {key: "1"}})
        c.config.pop("hostname", None)
        refused(c.run())
    if kind == "hull":
        refused(container(args=["/payload", "exit"], linux={"sysctl": {"kernel.msgmax": "9" * 65536}}).run(), "linux.sysctl")
        refused(container(args=["/payload", "exit"], linux={"sysctl": {"kernel.sem": "1\n2"}}).run(), "linux.sysctl")
    nothing_left()


@test("S20 CVE-2019-18837: destinations by links to the host, relative and absolute, nested, as file and folder", limit=90)
def _():
    canary = Canary(deep="x")
    os.mkdir(canary.path + "/dir")
    canary.before = snapshot(canary.path)
    ups = "../" * 15
    links = {"/lnk": canary.path, "/rel": ups + canary.path[1:], "/to-file": canary.path + "/secret", "/to-new": canary.path + "/new",
             "/to-new-rel": ups + canary.path[1:] + "/new2", "/sub/lnk": canary.path}
    file = put(f"{WORK}/tmp/file")
    for dest in ("/lnk", "/lnk/x", "/lnk/x/y/z", "/rel", "/rel/x", "/a/../lnk/x", "/to-new", "/to-new-rel", "/sub/lnk/x", "/lnk/dir", "/lnk/../../x",
                 "/../../../../lnk/y", "//lnk//q", "/lnk/."):
        for m in (tmpfs(dest), bind(file, dest + "-f"), bind(canary.path, dest, "bind", "ro")):
            c = container(args=["/payload", "exit"], mounts=[m])
            os.mkdir(c.rootfs + "/sub")
            for name, target in links.items():
                os.symlink(target, c.rootfs + name)
                os.symlink(target + "-f", c.rootfs + name + "-f")
            neutral(c.run())
            canary.unharmed()
    nothing_left()


@test("S20: loops, 41 links in a row, long names, FIFO and device as destination: an error or a mount, at once")
def _():
    canary = Canary()
    def prepare(c):
        os.symlink("loop", c.rootfs + "/loop")
        os.symlink("/ping", c.rootfs + "/pong")
        os.symlink("/pong", c.rootfs + "/ping")
        for i in range(60):
            os.symlink(f"c{i + 1}", f"{c.rootfs}/c{i}")
        os.mkdir(c.rootfs + "/c60")
        os.mkfifo(c.rootfs + "/fifo")
        os.mknod(c.rootfs + "/device", 0o666 | 0o020000, os.makedev(1, 5))
    file = put(f"{WORK}/tmp/file")
    for dest in ("/loop", "/loop/x", "/ping/x", "/c0", "/c15/x", "/" + "d/" * 2040 + "x", "/" + "n" * 255, "/" + "n" * 256, "/fifo", "/device"):
        for m in (tmpfs(dest), bind(file, dest)):
            c = container(args=["/payload", "exit"], mounts=[m])
            prepare(c)
            start = time.monotonic()
            neutral(c.run(timeout=10))
            check(time.monotonic() - start < 5, "at once", dest[:60])
    canary.unharmed()
    nothing_left()


def flipping(c, a, b):
    p = helper([attacker(), "flip", a, b])
    wait_for("the first exchange", lambda: os.path.islink(a))
    return p


@test("S21 CVE-2021-30465, CVE-2024-45310: a folder and a link to the host exchanged at full speed, 200 creates", only="hull", limit=140)
def _():
    canary = Canary()
    volume = f"{WORK}/tmp/vol"
    os.makedirs(volume + "/a")
    os.symlink("../../../../../../.." + canary.path, volume + "/b")
    c = container(args=["/payload", "exit"], mounts=[bind(volume, "/vol", "rbind")] + [tmpfs(f"/vol/a/f{i}/g") for i in range(10)], bare=True)
    c.bundle.write()
    flipping(c, volume + "/a", volume + "/b")
    good, tries, end = 0, 0, time.monotonic() + 100
    while tries < 200 and time.monotonic() < end:
        tries += 1
        r = c.call("run", "--bundle", c.bundle.path, c.id)
        good += r.rc == 0
        neutral(r)
        equal(os.listdir(canary.path), ["secret"], f"create {tries}")
    canary.unharmed()
    check(tries >= 100, f"only {tries} creates in time")
    # Resolved once, and the mount attached to what was found: the attacker cannot even keep it from starting.
    check(good >= tries * 0.95, f"{good} of {tries} started")


@test("S22 CVE-2021-30465: a later bind whose source lies below the exchanged folder", only="hull", limit=100)
def _():
    canary = Canary()
    volume = f"{WORK}/tmp/vol"
    os.makedirs(volume + "/a")
    os.symlink("/", volume + "/b")
    c = inside("ls /vol/a/in", "stat /out/secret", "stat /out/run", bare=True,
               mounts=[bind(volume, "/vol", "rbind"), tmpfs("/vol/a/in"), bind(volume + "/a", "/out", "rbind")])
    c.bundle.write()
    flipping(c, volume + "/a", volume + "/b")
    for _ in range(60):
        r = neutral(c.call("run", "--bundle", c.bundle.path, c.id))
        for l in r.lines:
            if l.get("stat") == "/out/secret":
                equal(l["error"], "ENOENT")
    canary.unharmed()


def evil_dev(canary, **links):
    """A folder to be bound as /dev, with links in the place of devices."""
    path = f"{WORK}/tmp/evildev"
    os.makedirs(path + "/pts", exist_ok=True)
    for name, target in links.items():
        replace(f"{path}/{name}", target)
    return path


def masked(c, r):
    """A masked file is empty and not a way into /proc, or the start was refused."""
    if r.rc == 0:
        seen = [l for l in r.lines if "read" in l]
        check(len(seen) == 1 and seen[0]["read"] <= 0, "the masked file can be read", r)


@test("S24 CVE-2025-31133: a /dev/null that is a link to procfs does not mask with it", only="hull")
def _():
    core = get(CORE)
    for target in (CORE, "/proc/self/status"):
        c = inside("read /victim", "statfs /victim", "write /victim x", namespaces=SHARED_UTS, linux={"maskedPaths": ["/victim"], "readonlyPaths": []})
        without(c, "/dev")
        c.config["mounts"].append(bind(evil_dev(None, null=target), "/dev"))
        put(c.rootfs + "/victim", "victim")
        r = neutral(c.run())
        masked(c, r)
        if r.rc == 0:
            check([l for l in r.lines if "statfs" in l][0]["statfs"] != PROC_MAGIC, "a file of procfs", r)
        equal(get(CORE), core)
    nothing_left()


@test("S25 CVE-2025-31133: without a /dev/null a file is masked all the same", only="hull")
def _():
    c = inside("read /victim", "statfs /victim", linux={"maskedPaths": ["/victim"]})
    without(c, "/dev")
    path = f"{WORK}/tmp/emptydev"
    os.makedirs(path)
    c.config["mounts"].append(bind(path, "/dev"))
    put(c.rootfs + "/victim", "victim")
    masked(c, neutral(c.run()))


@test("S26 CVE-2025-31133: /dev/null in the root file system is a link, and nothing is mounted on /dev", only="hull")
def _():
    core = get(CORE)
    c = inside("read /victim", "statfs /victim", "write /victim x", namespaces=SHARED_UTS, linux={"maskedPaths": ["/victim"], "readonlyPaths": []})
    without(c, "/dev")
    os.symlink(CORE, c.rootfs + "/dev/null")
    put(c.rootfs + "/victim", "victim")
    masked(c, neutral(c.run()))
    equal(get(CORE), core)


@test("S27 CVE-2025-52565: /dev/pts of the attacker does not put a file of procfs on /dev/console", only="hull runc")
def _():
    core = get(CORE)
    path = f"{WORK}/tmp/evilpts"
    os.makedirs(path)
    for n in range(64):
        os.symlink(CORE, f"{path}/{n}")
    for ptmx in ("link", "device", "none"):
        if os.path.lexists(path + "/ptmx"):
            os.unlink(path + "/ptmx")
        if ptmx == "link":
            os.symlink("/host-ptmx", path + "/ptmx")
        elif ptmx == "device":
            os.mknod(path + "/ptmx", 0o666 | 0o020000, os.makedev(5, 2))
        socket_ = Listener(f"console-{ptmx}.sock")
        c = container(args=["/bin/sh", "-c", "/payload statfs /dev/console + stat /dev/console >/out"], terminal=True, namespaces=SHARED_UTS,
                      linux={"readonlyPaths": [], "maskedPaths": []})
        c.config["mounts"] = [m for m in c.config["mounts"] if m["destination"] != "/dev/pts"] + [bind(path, "/dev/pts")]
        r = c.run("-d", "--console-socket", socket_.path)
        if r.rc == 0:
            c.stopped()
            text = get(c.rootfs + "/out")
            lacks(text, f'"statfs":"{PROC_MAGIC}"')
        equal(get(CORE), core)
        c.delete("--force")


@test("S28 CVE-2026-41579, CVE-2026-47766: /dev in the root file system is a link to a folder of the host", only="hull")
def _():
    canary = Canary(ptmx="decoy")
    for target in (canary.path, "../../../../../../.." + canary.path):
        for keep in (True, False):
            for detached in (False, True):
                c = container(args=["/payload", "exit"])
                if not keep:
                    without(c, "/dev")
                replace(c.rootfs + "/dev", target)
                if detached:
                    r = c.try_create()
                    if r.rc == 0:
                        c.call("start", c.id)
                        c.delete("--force")
                else:
                    r = neutral(c.run())
                canary.unharmed()
    nothing_left()


@test("S29 CVE-2026-88264: /dev/console in the root file system is a link to the host", only="hull")
def _():
    canary = Canary()
    for target in (canary.path + "/new", canary.path + "/secret", "../../../../../../../.." + canary.path + "/new2", canary.path):
        for uid in (0, 1000):
            socket_ = Listener("console.sock")
            c = container(args=["/payload", "exit"], terminal=True, uid=uid)
            without(c, "/dev")
            os.symlink(target, c.rootfs + "/dev/console")
            c.run("-d", "--console-socket", socket_.path)
            canary.unharmed()
            c.delete("--force")
            socket_.close()
    nothing_left()


@test("S31 CVE-2025-24965 class: links in the place of every name that a runtime makes", only="hull")
def _():
    canary = Canary()
    names = ["etc/hosts", "etc/resolv.conf", "etc/hostname", "etc/mtab", ".old_root", ".pivot_root", "pivot_root", ".krun_config.json", ".containerenv",
             ".dockerenv", "run/notify", "run/notify/notify.sock", "tmp/hull", "init", ".hull", "hull-init", "dev/fd", "dev/stdin", "dev/core", "dev/ptmx",
             "dev/console", "dev/zero", "dev/tty", "dev/shm", "dev/mqueue", "dev/pts"]
    for keep in (True, False):
        c = container(args=["/payload", "exit"], cwd="/work/dir", linux={"devices": [{"path": "/dev/extra/node", "type": "c", "major": 1, "minor": 5}]})
        if not keep:
            without(c, "/dev")
        os.symlink(canary.path, c.rootfs + "/work")
        os.symlink(canary.path, c.rootfs + "/dev/extra")
        for i, n in enumerate(names):
            os.makedirs(os.path.dirname(f"{c.rootfs}/{n}"), exist_ok=True) if not os.path.islink(os.path.dirname(f"{c.rootfs}/{n}")) else None
            if not os.path.lexists(f"{c.rootfs}/{n}") and not os.path.islink(os.path.dirname(f"{c.rootfs}/{n}")):
                os.symlink(f"{canary.path}/made-{i}", f"{c.rootfs}/{n}")
        neutral(c.run())
        canary.unharmed()
    nothing_left()


def ro_everywhere(r, *wanted):
    m = {x["dest"]: x["options"].split(",") for x in r.facts["mounts"]}
    for dest in wanted:
        check(dest in m, f"{dest} is mounted", list(m))
        check("ro" in m[dest], f"{dest} is read-only", m[dest])
    return m


@test("S32 CVE-2023-25809: what is asked to be read-only is, below too, with user and cgroup namespaces or without", only="hull")
def _():
    base = ["pid", "ipc", "uts", "mount"]
    for kinds in (base + ["network"], base + ["network", "cgroup"], base + ["network", "user"], base + ["network", "user", "cgroup"]):
        c = inside("mounts", "mkdir /sys/fs/cgroup/x", "write /proc/sys/kernel/hostname x", namespaces=kinds, rw=False,
                   linux=user_namespace() if "user" in kinds else {})
        r = must(c.run())
        m = ro_everywhere(r, "/", "/sys", "/sys/fs/cgroup")
        for dest in m:
            if dest.startswith("/sys"):
                check("ro" in m[dest], f"{dest} of {kinds}", m[dest])
        check(all(l["errno"] for l in r.lines if "errno" in l), "nothing could be written", r)
    # The host's /sys, bound.
    c = inside("mounts", namespaces=base)
    c.config["mounts"] = [m for m in c.config["mounts"] if not m["destination"].startswith("/sys")] + [bind("/sys", "/sys", "rbind", "rro", "nosuid", "noexec", "nodev")]
    m = ro_everywhere(must(c.run()), "/sys")
    for dest in m:
        if dest.startswith("/sys"):
            check("ro" in m[dest], dest, m[dest])


@test("S33 CVE-2026-115521: a read-only root is read-only, whatever the image has in /proc")
def _():
    for mounts in (True, False):
        c = inside("write /x 1", "write /etc/passwd 1", rw=False)
        if not mounts:
            c.config["mounts"] = []
            c.config["linux"]["maskedPaths"] = c.config["linux"]["readonlyPaths"] = []
        os.makedirs(c.rootfs + "/proc/self/fd", exist_ok=True)
        os.makedirs(c.rootfs + "/proc/thread-self/fd", exist_ok=True)
        for n in range(64):
            os.symlink("/tmp", f"{c.rootfs}/proc/self/fd/{n}")
            os.symlink("/tmp", f"{c.rootfs}/proc/thread-self/fd/{n}")
        r = neutral(c.run())
        for l in r.lines:
            equal(l["errno"], 30, str(r))
        check(not os.path.exists(c.rootfs + "/x"), "a file was made")


@test("S34: a mount point missing below a read-only bind: an error, and the host's folder is as it was", only="hull")
def _():
    canary = Canary()
    for options in (("bind", "ro"), ("rbind", "ro"), ("rbind", "rro")):
        r = container(args=["/payload", "exit"], mounts=[bind(canary.path, "/v", *options), tmpfs("/v/missing/deep")]).run()
        refused(r, "/v/missing")
        canary.unharmed()
    nothing_left()


@test("S35: the mounts of the host and their propagation after 40 containers", limit=90)
def _():
    shared = f"{WORK}/tmp/shared"
    os.makedirs(shared)
    mount("tmpfs", shared, "tmpfs")
    cleanup(umount, shared)
    mount(None, shared, None, MS_SHARED)
    c = container(args=["/payload", "exit"], bare=True, linux={"rootfsPropagation": "rslave"})
    # A root file system on a shared mount: what is mounted in it must not come back to the host.
    target = shared + "/rootfs"
    must(command("cp", "-a", c.rootfs, target))
    c.config["root"]["path"] = target
    before = get("/proc/self/mountinfo")
    for i in range(40):
        must(c.run())
        equal(get("/proc/self/mountinfo"), before, f"container {i}")
    equal(sorted(os.listdir(target)), sorted(os.listdir(c.rootfs)))


@test("devices of the config below a link to the host are made in the root or refused", only="hull")
def _():
    canary = Canary()
    for path in ("/out/node", "/out/deep/node", "/out"):
        c = container(args=["/payload", "exit"], linux={"devices": [{"path": path, "type": "c", "major": 1, "minor": 5}]})
        os.symlink(canary.path, c.rootfs + "/out")
        neutral(c.run())
        canary.unharmed()


@test("masked and read-only paths that lead out by a link do not touch the host")
def _():
    canary = Canary()
    c = inside("exit 0", linux={"maskedPaths": ["/out", "/out/secret", "/out-file"], "readonlyPaths": ["/out", "/out/secret"]})
    os.symlink(canary.path, c.rootfs + "/out")
    os.symlink(canary.path + "/secret", c.rootfs + "/out-file")
    neutral(c.run())
    canary.unharmed()
    put(canary.path + "/secret2", "still writable on the host")


main()
