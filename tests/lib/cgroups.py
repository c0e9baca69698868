# SPDX-License-Identifier: Apache-2.0
"""The machine's cgroup hierarchies, and what of ours is in them."""

import os

from isolate import TAG


def hierarchies():
    """{mount point: set of controllers}; for cgroup2 the set is {"unified"}."""
    found = {}
    with open("/proc/self/mountinfo") as f:
        for line in f:
            left, right = line.split(" - ", 1)
            kind, _, options = right.split()[:3]
            if kind == "cgroup":
                found[left.split()[4]] = set(options.split(",")) - {"rw", "ro"}
            elif kind == "cgroup2":
                found[left.split()[4]] = {"unified"}
    return found


def controller(name):
    """Where a controller's tree is mounted: (path, version); (None, 0) when there is none."""
    for path, controllers in hierarchies().items():
        if name in controllers:
            return path, 1
    for path, controllers in hierarchies().items():
        if "unified" in controllers:
            with open(path + "/cgroup.controllers") as f:
                if name in f.read().split():
                    return path, 2
    return None, 0


def ours():
    """Every cgroup with our tag, deepest first; not the tag's own folder, which is the tests'."""
    found = []
    for top in hierarchies():
        for folder, names, _ in os.walk(top, topdown=True):
            depth = folder[len(top):].count("/")
            if depth == 0:
                # Foreign trees are not ours to walk.
                names[:] = [n for n in names if TAG in n or n in ("user.slice", "system.slice")]
            for n in names:
                path = os.path.join(folder, n)
                if TAG in path and path != f"{top}/{TAG}":
                    found.append(path)
    return sorted(found, key=len, reverse=True)


def remove_ours():
    for path in ours() + [f"{top}/{TAG}" for top in hierarchies()]:
        try:
            os.rmdir(path)
        except OSError:
            pass


def of_pid(pid, name):
    """The cgroup folder of a process in a controller's hierarchy."""
    top, version = controller(name)
    with open(f"/proc/{pid}/cgroup") as f:
        for line in f:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if (version == 1 and name in controllers.split(",")) or (version == 2 and controllers == ""):
                return top + path
    return None
