#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Containers of a user without privileges."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

UID, NAME = 4321, "hulltest"
HOME = f"{WORK}/home"
_made = False


def user():
    """A user of this test only: /etc/passwd and the id ranges are bound over, nothing is changed."""
    global _made
    if _made:
        return
    _made = True
    os.makedirs(f"{WORK}/etc")
    for name, line in (("passwd", f"{NAME}:x:{UID}:{UID}::{HOME}:/bin/sh\n"), ("group", f"{NAME}:x:{UID}:\n"),
                       ("subuid", f"{NAME}:500000:65536\n"), ("subgid", f"{NAME}:500000:65536\n")):
        if not os.path.exists("/etc/" + name):
            continue
        old = get("/etc/" + name)
        put(f"{WORK}/etc/{name}", old + line)
        mount(f"{WORK}/etc/{name}", "/etc/" + name, None, MS_BIND)
    for d in (HOME, f"{WORK}/xdg"):
        os.makedirs(d, exist_ok=True)
        os.chown(d, UID, UID)
        os.chmod(d, 0o700)
    import harness
    harness._mounts_before[:] = mounts_here()


def as_user(*argv, **more):
    env = {"PATH": os.environ["PATH"], "HOME": HOME, "XDG_RUNTIME_DIR": f"{WORK}/xdg", "USER": NAME}
    return command("setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups", "--", *argv, env=dict(env, **more.pop("add", {})), **more)


