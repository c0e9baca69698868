#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""state, kill, delete and their like on containers that are a record around a process of ours."""

import signal
import socket
import time

from fake import *


@test("status: running, stopped, another process with the pid, another boot, a zombie")
def _():
    p = process()
    container("runs", p)
    container("reused", p, **{"start-time": start_time(p.pid) - 1})
    container("rebooted", p, boot="00000000-0000-4000-8000-000000000000")
    equal((state("runs")["status"], state("runs")["pid"]), ("running", p.pid))
    for name in ("reused", "rebooted"):
        equal((state(name)["status"], state(name)["pid"]), ("stopped", 0), name)
    p.send_signal(signal.SIGKILL)
    wait_for("a zombie", lambda: open(f"/proc/{p.pid}/stat").read().rpartition(")")[2].split()[0] == "Z")
    equal(state("runs")["status"], "stopped")


@test("a record that is none: the container does not exist; delete removes what is there")
def _():
    for name, text in (("empty", None), ("torn", "hull-record 1\nbundle /x\n"), ("other", "{}"), ("binary", "\0\xff")):
        os.makedirs(f"{ROOT}/{name}")
        if text is not None:
            with open(f"{ROOT}/{name}/record", "w", encoding="latin-1") as f:
                f.write(text)
        for command in ("state", "start", "kill", "pause", "ps"):
            bad(hull(command, name), "container does not exist")
        good(hull("delete", *(["--force"] if name == "torn" else []), name))
    equal(containers(), [])


@test("kill: by name, number, default; to a stopped container an error")
def _():
    p = process("sh", "-c", "trap 'exit 11' HUP; trap 'exit 12' USR2; while :; do sleep 0.05; done")
    container("a", p)
    time.sleep(0.1)  # until the traps are set
    for name in ("BOGUS", "", "65", "-1", "SIG", "9x"):
        bad(hull("kill", "--", "a", name), f'unknown signal "{name}"')
    good(hull("kill", "a", "sigusr2"))
    equal(p.wait(5), 12)
    bad(hull("kill", "a"), "container not running")
    bad(hull("kill", "a", "KILL"), "container not running")
    good(hull("kill", "--all", "a", "KILL"))
    for words, code in ((["1"], 11), (["HUP"], 11), ([], -15), (["9"], -9), (["SIGKILL"], -9), (["RTMIN+1"], -35)):
        p = process("sh", "-c", "trap 'exit 11' HUP; while :; do sleep 0.05; done")
        name = "k" + "".join(words).replace("+", "")
        container(name, p)
        time.sleep(0.1)
        good(hull("kill", name, *words))
        equal(p.wait(5), code, str(words))


@test("kill does not reach a process that only has the pid")
def _():
    p = process()
    container("a", p, **{"start-time": start_time(p.pid) - 1})
    bad(hull("kill", "a", "KILL"), "container not running")
    good(hull("delete", "--force", "a"))
    equal(p.poll(), None)


@test("delete: a stopped container only; nothing is left")
def _():
    p = process()
    container("a", p)
    bad(hull("delete", "a"), "cannot delete container a that is not stopped: running")
    equal(p.poll(), None)
    p.kill()
    p.wait()
    good(hull("delete", "a"))
    equal(containers(), [])
    bad(hull("delete", "a"), "container does not exist")


@test("delete --force: kills and waits; may be repeated; also without a state directory")
def _():
    p = process()
    container("a", p)
    good(hull("delete", "--force", "a"))
    check(p.poll() is not None, "the process ended before delete did")
    equal(containers(), [])
    good(hull("delete", "-f", "a"))
    good(hull("delete", "-f", "a", root=WORK + "/none"))
    bad(hull("delete", "a", root=WORK + "/none"), "container does not exist")


