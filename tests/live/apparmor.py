#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""AppArmor profiles: the process runs under the one that the config names, or not at all."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

PROFILE = """profile {name} flags=(attach_disconnected,mediate_deleted{flags}) {{
  file,
  capability,
  network,
  mount,
  umount,
  signal,
  ptrace,
  unix,
  deny {denied} rwlk,
}}
"""
CURRENT = "/proc/self/attr/apparmor/current"


def enabled():
    try:
        return get("/sys/module/apparmor/parameters/enabled").strip() == "Y" and \
            "apparmor" in get("/sys/kernel/security/lsm").strip().split(",")
    except OSError:
        return False


def parser(option, name, flags="", denied="/secret"):
    text = PROFILE.format(name=name, flags=flags, denied=denied)
    return command("apparmor_parser", option, "--skip-cache", text=text)


def profile(suffix="p", **change):
    """A profile of this test's own, gone at its end."""
    if not enabled():
        skip("this kernel has no AppArmor")
    if not shutil.which("apparmor_parser"):
        skip("no apparmor_parser")
    name = f"{TAG}-{suffix}"
    must(parser("--replace", name, **change))
    cleanup(parser, "--remove", name)
    return name


def confined(name, *args, **change):
    change["process"] = dict(change.get("process", {}), apparmorProfile=name)
    c = container(args=list(args) or ["/payload", "pause"], **change)
    put(c.rootfs + "/secret", "a secret")
    put(c.rootfs + "/open", "no secret")
    return c


def told(r):
    return r.facts["text"].strip("\n\0")


@test("apparmorProfile: the process is confined by it, and what the profile denies is denied")
def _():
    name = profile()
    r = must(confined(name, "/payload", "read", CURRENT, "+", "open", "/secret", "+", "open", "/open").run())
    equal(told(r), f"{name} (enforce)")
    equal([l["errno"] for l in r.lines if "open" in l], [13, 0])
    r = must(container(args=["/payload", "read", CURRENT]).run())
    equal(told(r), "unconfined")


@test("apparmorProfile: without no_new_privs, in a user namespace and as another user too")
def _():
    name = profile()
    for change in (dict(process={"noNewPrivileges": False}), dict(uid=1000, gid=1000),
                   dict(linux=user_namespace(), namespaces=["pid", "network", "ipc", "uts", "mount", "user"])):
        c = confined(name, "/payload", "read", CURRENT, "+", "open", "/secret", **change)
        os.chmod(c.rootfs + "/secret", 0o666)
        r = must(c.run())
        equal(told(r), f"{name} (enforce)")
        equal([l["errno"] for l in r.lines if "open" in l], [13])


@test("apparmorProfile: a profile in complain mode denies nothing")
def _():
    name = profile(flags=",complain", denied="/nothing")
    equal(told(must(confined(name, "/payload", "read", CURRENT).run())), f"{name} (complain)")


@test("exec is confined as the container is; --apparmor and process.json say otherwise")
def _():
    name, other = profile(), profile("other", denied="/open")
    c = confined(name)
    c.up()
    tries = ("/payload", "read", CURRENT, "+", "open", "/secret", "+", "open", "/open")
    r = must(c.exec(*tries))
    equal((told(r), [l["errno"] for l in r.lines if "open" in l]), (f"{name} (enforce)", [13, 0]))
    r = must(c.exec(*tries, flags=("--apparmor", other)))
    equal((told(r), [l["errno"] for l in r.lines if "open" in l]), (f"{other} (enforce)", [0, 13]))
    process = dict(c.config["process"], args=list(tries), apparmorProfile=other)
    equal(told(must(c.exec_process(process))), f"{other} (enforce)")


@test("a profile that is not loaded is refused, and nothing is left")
def _():
    profile()
    r = refused(confined(f"{TAG}-nonesuch").run(), "apparmor")
    if kind == "hull":
        contains(r.err, "process.apparmorProfile")
    c = container()
    c.up()
    refused(c.exec("/payload", "exit", flags=("--apparmor", f"{TAG}-nonesuch")))
    must(c.delete("--force"))
    nothing_left()


@test("unconfined needs no profile, on any machine", only="hull runc")
def _():
    equal(confined("unconfined", "/payload", "exit", "3").run().rc, 3)


@test("without AppArmor a profile is refused, not ignored", only="hull runc")
def _():
    if enabled():
        skip("this kernel has AppArmor")
    contains(refused(confined("some-profile").run()).err, "apparmor")
    nothing_left()


@test("a profile that denies all of /proc and /sys does not keep it from starting")
def _():
    name = profile(denied="/{proc,sys}/**")
    r = must(confined(name, "/payload", "open", "/proc/self/status", "+", "open", "/open").run())
    equal([l["errno"] for l in r.lines], [13, 0])


main()
