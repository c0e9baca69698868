#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""create, start, state, kill, delete, run, list, ps, pause, resume: in order and out of order."""

import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *


@test("create makes it created, start runs it, it stops, delete removes it")
def _():
    c = container(args=["/payload", "exit", "0"])
    c.create()
    equal(c.status(), "created")
    c.start()
    c.stopped()
    must(c.delete())
    refused(c.call("state", c.id))
    nothing_left()


@test("the program does not run before start")
def _():
    c = container(args=["/payload", "write", "/ran"])
    c.create()
    check(not os.path.exists(c.rootfs + "/ran"), "it ran at create")
    c.start()
    wait_for("/ran", lambda: os.path.exists(c.rootfs + "/ran"))


@test("state has the keys of the spec, with right values")
def _():
    c = container(annotations={"org.example.key": "value \" \\ \u00e9"})
    c.create()
    s = c.state()
    equal(s["id"], c.id)
    equal(s["status"], "created")
    equal(s["bundle"], c.bundle.path)
    check(s["ociVersion"].startswith("1."), "ociVersion", s)
    check(os.path.isdir(f"/proc/{s['pid']}"), "pid is a process", s)
    if kind != "crun":
        equal(s["annotations"], {"org.example.key": "value \" \\ \u00e9"})
        equal(s["rootfs"], c.rootfs)
    created = datetime.datetime.fromisoformat(s["created"].rstrip("Z")[:26])
    age = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - created
    check(abs(age.total_seconds()) < 60, "created is now, in UTC", s)
    check(s["created"].endswith("Z"), "created is RFC 3339", s)


@test("state says running, and pid 0 after the end")
def _():
    c = container()
    c.up()
    s = c.state()
    equal(s["status"], "running")
    os.kill(s["pid"], signal.SIGKILL)
    c.stopped()
    equal(c.state()["pid"], 0)


@test("state writes nothing on stderr")
def _():
    c = container()
    c.create()
    equal(must(c.call("state", c.id)).err, "")


@test("a bundle without --bundle is the working directory, and bundle is absolute in state")
def _():
    c = container()
    c.bundle.write()
    must(c.call("create", c.id, cwd=c.bundle.path))
    equal(c.state()["bundle"], c.bundle.path)
    must(c.delete("--force"))
    must(c.call("create", "--bundle", os.path.basename(c.bundle.path), c.id, cwd=WORK))
    equal(c.state()["bundle"], c.bundle.path)


@test("unknown id: every command refuses it with the words that callers match")
def _():
    for argv in (["state"], ["start"], ["kill"], ["delete"], ["pause"], ["resume"], ["ps"]):
        r = runtime(*argv, "hull-test-none")
        check(r.rc != 0, "exit code", r)
        like_runc(r, "container does not exist")
    r = runtime("exec", "hull-test-none", "true")
    check(r.rc != 0, "exit code", r)
    like_runc(r, "does not exist")


@test("create of an id in use is refused and leaves the first alone")
def _():
    c = container()
    c.create()
    pid = c.pid()
    r = refused(c.try_create())
    contains(r.err, "already exists")
    like_runc(r, "container with given ID already exists")
    equal(c.status(), "created")
    equal(c.pid(), pid)


@test("start of a running container is refused and changes nothing")
def _():
    c = container()
    c.up()
    r = refused(c.call("start", c.id))
    like_runc(r, "cannot start an already running container")
    equal(c.status(), "running")


@test("start of a stopped container is refused")
def _():
    c = container(args=["/payload", "exit"])
    c.up()
    c.stopped()
    r = refused(c.call("start", c.id))
    like_runc(r, "cannot start a container that has stopped")


@test("kill of a stopped container is refused with words that callers match")
def _():
    c = container(args=["/payload", "exit"])
    c.up()
    c.stopped()
    r = c.kill("KILL")
    check(r.rc != 0, "exit code", r)
    like_runc(r, "container not running")


@test("kill --all of a stopped container is a success", only="hull runc")
def _():
    c = container(args=["/payload", "exit"])
    c.up()
    c.stopped()
    must(c.call("kill", "--all", c.id, "KILL"))


