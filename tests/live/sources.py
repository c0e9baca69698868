#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mount sources: thousands of them, id mapped ones; and a root that is moved instead of pivoted."""

import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

USER = ["pid", "network", "ipc", "uts", "mount", "user"]


def inside(*commands, **change):
    args = ["/payload"]
    for c in commands:
        args += (["+"] if len(args) > 1 else []) + c.split()
    return container(args=args, **change)


def files(name, n):
    path = f"{WORK}/tmp/{name}"
    os.makedirs(path)
    for i in range(n):
        put(f"{path}/{i}", f"content {i}")
    return path


def few_descriptors(soft=1024):
    """What a login shell has, and what runtimes are started with."""
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, old[1]))
    cleanup(resource.setrlimit, resource.RLIMIT_NOFILE, old)


def many(n, **change):
    source = files("many", n)
    c = inside("rlimits", "read /m/0", f"read /m/{n // 2}", f"read /m/{n - 1}", **change)
    c.config["mounts"] += [bind(f"{source}/{i}", f"/m/{i}", "bind", "ro") for i in range(n)]
    c.config["process"].pop("rlimits")
    return c


def read_many(r, n, soft=1024):
    equal([l["text"] for l in must(r).lines if "text" in l], [f"content {i}" for i in (0, n // 2, n - 1)])
    equal(r.facts["RLIMIT_NOFILE"][0], soft, "the container's limit of open files")


@test("2000 bind mounts with a soft limit of 1024 descriptors, which the container gets", only="hull")
def _():
    few_descriptors()
    read_many(many(2000).run(), 2000)


@test("2000 bind mounts in a user namespace", only="hull")
def _():
    few_descriptors()
    read_many(many(2000, namespaces=USER, linux=user_namespace(host=0)).run(), 2000)


@test("a limit of open files in the config counts, hooks have the caller's", only="hull")
def _():
    few_descriptors()
    seen = f"{WORK}/tmp/seen"
    c = many(1500, hooks={"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"ulimit -n >{seen}"]}]})
    c.config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 1024}]
    read_many(c.run(), 1500, 77)
    equal(get(seen).strip(), "1024")


@test("more mounts than the hard limit of descriptors allows: whose, and why", only="hull")
def _():
    c = many(300)
    c.bundle.write()
    r = command("sh", "-c", 'ulimit -n 200; exec "$@"', "sh", HULL, "--root", ROOT, "run", "--bundle", c.bundle.path, c.id)
    refused(r, "mounts[", "too many open files")


def idmapped(option, linux=None, owner=0, **change):
    """The owner that the file of host uid OWNER seems to have."""
    source = f"{WORK}/tmp/mapped"
    os.makedirs(source, exist_ok=True)
    put(source + "/file", "x")
    os.chown(source + "/file", owner, owner)
    c = inside("stat /d/file", mounts=[bind(source, "/d", "bind", option)], linux=linux or {}, **change)
    return c


def owner_of(c):
    facts = must(c.run()).facts
    return facts["uid"], facts["gid"]


@test("option idmap=uids=...;gids=...: the file system's ids become others", only="hull crun")
def _():
    equal(owner_of(idmapped("idmap=uids=0-1000-10;gids=0-2000-10", owner=3)), (1003, 2003))
    equal(owner_of(idmapped("idmap=uids=0-1000-1#5-3000-5;gids=0-0-1#5-4000-5", owner=7)), (3002, 4002))
    equal(owner_of(idmapped("idmap=gids=0-2000-10;uids=0-1000-10", owner=3)), (1003, 2003), "the other order")


@test("option idmap with @: the second number is an id of the container", only="hull")
def _():
    maps = [{"containerID": 0, "hostID": 100000, "size": 1000}, {"containerID": 1000, "hostID": 300000, "size": 1000}]
    user = {"uidMappings": maps, "gidMappings": maps}
    c = idmapped("idmap=uids=@0-5-10;gids=@0-1500-10", linux=user, owner=1, namespaces=USER)
    os.chown(c.rootfs, 100000, 100000)
    equal(owner_of(c), (6, 1501))
    c = idmapped("idmap=uids=@0-5-10", linux=user, owner=1, namespaces=USER)
    os.chown(c.rootfs, 100000, 100000)
    equal(owner_of(c), (6, 1), "what is not given is as in the container")


@test("option idmap: what cannot be is refused", only="hull")
def _():
    maps = [{"containerID": 0, "hostID": 100000, "size": 1000}]
    user = {"linux": {"uidMappings": maps, "gidMappings": maps}, "namespaces": USER}
    for option, part in (("idmap=uids=0-1000;gids=0-0-1", "FS-HOST-SIZE"), ("idmap=uids=0-1000-0;gids=0-0-1", "FS-HOST-SIZE"),
                         ("idmap=uids=-1-0-1;gids=0-0-1", "FS-HOST-SIZE"), ("idmap=uids=0-0-4294967296;gids=0-0-1", "FS-HOST-SIZE"),
                         ("idmap=uids=0-0-1x;gids=0-0-1", "FS-HOST-SIZE"), ("idmap=uids=0-0-1#;gids=0-0-1", "FS-HOST-SIZE"),
                         ("idmap=uids=0-0-1", "needs id mappings"), ("idmap=uids=0-0-1;groups=0-0-1", "uids= and gids="),
                         ("idmap=uids=@0-0-1;gids=0-0-1", "relative mapping")):
        refused(idmapped(option).run(), "mounts[7]", part)
    for option in ("idmap=uids=@0-1000-1", "idmap=uids=@0-990-11"):
        refused(idmapped(option, **user).run(), "mounts[7]", "relative mapping")
    refused(container(mounts=[dict(bind(WORK, "/d", "idmap=uids=0-0-1;gids=0-0-1"), uidMappings=maps, gidMappings=maps)]).run(), "twice")
    refused(container(mounts=[tmpfs("/d", "idmap=uids=0-0-1;gids=0-0-1")]).run(), "only bind mounts")


@test("check tells of devices that a bind mount on /dev leaves out", only="hull")
def _():
    device = lambda path, minor: {"path": path, "type": "c", "major": 1, "minor": minor}
    c = container(mounts=[bind("/dev", "/dev", "rbind")], linux={"devices": [
        device("/dev/null", 3), device("/dev/absent", 3), device("/dev/zero", 3), device("/else/null", 3), device("/dev/ptmx", 3)]})
    c.bundle.write()
    lines = command(HULL, "check", c.bundle.path).out.splitlines()
    found = [l.split("warning: ")[1].split(":")[0] for l in lines if "linux.devices" in l]
    equal(found, ["linux.devices[1]", "linux.devices[2]"], lines)
    contains(lines[0] + lines[1], "/dev/absent is not made: mounts[7] binds /dev to /dev")


def new_procfs(**change):
    """A container whose program, no root, mounts a procfs in namespaces of its own."""
    args = ["/bin/busybox", "unshare", "-Urmpf", "/bin/busybox", "mount", "-t", "proc", "proc", "/mnt"]
    return container(args=args, uid=1000, gid=1000, process={"noNewPrivileges": False}, **change)


@test("--no-pivot leaves nothing of the host's from which a procfs or sysfs without masks can be had", only="hull")
def _():
    # The kernel lets it through where a procfs is there that nothing is mounted in.
    must(new_procfs(linux={"maskedPaths": [], "readonlyPaths": []}).run())
    refused(new_procfs().run(), "denied")
    refused(new_procfs().run("--no-pivot"), "denied")
    # One more on the host, behind a space and below another.
    os.makedirs(f"{WORK}/tmp/a b")
    mount("proc", f"{WORK}/tmp/a b", "proc")
    cleanup(umount, f"{WORK}/tmp/a b")
    refused(new_procfs().run("--no-pivot"), "denied")


@test("--no-pivot in a user namespace: the host's procfs is covered, and only there", only="hull")
def _():
    c = inside("mounts", "read /proc/self/comm", namespaces=USER, linux=user_namespace(host=0))
    before = mounts_here()
    r = must(c.run("--no-pivot"))
    equal(r.lines[-1]["text"].strip(), "payload")
    equal(mounts_here(), before)


main()
