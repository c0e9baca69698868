#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""linux.netDevices: devices of the host that move into the container, and come back if they cannot stay."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import *

NETWORK = ["pid", "ipc", "uts", "mount"]


def ip(*words, pid=None):
    enter = ["nsenter", "-t", str(pid), "-n"] if pid else []
    return command(*enter, "ip", *words)


def links(pid=None):
    """{name: what `ip` knows of it}, in the test's or in a process's network namespace."""
    return {l["ifname"]: l for l in json.loads(must(ip("-j", "addr", pid=pid)).out or "[]")}


def make(name, pid=None):
    """A device without anything at its other end, of a kind that this kernel has."""
    if not any(ip("link", "add", name, "type", k, pid=pid).rc == 0 for k in ("dummy", "ifb", "veth")):
        skip("the kernel has no virtual devices")


def dummy(name, *addresses, up=True):
    make(name)
    cleanup(ip, "link", "del", name)
    for a in addresses:
        must(ip("addr", "add", *a.split(), "dev", name))
    if up:
        must(ip("link", "set", name, "up"))


def addresses(link):
    return sorted((a["local"], a["prefixlen"]) for a in link["addr_info"] if a["scope"] == "global")


def with_devices(devices, **change):
    linux = dict(change.pop("linux", {}), netDevices=devices)
    return container(linux=linux, **change)


def other_namespace():
    """The pid of a process that does nothing in a network namespace of its own, and a path to it."""
    p = helper(["unshare", "-n", "sleep", "60"])
    own = os.stat("/proc/self/ns/net").st_ino
    wait_for("its namespace", lambda: os.stat(f"/proc/{p.pid}/ns/net").st_ino != own)
    wait_for("sleep", lambda: get(f"/proc/{p.pid}/comm").strip() == "sleep")
    return p.pid, f"/proc/{p.pid}/ns/net"


@test("a device moves with its name, and is up")
def _():
    dummy("hd0", up=False)
    c = with_devices({"hd0": {}})
    c.create()
    check("hd0" not in links(), "gone from the host")
    inside = links(c.pid())
    equal(sorted(inside), ["hd0", "lo"])
    contains(inside["hd0"]["flags"], "UP")
    c.start()


@test("an empty name is none", only="hull runc")
def _():
    dummy("hd0")
    c = with_devices({"hd0": {"name": ""}})
    c.up()
    contains(links(c.pid()), "hd0")


@test("a device gets a new name")
def _():
    dummy("hd0")
    c = with_devices({"hd0": {"name": "inside0"}})
    c.up()
    equal(sorted(links(c.pid())), ["inside0", "lo"])


@test("run: the program finds it up, in the foreground too")
def _():
    dummy("hd0")
    r = with_devices({"hd0": {"name": "net1"}}, args=["/bin/cat", "/sys/class/net/net1/flags"]).run()
    equal(int(must(r).out, 16) & 1, 1)


@test("several devices; a template takes the free numbers")
def _():
    for i in range(3):
        dummy(f"hd{i}")
    c = with_devices({"hd0": {"name": "eth%d"}, "hd1": {"name": "eth%d"}, "hd2": {"name": "x"}})
    c.up()
    equal(sorted(links(c.pid())), ["eth0", "eth1", "lo", "x"])


@test("two devices exchange their names")
def _():
    dummy("hd0", "10.71.0.1/24")
    dummy("hd1", "10.71.1.1/24")
    c = with_devices({"hd0": {"name": "hd1"}, "hd1": {"name": "hd0"}})
    c.up()
    inside = links(c.pid())
    equal(addresses(inside["hd0"]), [("10.71.1.1", 24)])
    equal(addresses(inside["hd1"]), [("10.71.0.1", 24)])


@test("permanent global addresses of both families stay, others do not")
def _():
    dummy("hd0", "10.71.0.1/24 broadcast 10.71.0.255", "10.71.0.2/24", "10.72.0.1/32", "10.73.0.1 peer 10.73.0.9/32",
          "10.74.0.1/24 scope link", "10.75.0.1/24 valid_lft 600 preferred_lft 600", "fd71::1/64 nodad", "fd72::1/128 nodad",
          "fd75::1/64 valid_lft 600 preferred_lft 600")
    must(ip("link", "set", "hd0", "mtu", "1400"))
    before = links()["hd0"]
    c = with_devices({"hd0": {"name": "eth0"}})
    c.up()
    after = links(c.pid())["eth0"]
    equal((after["address"], after["mtu"]), (before["address"], 1400))
    got = [(a["local"], a.get("address"), a["prefixlen"], a.get("broadcast"), a.get("secondary", False))
           for a in after["addr_info"] if a["scope"] == "global"]
    equal(sorted(got), sorted([("10.71.0.1", None, 24, "10.71.0.255", False), ("10.71.0.2", None, 24, None, True),
                               ("10.72.0.1", None, 32, None, False), ("10.73.0.1", "10.73.0.9", 32, None, False),
                               ("fd71::1", None, 64, None, False), ("fd72::1", None, 128, None, False)]))
    check(all(a["valid_life_time"] == 4294967295 for a in after["addr_info"]), "permanent", after)
    # Address and device belong together: the kernel has made the routes of their subnets.
    contains(must(ip("route", pid=c.pid())).out, "10.71.0.0/24 dev eth0")
    contains(must(ip("-6", "route", pid=c.pid())).out, "fd71::/64 dev eth0")


