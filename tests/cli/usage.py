#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Options, arguments, help, version: what is accepted, and what is said when it is not."""

from fake import *

COMMANDS = ["create", "start", "run", "exec", "state", "list", "ps", "kill", "delete", "pause", "resume", "update", "events",
            "spec", "check", "plan", "features", "doctor", "checkpoint", "restore", "mounts"]
FLAGS = {
    "create": "bundle= b= config= f= console-socket= pidfd-socket= pid-file= no-pivot no-new-keyring preserve-fds=1 detach "
              "no-subreaper",
    "run": "bundle= b= config= f= console-socket= pidfd-socket= pid-file= no-pivot no-new-keyring preserve-fds=1 detach d "
           "keep no-subreaper",
    "start": "", "state": "", "pause": "", "resume": "",
    "kill": "all a regex r", "delete": "force f regex r",
    "update": "resources= r= blkio-weight= cpu-period= cpu-quota= cpu-burst= cpu-share= cpu-rt-period= cpu-rt-runtime= "
              "cpuset-cpus= cpuset-mems= cpu-idle= memory= memory-reservation= memory-swap= kernel-memory= "
              "kernel-memory-tcp= pids-limit= l3-cache-schema= mem-bw-schema=",
    "events": "interval=1s stats",
    "checkpoint": "image-path= work-path= parent-path= pre-dump leave-running tcp-established tcp-skip-in-flight link-remap "
                  "ext-unix-sk shell-job file-locks lazy-pages status-fd= page-server= manage-cgroups-mode= network-lock= "
                  "empty-ns= auto-dedup",
    "restore": "image-path= work-path= tcp-established tcp-close ext-unix-sk shell-job file-locks lazy-pages "
               "manage-cgroups-mode= network-lock= empty-ns= auto-dedup bundle= b= detach d pid-file= console-socket= "
               "no-subreaper no-pivot lsm-profile= lsm-mount-context= link-remap",
}
EXEC_FLAGS = ("console-socket= pidfd-socket= cwd= env= e= tty t user= u= additional-gids= g= process= p= detach d pid-file= "
              "process-label= apparmor= no-new-privs cap= c= preserve-fds=1 cgroup= ignore-paused")


def spelled(flag):
    """All ways to write a flag; a "name=" has a value."""
    name, equals, value = flag.partition("=")
    value = value or "1"
    dashes = ["-"] if len(name) == 1 else ["-", "--"]
    for d in dashes:
        if equals:
            yield [d + name, value]
            yield [f"{d}{name}={value}"]
        else:
            yield [d + name]
            yield [f"{d}{name}=true"]


def understood(result, what):
    """The only complaint is that there is no such container or bundle."""
    lacks(result.stderr, "flag provided", "flag needs", "requires", "invalid value", "invalid boolean")
    check(result.returncode != 0 or "force" in what or "-f" in what, what, result)


@test("every flag of every command is known, in every spelling, before and behind the id")
def _():
    for command, flags in FLAGS.items():
        for flag in flags.split():
            for words in spelled(flag):
                # The bundle does not exist, and neither does the container.
                bundle = ["--bundle", WORK + "/none"] if command in ("create", "run") else []
                understood(hull(command, *bundle, *words, "none"), f"{command} {words}")
                understood(hull(command, *bundle, "none", *words), f"{command} {words}")


@test("every flag of exec is known, before the id; behind it all belongs to the command")
def _():
    for flag in EXEC_FLAGS.split():
        for words in spelled(flag):
            understood(hull("exec", *words, "none", "true"), words)
    understood(hull("exec", "none", "true", "--no-such-flag", "-x"), "the command's own")


@test("global options are known, may be repeated, and the last one counts")
def _():
    for words in (["--debug"], ["--log", WORK + "/log"], ["--log-format", "text"], ["--log-format=json"],
                  ["--log-level=debug"], ["--systemd-cgroup"], ["--cgroup-manager=disabled"], ["--rootless=true"],
                  ["--rootless", "auto"], ["--criu", "/x"], ["-log-level", "info"], ["--debug", "--debug=false"]):
        bad(hull(*words, "state", "none"), "container does not exist")
    other = WORK + "/other"
    os.makedirs(other)
    equal(good(hull("--root", WORK + "/missing", "--root", other, "list", "-q")).stdout, "")
    bad(hull("--root", other, "--root", WORK + "/missing", "list"), "no such file or directory")


@test("bad values of global options are refused by name")
def _():
    bad(hull("--log-format", "xml", "list"), "invalid log-format: xml")
    bad(hull("--log-level", "loud", "list"), "invalid log-level: loud")
    bad(hull("--cgroup-manager", "x", "list"), "invalid cgroup-manager: x")
    bad(hull("--rootless", "maybe", "list"), "--rootless")
    bad(hull("--debug=perhaps", "list"), "invalid boolean value")
    bad(hull("--log", WORK + "/none/log", "list"), "no such file or directory")


