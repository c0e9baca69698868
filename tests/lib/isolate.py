# SPDX-License-Identifier: Apache-2.0
"""A private world for one test file.

The file is started again in namespaces of its own (mount, pid, ipc, uts, net), with a private /dev
and /run. So a test can neither harm the machine's devices nor leave a process or a mount behind,
and what a runtime leaves is easy to see: all that is there belongs to this file. The cgroup tree
is the machine's; everything made there carries TAG in its name.

A script that talks to the machine's systemd sets HOST_PIDS before it imports harness: systemd knows
processes by the machine's ids. It then has no pid namespace of its own, and /run has systemd's sockets.
"""

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys

TAG = os.environ.get("HULL_TEST_TAG", "")
WORK = "/run/t"
HOST_PIDS = False
_libc = ctypes.CDLL(None, use_errno=True)

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_RDONLY = 2, 4, 8, 32, 4096, 16384, 1
MS_PRIVATE, MS_SLAVE, MS_SHARED = 1 << 18, 1 << 19, 1 << 20
MNT_DETACH = 2
PR_SET_CHILD_SUBREAPER = 36


def mount(source, target, kind, flags=0, data=None):
    enc = lambda s: None if s is None else os.fsencode(s)
    if _libc.mount(enc(source), enc(target), enc(kind), ctypes.c_ulong(flags), enc(data)) < 0:
        e = ctypes.get_errno()
        raise OSError(e, os.strerror(e), target)


def umount(target, flags=MNT_DETACH):
    if _libc.umount2(os.fsencode(target), flags) < 0:
        e = ctypes.get_errno()
        raise OSError(e, os.strerror(e), target)


def prctl(option, a=0, b=0, c=0, d=0):
    return _libc.prctl(option, ctypes.c_ulong(a), ctypes.c_ulong(b), ctypes.c_ulong(c), ctypes.c_ulong(d))


def private_dev(at):
    """A /dev of nodes that are nobody else's."""
    mount("tmpfs", at, "tmpfs", MS_NOSUID, "mode=755")
    for name, major, minor in (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8),
                               ("urandom", 1, 9), ("tty", 5, 0), ("console", 5, 1), ("mem", 1, 1),
                               ("kmsg", 1, 11), ("fuse", 10, 229)):
        mode = 0o666 if major != 1 or minor not in (1, 11) else 0o640
        os.mknod(f"{at}/{name}", mode | stat.S_IFCHR, os.makedev(major, minor))
        os.chmod(f"{at}/{name}", mode)
    os.mkdir(f"{at}/net")
    os.mknod(f"{at}/net/tun", 0o666 | stat.S_IFCHR, os.makedev(10, 200))
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"),
                         ("stderr", "fd/2"), ("ptmx", "pts/ptmx")):
        os.symlink(target, f"{at}/{name}")
    for name in ("pts", "shm", "mqueue"):
        os.mkdir(f"{at}/{name}")
    mount("devpts", f"{at}/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5")
    mount("tmpfs", f"{at}/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")


def _enter(script):
    runtime = os.environ.get("HULL")
    if not runtime:
        here = os.path.dirname(os.path.abspath(__file__))
        runtime = os.path.join(here, "..", "..", "hull")
    runtime = os.path.realpath(shutil.which(runtime) or runtime)
    env = {k: v for k, v in os.environ.items() if k.startswith("HULL") or k in ("LANG", "CC", "PATH")}
    env.update(HULL=runtime, HULL_TEST_INSIDE="1", HULL_TEST_TAG=f"hull-test-{os.getpid()}",
               PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME="/root",
               HULL_TEST_SCRIPT=os.path.abspath(script))
    if env.get("HULL_PAYLOAD"):
        env["HULL_PAYLOAD"] = os.path.abspath(env["HULL_PAYLOAD"])
    python = os.path.realpath(sys.executable)
    pids = [] if HOST_PIDS else ["--pid", "--fork", "--kill-child=SIGKILL"]
    os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", *pids, "--ipc", "--uts", "--net",
                           python, "-B", os.path.abspath(script)] + sys.argv[1:], env)


def _keep_sockets(old):
    """systemd's and D-Bus's sockets of the machine's /run in the new one."""
    for name in ("systemd", "dbus", "user"):
        if os.path.isdir(f"/proc/self/fd/{old}/{name}"):
            os.mkdir(f"/run/{name}")
            mount(f"/proc/self/fd/{old}/{name}", f"/run/{name}", None, MS_BIND | MS_REC)


def _prepare():
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    private_dev("/dev")
    mount("mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    old = os.open("/run", os.O_PATH)
    mount("tmpfs", "/run", "tmpfs", 0, "mode=755")
    if HOST_PIDS:
        _keep_sockets(old)
    os.close(old)
    # A temporary folder that a container's files may go to: no host disk, gone at the end.
    os.mkdir(WORK)
    os.mkdir(WORK + "/tmp")
    os.environ["TMPDIR"] = WORK + "/tmp"
    os.chdir(WORK)
    subprocess.run(["ip", "link", "set", "lo", "up"], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)


def _reap_for(child):
    """Process 1: takes in orphans, as an engine's monitor or systemd does, until the test ends."""
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, lambda n, f: os.kill(child, signal.SIGKILL))
    while True:
        try:
            pid, status = os.wait()
        except InterruptedError:
            continue
        except ChildProcessError:
            os._exit(1)
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def enter():
    """Returns in the private world; what called it was started again there."""
    script = sys.argv[0]
    if os.environ.get("HULL_TEST_INSIDE") != "1":
        if os.geteuid() != 0:
            print("1..0 # SKIP needs root")
            sys.exit(0)
        _enter(script)
    _prepare()
    if HOST_PIDS:
        prctl(PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child:
        _reap_for(child)
