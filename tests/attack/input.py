#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks by odd input: long strings, names with dots and slashes, files that never answer."""

import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from attack import *

ANY = ["state", "start", "kill", "delete", "pause", "resume", "ps", "events"]


@test("S50 CVE-2021-43784: strings around 64 kB, of 1 MiB and of 16 MiB arrive in full or are refused", limit=90)
def _():
    lengths = list(range(65530, 65541)) + [131000, 131071, 131072, 1 << 20, 16 << 20]
    for n in lengths:
        c = container(args=["/payload", "args", "a" * n], env=[PATH, "V=" + "b" * (n // 2)])
        r = c.run()
        if r.rc == 0:
            equal(r.facts["args"], ["a" * n], f"{n}")
        else:
            check(n >= 131000, f"{n} was refused", r.err[:500])
            check(r.err.strip() and len(r.err) < 5000, "a short message", r.err[:300])
    nothing_left()


@test("S50: long mount data, host names, labels, paths and annotations: in full or refused, never cut", only="hull", limit=60)
def _():
    for n in (100, 4000, 4095, 4096, 5000, 65536, 1 << 20):
        r = container(args=["/payload", "mounts"], mounts=[tmpfs("/x", "mode=755", *["size=64k"] * (n // 9))]).run()
        check(r.rc in (0, 1), "data", r)
        refused(container(args=["/payload", "exit"], hostname="h" * n).run(), "hostname")
        refused(container(args=["/payload", "exit"], mounts=[bind("/" + "s" * n, "/x")]).run())
        refused(container(args=["/payload", "exit"], process={"selinuxLabel": "l" * n}).run())
        c = container(annotations={"k" * n: "v" * n})
        r = c.try_create()
        if r.rc == 0:
            equal(c.state()["annotations"], {"k" * n: "v" * n})
        must(c.delete("--force"))
    nothing_left()


def parent_listing():
    return sorted(n for n in os.listdir(os.path.dirname(ROOT)) if n != "io")


@test("S52: ids that are paths, empty, hidden, long or odd: refused by every command before anything is touched", only="hull", limit=90)
def _():
    os.makedirs(ROOT, exist_ok=True)
    canary = Canary()
    c = container()
    c.bundle.write()
    before = parent_listing()
    bad = ["", ".", "..", "../x", "a/b", "/", "/etc", "../" + os.path.basename(canary.path), ".hid", "a" * 256, "a" * 1024, "a\nb", "a b", "\u00e9", "a\tb",
           "a;b", "a:b", "*", "%s%n", "../../tmp/canary", "a/../b", "./a"]
    for name in bad:
        for argv in [["create", "--bundle", c.bundle.path], ["run", "--bundle", c.bundle.path], ["delete", "--force"], ["delete"], ["exec"]] + [[a] for a in ANY]:
            r = runtime(*argv, "--", name, *(["true"] if argv == ["exec"] else [])) if name.startswith("-") else runtime(*argv, name, *(["true"] if argv == ["exec"] else []))
            check(r.rc != 0, f"{argv[0]} of id {name[:40]!r}", r)
            check(r.text.strip(), "says why", r)
    equal(parent_listing(), before)
    equal(os.listdir(ROOT), [])
    canary.unharmed()
    nothing_left()


@test("S52: delete --force of .. does not remove anything")
def _():
    os.makedirs(ROOT + "/precious", exist_ok=True)
    if kind == "crun":
        skip("not tried with a runtime that has the folder at stake")
    before = parent_listing()
    for name in ("..", ".", "../root", "precious/../..", ""):
        runtime("delete", "--force", name)
        runtime("delete", name)
    equal(parent_listing(), before)
    check(os.path.isdir(ROOT), "the state root")
    shutil.rmtree(ROOT)


@test("S52: ids that are good: every character, 255 long")
def _():
    for name in ("a", "A-z_0.9+x", "1", "_x", f"{TAG}-" + "y" * (200 - len(TAG))):
        c = container(id=name, args=["/payload", "exit", "3"])
        equal(c.run().rc, 3, name[:20])
    nothing_left()


@test("S51: cgroup paths that climb stay in the tree or are refused", only="hull")
def _():
    for path in ("../../..", "/../../x", f"/{TAG}/../../../x", f"{TAG}/../../x", f"/{TAG}/a/../../../etc", "..", "/..", "/", ".", f"/{TAG}/./x", f"/{TAG}//x"):
        c = container()
        c.config["linux"]["cgroupsPath"] = path
        r = c.try_create()
        if r.rc == 0:
            for line in get(f"/proc/{c.pid()}/cgroup").splitlines():
                where = line.split(":", 2)[2]
                check(".." not in where and (TAG in where or where == "/"), "inside of the tree", path, line)
            must(c.delete("--force"))
        else:
            refused(r, "cgroupsPath")
    for top in cgroups.hierarchies():
        check(not os.path.isdir(top + "/x") and not os.path.isdir(top + "/etc"), "made outside", top)
    nothing_left()


@test("S51: names of cgroup files that climb are refused", only="hull")
def _():
    canary = Canary()
    for resources in ({"hugepageLimits": [{"pageSize": "../../x", "limit": 1}]}, {"hugepageLimits": [{"pageSize": "2MB/../x", "limit": 1}]},
                      {"unified": {"../x": "1"}}, {"unified": {"a/b": "1"}}, {"unified": {"cgroup.procs": "1"}}, {"unified": {"": "1"}},
                      {"rdma": {"../x": {"hcaHandles": 1}}}, {"rdma": {"a b\n": {"hcaHandles": 1}}},
                      {"network": {"priorities": [{"name": "a\nb", "priority": 1}]}}):
        r = container(args=["/payload", "exit"], linux={"resources": resources}).run()
        check(r.rc == 1, f"taken: {resources}", r)
        contains(r.err, "linux.resources")
    for closid in ("../x", "a/b", "..", ".", "a\nb"):
        refused(container(args=["/payload", "exit"], linux={"intelRdt": {"closID": closid}}).run(), "linux.intelRdt")
    canary.unharmed()
    nothing_left()


def odd_files(c, path):
    """Each odd thing in the place of a file of the image, with its name."""
    p = c.rootfs + path
    def gone():
        if os.path.isdir(p) and not os.path.islink(p):
            os.rmdir(p)
        elif os.path.lexists(p):
            os.unlink(p)
    def make_socket():
        s = socket.socket(socket.AF_UNIX)
        s.bind(p)
        s.close()
    def sparse():
        with open(p, "wb") as f:
            f.truncate(4 << 30)
    zero = c.rootfs + "/zero"
    if not os.path.exists(zero):
        os.mknod(zero, 0o666 | 0o020000, os.makedev(1, 5))
    makes = {"a FIFO": lambda: os.mkfifo(p), "a device": lambda: os.mknod(p, 0o666 | 0o020000, os.makedev(1, 5)), "a folder": lambda: os.mkdir(p),
             "a socket": make_socket, "a sparse 4 GiB": sparse, "no end of line": lambda: put(p, "root:x:0:0:root:/root:/bin/sh"),
             "NULs": lambda: put(p, "\0" * 5000 + "\nroot:x:0:0\0::/r\0oot:/bin/sh\n"), "a link to /zero": lambda: os.symlink("/zero", p),
             "a link to /proc/kmsg": lambda: os.symlink("/proc/kmsg", p), "a link to itself": lambda: os.symlink(os.path.basename(p), p),
             "a link to /dev/tty": lambda: os.symlink("/dev/tty", p), "a link to the host's": lambda: os.symlink("../" * 20 + "etc/passwd", p),
             "a line of 1 MiB": lambda: put(p, "x" * (1 << 20) + "\nuser:x:1000:1000::/good:/bin/sh\n"), "nothing": lambda: None,
             "odd lines": lambda: put(p, ":::::::\n\n:\nuser:x:-1:x:::\nuser::4294967296:0::/evil:\n1000:x:0:0::/evil:/\nuser:x:1000:1000::relative:\n")}
    for name, make in makes.items():
        gone()
        make()
        yield name
    gone()


def quick(result, start, what, limit=2):
    took = time.monotonic() - start
    check(took < limit, f"{what}: {took:.1f} s", result)
    check(result.rc in (0, 1, 255), f"{what}: exit code", result)
    return result


@test("S57: /etc/passwd and /etc/group of the image are odd files: at once, by run and exec", only="hull", limit=120)
def _():
    for path in ("/etc/passwd", "/etc/group"):
        c = container(args=["/payload", "env"], env=[PATH], uid=1000)
        for name in odd_files(c, path):
            start = time.monotonic()
            r = quick(c.run(timeout=10), start, f"{path} is {name}")
            if r.rc == 0:
                homes = [e for e in r.facts["env"] if e.startswith("HOME=")]
                lacks(" ".join(homes), "evil")
                check(all(h[5:].startswith("/") for h in homes), "an absolute HOME", name, homes)
    c = container(env=[PATH])
    c.up()
    for name in odd_files(c, "/etc/passwd"):
        start = time.monotonic()
        quick(c.exec("/payload", "env", timeout=10), start, f"exec with /etc/passwd as {name}")


@test("S57: a program that is a FIFO, a device, a folder, a socket or sparse: an error at once")
def _():
    c = container(args=["/prog"])
    for name in odd_files(c, "/prog"):
        if name in ("a link to /dev/tty",):
            continue
        if os.path.isfile(c.rootfs + "/prog"):
            os.chmod(c.rootfs + "/prog", 0o755)
        start = time.monotonic()
        r = quick(c.run(timeout=10), start, name)
        check(r.rc != 0, f"{name} ran", r)
    nothing_left()


@test("S57: an interpreter that is a FIFO: an error at once", only="hull runc")
def _():
    c = container(args=["/script"])
    put(c.rootfs + "/script", "#!/fifo\n", 0o755)
    os.mkfifo(c.rootfs + "/fifo", 0o755)
    os.chmod(c.rootfs + "/fifo", 0o755)
    start = time.monotonic()
    r = quick(c.run(timeout=10), start, "FIFO as interpreter")
    check(r.rc != 0, "ran", r)


@test("S57: --process, --resources and config.json that are FIFOs, devices or folders: an error at once", only="hull")
def _():
    c = container()
    c.up()
    fifo = f"{WORK}/tmp/fifo"
    os.mkfifo(fifo)
    for path in (fifo, "/dev/zero", WORK, "/proc/kmsg", "/nonesuch"):
        for argv in (["exec", "--process", path, c.id], ["update", "--resources", path, c.id], ["create", "--bundle", c.bundle.path, "--config", path, c.id + "x"]):
            start = time.monotonic()
            r = quick(c.call(*argv, timeout=10), start, f"{argv[0]} {path}")
            check(r.rc != 0, "taken", r)
    equal(c.status(), "running")


def traced(c, *argv):
    """The calls of a whole start that open files, after the container's root was entered."""
    log = WORK + "/tmp/strace"
    c.bundle.write()
    r = command("strace", "-f", "-s", "4096", "-o", log, "-e", "trace=open,openat,openat2,execve,execveat,pivot_root,chroot,readlink,readlinkat",
                HULL, "--root", ROOT, *argv, timeout=30)
    lines = get(log).splitlines()
    cut = [i for i, l in enumerate(lines) if "pivot_root(" in l or "chroot(" in l]
    return r, lines, cut[0] if cut else None


@test("S56 CVE-2019-14271 class: no library, locale or preload file of the image is opened or run", limit=60)
def _():
    if not shutil.which("strace"):
        skip("no strace")
    c = container(args=["/payload", "ids"], uid=1000)
    hostile = ["/etc/ld.so.preload", "/etc/ld.so.cache", "/etc/nsswitch.conf", "/lib/x86_64-linux-gnu/libnss_files.so.2", "/lib/libnss_files.so.2",
               "/usr/lib/x86_64-linux-gnu/libgcc_s.so.1", "/lib/x86_64-linux-gnu/libgcc_s.so.1", "/usr/lib/locale/locale-archive", "/etc/localtime",
               "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules", "/etc/gai.conf", "/etc/host.conf"]
    for h in hostile:
        os.makedirs(os.path.dirname(c.rootfs + h), exist_ok=True)
        put(c.rootfs + h, "#!/bin/touch /flag\n", 0o755)
    r, lines, cut = traced(c, "run", "--bundle", c.bundle.path, c.id)
    must(r)
    check(cut is not None, "the trace shows the entry into the root", lines[-5:])
    check(not os.path.exists(c.rootfs + "/flag"), "something of the image ran")
    if kind != "hull":
        return
    after = lines[cut:]
    # The host's half goes on in parallel: only the process that entered the root counts.
    pid = after[0].split()[0]
    mine = [l for l in after if l.split()[0] == pid]
    for h in hostile:
        check(not [l for l in mine if f'"{h}"' in l], f"{h} was opened", *[l for l in mine if h in l])
    # S15: nothing of /proc by an absolute path: what is there is the image's to decide.
    before_program = mine[:next((i for i, l in enumerate(mine) if "exec" in l and '"/payload"' in l), len(mine))]
    bad = [l for l in before_program if re.search(r'(open|readlink)\("/proc|AT_FDCWD, "/proc', l)]
    check(not bad, "absolute /proc paths", *bad)


@test("unknown annotations are passed on and do nothing; run-time annotations of others do not weaken")
def _():
    flag = WORK + "/tmp/flag"
    a = {"run.oci.keep_original_groups": "0", "org.systemd.property.ExecStopPost": f"'/bin/touch {flag}'", "org.example": "x", "run.oci.hooks.stdout": flag,
         "org.criu.config": flag, "module.wasm.image/variant": "compat", "run.oci.seccomp_bpf_data": "AAAA"}
    if kind == "crun":
        a = {"org.example": "x"}
    c = container(args=["/payload", "caps"], annotations=a, linux={"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["keyctl"], "action": "SCMP_ACT_ERRNO"}]}})
    r = neutral(c.run())
    check(not os.path.exists(flag), "a file of the host was made")
    if r.rc == 0 and kind != "crun":
        equal(r.facts["seccomp"], 2)


main()