@test("delete of a running container is refused, and it goes on")
def _():
    c = container()
    c.up()
    r = refused(c.delete())
    like_runc(r, f"cannot delete container {c.id} that is not stopped: running")
    equal(c.status(), "running")


@test("delete of a created container that was not started removes it")
def _():
    c = container()
    c.create()
    pid = c.pid()
    must(c.delete())
    wait_for("init to end", lambda: not os.path.exists(f"/proc/{pid}"))
    nothing_left()


@test("delete --force ends a running container, with all its processes")
def _():
    c = container(args=["/payload", "daemon", "+", "pause"])
    c.up()
    must(c.delete("--force"))
    nothing_left()


@test("delete --force of what is not there is a success, twice")
def _():
    c = container()
    c.up()
    for _ in range(3):
        must(c.delete("--force"))
    must(runtime("delete", "-f", "hull-test-never"))


@test("after delete the id can be used again")
def _():
    c = container(args=["/payload", "exit", "3"])
    for _ in range(3):
        c.up()
        c.stopped()
        must(c.delete())


@test("kill sends a signal by name, with and without SIG, in any case, and by number")
def _():
    names = [("TERM", 42), ("SIGTERM", 42), ("15", 42)] + ([("term", 42), ("sigterm", 42)] if kind != "crun" else [])
    for name, code in names:
        c = container(args=["/payload", "trap"])
        r = c.ready(c.up())
        must(c.kill("USR1"))
        wait_for("USR1", lambda: '"signal":10' in r.out)
        must(c.kill(name))
        c.stopped()
        contains(r.out, '"signal":15')
        must(c.delete())


@test("kill without a signal is TERM")
def _():
    c = container(args=["/payload", "trap"])
    r = c.ready(c.up())
    must(c.kill())
    c.stopped()
    contains(r.out, '"signal":15')


@test("kill with an unknown signal is refused and nothing is sent", only="hull runc")
def _():
    c = container()
    c.ready(c.up())
    for name in ("BOGUS", "SIG") + (("0x9", "9999", "9x", "") if kind == "hull" else ()):
        contains(refused(c.kill(name)).err, "unknown signal")
    equal(c.status(), "running")


@test("kill reaches a created container")
def _():
    c = container()
    c.create()
    must(c.kill("KILL"))
    c.stopped()
    must(c.delete())


@test("kill --all without a private pid namespace ends every process")
def _():
    c = container(args=["/payload", "daemon", "+", "pause"],
                  namespaces=["network", "ipc", "uts", "mount"])
    c.ready(c.up())
    check(len(processes()) >= 2, "two processes", processes())
    must(c.call("kill", "--all", c.id, "KILL"))
    wait_for("all to end", lambda: not processes())


@test("kill KILL of a container in the host's pid namespace leaves no orphan", only="hull runc")
def _():
    c = container(args=["/payload", "daemon", "+", "pause"],
                  namespaces=["network", "ipc", "uts", "mount"])
    c.ready(c.up())
    must(c.kill("KILL"))
    c.stopped()
    must(c.delete("--force"))
    nothing_left()


@test("run gives the exit code")
def _():
    for code in (0, 1, 42, 255):
        equal(container(args=["/payload", "exit", str(code)]).run().rc, code)
    nothing_left()


@test("run gives 128 + signal for a process that was killed")
def _():
    for sig in (9, 15, 6):
        c = container(args=["/payload", "kill-self", str(sig)], namespaces=["ipc", "uts", "mount"])
        equal(c.run().rc, 128 + sig)
    # A fault kills process 1 of a pid namespace as well.
    equal(container(args=["/payload", "kill-self", "11"]).run().rc, 128 + 11)


@test("run passes stdin, stdout and stderr")
def _():
    c = container(args=["/bin/sh", "-c", "cat; echo err >&2"])
    r = c.run(text="hello\nworld\n")
    equal((r.rc, r.out, r.err), (0, "hello\nworld\n", "err\n"))


@test("run removes the container; nothing is left")
def _():
    c = container(args=["/bin/sh", "-c", "sleep 100 & exit 4"])
    equal(c.run().rc, 4)
    refused(c.call("state", c.id))
    nothing_left()


