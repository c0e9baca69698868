#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mounts, devices, masked and read-only paths, the root: seen from inside, and the host unharmed."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *


def folder(name, *files):
    """A folder of the host with files, removed after the test."""
    path = f"{WORK}/tmp/{name}"
    os.makedirs(path, exist_ok=True)
    for f in files:
        os.makedirs(os.path.dirname(f"{path}/{f}"), exist_ok=True)
        put(f"{path}/{f}", f"content of {f}")
    return path


def table(facts):
    """{destination: mount}; of stacked ones the top."""
    return {m["dest"]: m for m in facts["mounts"]}


def inside(*commands, **change):
    args = ["/payload"]
    for c in commands:
        args += (["+"] if len(args) > 1 else []) + c.split()
    return container(args=args, **change)


@test("the default mounts, in their kinds and with their options")
def _():
    m = table(must(inside("mounts").run()).facts)
    for dest, fs, options in (("/proc", "proc", ""), ("/dev", "tmpfs", "nosuid"), ("/dev/pts", "devpts", "nosuid,noexec"),
                              ("/dev/shm", "tmpfs", "nosuid,nodev,noexec"), ("/dev/mqueue", "mqueue", "nosuid,nodev,noexec"),
                              ("/sys", "sysfs", "ro,nosuid,nodev,noexec")):
        equal(m[dest]["type"], fs, dest)
        for o in filter(None, options.split(",")):
            check(o in m[dest]["options"].split(","), f"{o} of {dest}", m[dest])
    contains(m["/dev"]["super"], "size=65536k", "mode=755")
    contains(m["/dev/pts"]["super"], "gid=5", "mode=620", "ptmxmode=666")


@test("default devices: type, number, mode, usable; links and ptmx")
def _():
    names = {"null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9", "tty": "5:0"}
    c = inside("stat " + " ".join(f"/dev/{n}" for n in names), "stat /dev/fd /dev/stdin /dev/stdout /dev/stderr /dev/ptmx",
               "write /dev/null x", "read /dev/zero", "open /dev/ptmx rw", uid=1000)
    r = must(c.run())
    s = {os.path.basename(l["stat"]): l for l in r.lines if "stat" in l}
    for n, number in names.items():
        equal((s[n]["type"], s[n]["rdev"], s[n]["mode"]), ("char", number, "666"), n)
        if kind != "crun":
            equal(s[n]["uid"], 0, n)
    for n, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                      ("stderr", "/proc/self/fd/2")):
        equal((s[n]["type"], s[n]["link"]), ("link", target), n)
    check(s["ptmx"]["link"] in ("pts/ptmx", "/dev/pts/ptmx") or s["ptmx"]["type"] == "char", "ptmx", s["ptmx"])
    equal([l["errno"] for l in r.lines if "errno" in l], [0, 0, 0])


@test("tmpfs: size, mode, uid and flags")
def _():
    c = inside("mounts", "stat /t", "write /t/x y", "statfs /t", "spawn /t/p exit 3",
               mounts=[tmpfs("/t", "nosuid", "nodev", "noexec", "size=4m", "mode=1750", "uid=7", "gid=8", "nr_inodes=100")])
    r = c.run()
    m = table(r.facts)["/t"]
    equal(m["type"], "tmpfs")
    contains(m["options"], "nosuid", "nodev", "noexec")
    s = [l for l in r.lines if l.get("stat") == "/t"][0]
    equal((s["mode"], s["uid"], s["gid"]), ("1750", 7, 8))
    f = [l for l in r.lines if "statfs" in l][0]
    equal((f["size"], f["files"]), (4 << 20, 100))


@test("bind of a folder and of a file: same inode, written through")
def _():
    source = folder("src", "a", "sub/b")
    c = inside("stat /d/a /f", "write /d/new hello", "mounts",
               mounts=[bind(source, "/d"), bind(source + "/a", "/f")])
    r = must(c.run())
    ino = os.stat(source + "/a").st_ino
    equal([l["ino"] for l in r.lines if "stat" in l], [ino, ino])
    equal(get(source + "/new"), "hello")


