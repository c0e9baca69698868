#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The systemd cgroup driver (--systemd-cgroup): a scope for each container, as root and as a user."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
if not os.path.isdir("/run/systemd/system"):
    print("1..0 # SKIP systemd does not run here")
    sys.exit(0)

import isolate

isolate.HOST_PIDS = True
from harness import *

MB = 1 << 20
V2 = cgroups.controller("pids")[1] == 2


def scoped(*args, path="system.slice:hull:{id}", **change):
    c = container(args=list(args) or ["/payload", "pause"], **change)
    c.options = ("--systemd-cgroup",)
    if path:
        c.config["linux"]["cgroupsPath"] = path.format(id=c.id)
    else:
        del c.config["linux"]["cgroupsPath"]
    return c


def unit(c):
    return f"hull-{c.id}.scope"


def show(name, *properties, how=command, manager=()):
    r = must(how("systemctl", *manager, "show", name, "--property", ",".join(properties)))
    return dict(l.split("=", 1) for l in r.out.splitlines() if "=" in l)


def place(c):
    """Where the container is in systemd's tree."""
    for line in get(f"/proc/{c.pid()}/cgroup").splitlines():
        number, names, path = line.split(":", 2)
        if names == "name=systemd" or V2 and number == "0":
            return path
    return None


def opens(r):
    return [l["errno"] for l in r.lines if "open" in l]


@test("a container gets its scope in the slice that it asks for, and both end with it")
def _():
    c = scoped(linux={"resources": {"pids": {"limit": 77}, "memory": {"limit": 64 * MB}}})
    c.up()
    equal(place(c), f"/system.slice/{unit(c)}")
    shown = show(unit(c), "ActiveState", "Delegate", "TasksMax", "MemoryMax", "ControlGroup", "Slice")
    equal(shown, {"ActiveState": "active", "Delegate": "yes", "TasksMax": "77", "ControlGroup": place(c),
                  "Slice": "system.slice"} | ({"MemoryMax": str(64 * MB)} if V2 else {"MemoryMax": "infinity"}))
    folder = cgroups.of_pid(c.pid(), "pids")
    equal(get(folder + "/pids.max").strip(), "77")
    must(c.delete("--force"))
    wait_for("the unit to go", lambda: show(unit(c), "LoadState")["LoadState"] == "not-found")
    nothing_left()


@test("nested slices, no path at all, and a run that ends by itself")
def _():
    c = scoped(path=f"{TAG.replace('-', '')}-inner.slice:hull:{{id}}")
    c.up()
    top = TAG.replace("-", "")
    equal(place(c), f"/{top}.slice/{top}-inner.slice/{unit(c)}")
    must(c.delete("--force"))
    command("systemctl", "stop", f"{top}.slice")
    c = scoped(path=None)
    c.up()
    contains(place(c), "/system.slice/", c.id, ".scope")
    must(c.delete("--force"))
    c = scoped("/payload", "exit", "6")
    equal(c.run().rc, 6)
    equal(c.run().rc, 6)
    nothing_left()


@test("paths that are no slice:prefix:name are refused")
def _():
    for path in ("/a/b", "a:b", "a:b:c:d", "noslice:hull:{id}", "system.slice:hull:", "system.slice:a/b:{id}"):
        refused(scoped("/payload", "exit", path=path).run(), "cgroup" if kind == "hull" else "")
    nothing_left()


@test("a scope that is there already is refused, and goes on untouched")
def _():
    c = scoped()
    c.up()
    pid = c.pid()
    other = scoped(path=f"system.slice:hull:{c.id}")
    refused(other.try_create())
    equal((c.status(), c.pid()), ("running", pid))
    equal(show(unit(c), "ActiveState")["ActiveState"], "active")