@test("run --keep keeps it, stopped", only="hull")
def _():
    c = container(args=["/payload", "exit", "5"])
    equal(c.run("--keep").rc, 5)
    equal(c.status(), "stopped")
    must(c.delete())
    nothing_left()


@test("run --detach comes back while it runs")
def _():
    c = container()
    for flag in ("--detach", "-d"):
        must(c.run(flag))
        equal(c.status(), "running")
        must(c.delete("--force"))


@test("the parent of a detached container is the nearest reaper, no runtime process stays")
def _():
    c = container()
    must(c.run("--detach"))
    stat_line = get(f"/proc/{c.pid()}/stat")
    equal(stat_line.rsplit(")", 1)[1].split()[1], "1", "parent")
    equal(list(processes()), [c.pid()])


@test("no process of the runtime waits for a created container but its init")
def _():
    c = container()
    c.create()
    equal(list(processes()), [c.pid()])


@test("--pid-file has the pid and no newline, for create, run and exec")
def _():
    c = container()
    path = c.bundle.path + "/pid"
    c.create("--pid-file", path)
    equal(get(path), str(c.pid()))
    c.start()
    must(c.exec("/payload", "sleep", "60", flags=("--detach", "--pid-file", path)))
    pid = get(path)
    check(pid.isdigit() and int(pid) != c.pid(), "pid file of exec", pid)
    contains(get(f"/proc/{pid}/cmdline"), "sleep")
    must(c.delete("--force"))
    must(c.run("--detach", "--pid-file", path))
    equal(get(path), str(c.pid()))
    equal([n for n in os.listdir(c.bundle.path) if "pid" in n], ["pid"])


@test("a pid file that cannot be written is an error that leaves nothing")
def _():
    c = container()
    refused(c.try_create("--pid-file", "/nonesuch/pid"))
    nothing_left()


@test("list shows containers as JSON, as a table and as ids")
def _():
    a, b = container(), container()
    a.up()
    b.create()
    found = {x["id"]: x for x in json.loads(must(runtime("list", "--format", "json")).out)}
    equal(found[a.id]["status"], "running")
    equal(found[b.id]["status"], "created")
    equal(found[a.id]["pid"], a.pid())
    equal(found[a.id]["bundle"], a.bundle.path)
    equal(found[a.id]["owner"], "root")
    equal(sorted(must(runtime("list", "-q")).out.split()), sorted([a.id, b.id]))
    table = must(runtime("list")).out.splitlines()
    contains(table[0], "PID", "STATUS", "BUNDLE", "CREATED", "OWNER")
    equal(len(table), 3)
    if kind != "crun":
        check(table[0].startswith("ID "), "first column", table[0])
        equal(must(runtime("list", "--format=json")).out.count("\n"), 1, "one line")


@test("list of nothing is empty", only="hull runc")
def _():
    os.makedirs(ROOT, exist_ok=True)
    equal(json.loads(must(runtime("list", "-f", "json")).out), None)
    equal(must(runtime("list", "-q")).out, "")
    check(runtime("list", "--format", "bogus").rc != 0, "unknown format is refused")


@test("list works while containers come and go")
def _():
    c = container()
    c.bundle.write()
    p = helper(["sh", "-c", f"for i in 1 2 3 4 5 6 7 8; do {HULL} --root {ROOT} create --bundle {c.bundle.path} {c.id};"
                            f" {HULL} --root {ROOT} delete --force {c.id}; done"])
    while p.poll() is None:
        r = runtime("list", "-f", "json")
        if kind == "hull":
            must(r)
            json.loads(r.out)


@test("ps gives the host pids of all processes")
def _():
    c = container(args=["/bin/sh", "-c", "/payload pause & /payload pause & wait"])
    r = c.up()
    wait_for("two payloads", lambda: r.out.count("ready") == 2)
    pids = json.loads(must(c.call("ps", "--format", "json", c.id)).out)
    check(c.pid() in pids, "init is in ps", pids)
    equal(len(pids), 3)
    for p in pids:
        check(os.path.isdir(f"/proc/{p}"), "a host pid", p)
    table = must(c.call("ps", c.id)).out
    contains(table, "PID", str(c.pid()))
    equal(len(table.splitlines()), 4)
    if kind != "crun":
        table = must(c.call("ps", c.id, "-o", "pid,args")).out
        contains(table, "/payload pause")
        table = must(c.call("ps", "--format", "table", c.id, "-ef")).out
        contains(table, "UID", "payload")


