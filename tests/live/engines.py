#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What podman, docker and containerd hand to a runtime, taken from them unchanged: their config.json,
their process.json, and every call that they make, in its order."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "engines")


def fill(text, c, netns):
    parent = {"podman": "libpod_parent", "docker": "docker", "containerd": "default"}
    for name in parent.values():
        text = text.replace(f'"/{name}/', f'"/{TAG}/')
    for mark, value in (("BUNDLE", c.bundle.path), ("ROOTFS", c.rootfs), ("NETNS", netns), ("HOOK", "/bin/true"), ("ID", c.id), ("ROOT", ROOT)):
        text = text.replace(f"@{mark}@", value)
    return text


def prepared(engine, **files):
    """A bundle as the engine made it."""
    c = container()
    netns = f"{WORK}/tmp/netns-{engine}"
    put(netns)
    p = helper(["unshare", "-n", "sleep", "60"])
    wait_for("a network namespace", lambda: os.readlink(f"/proc/{p.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
    mount(f"/proc/{p.pid}/ns/net", netns, None, MS_BIND)
    cleanup(umount, netns)
    for f in ("resolv.conf", "hosts", "hostname", "containerenv"):
        put(f"{c.bundle.path}/{f}", f"{f} of the engine\n")
    os.mkdir(c.bundle.path + "/shm")
    for f in ("config.json", "process.json"):
        put(f"{c.bundle.path}/{f}", fill(get(f"{DATA}/{engine}/{f}"), c, netns))
    return c, netns


def add_engine(engine):
    @test(f"{engine}: its config.json and all of its calls in their order")
    def _():
        c, netns = prepared(engine)
        path = c.bundle.path
        if engine == "podman":
            # It never says --root: the default one, which is private here.
            cleanup(lambda: command("rm", "-rf", "/run/hull", "/run/runc", "/run/crun"))
        started = None
        for line in get(f"{DATA}/{engine}/argv.txt").splitlines():
            argv = [HULL] + fill(line, c, netns).split()[1:]
            r = must(command(*argv))
            if "create" in argv:
                started = r
                pid = get(path + ("/pidfile" if engine == "podman" else "/init.pid"))
                check(pid.isdigit(), "pid file", repr(pid))
                equal(r.text, "")
            elif "start" in argv:
                wait_for("hi", lambda: started.out == "hi\n")
            elif "exec" in argv:
                wait_for("uid=", lambda: "uid=0" in r.out)
            elif "kill" in argv:
                wait_for("its end", lambda: not os.path.exists(f"/proc/{pid}"))
        lacks(get(path + "/log.json") if os.path.exists(path + "/log.json") else "", "error")
        wait_for("its processes and cgroups to go", lambda: not processes() and not cgroups.ours())

    @test(f"{engine}: its configuration confines as it says")
    def _():
        c, _netns = prepared(engine)
        config = json.loads(get(c.bundle.path + "/config.json"))
        config["process"]["args"] = ["/payload", "caps", "+", "mounts", "+", "ids", "+", "syscall", "reboot", "+", "env", "+", "uts", "+", "pause"]
        if "terminal" in config["process"]:
            config["process"]["terminal"] = False
        put(c.bundle.path + "/config.json", json.dumps(config))
        r = must(c.call("create", "--bundle", c.bundle.path, c.id))
        c.start()
        c.ready(r)
        want = sum(1 << n for n, name in enumerate(CAPABILITIES) if name in config["process"]["capabilities"]["bounding"])
        equal(r.facts["bounding"], f"{want:x}")
        equal(r.facts["seccomp"], 2 if config["linux"].get("seccomp") else 0)
        dests = [m["dest"] for m in r.facts["mounts"]]
        for m in config["mounts"]:
            check(m["destination"].rstrip("/") in dests, m["destination"], dests)
        equal([e for e in r.facts["env"] if not e.startswith("HOME=")], [e for e in config["process"]["env"] if not e.startswith("HOME=")])
        if config.get("hostname"):
            equal(r.facts["hostname"], config["hostname"])


CAPABILITIES = ("CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID CAP_SETPCAP CAP_LINUX_IMMUTABLE "
                "CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT "
                "CAP_SYS_PTRACE CAP_SYS_PACCT CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD "
                "CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL CAP_SETFCAP").split()

for engine in sorted(os.listdir(DATA)):
    if os.path.isdir(f"{DATA}/{engine}"):
        add_engine(engine)

main()
