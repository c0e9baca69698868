#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An image made and unpacked by umoci runs as umoci unpacked it, as root and rootless."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *


def image():
    if not shutil.which("umoci"):
        skip("no umoci")
    path = f"{WORK}/tmp/image"
    tree = f"{WORK}/tmp/tree"
    os.makedirs(tree)
    make_rootfs(tree)
    must(command("umoci", "init", "--layout", path))
    must(command("umoci", "new", "--image", path + ":x"))
    must(command("umoci", "insert", "--image", path + ":x", tree, "/"))
    must(command("umoci", "config", "--image", path + ":x", "--config.cmd", "/bin/sh", "--config.cmd", "-c", "--config.cmd",
                 "/payload ids + caps + env + cwd; exit 7", "--config.env", "FROM=image", "--config.workingdir", "/tmp", "--config.user", "1000:1000"))
    return path + ":x"


def settle(path, c):
    """umoci's config.json but for the terminal, which no test has, and a cgroup of ours."""
    config = json.loads(get(path + "/config.json"))
    config["process"]["terminal"] = False
    config["linux"]["cgroupsPath"] = f"/{TAG}/{c.id}"
    put(path + "/config.json", json.dumps(config))
    return config


@test("umoci init, new, insert, config, unpack, then run", limit=60)
def _():
    path = f"{WORK}/tmp/unpacked"
    must(command("umoci", "unpack", "--image", image(), path))
    c = container()
    config = settle(path, c)
    r = c.call("run", "--bundle", path, c.id)
    equal(r.rc, 7, str(r))
    equal((r.facts["uid"], r.facts["gid"], r.facts["cwd"]), ([1000] * 3, [1000] * 3, "/tmp"))
    check("FROM=image" in r.facts["env"], "env", r)
    must(c.call("create", "--bundle", path, c.id))
    must(c.call("start", c.id))
    c.stopped()
    must(c.delete())
    nothing_left()


@test("umoci unpack --rootless gives a bundle in a user namespace that runs", limit=60)
def _():
    path = f"{WORK}/tmp/unpacked"
    must(command("umoci", "unpack", "--rootless", "--image", image(), path))
    c = container()
    config = json.loads(get(path + "/config.json"))
    config["process"].update(terminal=False, args=["/payload", "ids", "+", "ns", "+", "exit", "6"], user={"uid": 0, "gid": 0})
    put(path + "/config.json", json.dumps(config))
    os.makedirs(path + "/rootfs/sys", exist_ok=True)
    r = c.call("run", "--bundle", path, c.id)
    equal(r.rc, 6, str(r))
    check(r.facts["user"] != os.stat("/proc/self/ns/user").st_ino, "a user namespace", r)
    equal(r.facts["uid"], [0] * 3)
    c.call("delete", "--force", c.id)


@test("skopeo copies the image and it still unpacks and runs", limit=60)
def _():
    if not shutil.which("skopeo"):
        skip("no skopeo")
    source = image()
    policy = put(f"{WORK}/tmp/policy.json", '{"default":[{"type":"insecureAcceptAnything"}]}')
    must(command("skopeo", "--policy", policy, "copy", "oci:" + source, f"oci:{WORK}/tmp/copy:y", env=dict(os.environ, TMPDIR=WORK + "/tmp", HOME=WORK)))
    path = f"{WORK}/tmp/unpacked"
    must(command("umoci", "unpack", "--image", f"{WORK}/tmp/copy:y", path))
    c = container()
    settle(path, c)
    equal(c.call("run", "--bundle", path, c.id).rc, 7)


main()