@test("delete after a create that died: with a process, and without")
def _():
    p = process()
    container("alive", p, **{"created-done": 0, "started": 0})
    container("dead", **{"created-done": 0, "started": 0})
    container("early", pid=0, **{"start-time": 0, "created-done": 0, "started": 0})
    equal(state("alive")["status"], "creating")
    equal(state("dead")["status"], "stopped")
    equal(state("early")["status"], "stopped")
    bad(hull("delete", "alive"), "not stopped: creating")
    good(hull("delete", "--force", "alive"))
    good(hull("delete", "dead"))
    good(hull("delete", "early"))
    check(p.poll() is not None, "the process is gone")
    equal(containers(), [])


@test("delete removes what hull makes, and refuses what it does not know")
def _():
    container("a", config={"ociVersion": "1.3.0"})
    s = socket.socket(socket.AF_UNIX)
    s.bind(f"{ROOT}/a/start.sock")
    with open(f"{ROOT}/a/.record.4711", "w"):
        pass
    with open(f"{ROOT}/a/precious", "w"):
        pass
    bad(hull("delete", "--force", "a"), "directory not empty")
    equal(os.listdir(ROOT + "/a"), ["precious"])
    os.remove(ROOT + "/a/precious")
    good(hull("delete", "--force", "a"))
    equal(containers(), [])


@test("delete does not follow a symlink in place of a container")
def _():
    os.makedirs(WORK + "/elsewhere")
    with open(WORK + "/elsewhere/record", "w"):
        pass
    os.makedirs(ROOT)
    os.symlink(WORK + "/elsewhere", ROOT + "/a")
    equal(hull("delete", "--force", "a").returncode, 1)
    equal(os.listdir(WORK + "/elsewhere"), ["record"])
    equal(good(hull("list", "-q")).stdout, "")


@test("poststop hooks run at delete, all of them, with the state; a failure is only a warning")
def _():
    out = WORK + "/hooks"
    hook = lambda script: {"path": "/bin/sh", "args": ["sh", "-c", script]}
    config = {"ociVersion": "1.3.0", "hooks": {"poststop": [
        hook(f"cat >{out}; exit 3"), {"path": "/nonexistent"}, hook(f"echo >>{out}; pwd >>{out}")]}}
    container("a", config=config)
    r = good(hull("delete", "a"))
    with open(out) as f:
        lines = f.read().splitlines()
    s = json.loads(lines[0])
    equal((s["id"], s["status"], s["bundle"]), ("a", "stopped", WORK))
    check(not s.get("pid"), "no pid", s)
    equal(lines[1], WORK)
    contains(r.stderr, "hooks.poststop[0] (/bin/sh): exit status 3", "hooks.poststop[1] (/nonexistent)")
    equal(containers(), [])
    container("b", config=config)
    equal(good(hull("--log-level", "error", "delete", "b")).stderr, "")


@test("a damaged config.json does not make a container immortal")
def _():
    container("a", config=[])
    contains(good(hull("--log-level", "warning", "delete", "a")).stderr, "poststop hooks do not run")
    equal(containers(), [])


@test("parallel delete --force: all succeed")
def _():
    for _ in range(10):
        p = process()
        container("a", p)
        jobs = [subprocess.Popen([HULL, "--root", ROOT, "delete", "--force", "a"], stderr=subprocess.PIPE) for _ in range(6)]
        for j in jobs:
            err = j.communicate(timeout=40)[1]
            equal((j.returncode, err), (0, b""))
        equal(containers(), [])


@test("list while containers vanish: no error, no half entry")
def _():
    for i in range(60):
        container(f"c{i}")
    remover = subprocess.Popen(["sh", "-c", f'for i in $(seq 0 59); do "{HULL}" --root {ROOT} delete c$i; done'])
    while remover.poll() is None:
        r = good(hull("list", "--format", "json"))
        equal(r.stderr, "")
        for s in json.loads(r.stdout) or []:
            equal(s["status"], "stopped")
    equal(remover.returncode, 0)


