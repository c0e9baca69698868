#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SELinux labels: of the process, of what hull mounts, and that they hold."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

LEVEL = "s0:c123,c456"
PROCESS = f"system_u:system_r:container_t:{LEVEL}"
FILES = f"system_u:object_r:container_file_t:{LEVEL}"
CURRENT = "/proc/self/attr/current"
XATTR = "security.selinux"


def enabled():
    return os.path.exists("/sys/fs/selinux/enforce")


def label(path, text):
    os.setxattr(path, XATTR, text.encode() + b"\0", follow_symlinks=False)


def label_of(path):
    return os.getxattr(path, XATTR, follow_symlinks=False).decode().rstrip("\0")


def label_tree(path, text):
    """What an engine's storage does for a container's root file system."""
    for folder, dirs, files in os.walk(path):
        for p in [folder] + [os.path.join(folder, f) for f in dirs + files]:
            label(p, text)


def labelled(*args, process_label=PROCESS, mount_label=FILES, **change):
    """A container with both labels, and its files with the second."""
    if not enabled():
        skip("this kernel runs without SELinux")
    change["process"] = dict(change.get("process", {}), selinuxLabel=process_label)
    change["linux"] = dict(change.get("linux", {}), mountLabel=mount_label)
    c = container(args=list(args) or ["/payload", "pause"], **change)
    label_tree(c.rootfs, FILES)
    # Where its output goes: a file that it may not write is /dev/null for it.
    os.makedirs(f"{WORK}/io", exist_ok=True)
    label(f"{WORK}/io", FILES.replace(f":{LEVEL}", ":s0"))
    return c


def told(r):
    return r.facts["text"].strip("\n\0")


def opens(r):
    return [l["errno"] for l in r.lines if "open" in l]


@test("selinuxLabel: the process has it, and the container's first process and exec's are alike")
def _():
    c = labelled()
    c.up()
    equal(get(f"/proc/{c.pid()}/attr/current").strip("\n\0"), PROCESS)
    equal(told(must(c.exec("/payload", "read", CURRENT))), PROCESS)
    r = must(labelled("/payload", "read", CURRENT).run())
    equal(told(r), PROCESS)


@test("exec --process-label and process.json give another label")
def _():
    other = PROCESS.replace("c456", "c457")
    c = labelled()
    # Files for all categories.
    label_tree(c.rootfs, FILES.replace(f":{LEVEL}", ":s0"))
    c.up()
    equal(told(must(c.exec("/payload", "read", CURRENT, flags=("--process-label", other)))), other)
    process = dict(c.config["process"], args=["/payload", "read", CURRENT], selinuxLabel=other)
    equal(told(must(c.exec_process(process))), other)


@test("mountLabel: what hull mounts has it, kernel file systems keep their own")
def _():
    c = labelled(mounts=[tmpfs("/mnt", "size=1m")])
    c.up()
    root = f"/proc/{c.pid()}/root"
    for path in ("/mnt", "/dev", "/dev/shm", "/dev/null"):
        equal(label_of(root + path), FILES, path)
    must(c.exec("/bin/touch", "/mnt/new"))
    equal(label_of(root + "/mnt/new"), FILES, "a new file")
    for path in ("/proc/self", "/sys/kernel"):
        check("container_file_t" not in label_of(root + path), "own label", path, label_of(root + path))


@test("the label holds: no other container's files, none of the host's")
def _():
    c = labelled("/payload", "open", "/mine", "+", "open", "/theirs", "+", "open", "/hosts", "+", "open", "/mine", "rw",
                 caps=["CAP_DAC_OVERRIDE", "CAP_FOWNER"])
    for name, text in (("mine", FILES), ("theirs", FILES.replace("c456", "c789")), ("hosts", "system_u:object_r:shadow_t:s0")):
        put(f"{c.rootfs}/{name}", name, 0o666)
        label(f"{c.rootfs}/{name}", text)
    r = must(c.run())
    equal(opens(r), [0, 13, 13, 0], str(r))


@test("a label in a user namespace, and with no_new_privs")
def _():
    for change in (dict(process={"noNewPrivileges": True}), dict(process={"noNewPrivileges": False}),
                   dict(linux=user_namespace(), namespaces=["pid", "network", "ipc", "uts", "mount", "user"])):
        equal(told(must(labelled("/payload", "read", CURRENT, **change).run())), PROCESS, str(change))


@test("labels that the policy does not know are refused, and nothing is left")
def _():
    for bad in ("nonesuch_t", "system_u:system_r:nonesuch_t:s0", "system_u:system_r:container_t:s9:c1"):
        r = refused(labelled("/payload", "exit", process_label=bad).run())
        if kind == "hull":
            contains(r.err, "process.selinuxLabel")
        r = refused(labelled("/payload", "exit", mount_label=bad).run())
        if kind == "hull":
            contains(r.err, "linux.mountLabel")
    nothing_left()


@test("a program that the label may not execute is an error, not an unlabelled process")
def _():
    c = labelled("/payload", "exit")
    label(c.rootfs + "/payload", "system_u:object_r:shadow_t:s0")
    refused(c.run(), "ermission denied")
    nothing_left()


@test("without SELinux a label is refused, not ignored", only="hull runc")
def _():
    if enabled():
        skip("this kernel has SELinux")
    r = refused(container(args=["/payload", "exit"], process={"selinuxLabel": PROCESS}).run(), "selinux")
    if kind == "hull":
        contains(r.err, "process.selinuxLabel")
    refused(container(args=["/payload", "exit"], linux={"mountLabel": FILES}).run(), "selinux")
    nothing_left()


main()