def mine(c, ids=None, **process):
    """A bundle as `spec --rootless` makes it, owned by the user."""
    config = c.config
    config["linux"]["namespaces"] = [{"type": t} for t in ("pid", "ipc", "uts", "mount", "user")]
    ids = ids or [{"containerID": 0, "hostID": UID, "size": 1}]
    config["linux"].update(uidMappings=ids, gidMappings=ids)
    config["linux"].pop("resources")
    config["linux"].pop("cgroupsPath")
    config["mounts"] = [m for m in config["mounts"] if not m["destination"].startswith("/sys")]
    config["mounts"].append(bind("/sys", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro"))
    for m in config["mounts"]:
        m["options"] = [o for o in m.get("options", []) if not o.startswith(("uid=", "gid="))]
    must(command("chown", "-R", f"{UID}:{UID}", c.bundle.path))
    c.bundle.write()
    return c


def runtime_of(c, *argv, root=None, **more):
    return as_user(HULL, "--root", root or f"{WORK}/xdg/state", *argv, **more)


def finished():
    command("rm", "-rf", f"{WORK}/xdg/state")


@test("spec --rootless makes a bundle that runs")
def _():
    user()
    c = container()
    must(command("chown", "-R", f"{UID}:{UID}", c.bundle.path))
    r = must(as_user(HULL, "spec", "--rootless", cwd=c.bundle.path))
    config = json.loads(get(c.bundle.path + "/config.json"))
    check({"type": "user"} in config["linux"]["namespaces"], "user namespace", config["linux"]["namespaces"])
    if kind != "crun":
        equal(config["linux"]["uidMappings"][0]["hostID"], UID)
    config["process"].update(terminal=False, args=["/payload", "ids", "+", "ns", "+", "exit", "5"])
    put(c.bundle.path + "/config.json", json.dumps(config))
    r = runtime_of(c, "run", c.id, cwd=c.bundle.path)
    equal(r.rc, 5, str(r))
    equal(r.facts["uid"], [0] * 3)
    finished()


@test("create, start, state, exec, kill, delete as a user")
def _():
    user()
    c = mine(container())
    must(runtime_of(c, "create", "--bundle", c.bundle.path, c.id))
    must(runtime_of(c, "start", c.id))
    s = json.loads(must(runtime_of(c, "state", c.id)).out)
    equal(s["status"], "running")
    equal(os.stat(f"/proc/{s['pid']}").st_uid, UID)
    f = must(runtime_of(c, "exec", c.id, "/payload", "ids", "+", "ns", "+", "caps")).facts
    equal(f["uid"], [0] * 3)
    equal(f["user"], os.stat(f"/proc/{s['pid']}/ns/user").st_ino)
    must(runtime_of(c, "kill", c.id, "KILL"))
    wait_for("its end", lambda: json.loads(runtime_of(c, "state", c.id).out)["status"] == "stopped")
    must(runtime_of(c, "delete", c.id))
    finished()
    nothing_left()


@test("the default state root is below XDG_RUNTIME_DIR")
def _():
    user()
    c = mine(container(args=["/payload", "exit", "4"]))
    equal(as_user(HULL, "run", "--bundle", c.bundle.path, c.id).rc, 4)
    if kind == "hull":
        check(os.path.isdir(f"{WORK}/xdg/hull"), "a folder there", os.listdir(f"{WORK}/xdg"))
        equal(os.stat(f"{WORK}/xdg/hull").st_mode & 0o777, 0o700)
    command("sh", "-c", f"rm -rf {WORK}/xdg/*")


@test("maps of several ids, by newuidmap and newgidmap")
def _():
    if not shutil.which("newuidmap"):
        skip("no newuidmap")
    user()
    ids = [{"containerID": 0, "hostID": UID, "size": 1}, {"containerID": 1, "hostID": 500000, "size": 65535}]
    c = mine(container(args=["/payload", "ids", "+", "read", "/proc/self/uid_map"], uid=1000, gid=1000, process={"user": {"additionalGids": [7] if kind != "runc" else []}}), ids)
    r = must(runtime_of(c, "run", "--bundle", c.bundle.path, c.id))
    equal((r.facts["uid"], r.facts["gid"]), ([1000] * 3, [1000] * 3))
    check(7 in r.facts["groups"] or kind == "runc", "additional group", r)
    equal([l.split() for l in r.facts["text"].splitlines()], [["0", str(UID), "1"], ["1", "500000", "65535"]])
    finished()


@test("ids that are not the user's are refused", only="hull runc")
def _():
    user()
    for ids in ([{"containerID": 0, "hostID": 0, "size": 1}], [{"containerID": 0, "hostID": 400000, "size": 10}], [{"containerID": 0, "hostID": UID, "size": 2}]):
        c = mine(container(args=["/payload", "exit"]), ids)
        r = runtime_of(c, "run", "--bundle", c.bundle.path, c.id)
        refused(r)
    finished()
    nothing_left()


@test("a helper in a PATH of the user's is not what makes the map", only="hull")
def _():
    user()
    evil = f"{HOME}/bin"
    os.makedirs(evil)
    for n in ("newuidmap", "newgidmap"):
        put(f"{evil}/{n}", f"#!/bin/sh\ntouch {HOME}/flag\nexit 0\n", 0o755)
    ids = [{"containerID": 0, "hostID": UID, "size": 1}, {"containerID": 1, "hostID": 500000, "size": 65535}]
    c = mine(container(args=["/payload", "exit"]), ids)
    runtime_of(c, "run", "--bundle", c.bundle.path, c.id, add={"PATH": f"{evil}:{os.environ['PATH']}"})
    check(not os.path.exists(f"{HOME}/flag"), "the user's helper ran")
    finished()


@test("without setgroups additional groups are refused, not dropped", only="hull")
def _():
    user()
    c = mine(container(args=["/payload", "ids"], process={"user": {"additionalGids": [0]}}))
    refused(runtime_of(c, "run", "--bundle", c.bundle.path, c.id), "additionalGids")
    finished()


@test("resource limits that the user may not set are an error, not silence", only="hull")
def _():
    user()
    c = container(args=["/payload", "exit"])
    c = mine(c)
    c.config["linux"]["resources"] = {"memory": {"limit": 64 << 20}}
    c.bundle.write()
    r = runtime_of(c, "run", "--bundle", c.bundle.path, c.id)
    refused(r, "cgroup")
    finished()
    nothing_left()


@test("devices and a terminal's /dev work, by bind mounts")
def _():
    user()
    c = mine(container(args=["/payload", "stat", "/dev/null", "/dev/zero", "/dev/tty", "+", "write", "/dev/null", "x", "+", "read", "/dev/zero"]))
    r = must(runtime_of(c, "run", "--bundle", c.bundle.path, c.id))
    equal([l["type"] for l in r.lines[:3]], ["char"] * 3)
    equal([l["errno"] for l in r.lines[3:]], [0, 0])
    finished()


@test("inside of a user namespace as its root (nested)", only="hull runc")
def _():
    user()
    c = mine(container(args=["/payload", "ids", "+", "exit", "3"]), [{"containerID": 0, "hostID": 0, "size": 1}])
    r = as_user("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", HULL, "--root", f"{WORK}/xdg/state", "run",
                "--bundle", c.bundle.path, c.id)
    equal(r.rc, 3, str(r))
    finished()


main()