@test("pause freezes, resume thaws; state says paused")
def _():
    c = container(args=["/payload", "trap"])
    r = c.ready(c.up())
    must(c.call("pause", c.id))
    equal(c.status(), "paused")
    must(c.kill("USR2"))
    time.sleep(0.05)
    lacks(r.out, '"signal":12')
    must(c.call("resume", c.id))
    equal(c.status(), "running")
    wait_for("the signal after the thaw", lambda: '"signal":12' in r.out)


@test("pause when paused and resume when running are refused", only="hull runc")
def _():
    c = container()
    c.up()
    contains(refused(c.call("resume", c.id)).err, "container not paused")
    must(c.call("pause", c.id))
    contains(refused(c.call("pause", c.id)).err, "container not running")
    must(c.call("resume", c.id))


@test("exec in a paused container is refused unless --ignore-paused")
def _():
    c = container()
    c.up()
    must(c.call("pause", c.id))
    r = c.exec("/payload", "exit")
    check(r.rc != 0, "exit code", r)
    like_runc(r, "cannot exec in a paused container (use --ignore-paused to override)")
    must(c.call("resume", c.id))
    equal(c.exec("/payload", "exit", "9").rc, 9)


@test("delete --force works on a paused container")
def _():
    c = container()
    c.up()
    must(c.call("pause", c.id))
    must(c.delete("--force"))
    nothing_left()


@test("pause of a stopped container is refused")
def _():
    c = container(args=["/payload", "exit"])
    c.up()
    c.stopped()
    r = refused(c.call("pause", c.id))
    like_runc(r, "container not running")


@test("exec in a created container works", only="hull runc")
def _():
    c = container()
    c.create()
    equal(c.exec("/payload", "exit", "6").rc, 6)
    equal(c.status(), "created")


@test("exec in a stopped container is refused")
def _():
    c = container(args=["/payload", "exit"])
    c.up()
    c.stopped()
    r = c.exec("/payload", "exit")
    check(r.rc != 0, "exit code", r)
    like_runc(r, "cannot exec in a stopped container")


@test("a later change of config.json has no effect on a created container")
def _():
    c = container(args=["/payload", "args"])
    r = c.create()
    c.config["process"]["args"] = ["/payload", "exit", "9"]
    c.bundle.write()
    c.start()
    c.stopped()
    equal(r.facts["args"], [])


@test("usage errors: exit codes and words")
def _():
    for argv in (["create"], ["start"], ["state"], ["delete"], ["create", "a", "b"], ["state", "--bogus", "x"], []):
        r = runtime(*argv)
        if argv:
            check(r.rc != 0, f"{argv} is refused", r)
        check(r.text.strip() != "", "says something", r)
    r = runtime("nonesuch")
    check(r.rc != 0, "unknown command", r)
    r = runtime("restore", "--lsm-mount-context") if kind != "crun" else runtime("create", "--bundle")
    check(r.rc != 0, "missing value", r)
    check("flag needs an argument" in r.text or "requires an argument" in r.text, "words of a missing value", r)


@test("options in every form that callers use", only="hull runc")
def _():
    c = container()
    c.bundle.write()
    must(command(HULL, "-root", ROOT, "create", f"--bundle={c.bundle.path}", "-pid-file", c.bundle.path + "/p", c.id))
    must(command(HULL, f"--root={ROOT}", "start", c.id))
    must(command(HULL, "--root", "/nonesuch", "--root", ROOT, "state", c.id))
    must(command(HULL, "--debug=false", "--root", ROOT, "delete", "--force=true", c.id))
    must(c.run("--detach", "-no-subreaper", "--no-new-keyring", "--no-pivot=false"))
    must(c.call("delete", c.id, "--force"))


