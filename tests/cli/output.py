#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What commands print, and where: engines parse all of it."""

import datetime

from fake import *


def log_of(*argv, format="json"):
    """(objects or lines in the log file, result) of a failing command."""
    path = WORK + "/log.txt"
    if os.path.exists(path):
        os.remove(path)
    r = hull("--log", path, "--log-format", format, *argv)
    with open(path) as f:
        lines = f.read().splitlines()
    return ([json.loads(l) for l in lines] if format == "json" else lines), r


@test("a failure is one JSON object in the log, and the bare text on stderr")
def _():
    for argv in (["state", "none"], ["kill", "none", "9"], ["exec", "none", "true"], ["create", "--bundle", WORK + "/none", "x"],
                 ["start", "none"], ["frobnicate"], ["state", "--bogus"]):
        log, r = log_of(*argv)
        equal(len(log), 1, str(log))
        equal(sorted(log[0]), ["level", "msg", "time"])
        equal(log[0]["level"], "error")
        datetime.datetime.strptime(log[0]["time"], "%Y-%m-%dT%H:%M:%SZ")
        equal(r.stderr, log[0]["msg"] + "\n")
        equal(r.stdout, "")


@test("with --debug, too, a failure is one error")
def _():
    log, r = log_of("--debug", "state", "none")
    equal([l["level"] for l in log].count("error"), 1)


@test("success logs nothing")
def _():
    container("a")
    for argv in (["state", "a"], ["list"], ["features"], ["delete", "a"], ["delete", "--force", "a"]):
        log, r = log_of(*argv)
        equal(log, [])
        good(r)


@test("the log is appended to, and what is not UTF-8 does not break it")
def _():
    path = WORK + "/append.log"
    with open(path, "w") as f:
        f.write("before\n")
    subprocess.run([HULL.encode(), b"--log", path.encode(), b"--log-format=json", b"--root", ROOT.encode(), b"state", b"\xff\xfe\""],
                   capture_output=True, timeout=20)
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    equal(lines[0], "before")
    contains(json.loads(lines[1])["msg"], "invalid container ID format")


@test("a text log has logfmt lines")
def _():
    log, r = log_of("state", "none", format="text")
    equal(len(log), 1)
    contains(log[0], 'time="', 'level=error msg="container does not exist"')


@test("a repeated --log: the last one counts")
def _():
    one, two = WORK + "/one.log", WORK + "/two.log"
    hull("--log", one, "--log", two, "state", "none")
    check(os.path.exists(two) and not os.path.exists(one), "the last one")


