#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""linux.intelRdt, with a stand-in for resctrl (HULL_RESCTRL), as processors with Intel RDT are rare."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *
from resctrl import Resctrl


def resctrl(**more):
    """An empty one, which the runtime finds."""
    try:
        fake = Resctrl(WORK + "/resctrl", **more)
    except OSError as e:
        skip(f"no FUSE: {e}")
    os.environ["HULL_RESCTRL"] = fake.path
    cleanup(fake.close)
    cleanup(os.environ.pop, "HULL_RESCTRL", None)
    return fake


def grouped(rdt, **change):
    return container(linux={"intelRdt": rdt}, **change)


def tasks(fake, group):
    return [e[2] for e in fake.log if e[0] == "task" and e[1] == group]


@test("without resctrl it is refused: never started with less than was asked for", only="hull")
def _():
    if " - resctrl " in get("/proc/self/mountinfo"):
        skip("this machine has it")
    refused(grouped({"closID": "x"}).try_create(), "linux.intelRdt", "resctrl is not mounted")
    nothing_left()


@test("without linux.intelRdt resctrl is not touched", only="hull")
def _():
    fake = resctrl()
    must(container(args=["/payload", "exit"]).run())
    equal(fake.log, [])


@test("no closID: a group with the container's id, and the process in it before it is the program", only="hull")
def _():
    fake = resctrl()
    c = grouped({"l3CacheSchema": "L3:0=f;1=f0", "memBwSchema": "MB:0=20;1=70", "schemata": ["L3:1=1f0", "MB:1=80"]})
    c.create()
    pid = c.pid()
    equal(fake.log, [("mkdir", c.id), ("schemata", c.id, "L3:0=f;1=f0\n"), ("schemata", c.id, "MB:0=20;1=70\n"),
                     ("schemata", c.id, "L3:1=1f0\nMB:1=80\n"), ("task", c.id, pid, "hull-init")])
    equal(fake.groups[c.id].schemata, {"L3": {"0": "f", "1": "1f0"}, "MB": {"0": "20", "1": "80"}})
    c.start()
    must(c.delete("--force"))
    equal(fake.log[-1], ("rmdir", c.id))
    equal(list(fake.groups), [""])


@test("run: the group is gone at the end", only="hull")
def _():
    fake = resctrl()
    c = grouped({}, args=["/payload", "exit", "3"])
    equal(c.run().rc, 3)
    equal([e[0] for e in fake.log], ["mkdir", "task", "rmdir"])
    equal(list(fake.groups), [""])


@test("only what is given is written", only="hull")
def _():
    for rdt, texts in (({"l3CacheSchema": "L3:0=f"}, ["L3:0=f\n"]), ({"memBwSchema": "MB:1=50"}, ["MB:1=50\n"]),
                       ({"schemata": ["L3:0=f"]}, ["L3:0=f\n"]), ({"l3CacheSchema": "L3:0=f\n"}, ["L3:0=f\n"]), ({}, [])):
        fake = resctrl()
        must(grouped(rdt, args=["/payload", "exit"]).run())
        equal([e[2] for e in fake.log if e[0] == "schemata"], texts, str(rdt))
        fake.close()


@test("closID: made when missing, shared, and never removed", only="hull")
def _():
    fake = resctrl()
    a = grouped({"closID": "gold", "schemata": ["L3:0=f"]})
    a.up()
    equal(fake.log[0], ("mkdir", "gold"))
    # The same in other words: a blank more, zeros in front, capitals.
    b = grouped({"closID": "gold", "schemata": ["L3: 00=0F"], "memBwSchema": "MB:0=100"})
    b.up()
    equal(len(fake.groups["gold"].tasks), 2)
    equal(len([e for e in fake.log if e[0] == "schemata"]), 1, "what exists is not written")
    for c in (a, b):
        must(c.delete("--force"))
    contains(list(fake.groups), "gold")