@test("state and kill do not wait for a command that takes long; delete does")
def _():
    p = process()
    config = {"ociVersion": "1.3.0", "hooks": {"poststop": [{"path": "/bin/sleep", "args": ["sleep", "1"]}]}}
    container("a", p, config=config)
    slow = subprocess.Popen([HULL, "--root", ROOT, "delete", "--force", "a"])
    wait_for("the end of the process", lambda: p.poll() is not None)
    begin = time.monotonic()
    equal(state("a")["status"], "stopped")
    bad(hull("kill", "a"), "container not running")
    check(time.monotonic() - begin < 0.8, "they did not wait")
    good(hull("delete", "--force", "a"))
    equal(slow.wait(5), 0)
    equal(containers(), [])


@test("--regex: kill and delete all that match")
def _():
    web = [process(), process()]
    db = process()
    container("web-1", web[0])
    container("web-2", web[1])
    container("db", db)
    good(hull("kill", "--regex", "^web-", "KILL"))
    equal([p.wait(5) for p in web], [-9, -9])
    equal(db.poll(), None)
    good(hull("delete", "-r", "web-[12]"))
    equal(containers(), ["db"])
    bad(hull("delete", "-r", "("), "regular expression")
    good(hull("delete", "-f", "-r", "."))
    equal(containers(), [])


@test("commands refuse the states that they are not for, in words that engines match")
def _():
    container("stopped")
    container("running", process())
    bad(hull("start", "stopped"), "cannot start a container that has stopped")
    bad(hull("start", "running"), "cannot start an already running container")
    bad(hull("exec", "stopped", "true"), "cannot exec in a stopped container", 255)
    bad(hull("pause", "stopped"), "container not running")
    bad(hull("resume", "running"), "container not paused")
    bad(hull("resume", "stopped"), "container not paused")
    bad(hull("update", "--pids-limit", "5", "stopped"), "container not running")
    bad(hull("events", "stopped"), "container with id stopped is not running")
    bad(hull("events", "--stats", "stopped"), "container with id stopped is not running")


@test("what needs cgroups says so for a container without")
def _():
    container("a", process())
    for words in (["pause"], ["update", "--pids-limit", "5"], ["events", "--stats"], ["events"]):
        bad(hull(*words, "a"), "without cgroups")


@test("update and events check their values before anything else")
def _():
    for flag in ("cpu-period", "cpu-quota", "cpu-share", "pids-limit", "blkio-weight", "cpu-idle", "memory", "memory-swap"):
        for value in ("x", "", "1x", "0x10", "99999999999999999999"):
            bad(hull("update", f"--{flag}={value}", "none"), f"invalid value for {flag}: {value}")
    bad(hull("update", "--blkio-weight=65536", "none"), "invalid value")
    bad(hull("update", "--memory=-2", "none"), "invalid value")
    good_values = ["--memory=1.5g", "--memory-swap=-1", "--cpu-quota=-1", "--cpu-share=512", "--pids-limit=-1"]
    bad(hull("update", *good_values, "none"), "container does not exist")
    bad(hull("update", "-r", WORK + "/none", "none"), "no such file or directory")
    bad(hull("update", "-r", "-", "none", input='{"memory":{"limit":"1G"}}'), "-:1:20: memory.limit: ")
    bad(hull("update", "--resources=-", "none", input='{"memory":{"limit":1}}'), "container does not exist")
    bad(hull("events", "--interval=0s", "none"), "duration interval must be greater than 0")
    bad(hull("events", "--interval=5", "none"), "invalid value")


@test("checkpoint, restore and mounts: known, not done")
def _():
    bad(hull("checkpoint", "--image-path=/x", "a"), "hull checkpoint: not supported by this version")
    bad(hull("restore", "--detach", "-no-subreaper", "--pid-file", "/x", "--bundle", "/b", "a"), "hull restore: not supported")
    bad(hull("mounts", "add", "a", "/x"), "hull mounts: not supported")


main()
