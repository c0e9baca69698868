#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Terminals: the console socket, a foreground run on a real terminal, window sizes, signals."""

import fcntl
import os
import pty
import select
import sys
import termios

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *


class Screen:
    """A terminal that a program runs on; we are the person before it."""

    def __init__(self, argv, rows=33, columns=101):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.text = ""
        # The program's own session, with this as its controlling terminal, as under a shell.
        def take():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = background(argv, stdin=slave, stdout=slave, stderr=slave, preexec_fn=take)
        cleanup(self.close)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            try:
                data = os.read(self.master, 4096)
            except OSError:
                return self.text
            if not data:
                break
            self.text += data.decode(errors="replace")
        return self.text

    def expect(self, *parts, seconds=8):
        for part in parts:
            try:
                wait_for(part, lambda: part in self.read(), seconds)
            except Failure:
                raise Failure(f"no {part!r} on the screen: {self.text[-2000:]!r}") from None

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self, seconds=10):
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self.read()
            time.sleep(0.005)
        self.read()
        check(self.process.poll() is not None, "no end", self.text)
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self.master, self.slave):
            try:
                os.close(fd)
            except OSError:
                pass


def run_on_screen(c, *flags, **more):
    c.bundle.write()
    return Screen([HULL, "--root", ROOT, "run", "--bundle", c.bundle.path, *flags, c.id], **more)


def read_all(fd, until, seconds=5):
    text = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end and until not in text:
        if select.select([fd], [], [], 0.05)[0]:
            try:
                more = os.read(fd, 4096)
            except OSError:
                break
            text += more
    return text.decode(errors="replace")


@test("--console-socket gets exactly one descriptor, the master of the container's terminal")
def _():
    socket_ = Listener("console.sock")
    c = container(args=["/payload", "tty", "+", "fds", "+", "stat", "/dev/console", "+", "pause"], terminal=True)
    c.create("--console-socket", socket_.path)
    messages = socket_.wait()
    c.start()
    check(0 < len(messages[0][0]) < 4096, "payload of the message", messages)
    equal([len(m[1]) for m in messages], [1])
    master = messages[0][1][0]
    check(os.isatty(master), "a terminal")
    text = read_all(master, b"ready")
    lines = [json.loads(l) for l in text.split("\r\n") if l.startswith("{")]
    t = lines[0]
    equal((t["tty"], t["controlling"], t["foreground"]), ([1, 1, 1], 1, 1))
    equal([f["fd"] for f in lines[1]["fds"]], [0, 1, 2])
    equal(lines[2]["type"], "char")
    check(lines[2]["rdev"].split(":")[0] == "136", "/dev/console is the pty", lines[2])
    socket_.close()


@test("with --console-socket the output goes to the terminal and not to the caller")
def _():
    socket_ = Listener("console.sock")
    c = container(args=["/bin/sh", "-c", "read x; echo got-$x"], terminal=True)
    r = c.up("--console-socket", socket_.path)
    master = socket_.wait()[0][1][0]
    os.write(master, b"word\n")
    contains(read_all(master, b"got-"), "got-word")
    equal((r.out, r.err), ("", ""))


@test("consoleSize is the first size of the window")
def _():
    socket_ = Listener("console.sock")
    c = container(args=["/payload", "tty"], terminal=True, process={"consoleSize": {"height": 41, "width": 123}})
    c.up("--console-socket", socket_.path)
    t = json.loads(read_all(socket_.wait()[0][1][0], b"}").split("\r\n")[0])
    equal((t["rows"], t["columns"]), (41, 123))


@test("consoleSize without a terminal is ignored")
def _():
    equal(must(container(args=["/payload", "tty"], process={"consoleSize": {"height": 41, "width": 123}}).run()).facts["tty"], [0, 0, 0])


@test("the terminal belongs to the user of the process", only="hull runc")
def _():
    socket_ = Listener("console.sock")
    c = container(args=["/payload", "fds"], terminal=True, uid=1000, gid=1000)
    c.up("--console-socket", socket_.path)
    f = json.loads(read_all(socket_.wait()[0][1][0], b"]}").split("\r\n")[0])["fds"]
    equal([x["uid"] for x in f], [1000] * 3)