@test("bind with a relative source is relative to the bundle")
def _():
    c = inside("read /f", mounts=[bind("rel/file", "/f")])
    os.mkdir(c.bundle.path + "/rel")
    put(c.bundle.path + "/rel/file", "relative")
    equal(must(c.run(cwd="/")).facts["text"], "relative")


@test("bind ro refuses writes, and only there; the source on the host stays writable")
def _():
    source = folder("ro", "a")
    c = inside("write /d/a x", "write /e/b y", "syscall remount-rw /d", "write /d/a x", "mounts",
               mounts=[bind(source, "/d", "bind", "ro"), bind(source, "/e", "bind", "rw")])
    r = must(c.run())
    equal([l["errno"] for l in r.lines if "write" in l], [30, 0, 30])
    check([l for l in r.lines if "remount-rw" in l][0]["errno"] != 0, "no remount", r)
    equal(table(r.facts)["/d"]["options"].split(",")[0], "ro")
    put(source + "/a", "still writable")


@test("bind flags: nosuid, nodev, noexec, noatime, nodiratime, nosymfollow")
def _():
    source = folder("flags", "a")
    words = ["nosuid", "nodev", "noexec", "noatime", "nodiratime"] + (["nosymfollow"] if kind == "hull" else [])
    c = inside("mounts", mounts=[bind(source, "/d", "bind", *words)])
    options = table(must(c.run()).facts)["/d"]["options"].split(",")
    for w in words:
        check(w in options, w, options)


@test("rbind takes submounts along, bind does not")
def _():
    source = folder("tree", "a")
    os.mkdir(source + "/sub")
    mount("tmpfs", source + "/sub", "tmpfs")
    cleanup(umount, source + "/sub")
    put(source + "/sub/deep")
    c = inside("stat /r/sub/deep /b/sub/deep", mounts=[bind(source, "/r", "rbind"), bind(source, "/b", "bind")])
    equal([l["error"] for l in must(c.run()).lines], ["", "ENOENT"])


@test("rbind with ro is ro at its top, with rro everywhere", only="hull")
def _():
    source = folder("tree2", "a")
    os.mkdir(source + "/sub")
    mount("tmpfs", source + "/sub", "tmpfs")
    cleanup(umount, source + "/sub")
    c = inside("write /r/x 1", "write /r/sub/x 1", "write /q/x 1", "write /q/sub/x 1", "mounts",
               mounts=[bind(source, "/r", "rbind", "rro"), bind(source, "/q", "rbind", "ro")])
    r = must(c.run())
    equal([l["errno"] for l in r.lines if "write" in l], [30, 30, 30, 0])


@test("recursive flags: rnosuid, rnodev, rnoexec", only="hull crun")
def _():
    source = folder("tree3", "a")
    os.mkdir(source + "/sub")
    mount("tmpfs", source + "/sub", "tmpfs")
    cleanup(umount, source + "/sub")
    m = table(must(inside("mounts", mounts=[bind(source, "/r", "rbind", "rnosuid", "rnodev", "rnoexec")]).run()).facts)
    for dest in ("/r", "/r/sub"):
        contains(m[dest]["options"], "nosuid", "nodev", "noexec")


@test("propagation words: private, slave, shared, unbindable", only="hull runc")
def _():
    source = folder("prop", "a")
    mount("tmpfs", source, "tmpfs")
    mount(None, source, None, MS_SHARED)
    cleanup(umount, source)
    os.mkdir(source + "/x")
    c = inside("mounts", "pause", linux={"rootfsPropagation": "rslave"},
               mounts=[bind(source, "/slave", "rbind", "rslave"), bind(source, "/shared", "rbind", "rshared"),
                       bind(source, "/private", "rbind", "rprivate"), bind(source, "/unbindable", "bind", "unbindable")])
    r = c.ready(c.up())
    m = table(r.facts)
    contains(m["/slave"]["optional"], "master:")
    lacks(m["/slave"]["optional"], "shared:")
    contains(m["/shared"]["optional"], "shared:")
    equal(m["/private"]["optional"], "")
    contains(m["/unbindable"]["optional"], "unbindable")
    # What the host mounts now arrives where it should.
    mount("tmpfs", source + "/x", "tmpfs")
    cleanup(umount, source + "/x")
    put(source + "/x/seen")
    f = must(c.exec("/payload", "stat", "/slave/x/seen", "/shared/x/seen", "/private/x/seen")).lines
    equal([l["error"] for l in f], ["", "", "ENOENT"])