@test("limits are true in the kernel and in systemd, after update and after daemon-reload")
def _():
    c = scoped(linux={"resources": {"memory": {"limit": 64 * MB}, "pids": {"limit": 50}, "cpu": {"quota": 30000, "period": 100000, "shares": 512}}})
    c.up()
    folder = cgroups.of_pid(c.pid(), "memory")
    if not V2:
        skip("files of cgroup v2")
    for what in (("64", "50", "30000 100000", "59"), ("96", "60", "20000 100000", "59")):
        if what[0] == "96":
            must(c.call("update", "--memory", "96M", "--pids-limit", "60", "--cpu-quota", "20000", c.id))
        for reload in (False, True):
            if reload:
                must(command("systemctl", "daemon-reload"))
            got = tuple(get(f"{folder}/{f}").strip() for f in ("memory.max", "pids.max", "cpu.max", "cpu.weight"))
            equal(got, (str(int(what[0]) * MB),) + what[1:], f"reload: {reload}")
        shown = show(unit(c), "MemoryMax", "TasksMax", "CPUQuotaPerSecUSec", "CPUWeight")
        equal(shown, {"MemoryMax": str(int(what[0]) * MB), "TasksMax": what[1], "CPUWeight": what[3],
                      "CPUQuotaPerSecUSec": f"{int(what[2].split()[0]) // 100}ms"})


@test("devices stay closed, and the default ones open, after daemon-reload and update (S45)")
def _():
    c = scoped(caps=["CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_DAC_OVERRIDE"])
    c.up()
    tries = ("/payload", "mknod", "/tmp/{}", "c", "1", "1", "+", "open", "/tmp/{}", "+", "open", "/dev/null", "rw", "+", "open", "/dev/zero")
    for step in ("start", "daemon-reload", "update"):
        if step == "daemon-reload":
            must(command("systemctl", "daemon-reload"))
        elif step == "update":
            must(c.call("update", "--pids-limit", "60", c.id))
            must(command("systemctl", "daemon-reload"))
        equal(opens(must(c.exec(*[t.format(step) for t in tries]))), [1, 0, 0], step)


@test("exec joins the scope; pause, resume and kill --all work in it")
def _():
    c = scoped("/bin/sh", "-c", "/payload pause & /payload pause & wait")
    c.up()
    must(c.exec("/payload", "sleep", "60", flags=("--detach", "--pid-file", c.bundle.path + "/p")))
    contains(get(f"/proc/{int(get(c.bundle.path + '/p'))}/cgroup"), unit(c))
    must(c.call("pause", c.id))
    equal(c.status(), "paused")
    must(c.call("resume", c.id))
    equal(c.status(), "running")
    must(c.call("kill", "--all", c.id, "KILL"))
    c.stopped()
    must(c.delete())
    nothing_left()


@test("systemctl stop of the scope stops the container; delete then works")
def _():
    c = scoped()
    c.up()
    must(command("systemctl", "stop", unit(c), timeout=60))
    c.stopped()
    must(c.delete())
    nothing_left()


@test("a kill by memory shortage leaves no failed unit")
def _():
    c = scoped("/payload", "hog", "100", linux={"resources": {"memory": {"limit": 32 * MB}}})
    equal(c.run().rc, 137)
    equal(show(unit(c), "LoadState", "ActiveState"), {"LoadState": "not-found", "ActiveState": "inactive"})
    nothing_left()


@test("a create that fails late leaves no scope")
def _():
    c = scoped("/nonesuch")
    refused(c.run())
    wait_for("the unit to go", lambda: show(unit(c), "LoadState")["LoadState"] == "not-found")
    nothing_left()


# ---- without privileges ----------------------------------------------------------------------------


def user():
    """A user whose systemd runs: (uid, runtime directory)."""
    for name in sorted(os.listdir("/run/user")) if os.path.isdir("/run/user") else []:
        if name != "0" and os.path.exists(f"/run/user/{name}/systemd/private"):
            return int(name), f"/run/user/{name}"
    return skip("no user has a systemd of its own here")


def as_user(*argv, **more):
    uid, run = user()
    env = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": run, "DBUS_SESSION_BUS_ADDRESS": f"unix:path={run}/bus", "HOME": "/"}
    return command("setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--", *argv, env=env, **more)


