# SPDX-License-Identifier: Apache-2.0
"""What a live test imports:

    from harness import *

    @test("an exit code comes back")
    def _():
        equal(container(args=["/payload", "exit", "7"]).run().rc, 7)

    main()

The runtime under test is $HULL. `FILE.py WORD` runs only the tests with WORD in their names.
"""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import cgroups
import isolate
from bundle import *
from isolate import *
from isolate import enter
from tap import *
from tap import run_all

HULL = os.environ.get("HULL", "")
ROOT = WORK + "/root"
_containers = []
_helpers = []
_cleanups = []
_mounts_before = None
kind = "hull"


class Result:
    def __init__(self, rc, out, err, argv):
        self.rc, self._out, self._err, self.argv = rc, out, err, argv

    @property
    def out(self):
        return get(self._out)

    @property
    def err(self):
        return get(self._err)

    @property
    def text(self):
        return self.out + self.err

    @property
    def lines(self):
        """The JSON objects that the payload printed."""
        return [json.loads(l) for l in self.out.splitlines() if l.startswith("{")]

    @property
    def facts(self):
        """All of them as one."""
        merged = {}
        for l in self.lines:
            merged.update(l)
        return merged

    def __str__(self):
        return f"{' '.join(self.argv)}: exit {self.rc}\nstdout: {self.out[-1500:]}\nstderr: {self.err[-1500:]}"


_count = 0


def _files():
    global _count
    _count += 1
    os.makedirs(WORK + "/io", exist_ok=True)
    return f"{WORK}/io/{_count}.out", f"{WORK}/io/{_count}.err"


def background(argv, stdin=None, env=None, **more):
    """Starts a program with its output in files (a container inherits them, so no pipes)."""
    out, err = _files()
    with open(out, "wb") as o, open(err, "wb") as e, open("/dev/null", "rb") as null:
        p = subprocess.Popen(argv, stdin=null if stdin is None else stdin, stdout=more.pop("stdout", o),
                             stderr=more.pop("stderr", e), env=env, **more)
    p.files = (out, err)
    p.argv = argv
    return p


def finish(process, timeout=20):
    try:
        rc = process.wait(timeout * SLOW)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Failure(f"no end within {timeout} s: {' '.join(process.argv)}\n{get(process.files[1])}") from None
    return Result(rc, *process.files, [str(a) for a in process.argv])


def command(*argv, timeout=20, text=None, **more):
    """Runs a program to its end. text: its standard input."""
    if text is not None:
        r, w = os.pipe()
        more["stdin"] = r
        threading.Thread(target=_feed, args=(w, text), daemon=True).start()
    try:
        return finish(background(list(argv), **more), timeout)
    finally:
        if text is not None:
            os.close(r)


def _feed(fd, text):
    with os.fdopen(fd, "wb") as f:
        try:
            f.write(text.encode())
        except BrokenPipeError:
            pass


def runtime(*argv, root=None, options=(), **more):
    """The runtime with --root of the tests."""
    return command(HULL, "--root", root or ROOT, *options, *argv, **more)


def helper(argv, **more):
    """A process of the test's own: ended after the test, not a leak."""
    p = background(argv, **more)
    _helpers.append(p)
    return p


def cleanup(function, *args):
    """Called after the test, last first."""
    _cleanups.append((function, args))


class Container:
    def __init__(self, **change):
        self.id = change.pop("id", None)
        self.bundle = Bundle(**change)
        self.id = self.id or self.bundle.name
        self.options = ()
        self.config = self.bundle.config
        self.rootfs = self.bundle.rootfs
        _containers.append(self)

    def call(self, *argv, **more):
        return runtime(*argv, options=self.options, **more)

    def _up(self, command, flags, more):
        self.bundle.write()
        return self.call(command, "--bundle", self.bundle.path, *flags, self.id, **more)

    def run(self, *flags, **more):
        return self._up("run", flags, more)

    def try_create(self, *flags, **more):
        return self._up("create", flags, more)

    def create(self, *flags, **more):
        return must(self.try_create(*flags, **more))

    def start(self, **more):
        return must(self.call("start", self.id, **more))

    def up(self, *flags, **more):
        """Created and started; the result holds the container's output so far."""
        r = self.create(*flags, **more)
        self.start()
        return r

    def ready(self, result):
        """Until the payload said that it is."""
        wait_for("the payload", lambda: "ready" in result.out or self.status() == "stopped")
        return result

    def state(self):
        return json.loads(must(self.call("state", self.id)).out)

    def status(self):
        return self.state()["status"]

    def stopped(self, seconds=5):
        return wait_for(f"{self.id} to stop", lambda: self.status() == "stopped", seconds)

    def pid(self):
        return self.state()["pid"]

    def kill(self, *signal, **more):
        return self.call("kill", self.id, *signal, **more)

    def delete(self, *flags, **more):
        return self.call("delete", *flags, self.id, **more)

    def exec(self, *argv, flags=(), **more):
        return self.call("exec", *flags, self.id, *argv, **more)

    def exec_process(self, process, flags=(), **more):
        path = put(self.bundle.path + "/process.json", json.dumps(process))
        return self.call("exec", "--process", path, *flags, self.id, **more)


def container(**change):
    return Container(**change)


def must(result):
    """A result that has to be a success."""
    check(result.rc == 0, str(result))
    return result