@test("rootfsPropagation: values, and an unknown one is refused")
def _():
    for value, words in (("private", ""), ("rslave", None), ("unbindable", "unbindable"), ("shared", "shared:")):
        if kind != "hull" and value in ("shared", "unbindable"):
            continue
        m = table(must(inside("mounts", linux={"rootfsPropagation": value}).run()).facts)
        if words is not None:
            contains(m["/"]["optional"], words) if words else equal(m["/"]["optional"], "")
    if kind != "crun":
        refused(container(linux={"rootfsPropagation": "bogus"}).run(), "rootfsPropagation")


@test("mounts of a container do not appear on the host")
def _():
    before = mounts_here()
    c = container(mounts=[tmpfs("/t"), bind(folder("h", "a"), "/d")])
    c.up()
    equal(mounts_here(), before)


@test("overlay with own upper and work folders")
def _():
    low, up, work = folder("low", "a", "b"), folder("up"), folder("work")
    c = inside("read /o/a", "write /o/b new", "write /o/c made", "stat /o/b",
               mounts=[{"destination": "/o", "type": "overlay", "source": "overlay",
                        "options": [f"lowerdir={low}", f"upperdir={up}", f"workdir={work}"]}])
    r = must(c.run())
    equal(r.lines[0]["text"], "content of a")
    check(get(low + "/b") == "content of b" and get(up + "/b").startswith("new"), "copied up")
    equal(get(up + "/c"), "made")


@test("tmpcopyup: a tmpfs begins with what was there", only="hull runc")
def _():
    c = inside("ls /data", "read /data/sub/b", "stat /data/own /data/link", "write /data/a changed", mounts=[tmpfs("/data", "tmpcopyup", "mode=755")])
    os.makedirs(c.rootfs + "/data/sub")
    put(c.rootfs + "/data/a", "original")
    put(c.rootfs + "/data/sub/b", "deep")
    put(c.rootfs + "/data/own", "", 0o640)
    os.chown(c.rootfs + "/data/own", 7, 8)
    os.symlink("a", c.rootfs + "/data/link")
    r = must(c.run())
    equal(sorted(r.lines[0]["ls"]), ["a", "link", "own", "sub"])
    equal(r.lines[1]["text"], "deep")
    equal((r.lines[2]["uid"], r.lines[2]["gid"], r.lines[2]["mode"]), (7, 8, "640"))
    equal(r.lines[3]["link"], "a")
    equal(get(c.rootfs + "/data/a"), "original")


@test("masked paths: files read empty, folders are empty and read-only, missing ones are fine")
def _():
    c = inside("read /secret", "ls /private", "write /private/x y", "write /secret x", "stat /secret", "read /secret", "mounts",
               linux={"maskedPaths": ["/secret", "/private", "/nonesuch/x", "/proc/kcore"]})
    put(c.rootfs + "/secret", "password")
    os.mkdir(c.rootfs + "/private")
    put(c.rootfs + "/private/key", "k")
    r = must(c.run())
    l = r.lines
    equal(l[0]["read"], 0)
    equal(l[1]["ls"], [])
    check(l[2]["errno"] in (30, 28), "cannot be written", l[2])
    equal(l[5]["read"], 0)
    equal(get(c.rootfs + "/secret"), "password")


@test("masks cannot be taken off by the container", only="hull runc")
def _():
    c = inside("syscall umount /secret", "read /secret", "read /proc/keys", caps=["CAP_KILL"], linux={"maskedPaths": ["/secret", "/proc/keys"]})
    put(c.rootfs + "/secret", "password")
    l = must(c.run()).lines
    check(l[0]["errno"] == 1, "umount", l[0])
    equal([x["read"] for x in l[1:]], [0, 0])