class Rootless(Container):
    """A container of that user, in a user namespace of one id."""

    def __init__(self, *args, resources=None):
        super().__init__(args=list(args) or ["/payload", "pause"])
        self.uid, _ = user()
        ids = [{"containerID": 0, "hostID": self.uid, "size": 1}]
        config = self.config
        config["linux"].update(uidMappings=ids, gidMappings=ids, resources=resources or {})
        config["linux"]["namespaces"] = [{"type": t} for t in ("pid", "ipc", "uts", "mount", "user", "cgroup")]
        config["linux"]["cgroupsPath"] = f"user.slice:hull:{self.id}"
        config["mounts"] = [m for m in config["mounts"] if m["destination"] not in ("/sys", "/sys/fs/cgroup")]
        config["mounts"].append(bind("/sys", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro"))
        for m in config["mounts"]:
            m["options"] = [o for o in m["options"] if not o.startswith(("uid=", "gid="))]
        must(command("chown", "-R", f"{self.uid}:{self.uid}", self.bundle.path))
        self.options = ("--systemd-cgroup",)
        self.state_root = f"/run/user/{self.uid}/{TAG}"
        cleanup(self.gone)

    def gone(self):
        if os.path.isdir(f"{self.state_root}/{self.id}"):
            self.call("delete", "--force", self.id)
        command("rm", "-rf", self.state_root)

    def call(self, *argv, **more):
        return as_user(HULL, "--root", self.state_root, *self.options, *argv, **more)


@test("a user's container has a scope of the user's systemd, with its limits")
def _():
    c = Rootless(resources={"pids": {"limit": 33}, "memory": {"limit": 64 * MB}})
    if not V2:
        skip("cgroup v1 cannot be delegated")
    c.up()
    equal(place(c), f"/user.slice/user-{c.uid}.slice/user@{c.uid}.service/user.slice/{unit(c)}")
    folder = cgroups.of_pid(c.pid(), "pids")
    equal((get(folder + "/pids.max").strip(), get(folder + "/memory.max").strip()), ("33", str(64 * MB)))
    shown = show(unit(c), "TasksMax", "ActiveState", how=as_user, manager=("--user",))
    equal(shown, {"TasksMax": "33", "ActiveState": "active"})
    must(c.call("update", "--pids-limit", "44", c.id))
    equal(get(folder + "/pids.max").strip(), "44")
    must(c.call("pause", c.id))
    equal(c.status(), "paused")
    must(c.call("resume", c.id))
    must(c.call("delete", "--force", c.id))
    check(not os.path.exists(folder), "the cgroup is still there")
    wait_for("the unit to go", lambda: show(unit(c), "LoadState", how=as_user, manager=("--user",))["LoadState"] == "not-found")


@test("exec by a user from outside of the user's systemd (a login session) is in the scope", only="hull")
def _():
    c = Rootless()
    if not V2:
        skip("cgroup v1 cannot be delegated")
    c.up()
    equal(must(c.exec("/payload", "ids")).facts["uid"], [0] * 3)
    must(c.exec("/payload", "sleep", "60", flags=("--detach", "--pid-file", c.bundle.path + "/p")))
    contains(get(f"/proc/{int(get(c.bundle.path + '/p'))}/cgroup"), unit(c))


@test("a user's limit holds")
def _():
    if not V2:
        skip("cgroup v1 cannot be delegated")
    r = Rootless("/payload", "forks", "50", resources={"pids": {"limit": 10}}).run()
    check(r.facts["error"] == "EAGAIN" and 5 <= r.facts["forks"] <= 9, "forks", r)
    equal(Rootless("/payload", "hog", "100", resources={"memory": {"limit": 32 * MB}}).run().rc, 137)


@test("a user without systemd-cgroup, in a unit that is delegated to it: a relative cgroupsPath")
def _():
    if not V2:
        skip("cgroup v1 cannot be delegated")
    if not shutil.which("systemd-run"):
        skip("no systemd-run")
    c = Rootless("/payload", "cgroup", "+", "forks", "50", resources={"pids": {"limit": 10}})
    c.config["linux"]["cgroupsPath"] = c.id
    c.config["linux"]["namespaces"] = [n for n in c.config["linux"]["namespaces"] if n["type"] != "cgroup"]
    c.bundle.write()
    # The user's manager starts it outside of this test's mounts: /run/user is in both.
    bundle = f"/run/user/{c.uid}/{c.id}"
    must(command("cp", "-a", c.bundle.path, bundle))
    cleanup(command, "rm", "-rf", bundle)
    r = as_user("systemd-run", "--user", "--pipe", "--wait", "--quiet", "--property=Delegate=yes", HULL, "--root", c.state_root,
                "run", "--bundle", bundle, c.id)
    equal(r.rc, 0, str(r))
    check(r.facts["error"] == "EAGAIN" and 5 <= r.facts["forks"] <= 9, "forks", r)


main()