@test("a terminal in a user namespace", only="hull runc")
def _():
    socket_ = Listener("console.sock")
    c = container(args=["/payload", "tty"], terminal=True, namespaces=["pid", "network", "ipc", "uts", "mount", "user"], linux=user_namespace())
    c.up("--console-socket", socket_.path)
    t = json.loads(read_all(socket_.wait()[0][1][0], b"}").split("\r\n")[0])
    equal((t["tty"], t["controlling"]), ([1, 1, 1], 1))


@test("a terminal without a console socket is refused by create and by run --detach; the other way round too")
def _():
    c = container(terminal=True)
    for r in (c.try_create(), c.run("--detach")):
        refused(r)
        like_runc(r, "console socket")
    if kind != "crun":
        socket_ = Listener("console.sock")
        refused(container().try_create("--console-socket", socket_.path), "console socket")
    refused(c.try_create("--console-socket", "/nonesuch/sock"))
    nothing_left()


@test("a foreground run on a terminal: input, output, size, exit code; the terminal is as before")
def _():
    c = container(args=["/bin/sh", "-c", "stty size 2>/dev/null; /payload tty; read x; echo got-$x; exit 9"], terminal=True)
    s = run_on_screen(c)
    s.expect('"rows":33,"columns":101' if kind == "hull" else "{", '"controlling":1')
    s.type("hello\n")
    s.expect("got-hello")
    equal(s.end(), 9)
    equal(termios.tcgetattr(s.slave), s.before, "attributes of the terminal")


@test("a foreground run: the caller's terminal is raw, so that control characters reach the container")
def _():
    c = container(args=["/payload", "tty", "+", "trap"], terminal=True)
    s = run_on_screen(c)
    s.expect("ready")
    s.type("\x03")
    s.expect('"signal":2')
    s.type("\x1c")
    s.expect('"signal":3')
    s.process.send_signal(signal.SIGTERM)
    if kind == "crun":
        c.kill("TERM")
    s.expect('"signal":15')
    equal(s.end(), 42)


@test("a change of the window reaches the container", only="hull runc")
def _():
    c = container(args=["/payload", "trap"], terminal=True)
    s = run_on_screen(c)
    s.expect("ready")
    # The kernel signals the foreground process group of the terminal: the runtime.
    s.resize(50, 60)
    s.expect('"signal":28,"rows":50,"columns":60')
    s.resize(10, 20)
    s.expect('"rows":10,"columns":20')
    must(c.kill("TERM"))
    equal(s.end(), 42)


@test("much output through the terminal arrives in full")
def _():
    c = container(args=["/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done; echo the-end"], terminal=True)
    s = run_on_screen(c)
    s.expect("the-end", seconds=20)
    equal(s.end(), 0)
    lines = s.text.replace("\r", "").split("\n")
    equal([l for l in lines if l.startswith("line-")], [f"line-{i}" for i in range(20000)])


@test("exec --tty on a terminal: input, output, size, exit code")
def _():
    c = container()
    c.up()
    s = Screen([HULL, "--root", ROOT, "exec", "--tty", c.id, "/bin/sh", "-c", "/payload tty; read x; echo got-$x; exit 5"], rows=20, columns=70)
    s.expect('"tty":[1,1,1]', '"rows":20,"columns":70', '"controlling":1')
    s.type("word\n")
    s.expect("got-word")
    equal(s.end(), 5)
    equal(termios.tcgetattr(s.slave), s.before)


@test("exec --tty --detach --console-socket")
def _():
    c = container()
    c.up()
    socket_ = Listener("console.sock")
    must(c.exec("/payload", "tty", flags=("--tty", "--detach", "--console-socket", socket_.path)))
    messages = socket_.wait()
    equal([len(m[1]) for m in messages], [1])
    t = json.loads(read_all(messages[0][1][0], b"}").split("\r\n")[0])
    equal((t["tty"], t["controlling"]), ([1, 1, 1], 1))


@test("exec of a process file with terminal and consoleSize", only="hull runc")
def _():
    c = container()
    c.up()
    socket_ = Listener("console.sock")
    p = {"user": {"uid": 0, "gid": 0}, "args": ["/payload", "tty"], "cwd": "/", "env": [PATH], "terminal": True, "consoleSize": {"height": 12, "width": 34}}
    must(c.exec_process(p, flags=("--detach", "--console-socket", socket_.path)))
    t = json.loads(read_all(socket_.wait()[0][1][0], b"}").split("\r\n")[0])
    equal((t["tty"], t["rows"], t["columns"]), ([1, 1, 1], 12, 34))