@test("read-only paths, below them too; /proc/sys of the default")
def _():
    c = inside("write /data/a x", "write /data/sub/b x", "write /free x", "write /proc/sys/kernel/hostname x", "mounts",
               linux={"readonlyPaths": ["/data", "/nonesuch", "/proc/sys"]})
    os.makedirs(c.rootfs + "/data/sub")
    r = must(c.run())
    equal([l["errno"] for l in r.lines if "write" in l], [30, 30, 0, 30])
    contains(table(r.facts)["/data"]["options"], "ro")


@test("read-only paths keep nosuid, nodev and noexec of what is there", only="hull runc")
def _():
    m = table(must(inside("mounts", mounts=[tmpfs("/t", "nosuid", "nodev", "noexec")], linux={"readonlyPaths": ["/t", "/sys/kernel"]}).run()).facts)
    contains(m["/t"]["options"], "ro", "nosuid", "nodev", "noexec")


@test("a read-only root refuses writes everywhere but in other mounts")
def _():
    c = inside("write /x 1", "write /etc/x 1", "write /tmp/x 1", "write /dev/shm/x 1", "write /t/x 1", "syscall remount-rw /", "write /x 1",
               rw=False, mounts=[tmpfs("/t")])
    r = must(c.run())
    equal([l["errno"] for l in r.lines if "write" in l], [30, 30, 30, 0, 0, 30])
    check("x" not in os.listdir(c.rootfs), "nothing was made")


@test("nested destinations: each inside of the one before")
def _():
    a, b = folder("na", "one"), folder("nb", "two")
    os.mkdir(a + "/in")
    c = inside("stat /n/one /n/in/two /n/in/t/x", "write /n/in/t/x 1", "mounts",
               mounts=[bind(a, "/n"), bind(b, "/n/in"), tmpfs("/n/in/t")])
    r = must(c.run())
    equal([l["error"] for l in r.lines if "stat" in l], ["", "", "ENOENT"])
    equal([m["dest"] for m in r.facts["mounts"] if m["dest"].startswith("/n")], ["/n", "/n/in", "/n/in/t"])
    # What was made as a mount point in the folder of the host is an empty folder.
    equal(os.listdir(b + "/t"), [])


@test("mounts on one place: the last is seen")
def _():
    c = inside("stat /s/one /s/two", mounts=[bind(folder("s1", "one"), "/s"), bind(folder("s2", "two"), "/s")])
    equal([l["error"] for l in must(c.run()).lines], ["ENOENT", ""])


@test("missing destinations are made: folder, file, deep ones")
def _():
    source = folder("mk", "f")
    c = inside("stat /new/deep/dir /new/deep/file", mounts=[bind(source, "/new/deep/dir"), bind(source + "/f", "/new/deep/file")])
    equal([l["type"] for l in must(c.run()).lines], ["dir", "file"])
    s = os.stat(c.rootfs + "/new/deep")
    if kind != "crun":
        equal((s.st_mode & 0o7777, s.st_uid), (0o755, 0))


@test("a destination through links stays in the root")
def _():
    source = folder("sl", "f")
    c = inside("stat /real/abs/f /real/rel/f /etc2/f", mounts=[bind(source, "/labs"), bind(source, "/sub/lrel"), bind(source, "/up/f2")])
    for d in ("/real/abs", "/real/rel", "/sub", "/etc2"):
        os.makedirs(c.rootfs + d)
    os.symlink("/real/abs", c.rootfs + "/labs")
    os.symlink("../../../../../real/rel", c.rootfs + "/sub/lrel")
    os.symlink("../../../../etc2", c.rootfs + "/up")
    r = must(c.run())
    equal([l["error"] for l in r.lines], ["", "", "ENOENT"])
    check(os.path.isdir(c.rootfs + "/etc2/f2"), "made where the link leads in the root")


@test("a dangling link as destination: in the root, or refused; nothing on the host")
def _():
    outside = WORK + "/tmp/outside-" + TAG
    c = inside("exit 0", mounts=[bind(folder("dl", "f"), "/dangling")])
    os.symlink(outside, c.rootfs + "/dangling")
    r = c.run()
    check(not os.path.lexists(outside), "nothing is made on the host", r)
    if r.rc == 0:
        check(os.path.isdir(c.rootfs + outside), "made in the root", r)