@test("closID: another schema than the existing one is an error", only="hull")
def _():
    fake = resctrl()
    must(grouped({"closID": "gold", "schemata": ["L3:0=f;1=f"]}, args=["/payload", "exit"]).run())
    log = list(fake.log)
    for rdt in ({"schemata": ["L3:0=f;1=ff"]}, {"l3CacheSchema": "L3:1=7"}, {"memBwSchema": "MB:0=50"},
                {"schemata": ["L3:5=f"]}, {"schemata": ["L2:0=f"]}):
        refused(grouped(dict(rdt, closID="gold")).try_create(), "linux.intelRdt." + list(rdt)[0], "gold")
    equal(fake.log, log, "nothing was touched")
    fake.close()
    nothing_left()


@test("closID alone: a group that was prepared, or an error", only="hull")
def _():
    fake = resctrl()
    refused(grouped({"closID": "silver"}).try_create(), "linux.intelRdt.closID", "no such file or directory")
    equal(fake.log, [])
    os.mkdir(fake.path + "/silver")
    c = grouped({"closID": "silver"})
    c.up()
    equal(fake.groups["silver"].tasks, [c.pid()])
    must(c.delete("--force"))
    contains(list(fake.groups), "silver")
    fake.close()
    nothing_left()


@test("closID /: the default class", only="hull")
def _():
    fake = resctrl()
    c = grouped({"closID": "/", "enableMonitoring": True})
    c.up()
    equal(fake.groups[""].tasks, [c.pid()])
    equal(fake.groups[""].monitors[c.id].tasks, [c.pid()])
    must(c.delete("--force"))
    equal((list(fake.groups), fake.groups[""].monitors), ([""], {}))


@test("monitoring: a group of its own in the class, removed with the container", only="hull")
def _():
    for clos in (None, "gold"):
        fake = resctrl()
        c = grouped(dict({"enableMonitoring": True, "schemata": ["L3:0=f"]}, **({"closID": clos} if clos else {})))
        c.up()
        name = clos or c.id
        equal(fake.groups[name].monitors[c.id].tasks, [c.pid()])
        must(c.delete("--force"))
        equal(fake.groups[clos].monitors if clos else list(fake.groups), {} if clos else [""])
        fake.close()


@test("monitoring: a group of that name that is somebody else's is an error, and stays", only="hull")
def _():
    fake = resctrl()
    c = grouped({"closID": "/", "enableMonitoring": True})
    os.mkdir(f"{fake.path}/mon_groups/{c.id}")
    refused(c.try_create(), "linux.intelRdt.enableMonitoring", "file exists")
    contains(fake.groups[""].monitors, c.id)
    fake.close()
    nothing_left()


@test("a group with the container's id that somebody else made is used, and stays", only="hull")
def _():
    fake = resctrl()
    c = grouped({})
    os.mkdir(f"{fake.path}/{c.id}")
    c.up()
    equal(fake.groups[c.id].tasks, [c.pid()])
    must(c.delete("--force"))
    contains(list(fake.groups), c.id)


@test("a schema that the kernel refuses: its own words, and nothing is left", only="hull")
def _():
    for rdt in ({"schemata": ["L3:0=ffff"]}, {"closID": "gold", "schemata": ["L3:0=ffff"]}):
        fake = resctrl()
        refused(grouped(rdt).try_create(), "linux.intelRdt.schemata", "Mask out of range: 0=ffff", "invalid argument")
        equal(list(fake.groups), [""])
        fake.close()
    fake.close()
    nothing_left()


@test("no class left: an error, and nothing is left", only="hull")
def _():
    fake = resctrl(classes=1)
    refused(grouped({"enableMonitoring": True}).try_create(), "linux.intelRdt", "no more classes of service", "no space left")
    equal(list(fake.groups), [""])
    fake.close()
    nothing_left()


@test("a creation that fails later removes its groups", only="hull")
def _():
    fake = resctrl()
    for change in ({"args": ["/nonexist"]}, {"hooks": {"createRuntime": [{"path": "/bin/false"}]}}):
        refused(grouped({"enableMonitoring": True, "schemata": ["L3:0=f"]}, **change).try_create())
        equal((list(fake.groups), fake.groups[""].monitors), ([""], {}))
    fake.close()
    nothing_left()