@test("an unknown flag is told as engines expect it")
def _():
    for command in COMMANDS:
        bad(hull(command, "--bogus", "x"), "flag provided but not defined: -bogus", 255 if command == "exec" else 1)
    bad(hull("--bogus", "list"), "flag provided but not defined: -bogus")
    bad(hull("state", "-z", "x"), "flag provided but not defined: -z")


@test("a missing value is told as engines expect it (Podman's probe)")
def _():
    bad(hull("restore", "--lsm-mount-context"), "flag needs an argument")
    bad(hull("create", "x", "--bundle"), "flag needs an argument: --bundle")
    bad(hull("--root", root=None), "flag needs an argument: --root")


@test("the number of arguments is checked")
def _():
    for command in ("create", "start", "state", "delete", "pause", "resume", "update", "events", "run", "checkpoint"):
        bad(hull(command), f'"{command}" requires exactly 1 argument(s)')
        bad(hull(command, "a", "b"), f'"{command}" requires exactly 1 argument(s)')
    bad(hull("kill"), '"kill" requires a minimum of 1 argument(s)')
    bad(hull("kill", "a", "b", "c"), '"kill" requires a maximum of 2 argument(s)')
    bad(hull("list", "x"), '"list" requires exactly 0 argument(s)')
    bad(hull("exec"), '"exec" requires a minimum of 1 argument(s)', 255)
    bad(hull("exec", "a"), "process args cannot be empty", 255)


@test("an unknown command has an exit code of its own")
def _():
    bad(hull("frobnicate", "x"), "No help topic for 'frobnicate'", 3)
    bad(hull("help", "frobnicate"), "No help topic for 'frobnicate'", 3)


@test("failures of exec have exit code 255")
def _():
    bad(hull("exec", "none", "true"), "container does not exist", 255)
    bad(hull("exec", "--preserve-fds", "x", "none", "true"), "invalid value", 255)


@test("help is printed on stdout, with exit code 0")
def _():
    for words in ([], ["help"], ["--help"], ["-h"], ["h"]):
        r = good(hull(*words))
        equal(r.stderr, "")
        for command in COMMANDS:
            contains(r.stdout, f"  {command} ")
    for command in COMMANDS:
        for words in ([command, "--help"], [command, "-h"], ["help", command], [command, "x", "--help"]):
            if words[1:] == ["x", "--help"] and command in ("exec", "ps"):
                continue
            r = good(hull(*words))
            contains(r.stdout, f"Usage: hull [GLOBAL OPTIONS] {command}")
            equal(r.stderr, "")


@test("help names every flag that does something")
def _():
    for command, flags in list(FLAGS.items()) + [("exec", EXEC_FLAGS)]:
        text = good(hull(command, "--help")).stdout
        for flag in flags.split():
            name = flag.partition("=")[0]
            if name in ("kernel-memory", "kernel-memory-tcp", "no-subreaper", "detach", "tcp-skip-in-flight") or len(name) == 1:
                continue
            contains(text, "--" + name)


@test("version: one line for each part, in the form that engines parse")
def _():
    for words in (["--version"], ["-v"], ["-V"], ["version"], ["--debug", "--version"]):
        r = good(hull(*words))
        lines = r.stdout.splitlines()
        check(lines[0].startswith("hull version ") and len(lines[0].split()) == 3, "the version", r)
        check(lines[1].startswith("commit: "), "the commit", r)
        equal(lines[2], "spec: 1.3.0")
        equal(r.stderr, "")


@test("closed standard streams do no harm")
def _():
    r = subprocess.run(["sh", "-c", f'exec "{HULL}" --root {ROOT} state none <&- >&- 2>&-'], timeout=20)
    equal(r.returncode, 1)
    r = subprocess.run(["sh", "-c", f'"{HULL}" --version >/dev/full'], capture_output=True, text=True, timeout=20)
    equal(r.returncode, 1)
    contains(r.stderr, "no space left on device")
    log = WORK + "/closed.log"
    subprocess.run(["sh", "-c", f'exec "{HULL}" --log {log} --root {ROOT} state none <&- >&- 2>&-'], timeout=20)
    with open(log) as f:
        contains(f.read(), "container does not exist")


@test("ids that are none are refused by every command, and nothing is touched (S52)")
def _():
    os.makedirs(ROOT + "/keep")
    os.makedirs(WORK + "/outside")
    for name in ("", ".", "..", "../outside", "a/b", ".hid", "a b", "a\nb", "é", "a" * 256, "a" * 1024, "/", "keep/", "~", "a:b"):
        for words in (["state"], ["start"], ["kill"], ["delete"], ["delete", "--force"], ["pause"], ["resume"], ["ps"], ["update"],
                      ["events"], ["create", "--bundle", WORK], ["run", "--bundle", WORK]):
            r = hull(*words, "--", name) if words[0] != "ps" else hull("ps", name)
            check(r.returncode == 1, f"{words} {name!r}", r)
            contains(r.stderr, "invalid container ID format")
        equal(hull("exec", name, "true").returncode, 255)
    equal(containers(), ["keep"])
    check(os.path.isdir(WORK + "/outside"), "a directory beside the root")
    bad(hull("state", "--", "-x"), "container does not exist")
    bad(hull("state", "a" * 255), "container does not exist")


main()