@test("relative destination is taken below /")
def _():
    equal(must(inside("stat /rel/f", mounts=[bind(folder("rd", "f"), "rel")]).run()).lines[0]["error"], "")


@test("a missing source is an error that names the mount and the path; nothing is left")
def _():
    r = refused(container(mounts=[bind("/nonesuch/src", "/d")]).run(), "/nonesuch/src")
    check("o such file" in r.err, "reason", r)
    if kind == "hull":
        contains(r.err, "mounts[7]", "no such file or directory")
    nothing_left()


@test("a folder on a file and a file on a folder are errors")
def _():
    source = folder("mm", "f")
    c = container(mounts=[bind(source, "/file")])
    put(c.rootfs + "/file")
    refused(c.run())
    c = container(mounts=[bind(source + "/f", "/tmp")])
    refused(c.run())
    nothing_left()


@test("an unknown file system and an option that it does not know are errors with their place")
def _():
    for m in ({"destination": "/x", "type": "nonesuchfs", "source": "x"}, tmpfs("/x", "nonesuchoption=1"),
              {"destination": "/x", "type": "tmpfs", "source": "x", "options": ["size=banana"]}):
        r = refused(container(mounts=[m]).run())
        if kind == "hull":
            contains(r.err, "mounts[7]", "/x")
    nothing_left()


@test("file system data on a bind mount is refused", only="hull")
def _():
    refused(container(mounts=[bind(folder("bd", "f"), "/d", "bind", "size=5m")]).run(), "mounts[7]")


@test("devices of the config: made with type, number, mode and owner; usable as the rules say")
def _():
    devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 0o620, "uid": 7, "gid": 8},
               {"path": "/deep/er/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o666},
               {"path": "/dev/pipe", "type": "p", "fileMode": 0o600}, {"path": "/dev/blk", "type": "b", "major": 7, "minor": 99}]
    c = inside("stat /dev/mine /deep/er/fuse /dev/pipe /dev/blk", "read /dev/mine", linux={"devices": devices}, caps=["CAP_DAC_OVERRIDE"])
    r = must(c.run())
    s = {l["stat"]: l for l in r.lines if "stat" in l}
    equal([s["/dev/mine"][k] for k in ("type", "rdev", "mode", "uid", "gid")], ["char", "1:5", "620", 7, 8])
    equal([s["/deep/er/fuse"][k] for k in ("type", "rdev", "mode")], ["char", "10:229", "666"])
    equal(r.lines[-1]["errno"], 0)
    equal((s["/dev/pipe"]["type"], s["/dev/blk"]["type"], s["/dev/blk"]["rdev"]), ("fifo", "block", "7:99"))


@test("devices: an unknown type, a number out of range and a missing path are refused", only="hull runc")
def _():
    bad = [{"path": "/dev/x", "type": "z", "major": 1, "minor": 3}]
    if kind == "hull":
        bad += [{"path": "/dev/x", "type": "c", "major": -5, "minor": 3}, {"type": "c", "major": 1, "minor": 3},
                {"path": "dev/x", "type": "c", "major": 1, "minor": 3}, {"path": "/dev/x", "type": "c"}]
    for d in bad:
        refused(container(linux={"devices": [d]}).run(), *(["linux.devices[0]"] if kind == "hull" else []))
    nothing_left()


@test("a device where another file is already is refused", only="hull")
def _():
    c = container(linux={"devices": [{"path": "/there", "type": "c", "major": 1, "minor": 3}]})
    put(c.rootfs + "/there", "text")
    refused(c.run(), "/there")
    equal(get(c.rootfs + "/there"), "text")


@test("the cgroup mount is read-only and shows the container's own cgroup")
def _():
    top, version = cgroups.controller("pids")
    where = "/sys/fs/cgroup" + ("/pids" if version == 1 else "")
    r = must(inside("mounts", f"ls {where}", f"mkdir {where}/sub").run())
    m = table(r.facts)
    check("/sys/fs/cgroup" in m, "mounted", list(m))
    contains(m[where]["options"], "ro")
    contains(" ".join(r.facts["ls"]), "cgroup.procs")
    equal([l["errno"] for l in r.lines if "mkdir" in l], [30])
    if version == 1:
        contains(m[where]["root"], TAG)