@test("an address keeps its label, with the new name of the device", only="hull")
def _():
    dummy("hd0", "10.71.0.1/24 label hd0:one", "10.72.0.1/24")
    c = with_devices({"hd0": {"name": "eth0"}})
    c.up()
    equal([a["label"] for a in links(c.pid())["eth0"]["addr_info"] if a["scope"] == "global"], ["eth0:one", "eth0"])


@test("100 addresses")
def _():
    dummy("hd0")
    batch = "".join(f"addr add 10.71.{i}.1/24 dev hd0\n" for i in range(100))
    must(command("ip", "-batch", "-", text=batch))
    c = with_devices({"hd0": {}})
    c.up()
    equal(len(addresses(links(c.pid())["hd0"])), 100)


@test("one end of a cable moves: packets get through")
def _():
    if ip("link", "add", "hv0", "type", "veth", "peer", "name", "hv1").rc:
        skip("the kernel has no veth devices")
    cleanup(ip, "link", "del", "hv0")
    for n in (0, 1):
        must(ip("addr", "add", f"10.71.0.{n + 1}/24", "dev", f"hv{n}"))
    must(ip("link", "set", "hv0", "up"))
    c = with_devices({"hv1": {"name": "eth0"}})
    c.up()
    must(command("ping", "-c", "1", "-W", "5", "10.71.0.2") if os.access("/usr/bin/ping", os.X_OK)
         else command("busybox", "ping", "-c", "1", "-W", "5", "10.71.0.2"))
    must(c.delete("--force"))
    # A virtual device ends with its namespace, which the kernel takes apart by and by.
    wait_for("the end of the cable", lambda: "hv0" not in links())


@test("into a network namespace that is joined by its path")
def _():
    pid, path = other_namespace()
    dummy("hd0", "10.71.0.1/24")
    c = with_devices({"hd0": {"name": "eth0"}}, namespaces=NETWORK + [{"type": "network", "path": path}])
    c.up()
    equal(addresses(links(pid)["eth0"]), [("10.71.0.1", 24)])
    must(c.delete("--force"))
    # It belongs to the namespace now, and stays in it.
    contains(links(pid), "eth0")


@test("a device of the old name in that namespace is not in the way")
def _():
    pid, path = other_namespace()
    dummy("hd0", "10.71.0.1/24")
    make("hd0", pid)
    c = with_devices({"hd0": {"name": "hd1"}}, namespaces=NETWORK + [{"type": "network", "path": path}])
    c.up()
    equal(addresses(links(pid)["hd1"]), [("10.71.0.1", 24)])


@test("a container with a user namespace", only="hull")
def _():
    dummy("hd0", "10.71.0.1/24")
    c = with_devices({"hd0": {"name": "eth0"}}, namespaces=NETWORK + ["network", "user"], linux=user_namespace(), bare=True)
    os.chown(c.rootfs, 100000, 100000)
    for d in ("/dev", "/proc", "/sys"):
        os.chown(c.rootfs + d, 100000, 100000)
    c.up()
    equal(addresses(links(c.pid())["eth0"]), [("10.71.0.1", 24)])


@test("createRuntime hooks find the device in the container")
def _():
    dummy("hd0")
    out = WORK + "/seen"
    script = put(WORK + "/hook", "#!/bin/sh\n/bin/cat /proc/$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' | head -1)/net/dev >" + out + "\n", 0o755)
    c = with_devices({"hd0": {"name": "eth0"}}, hooks={"createRuntime": [{"path": script, "env": ["PATH=/usr/bin:/bin"]}]})
    c.create()
    contains(get(out), "eth0:")


def given_back(name, want, up=True):
    link = links().get(name)
    check(link, f"{name} is on the host", links())
    equal(addresses(link), want)
    equal("UP" in link["flags"], up, "up")
    nothing_left()


@test("the name is taken in the container: refused, and the device is where and as it was")
def _():
    pid, path = other_namespace()
    make("eth0", pid)
    joined = NETWORK + [{"type": "network", "path": path}]
    for up in (True, False):
        dummy("hd0", "10.71.0.1/24", up=up)
        refused(with_devices({"hd0": {"name": "eth0"}}, namespaces=joined).try_create(), "hd0", "exists")
        given_back("hd0", [("10.71.0.1", 24)], up)
        must(ip("link", "del", "hd0"))
    equal(sorted(links(pid)), ["eth0", "lo"])
    # With a template it is the next number.
    dummy("hd0")
    c = with_devices({"hd0": {"name": "eth%d"}}, namespaces=joined)
    c.up()
    contains(links(pid), "eth1")