@test("--version: name, commit and spec lines")
def _():
    lines = must(command(HULL, "--version")).out.splitlines()
    contains(lines[0], " version ")
    check(any(l.startswith("commit: ") for l in lines), "commit line", lines)
    check(any(l.startswith("spec: ") for l in lines), "spec line", lines)
    must(command(HULL, "--help"))


@test("features is JSON alone and complete", only="hull")
def _():
    r = must(command(HULL, "features"))
    equal(r.err, "")
    f = json.loads(r.out)
    equal(f["ociVersionMin"], "1.0.0")
    equal(f["ociVersionMax"], "1.3.0")
    equal(sorted(f["hooks"]), sorted(["prestart", "createRuntime", "createContainer", "startContainer",
                                      "poststart", "poststop"]))
    for o in ("rro", "idmap", "ridmap", "tmpcopyup", "nosymfollow", "rbind", "ro"):
        check(o in f["mountOptions"], o)
    equal(set(f["linux"]["namespaces"]), {"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"})
    check(f["linux"]["mountExtensions"]["idmap"]["enabled"], "idmap")
    check(f["linux"]["seccomp"]["enabled"], "seccomp")
    check("SCMP_ACT_NOTIFY" in f["linux"]["seccomp"]["actions"], "notify")
    check(f["linux"]["cgroup"]["v1"] and f["linux"]["cgroup"]["v2"], "cgroups")


@test("spec writes a config that runs")
def _():
    c = container()
    os.chdir(c.bundle.path)
    try:
        must(command(HULL, "spec"))
        config = json.loads(get("config.json"))
        equal(config["root"]["path"], "rootfs")
        if kind != "crun":
            contains(command(HULL, "spec").err, "exists")
        c.bundle.config = config
        config["process"].update(args=["/payload", "caps"], terminal=False)
        config["linux"]["cgroupsPath"] = f"/{TAG}/{c.id}"
        r = c.run()
        equal(r.rc, 0, str(r))
        equal(r.facts["effective"], "20000420")
        equal(r.facts["noNewPrivileges"], 1)
        must(command(HULL, "spec", "--bundle", must(command("mktemp", "-d")).out.strip()))
    finally:
        os.chdir(WORK)


@test("two containers at once, each its own")
def _():
    many = [container() for _ in range(5)]
    running = [background([HULL, "--root", ROOT, "run", "-d", "--bundle", c.bundle.write().path, c.id]) for c in many]
    for p in running:
        must(finish(p))
    equal(len({c.pid() for c in many}), 5)
    ends = [background([HULL, "--root", ROOT, "delete", "--force", c.id]) for c in many]
    for p in ends:
        must(finish(p))
    nothing_left()


@test("many creates of one id at once: one winner, which starts", only="hull")
def _():
    c = container()
    c.bundle.write()
    tries = [background([HULL, "--root", ROOT, "create", "--bundle", c.bundle.path, c.id]) for _ in range(8)]
    codes = sorted(finish(p).rc for p in tries)
    equal(codes, [0] + [1] * 7)
    c.start()
    equal(c.status(), "running")


@test("many delete --force of one id at once: all are successes", only="hull")
def _():
    c = container()
    for _ in range(3):
        c.up()
        ends = [background([HULL, "--root", ROOT, "delete", "--force", c.id]) for _ in range(6)]
        for p in ends:
            must(finish(p))
    nothing_left()


@test("closed stdin, stdout and stderr of the caller do no harm", only="hull")
def _():
    c = container()
    c.bundle.write()
    r = command("sh", "-c", f"exec {HULL} --root {ROOT} run -d --bundle {c.bundle.path} {c.id} <&- >&- 2>&-")
    equal(r.rc, 0)
    equal(c.status(), "running")


@test("SIGCHLD ignored, SIGPIPE ignored and signals blocked by the caller do no harm", only="hull runc")
def _():
    c = container(args=["/payload", "signals", "+", "exit", "8"])
    def careless():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD})
    c.bundle.write()
    r = c.run(preexec_fn=careless)
    equal(r.rc, 8, str(r))
    if kind == "hull":
        equal((r.facts["blocked"], r.facts["ignored"]), ([], []))


main()