def refused(result, *parts):
    """A clean refusal: an error with a text, not a crash; the text has these parts."""
    check(result.rc > 0 and result.rc < 128 or result.rc == 255, "not refused", result)
    check(result.err.strip() != "", "no message", result)
    lacks(result.err, "goroutine ", "panic:", "Sanitizer")
    contains(result.err, *parts)
    return result


def like_runc(result, *parts):
    """Texts that callers match; hull speaks as runc does."""
    if kind in ("hull", "runc"):
        contains(result.err, *parts)
    return result


def processes():
    """Everything that runs but the harness: {pid: command line}."""
    ours = {1, os.getpid(), os.getppid()} | {h.pid for h in _helpers}
    below = _descendants(os.getppid()) if isolate.HOST_PIDS else None
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in ours or below is not None and int(name) not in below:
            continue
        try:
            stat_line = get(f"/proc/{name}/stat")
            if stat_line.rsplit(")", 1)[1].split()[0] in "ZX" or _helper_child(stat_line):
                continue
            found[int(name)] = get(f"/proc/{name}/cmdline").replace("\0", " ").strip() or stat_line
        except (OSError, IndexError):
            continue
    return found


def _descendants(top):
    """The ids of all processes below one (in a world without a pid namespace of its own)."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent = int(get(f"/proc/{name}/stat").rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(name))
    found, look = set(), [top]
    while look:
        look += (new := children.get(look.pop(), []))
        found |= set(new)
    return found


def _helper_child(stat_line):
    return int(stat_line.rsplit(")", 1)[1].split()[1]) in {h.pid for h in _helpers}


def mounts_here():
    return [l.split(" ", 3)[3] for l in get("/proc/self/mountinfo").splitlines()]


def left_behind():
    """What is there that should not be, as text; "" when all is well."""
    left = []
    deadline = time.monotonic() + 1.5
    while True:
        p, c = processes(), cgroups.ours()
        if not p and not c or time.monotonic() > deadline:
            break
        time.sleep(0.01)
    left += [f"process {n}: {text}" for n, text in p.items()]
    left += [f"cgroup {x}" for x in c]
    left += [f"state {x}" for x in (os.listdir(ROOT) if os.path.isdir(ROOT) else []) if not x.startswith(".")]
    now = mounts_here()
    left += [f"mount {x}" for x in now if x not in _mounts_before]
    left += [f"no more mount {x}" for x in _mounts_before if x not in now]
    return "\n".join(left)


def nothing_left():
    left = left_behind()
    check(not left, "left behind: " + left)


def _after():
    """Ends what a test left; tells what then still is there."""
    for h in _helpers:
        if h.poll() is None:
            h.kill()
        h.wait()
    _helpers.clear()
    for c in reversed(_containers):
        if os.path.isdir(f"{ROOT}/{c.id}"):
            try:
                c.delete("--force", timeout=15)
            except Failure:
                pass
    while _cleanups:
        function, args = _cleanups.pop()
        try:
            function(*args)
        except OSError as e:
            print(f"# cleanup: {e}")
    left = left_behind()
    if left:
        for pid in processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for("the dead", lambda: not processes())
        time.sleep(0.05)
        cgroups.remove_ours()
        command("rm", "-rf", ROOT)
        for line in mounts_here():
            if line not in _mounts_before:
                try:
                    umount(line.split()[1])
                except OSError:
                    pass
    for c in _containers:
        c.bundle.remove()
    _containers.clear()
    command("sh", "-c", f"rm -rf {WORK}/io {WORK}/tmp/*")
    return left


def _kind():
    version = subprocess.run([HULL, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
                             timeout=10).stdout.decode()
    if version.startswith("crun"):
        return "crun"
    return "runc" if "\ngo: " in version else "hull"


def begin():
    """Enters the private world; before anything that touches the system at import."""
    global kind, _mounts_before
    enter()
    if not os.access(HULL, os.X_OK):
        print(f"Bail out! no runtime at {HULL or 'HULL'}")
        sys.exit(1)
    kind = _kind()
    _mounts_before = mounts_here()


def main():
    code = run_all(kind, _after)
    cgroups.remove_ours()
    sys.stdout.flush()
    os._exit(code)


def receive_fds(connection, size=65536, limit=16):
    """One message from a unix socket: (bytes, descriptors)."""
    data, ancillary, _, _ = connection.recvmsg(size, socket.CMSG_SPACE(limit * 4))
    fds = []
    for level, what, raw in ancillary:
        if level == socket.SOL_SOCKET and what == socket.SCM_RIGHTS:
            fds += struct.unpack(f"{len(raw) // 4}i", raw[:len(raw) // 4 * 4])
    return data, fds


class Listener:
    """A unix stream socket that keeps what was sent, with descriptors."""

    def __init__(self, name):
        self.path = f"{WORK}/{name}"
        self.messages = []
        self.connections = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(4)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        cleanup(self.close)

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            while True:
                data, fds = receive_fds(connection)
                if not data and not fds:
                    break
                self.messages.append((data, fds))
            connection.close()

    def wait(self, seconds=5):
        wait_for("a message on " + self.path, lambda: self.messages, seconds)
        return self.messages

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        for _, fds in self.messages:
            for fd in fds:
                try:
                    os.close(fd)
                except OSError:
                    pass
        try:
            os.unlink(self.path)
        except OSError:
            pass


begin()