@test("a program on a terminal cannot be found: the message comes, the terminal is as before")
def _():
    s = run_on_screen(container(args=["/nonexist"], terminal=True))
    check(s.end() != 0, "exit code")
    check(kind == "crun" or "/nonexist" in s.read(), "message", s.text)
    equal(termios.tcgetattr(s.slave), s.before)
    nothing_left()


@test("signals to a foreground run are forwarded: TERM, HUP, INT, USR1, USR2, QUIT", only="hull runc")
def _():
    c = container(args=["/payload", "trap"])
    c.bundle.write()
    p = background([HULL, "--root", ROOT, "run", "--bundle", c.bundle.path, c.id])
    wait_for("its start", lambda: "ready" in get(p.files[0]))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT, signal.SIGWINCH):
        p.send_signal(number)
        if number != signal.SIGWINCH:
            wait_for(str(number), lambda: f'"signal":{int(number)},' in get(p.files[0]))
    p.send_signal(signal.SIGTERM)
    equal(finish(p).rc, 42)
    nothing_left()


@test("a signal in the first moment of the program is forwarded, it does not end the runtime", only="hull")
def _():
    for _ in range(40):
        c = container(args=["/payload", "trap"])
        c.bundle.write()
        p = background([HULL, "--root", ROOT, "run", "--bundle", c.bundle.path, c.id])
        wait_for("its start", lambda: "ready" in get(p.files[0]))
        p.send_signal(signal.SIGHUP)
        wait_for("the signal", lambda: '"signal":1,' in get(p.files[0]) or p.poll() is not None)
        equal(p.poll(), None, "the runtime ended by the signal")
        p.send_signal(signal.SIGTERM)
        equal(finish(p).rc, 42)


@test("the program finds the size of the window from its first moment on", only="hull")
def _():
    c = container()
    c.up()
    for _ in range(15):
        s = Screen([HULL, "--root", ROOT, "exec", "--tty", c.id, "/payload", "tty"], rows=20, columns=70)
        equal(s.end(), 0)
        contains(s.text, '"rows":20,"columns":70')
    for _ in range(10):
        s = run_on_screen(container(args=["/payload", "tty"], terminal=True))
        equal(s.end(), 0)
        contains(s.text, '"rows":33,"columns":101')


@test("TERM to a foreground run of a program without handlers, in the host's pid namespace, ends it")
def _():
    c = container(args=["/bin/sleep", "60"], namespaces=["ipc", "uts", "mount"])
    c.bundle.write()
    p = background([HULL, "--root", ROOT, "run", "--bundle", c.bundle.path, c.id])
    wait_for("its start", lambda: any("sleep 60" in t for t in processes().values()))
    # Asleep in the container already, not still the runtime's own start.
    wait_for("the program", lambda: c.status() == "running")
    p.send_signal(signal.SIGTERM)
    equal(finish(p).rc, 143)
    nothing_left()


@test("the death of a foreground run does not hang anything: delete --force cleans", only="hull runc")
def _():
    c = container(terminal=True, args=["/payload", "pause"])
    s = run_on_screen(c)
    s.expect("ready")
    s.process.kill()
    s.process.wait()
    must(c.delete("--force"))
    nothing_left()


@test("/dev/console without a terminal is not there, or not the host's")
def _():
    r = must(container(args=["/payload", "stat", "/dev/console"]).run())
    l = r.lines[0]
    check(l["error"] == "ENOENT" or l["rdev"] != "5:1", "/dev/console", l)


@test("terminals of two containers are not the same device", only="hull runc")
def _():
    names = []
    for n in "ab":
        socket_ = Listener(f"console-{n}.sock")
        c = container(args=["/payload", "fds", "+", "pause"], terminal=True)
        c.up("--console-socket", socket_.path)
        f = json.loads(read_all(socket_.wait()[0][1][0], b"]}").split("\r\n")[0])["fds"]
        names.append((f[0]["dev"], f[0]["rdev"]))
    check(names[0] != names[1], "own devpts instances", names)


main()