@test("idmapped bind mount: owners inside as mapped, files made get the right owner", only="hull")
def _():
    source = folder("idm", "f")
    os.chown(source, 1000, 1000)
    os.chown(source + "/f", 1000, 1000)
    maps = [{"containerID": 1000, "hostID": 0, "size": 1}]
    for option in ("idmap", "ridmap"):
        m = bind(source, "/d", "rbind", option)
        m.update(uidMappings=maps, gidMappings=maps)
        r = must(inside("stat /d/f", f"write /d/{option} x", mounts=[m]).run())
        equal((r.lines[0]["uid"], r.lines[0]["gid"]), (0, 0))
        equal(os.stat(f"{source}/{option}").st_uid, 1000)


@test("idmap without mappings or user namespace is refused", only="hull")
def _():
    refused(container(mounts=[bind(folder("ix", "f"), "/d", "bind", "idmap")]).run(), "mounts[7]")
    m = bind(folder("ix", "f"), "/d", "bind", "idmap")
    m["uidMappings"] = [{"containerID": 0, "hostID": 1000, "size": 1}]
    refused(container(mounts=[m]).run(), "mounts[7]")


@test("a user namespace with an idmapped mount by the container's own map", only="hull")
def _():
    source = folder("iu", "f")
    m = bind(source, "/d", "bind", "idmap")
    c = inside("stat /d/f", "write /d/new x", namespaces=["pid", "network", "ipc", "uts", "mount", "user"], linux=user_namespace(), mounts=[m])
    os.chown(c.rootfs, 100000, 100000)
    r = must(c.run())
    equal(r.lines[0]["uid"], 0)
    equal(os.stat(source + "/new").st_uid, 0)


@test("mqueue and a second proc; sysfs again elsewhere")
def _():
    c = inside("mounts", mounts=[{"destination": "/p2", "type": "proc", "source": "proc", "options": ["nosuid"]},
                                 {"destination": "/s2", "type": "sysfs", "source": "sysfs", "options": ["ro"]},
                                 {"destination": "/q2", "type": "mqueue", "source": "mqueue"}])
    m = table(must(c.run()).facts)
    equal([m[d]["type"] for d in ("/p2", "/s2", "/q2")], ["proc", "sysfs", "mqueue"])


@test("hundred mounts")
def _():
    source = folder("many", "f")
    c = inside("mounts", mounts=[bind(source, f"/m/{i}", "bind", "ro") if i % 2 else tmpfs(f"/m/{i}") for i in range(100)])
    m = table(must(c.run()).facts)
    equal(sum(d.startswith("/m/") for d in m), 100)


@test("--no-pivot gives the same view")
def _():
    c = inside("ls /", "stat /tmp/..", "mounts")
    r = must(c.run("--no-pivot"))
    equal(sorted(r.facts["ls"]), sorted(os.listdir(c.rootfs)))


@test("the old root is not there: no mount of the host is visible")
def _():
    m = must(inside("mounts").run()).facts["mounts"]
    for x in m:
        check(x["type"] not in ("ext4", "devtmpfs") and not x["dest"].startswith("/run/t"), "a mount of the host", x)


@test("a tmpfs on / and . as destination do not harm the host", only="hull")
def _():
    for dest in ("/", "."):
        r = container(args=["/payload", "exit"], mounts=[tmpfs(dest)]).run()
        check(r.rc != 0, "the program is hidden or the mount is refused", r)
    nothing_left()


@test("without a mount namespace: works bare or is refused; the host's mounts stay", only="hull")
def _():
    before = get("/proc/self/mountinfo")
    c = container(namespaces=["pid"], args=["/payload", "exit", "3"])
    c.config["mounts"] = []
    c.config["linux"].update(maskedPaths=[], readonlyPaths=[])
    r = c.run()
    equal(get("/proc/self/mountinfo"), before)
    check(r.rc in (1, 3), "exit code", r)


main()
