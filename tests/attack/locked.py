#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on what a mount of the host is: a container with a user namespace of its own and all
capabilities in it must not undo a flag of a host mount that it got a copy of, nor take away a mount
to see what it hides (mount_namespaces(7), "Restrictions on mount namespaces")."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from attack import *

USER = ["pid", "network", "ipc", "uts", "mount", "user"]
ALL = ["CAP_" + name for name in """CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_ADMIN
       SYS_CHROOT SYS_PTRACE SYS_ADMIN MKNOD SETFCAP""".split()]
# MS_REMOUNT | MS_BIND replaces all flags: a remount with none of them takes every one away.
REMOUNT = "syscall remount-rw "


def privileged(*commands, **change):
    """Root of a user namespace, with every capability there; the host's ids begin at 0, so that no
    owner of a file stops what the mount does not."""
    linux = user_namespace(host=change.pop("host", 0))
    linux.update(change.pop("linux", {}))
    return inside(*commands, namespaces=USER, linux=linux, caps=ALL, **change)


def host_mount(name, flags=0, data="mode=777"):
    """A tmpfs of the host with these flags; its file says which it is."""
    path = f"{WORK}/tmp/{name}"
    os.makedirs(path, exist_ok=True)
    mount("tmpfs", path, "tmpfs", 0, data)
    cleanup(umount, path)
    put(path + "/file", name)
    if flags:
        mount(None, path, None, MS_REMOUNT | MS_BIND | flags)
    return path


def flags(r):
    return {m["dest"]: m["options"].split(",") for l in r.lines if "mounts" in l for m in l["mounts"]}


def results(r, word):
    return [l for l in r.lines if word in l]


@test("S32: ro, nosuid, nodev and noexec of a host mount stay, whatever its root in the container does")
def _():
    words = {"ro": MS_RDONLY, "nosuid": MS_NOSUID, "nodev": MS_NODEV, "noexec": MS_NOEXEC}
    for word, flag in words.items():
        source = host_mount("flag-" + word, flag)
        c = privileged(REMOUNT + "/d", "mounts", "write /d/file changed", mounts=[bind(source, "/d")])
        r = must(c.run())
        check(results(r, "remount-rw")[0]["errno"] != 0, f"the remount without {word} went through", r)
        check(word in flags(r)["/d"], f"{word} is gone", r)
        if word == "ro":
            equal(get(source + "/file"), "flag-ro", "the host's file")
        umount(source)
    nothing_left()


main()