@test("state: indented by two, with these keys in this order, without a newline at its end")
def _():
    container("a", process(), annotation="org.example.key a value")
    r = good(hull("state", "a"))
    equal(r.stderr, "")
    equal(r.stdout, json.dumps(json.loads(r.stdout), indent=2))
    equal(list(json.loads(r.stdout)), ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created", "annotations", "owner"])
    s = state("a")
    equal(s["annotations"], {"org.example.key": "a value"})
    equal((s["ociVersion"], s["id"], s["status"], s["owner"]), ("1.3.0", "a", "running", ""))
    container("b")
    equal(state("b")["pid"], 0)
    check("annotations" not in state("b"), "no annotations", state("b"))


@test("list: a table as runc's, JSON in one line, ids alone; null when there is nothing")
def _():
    os.makedirs(ROOT)
    head = f"{'ID':12}{'PID':12}{'STATUS':12}{'BUNDLE':12}{'CREATED':12}OWNER\n"
    equal(good(hull("list")).stdout, head)
    equal(good(hull("list", "--format", "json")).stdout, "null\n")
    equal(good(hull("list", "-q")).stdout, "")
    p = process()
    container("b", p, bundle="/b")
    container("a-longer-name", bundle="/bundle")
    rows = good(hull("list")).stdout.splitlines()
    width = len("a-longer-name") + 3
    equal(rows[0], f"{'ID':{width}}{'PID':12}{'STATUS':12}{'BUNDLE':12}{'CREATED':33}OWNER")
    equal(rows[1].split()[:5], ["a-longer-name", "0", "stopped", "/bundle", "2026-01-02T03:04:05.678901234Z"])
    equal(rows[2].split()[:4], ["b", str(p.pid), "running", "/b"])
    equal(rows[2].index("running"), rows[0].index("STATUS"))
    text = good(hull("list", "-f=json")).stdout
    equal(text.count("\n"), 1)
    listed = json.loads(text)
    equal([s["id"] for s in listed], ["a-longer-name", "b"])
    equal([s["status"] for s in listed], ["stopped", "running"])
    check(listed[0]["owner"] != "", "an owner", listed)
    equal(good(hull("list", "--quiet")).stdout, "a-longer-name\nb\n")
    bad(hull("list", "--format", "xml"), "invalid format option")


@test("list: a missing root is an error only when it was given")
def _():
    bad(hull("list"), "no such file or directory")
    env = dict(os.environ, XDG_RUNTIME_DIR=WORK + "/runtime")
    if os.geteuid() != 0:
        equal(good(hull("list", "-q", root=None, env=env)).stdout, "")


@test("list skips what it cannot read, and says so only when asked to")
def _():
    container("good")
    container("torn")
    with open(ROOT + "/torn/record", "w") as f:
        f.write("hull-record 1\nbundle /x\n")
    os.makedirs(ROOT + "/empty")
    with open(ROOT + "/file", "w"):
        pass
    r = good(hull("list", "-q"))
    equal((r.stdout, r.stderr), ("good\n", ""))
    contains(good(hull("--debug", "list", "-q")).stderr, "torn", "empty")


@test("ps: host pids as JSON, or the rows of ps with the container's processes")
def _():
    p = process("sleep", "301")
    container("a", p)
    equal(good(hull("ps", "--format", "json", "a")).stdout, f"[{p.pid}]\n")
    rows = good(hull("ps", "a")).stdout.splitlines()
    equal(len(rows), 2)
    contains(rows[0], "PID", "CMD")
    contains(rows[1], "sleep 301", str(p.pid))
    rows = good(hull("ps", "a", "-o pid,args")).stdout.splitlines()
    equal([r.split() for r in rows], [["PID", "COMMAND"], [str(p.pid), "sleep", "301"]])
    rows = good(hull("ps", "a", "-e", "-o", "comm,pid")).stdout.splitlines()
    equal([r.split() for r in rows], [["COMMAND", "PID"], ["sleep", str(p.pid)]])
    bad(hull("ps", "a", "-o", "args"), "couldn't find PID field in ps output")
    bad(hull("ps", "a", "--no-such-option"), "run ps: ")
    bad(hull("ps", "-f", "xml", "a"), "invalid format option")
    container("b")
    equal(good(hull("ps", "--format=json", "b")).stdout, "null\n")
    equal(len(good(hull("ps", "b")).stdout.splitlines()), 1)


@test("features: JSON alone, with what engines look for")
def _():
    r = good(hull("features"))
    equal(r.stderr, "")
    f = json.loads(r.stdout)
    equal(r.stdout, json.dumps(f, indent=4) + "\n")
    equal((f["ociVersionMin"], f["ociVersionMax"]), ("1.0.0", "1.3.0"))
    equal(f["hooks"], ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"])
    for option in ("ro", "rro", "rbind", "idmap", "nosymfollow", "tmpcopyup"):
        check(option in f["mountOptions"], option, f["mountOptions"])
    equal(f["mountOptions"], sorted(f["mountOptions"]))
    equal(sorted(f["linux"]["namespaces"]), ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"])
    check("CAP_CHECKPOINT_RESTORE" in f["linux"]["capabilities"], "capabilities", f)
    equal(f["linux"]["mountExtensions"], {"idmap": {"enabled": True}})
    check(f["linux"]["cgroup"]["v1"] and f["linux"]["cgroup"]["v2"], "cgroup", f)


@test("doctor and the plan's help are for people, and work without privileges")
def _():
    text = good(hull("doctor")).stdout
    contains(text, "hull ", "kernel ", "namespaces ", "cgroups ")


@test("spec: a config.json that was not there before, for root")
def _():
    bundle = WORK + "/spec"
    os.makedirs(bundle)
    r = good(hull("spec", "--bundle", bundle))
    equal((r.stdout, r.stderr), ("", ""))
    with open(bundle + "/config.json") as f:
        text = f.read()
    c = json.loads(text)
    equal(text, json.dumps(c, indent="\t") + "\n")
    equal(c["ociVersion"], "1.3.0")
    equal(c["root"], {"path": "rootfs", "readonly": True})
    equal(c["process"]["args"], ["sh"])
    equal(c["process"]["user"], {"uid": 0, "gid": 0})
    equal(c["process"]["capabilities"]["bounding"], ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"])
    equal([m["destination"] for m in c["mounts"]],
          ["/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup"])
    equal([n["type"] for n in c["linux"]["namespaces"]][:5], ["pid", "network", "ipc", "uts", "mount"])
    equal(c["linux"]["resources"], {"devices": [{"allow": False, "access": "rwm"}]})
    equal(len(c["linux"]["maskedPaths"]), 10)
    bad(hull("spec", "-b", bundle), "File config.json exists. Remove it first")
    good(hull("spec", "-b", bundle, "-f", "other.json"))
    equal(sorted(os.listdir(bundle)), ["config.json", "other.json"])
    good(hull("spec", cwd=WORK))
    os.remove(WORK + "/config.json")
    bad(hull("spec", "-b", WORK + "/none"), "no such file or directory")


@test("spec --rootless: for a user without privileges")
def _():
    bundle = WORK + "/rootless"
    os.makedirs(bundle)
    good(hull("spec", "--rootless", "-b", bundle))
    with open(bundle + "/config.json") as f:
        c = json.load(f)
    kinds = [n["type"] for n in c["linux"]["namespaces"]]
    check("user" in kinds and "network" not in kinds, "namespaces", kinds)
    equal(c["linux"]["uidMappings"], [{"containerID": 0, "hostID": os.geteuid(), "size": 1}])
    equal(c["linux"]["gidMappings"], [{"containerID": 0, "hostID": os.getegid(), "size": 1}])
    check("resources" not in c["linux"], "no resources", c)
    check(not any(o.startswith(("uid=", "gid=")) for m in c["mounts"] for o in m.get("options", [])), "no ids", c["mounts"])
    sys_mount = [m for m in c["mounts"] if m["destination"] == "/sys"][0]
    equal((sys_mount["source"], sys_mount["options"]), ("/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"]))


main()
