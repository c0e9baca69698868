#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on the host's mounts by root of a user namespace with all capabilities there. What it gets
a copy of is locked (mount_namespaces(7), "Restrictions on mount namespaces"): flags of the host's
mount cannot be cleared, and what a mount covers stays covered."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from attack import *

USER = ["pid", "network", "ipc", "uts", "mount", "user"]
ALL = ["CAP_" + name for name in """CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_ADMIN
       SYS_CHROOT SYS_PTRACE SYS_ADMIN MKNOD SETFCAP""".split()]
FLAGS = {"ro": MS_RDONLY, "nosuid": MS_NOSUID, "nodev": MS_NODEV, "noexec": MS_NOEXEC}
SAFE = "hull runc"


def privileged(*commands, **change):
    """Root of a user namespace, with every capability there. The host's ids begin at 0, so that no
    owner of a file stops what the mount lets through; a tmpfs of its own is there for comparison."""
    linux = dict(user_namespace(host=change.pop("host", 0)), **change.pop("linux", {}))
    mounts = [tmpfs("/own", "nosuid", "nodev", "mode=700")] + change.pop("mounts", [])
    return inside(*commands, namespaces=change.pop("namespaces", USER), linux=linux, caps=ALL, mounts=mounts, **change)


def host_mount(name, flags=0, at=None):
    """A tmpfs of the host with these flags and one file."""
    path = at or f"{WORK}/tmp/{name}"
    os.makedirs(path, exist_ok=True)
    mount("tmpfs", path, "tmpfs", 0, "mode=777")
    cleanup(umount, path)
    put(path + "/file", name)
    if flags:
        mount(None, path, None, MS_REMOUNT | MS_BIND | flags)
    return path


def covered(name):
    """A folder of the host in which a mount hides a secret."""
    path = f"{WORK}/tmp/{name}"
    os.makedirs(path + "/sub")
    put(path + "/sub/secret", "hidden")
    host_mount(name, at=path + "/sub")
    return path


def flags_of(r, dest):
    return [m["options"].split(",") for l in r.lines if "mounts" in l for m in l["mounts"] if m["dest"] == dest][-1]


def errnos(r, word):
    return [l["errno"] for l in r.lines if word in l]


def sh(script, **change):
    c = privileged(**change)
    c.config["process"]["args"] = ["/bin/sh", "-c", script]
    return c


def keeps_flags(c, dest, *words):
    """A remount without any flag goes through on the container's own mount, and not on this one."""
    c.config["process"]["args"] = ["/payload", "syscall", "remount-rw", "/own", "+", "syscall", "remount-rw", dest, "+",
                                   "write", dest + "/file", "changed", "+", "mounts"]
    r = must(c.run())
    equal(errnos(r, "remount-rw")[0], 0, "the container may remount")
    check("nosuid" not in flags_of(r, "/own"), "and does so", r)
    check(errnos(r, "remount-rw")[1] != 0, f"the remount of {dest} went through", r)
    for w in words:
        check(w in flags_of(r, dest), f"{w} of {dest} is gone", r)
    return r


@test("flags of a host mount stay: ro, nosuid, nodev, noexec", only=SAFE)
def _():
    for word, flag in FLAGS.items():
        source = host_mount("flag-" + word, flag)
        r = keeps_flags(privileged(mounts=[bind(source, "/d")]), "/d", word)
        equal(errnos(r, "write")[0] != 0, word == "ro", "a write")
        equal(get(source + "/file")[:7], "flag-ro" if word == "ro" else "changed")


@test("flags of a host mount below a recursive bind stay", only=SAFE)
def _():
    for word, flag in FLAGS.items():
        source = host_mount("top-" + word)
        host_mount("below", flag, at=source + "/sub")
        keeps_flags(privileged(mounts=[bind(source, "/d", "rbind")]), "/d/sub", word)


@test("flags of the host mount that the root file system is on stay", only=SAFE)
def _():
    for word, flag in FLAGS.items():
        if word == "noexec":
            continue
        c = privileged()
        mount(c.rootfs, c.rootfs, None, MS_BIND)
        cleanup(umount, c.rootfs)
        for d in ("/own", "/d"):
            os.makedirs(c.rootfs + d, exist_ok=True)
        put(c.rootfs + "/file", "")
        mount(None, c.rootfs, None, MS_REMOUNT | MS_BIND | flag)
        keeps_flags(c, "/", word)


@test("flags of the host's device nodes stay", only=SAFE)
def _():
    c = privileged("syscall remount-rw /dev/null", "syscall remount-rw /dev/zero", "mounts")
    r = must(c.run())
    check(all(errnos(r, "remount-rw")), "a remount went through", r)
    for d in ("/dev/null", "/dev/zero"):
        check("nosuid" in flags_of(r, d), f"nosuid of {d} is gone", r)


def joining(**change):
    """In the user namespace of another container."""
    first = privileged("pause")
    first.ready(first.up())
    kinds = [n for n in USER if n != "user"] + [{"type": "user", "path": f"/proc/{first.pid()}/ns/user"}]
    # runc wants the maps of what it joins, and the same.
    linux = {} if kind == "runc" else {"uidMappings": None, "gidMappings": None}
    return privileged(namespaces=kinds, linux=linux, **change)