@test("a creation that was killed: delete --force and the next create find its groups", only="hull")
def _():
    fake = resctrl()
    hook = put(WORK + "/killer", "#!/bin/sh\n/bin/cat >/dev/null\nkill -9 $PPID\nsleep 1\n", 0o755)
    for again in (False, True):
        c = grouped({"enableMonitoring": True}, hooks={"createRuntime": [{"path": hook}]})
        check(c.try_create().rc == -9, "killed")
        contains(list(fake.groups), c.id)
        if again:
            del c.config["hooks"]
            c.up()
            equal(fake.groups[c.id].tasks, [c.pid()])
        must(c.delete("--force"))
        equal(list(fake.groups), [""])


@test("exec: its process is in the groups, too", only="hull")
def _():
    fake = resctrl()
    c = grouped({"enableMonitoring": True})
    c.up()
    must(c.exec("/payload", "exit"))
    equal([e[3] for e in fake.log if e[0] == "task"], ["hull-init"] * 4)
    equal(len(tasks(fake, c.id)), 2)
    equal(len(tasks(fake, f"{c.id}/mon_groups/{c.id}")), 2)


@test("exec: no start without its group", only="hull")
def _():
    fake = resctrl()
    c = grouped({})
    c.up()
    os.rmdir(f"{fake.path}/{c.id}")
    refused(c.exec("/payload", "exit"), "linux.intelRdt", "no such file or directory")
    must(c.delete("--force"))  # what is gone is fine


@test("update: new schemata", only="hull")
def _():
    fake = resctrl()
    c = grouped({"l3CacheSchema": "L3:0=f"})
    c.up()
    must(c.call("update", "--l3-cache-schema", "L3:0=ff;1=1", "--mem-bw-schema", "MB:0=30", c.id))
    equal(fake.groups[c.id].schemata, {"L3": {"0": "ff", "1": "1"}, "MB": {"0": "30", "1": "100"}})
    refused(c.call("update", "--l3-cache-schema", "L3:0=ffff", c.id), "Mask out of range")
    refused(c.call("update", "--mem-bw-schema", "L3:0=f", c.id), "MB:")
    other = container()
    other.up()
    refused(other.call("update", "--l3-cache-schema", "L3:0=f", other.id), "intelRdt")


@test("names that climb, and names of the kernel's own, are refused with their place", only="hull")
def _():
    fake = resctrl()
    for name in ("../x", "a/b", "..", ".", "/x", "a/", "a\nb", "info", "mon_groups", "mon_data", "x" * 256):
        refused(grouped({"closID": name, "schemata": ["L3:0=f"]}).try_create(), "linux.intelRdt.closID")
    refused(grouped({"schemata": ["L3:0=f\nMB:0=10"]}).try_create(), "linux.intelRdt.schemata[0]")
    refused(grouped({"schemata": ["L3:0=f", "nothing"]}).try_create(), "linux.intelRdt.schemata[1]")
    refused(grouped({"memBwSchema": "L3:0=f"}).try_create(), "linux.intelRdt.memBwSchema")
    refused(grouped({"memBwSchema": "MB:0=1\nL3:0=f"}).try_create(), "linux.intelRdt.memBwSchema")
    refused(grouped({}, id="info").try_create(), "linux.intelRdt")
    equal(fake.log, [])
    equal(list(fake.groups), [""])
    fake.close()
    nothing_left()


@test("an empty closID is none", only="hull")
def _():
    fake = resctrl()
    c = grouped({"closID": ""})
    c.up()
    equal(fake.groups[c.id].tasks, [c.pid()])


@test("plan and features tell of it", only="hull")
def _():
    resctrl()
    c = grouped({"closID": "gold", "schemata": ["L3:0=f"], "enableMonitoring": True})
    c.bundle.write()
    contains(must(runtime("plan", "--bundle", c.bundle.path)).out, "resctrl class=gold monitor=", "schema L3:0=f")
    equal(json.loads(must(runtime("features")).out)["linux"]["intelRdt"], {"enabled": True, "schemata": True, "monitoring": True})


main()
