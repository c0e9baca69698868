# SPDX-License-Identifier: Apache-2.0
"""What the attack tests share: things of the host that must not change."""

import hashlib
import os

from harness import *


def snapshot(path):
    """All that can be seen of a tree: names, kinds, modes, owners, times, contents."""
    seen = {}
    for folder, dirs, files in os.walk(path):
        for name in [""] + dirs + files if folder == path else dirs + files:
            p = os.path.join(folder, name) if name else folder
            s = os.lstat(p)
            content = ""
            if os.path.isfile(p) and not os.path.islink(p):
                with open(p, "rb") as f:
                    content = hashlib.sha256(f.read()).hexdigest()
            elif os.path.islink(p):
                content = os.readlink(p)
            seen[p] = (s.st_mode, s.st_uid, s.st_gid, s.st_size, s.st_ino, s.st_mtime_ns, content)
    return seen


class Canary:
    """A folder of the host, outside of every root file system, that an attack tries to reach."""

    def __init__(self, name="canary", **files):
        self.path = f"{WORK}/tmp/{name}"
        os.makedirs(self.path, exist_ok=True)
        for f, text in dict({"secret": "secret of the host"}, **files).items():
            put(f"{self.path}/{f}", text)
        self.before = snapshot(self.path)

    def unharmed(self):
        after = snapshot(self.path)
        for p in sorted(set(after) | set(self.before)):
            check(after.get(p) == self.before.get(p), f"the host's {p} was changed: {self.before.get(p)} -> {after.get(p)}")


def device_unharmed():
    """The private /dev is as it was made: nobody changed a node that all share."""
    for name, mode in (("null", 0o666), ("zero", 0o666), ("tty", 0o666)):
        s = os.stat("/dev/" + name)
        equal((s.st_mode & 0o7777, s.st_uid, s.st_gid), (mode, 0, 0), "/dev/" + name)


def neutral(result):
    """The two safe ends of an attack: a refusal with words, or a container that works."""
    check(result.rc >= 0 and (result.rc < 128 or result.rc == 255), "neither refused nor working", result)
    lacks(result.err, "goroutine ", "panic:", "Sanitizer")
    if result.rc not in (0,) and not result.lines:
        check(result.err.strip() != "", "no message", result)
    return result


def inside(*commands, **change):
    args = ["/payload"]
    for c in commands:
        args += (["+"] if len(args) > 1 else []) + c.split()
    return container(args=args, **change)


def attacker_in(c, path="/attacker"):
    """The hostile program in a container's root file system."""
    with open(attacker(), "rb") as f:
        put(c.rootfs + path, f.read(), 0o755)