@test("flags stay in a user namespace that is joined", only=SAFE)
def _():
    source = host_mount("joined", MS_RDONLY)
    keeps_flags(joining(mounts=[bind(source, "/d")]), "/d", "ro")


@test("an option that would clear a flag of the host mount is refused", only="hull")
def _():
    for word, opposite in (("ro", "rw"), ("nosuid", "suid"), ("nodev", "dev"), ("noexec", "exec"), ("ro", "rrw")):
        source = host_mount(f"clear-{opposite}", FLAGS[word])
        refused(privileged("mounts", mounts=[bind(source, "/d", "rbind", opposite)]).run(), "mounts[8] (/d)", "not permitted")


@test("what a mount covers stays covered: umount, move, a bind without it", only=SAFE)
def _():
    source = covered("covered")
    c = sh("""umount /own && echo may; umount /d/sub; umount -l /d/sub; mkdir /x; mount --move /d/sub /x
              mount --bind /d /x; cat /d/sub/secret /x/sub/secret; cat /d/sub/file""", mounts=[bind(source, "/d", "rbind")])
    r = c.run()
    equal(r.out, "may\ncovered", r.err)


@test("what a mount in the root file system covers stays covered", only=SAFE)
def _():
    c = sh("umount /own && echo may; umount /sub; umount -l /sub; cat /sub/secret; cat /sub/file")
    os.mkdir(c.rootfs + "/sub")
    put(c.rootfs + "/sub/secret", "hidden")
    host_mount("inroot", at=c.rootfs + "/sub")
    equal(c.run().out, "may\ninroot")


@test("a bind that would leave out a mount is refused, with a hint", only=SAFE)
def _():
    source = covered("left-out")
    r = refused(privileged("read /d/sub/secret", mounts=[bind(source, "/d", "bind")]).run())
    if kind == "hull":
        contains(r.err, f"mounts[8] (/d): source {source} (", "rbind", "invalid argument")
    # Where nothing is left out there is nothing to refuse.
    r = must(privileged("read /d/file", mounts=[bind(source + "/sub", "/d", "bind")]).run())
    equal(r.facts["text"], "left-out")


@test("a source that only root of the host can reach is mounted all the same")
def _():
    os.makedirs(f"{WORK}/tmp/closed/in")
    source = host_mount("reach", at=f"{WORK}/tmp/closed/in")
    os.chmod(f"{WORK}/tmp/closed", 0o700)
    c = privileged("read /d/file", host=100000, mounts=[bind(source, "/d")])
    os.chown(c.rootfs, 100000, 100000)
    equal(must(c.run()).facts["text"], "reach")


@test("a source that is not there: whose it is, and why", only="hull")
def _():
    for s in (f"{WORK}/tmp/nonesuch", "/etc/passwd/x"):
        r = refused(privileged("read /d", mounts=[bind(s, "/d")]).run())
        contains(r.err, f"mounts[8] (/d): source {s}: ", "no such file" if "none" in s else "not a directory")
    nothing_left()


@test("hundreds of sources", only=SAFE)
def _():
    source = host_mount("many")
    for n in range(150):
        put(f"{source}/f{n}", f"content {n}")
    c = privileged("read /m/0", "read /m/63", "read /m/64", "read /m/149", mounts=[bind(f"{source}/f{n}", f"/m/{n}") for n in range(150)])
    equal([l["text"] for l in must(c.run()).lines], [f"content {n}" for n in (0, 63, 64, 149)])


@test("an id mapped source keeps its flags", only="hull")
def _():
    source = host_mount("idmapped", MS_NOSUID)
    os.chown(source + "/file", 0, 0)
    ids = [{"containerID": 0, "hostID": 7000, "size": 1000}]
    m = dict(bind(source, "/d", "bind"), uidMappings=ids, gidMappings=ids)
    c = privileged("stat /d/file", mounts=[m])
    equal(must(c.run()).facts["uid"], 7000)
    keeps_flags(privileged(mounts=[m]), "/d", "nosuid")


@test("a runtime in a chroot means what it sees there", only="hull")
def _():
    new = f"{WORK}/tmp/new"
    os.mkdir(new)
    mount("/", new, None, MS_BIND | MS_REC)
    cleanup(umount, new)
    os.makedirs("/run/which")
    cleanup(os.rmdir, "/run/which")
    host_mount("of the chroot", MS_RDONLY, at=f"{new}/run/which")
    # Who is in a chroot cannot make a user namespace (user_namespaces(7)), but join one.
    c = joining(mounts=[bind("/run/which", "/d")])
    c.config["process"]["args"] = ["/payload", "read", "/d/file", "+", "syscall", "remount-rw", "/d"]
    c.bundle.write()
    r = must(command("chroot", new, HULL, "--root", ROOT, "run", "--bundle", c.bundle.path, c.id))
    equal(r.lines[0]["text"], "of the chroot")
    check(r.lines[1]["errno"] != 0, "the remount went through", r)


main()