@test("no such device: refused, and the others come back", only="hull")
def _():
    dummy("hd0", "10.71.0.1/24", "fd71::1/64 nodad")
    r = with_devices({"hd0": {"name": "a"}, "nonesuch0": {}}).try_create()
    refused(r, "linux.netDevices (nonesuch0)", "no such device")
    given_back("hd0", [("10.71.0.1", 24), ("fd71::1", 64)])


@test("a creation that fails later gives the devices back", only="hull")
def _():
    dummy("hd0", "10.71.0.1/24")
    dummy("hd1", up=False)
    devices = {"hd0": {"name": "eth%d"}, "hd1": {"name": "hd0"}}
    for hooks in ({"createRuntime": [{"path": "/bin/false"}]}, {"createContainer": [{"path": "/bin/false"}]}):
        refused(with_devices(devices, hooks=hooks).try_create())
        given_back("hd0", [("10.71.0.1", 24)])
        given_back("hd1", [], False)
    refused(with_devices(devices, args=["/nonexist"]).run())
    given_back("hd0", [("10.71.0.1", 24)])
    given_back("hd1", [], False)


@test("addresses that the container's namespace does not take are an error, not lost", only="hull")
def _():
    pid, path = other_namespace()
    dummy("hd0", "10.71.0.1/24", "fd71::1/64 nodad")
    must(command("nsenter", "-t", str(pid), "-n", "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"))
    r = with_devices({"hd0": {"name": "eth0"}}, namespaces=NETWORK + [{"type": "network", "path": path}]).try_create()
    refused(r, "linux.netDevices (hd0)", "fd71::1/64")
    given_back("hd0", [("10.71.0.1", 24), ("fd71::1", 64)])
    equal(sorted(links(pid)), ["lo"])


@test("a device that the kernel does not move: its own words", only="hull")
def _():
    if ip("link", "add", "hb0", "type", "bridge").rc:
        skip("the kernel has no bridges")
    cleanup(ip, "link", "del", "hb0")
    r = with_devices({"hb0": {}}).try_create()
    refused(r, "linux.netDevices (hb0)", "move it to another network namespace")
    contains(links(), "hb0")
    nothing_left()


@test("without a network namespace of its own it is refused")
def _():
    dummy("hd0", "10.71.0.1/24")
    refused(with_devices({"hd0": {}}, namespaces=NETWORK).try_create())
    given_back("hd0", [("10.71.0.1", 24)])
    if kind == "hull":
        c = with_devices({"hd0": {}}, namespaces=NETWORK + [{"type": "network", "path": "/proc/self/ns/net"}])
        refused(c.try_create(), "netDevices")
        given_back("hd0", [("10.71.0.1", 24)])


@test("rootless: refused", only="hull")
def _():
    dummy("hd0", "10.71.0.1/24")
    c = with_devices({"hd0": {}}, namespaces=NETWORK + ["network"])
    c.bundle.write()
    r = command("unshare", "-U", "-r", HULL, "--root", WORK + "/rootless", "create", "--bundle", c.bundle.path, c.id)
    refused(r, "linux.netDevices", "rootless")
    given_back("hd0", [("10.71.0.1", 24)])


@test("names that cannot be, and names that meet, are refused with their place", only="hull")
def _():
    for key, name in (("a/b", None), ("a b", None), ("", None), (".", None), ("..", None), ("sixteencharacter", None), ("a:b", None),
                      ("lo", None), ("hd0", "a/b"), ("hd0", "a\tb"), ("hd0", "sixteencharacter"), ("hd0", "a:1"), ("hd0", ".."),
                      ("hd0", "lo"), ("hd0", "%s"), ("hd0", "eth%d%d"), ("hd0", "eth%"), ("hd0", "a\nb")):
        refused(with_devices({key: {"name": name} if name else {}}).try_create(), "linux.netDevices")
    refused(with_devices({"hd0": {"name": "x"}, "hd1": {"name": "x"}}).try_create(), "linux.netDevices", "another device")
    refused(with_devices({"hd0": {"name": "hd1"}, "hd1": {}}).try_create(), "linux.netDevices", "another device")
    nothing_left()


@test("plan and features tell of it", only="hull")
def _():
    c = with_devices({"hd0": {"name": "eth%d"}})
    c.bundle.write()
    contains(must(runtime("plan", "--bundle", c.bundle.path)).out, "netdevice hd0 name=eth%d", "barrier message=network")
    equal(json.loads(must(runtime("features")).out)["linux"]["netDevices"], {"enabled": True})


main()
