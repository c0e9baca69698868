# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the resctrl file system, as a FUSE server in a thread of the test: groups are made
and removed by mkdir and rmdir, and tasks and schemata take and refuse what the kernel would."""

import errno
import os
import re
import stat
import struct
import threading

from isolate import *

ATTR = "<QQQQQQIIIIIIIIII"
DEFAULT = {"L3": {"0": "7ff", "1": "7ff"}, "MB": {"0": "100", "1": "100"}}


class Group:
    def __init__(self, monitor=False):
        self.schemata = None if monitor else {r: dict(d) for r, d in DEFAULT.items()}
        self.tasks = []
        self.monitors = {}


class Resctrl:
    """groups: {name: Group}, "" is the root; log: what was done, in its order."""

    def __init__(self, path, classes=8):
        self.path, self.classes = path, classes
        self.groups = {"": Group()}
        self.log = []
        self.status = "ok"
        self.nodes, self.numbers = {1: ()}, {(): 1}
        os.makedirs(path, exist_ok=True)
        device = WORK + "/fuse"
        if not os.path.exists(device):
            os.mknod(device, stat.S_IFCHR | 0o600, os.makedev(10, 229))
        self.fd = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        mount("resctrl", path, "fuse", 0, f"fd={self.fd},rootmode=40000,user_id=0,group_id=0,allow_other")
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        """May be called twice."""
        if self.fd < 0:
            return
        umount(self.path)
        self.thread.join(5)
        os.close(self.fd)
        self.fd = -1

    # -- the tree: a path is a tuple of names -------------------------------------------------

    def _group(self, path):
        """The group of a directory, or None."""
        name, rest = "", path
        if path and path[0] not in ("info", "mon_groups"):
            name, rest = path[0], path[1:]
        group = self.groups.get(name)
        if group and rest and rest[0] == "mon_groups" and len(rest) == 2:
            return group.monitors.get(rest[1])
        return group if group and not rest else None

    def _names(self, path):
        """What is in a directory; None: it is none."""
        group = self._group(path)
        if group:
            names = ["tasks"] + (["schemata", "mon_groups"] if group.schemata else [])
            return names + ([*filter(None, self.groups), "info"] if not path else [])
        if path == ("info",):
            return ["last_cmd_status"]
        if path and path[-1] == "mon_groups" and self._group(path[:-1]):
            return list(self._group(path[:-1]).monitors)
        return None

    def _text(self, path):
        if path == ("info", "last_cmd_status"):
            return self.status + "\n"
        group = self._group(path[:-1])
        if path[-1] == "tasks":
            return "".join(f"{t}\n" for t in group.tasks)
        # The kernel pads the names of resources.
        return "".join(f"{r:>6}:" + ";".join(f"{k}={v}" for k, v in d.items()) + "\n" for r, d in group.schemata.items())

    def _exists(self, path):
        return not path or path[-1] in (self._names(path[:-1]) or [])

    # -- what writing does ---------------------------------------------------------------------

    def _refuse(self, why, number=errno.EINVAL):
        self.status = why
        raise OSError(number, why)

    def _write_schemata(self, group, text):
        if not text.endswith("\n"):
            self._refuse("no newline")
        new = {r: dict(d) for r, d in group.schemata.items()}
        seen = set()
        for line in text[:-1].split("\n"):
            resource, colon, rest = line.partition(":")
            resource = resource.strip()
            if not colon:
                self._refuse("Missing ':'")
            if resource not in new:
                self._refuse(f"Unknown or unsupported resource name '{resource}'")
            for entry in rest.split(";"):
                key, _, value = entry.strip().partition("=")
                if (resource, key) in seen:
                    self._refuse(f"Duplicate domain {key}")
                seen.add((resource, key))
                good = re.fullmatch("[0-9]+", value) and 10 <= int(value) <= 100 if resource == "MB" else \
                    re.fullmatch("[0-9a-fA-F]+", value) and 0 < int(value, 16) <= 0x7ff
                if key not in new[resource] or not good:
                    self._refuse(f"Mask out of range: {entry}")
                # The kernel writes a number in its own way.
                new[resource][key] = str(int(value)) if resource == "MB" else f"{int(value, 16):x}"
        group.schemata = new

    def _write_tasks(self, path, group, text):
        pid = int(text)
        try:
            with open(f"/proc/{pid}/comm") as f:
                comm = f.read().strip().removeprefix("memfd:")
        except FileNotFoundError:
            self._refuse(f"No task {pid}", errno.ESRCH)
        if group.schemata is None and pid not in self._group(path[:-3]).tasks:
            self._refuse("Can't move task to different control group")
        if group.schemata is not None:
            for other in self.groups.values():
                other.tasks = [t for t in other.tasks if t != pid]
                for m in other.monitors.values():
                    m.tasks = [t for t in m.tasks if t != pid]
        group.tasks.append(pid)
        self.log.append(("task", "/".join(path[:-1]), pid, comm))

    def _write(self, path, text):
        group = self._group(path[:-1])
        if path[-1] == "schemata":
            self.log.append(("schemata", "/".join(path[:-1]), text))
            self._write_schemata(group, text)
        elif path[-1] == "tasks":
            self._write_tasks(path, group, text)
        else:
            self._refuse("read-only", errno.EACCES)

    def _mkdir(self, path):
        if self._exists(path):
            raise OSError(errno.EEXIST, "")
        if len(path) >= 2 and path[-2] == "mon_groups":
            self._group(path[:-2]).monitors[path[-1]] = Group(monitor=True)
        elif len(path) == 1:
            if len(self.groups) >= self.classes:
                self._refuse("Out of CLOSIDs", errno.ENOSPC)
            self.groups[path[0]] = Group()
        else:
            raise OSError(errno.EPERM, "")
        self.log.append(("mkdir", "/".join(path)))

    def _rmdir(self, path):
        if len(path) >= 2 and path[-2] == "mon_groups" and self._group(path):
            del self._group(path[:-2]).monitors[path[-1]]
        elif len(path) == 1 and self._group(path):
            del self.groups[path[0]]
        else:
            raise OSError(errno.EPERM if self._exists(path) else errno.ENOENT, "")
        self.log.append(("rmdir", "/".join(path)))

    # -- FUSE ----------------------------------------------------------------------------------

    def _number(self, path):
        if path not in self.numbers:
            self.numbers[path] = len(self.nodes) + 1
            self.nodes[self.numbers[path]] = path
        return self.numbers[path]

    def _attr(self, path):
        folder = self._names(path) is not None
        mode = stat.S_IFDIR | 0o755 if folder else stat.S_IFREG | 0o644
        return struct.pack(ATTR, self._number(path), 0, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def _entry(self, path):
        return struct.pack("<QQQQII", self._number(path), 0, 0, 0, 0, 0) + self._attr(path)

    def _answer(self, opcode, node, body):
        """The body of the answer; None: there is none."""
        path = self.nodes.get(node, ())
        if opcode == 26:  # INIT
            return struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 8, 8, 65536, 1, 16, 0, 0)
        if opcode in (2, 36, 38, 42):  # FORGET, INTERRUPT, DESTROY, BATCH_FORGET
            return None
        if not self._exists(path):
            raise OSError(errno.ENOENT, "")
        if opcode in (1, 9, 11):  # LOOKUP, MKDIR, RMDIR
            child = path + (body[8 if opcode == 9 else 0:].split(b"\0")[0].decode(),)
            if opcode == 9:
                self._mkdir(child)
            if opcode == 11:
                return self._rmdir(child) or b""
            if not self._exists(child):
                raise OSError(errno.ENOENT, "")
            return self._entry(child)
        if opcode in (3, 4):  # GETATTR, SETATTR
            return struct.pack("<QII", 0, 0, 0) + self._attr(path)
        if opcode in (14, 27):  # OPEN, OPENDIR; nothing is cached
            return struct.pack("<QII", 0, 1, 0)
        if opcode == 15:  # READ
            offset, size = struct.unpack_from("<8xQI", body)
            return self._text(path).encode()[offset:offset + size]
        if opcode == 16:  # WRITE
            size, = struct.unpack_from("<16xI", body)
            self._write(path, body[40:40 + size].decode())
            return struct.pack("<II", size, 0)
        if opcode == 28:  # READDIR
            offset, = struct.unpack_from("<8xQ", body)
            out = b""
            for i, name in list(enumerate(self._names(path), 1))[offset:]:
                raw = name.encode()
                out += struct.pack("<QQII", 1, i, len(raw), 0) + raw + b"\0" * (-len(raw) % 8)
            return out
        if opcode in (18, 25, 29, 34):  # RELEASE, FLUSH, RELEASEDIR, ACCESS
            return b""
        raise OSError(errno.ENOSYS, "")

    def _serve(self):
        while True:
            try:
                request = os.read(self.fd, 1 << 17)
            except OSError as e:
                if e.errno == errno.ENODEV:  # it was unmounted
                    return
                continue
            length, opcode, unique, node = struct.unpack_from("<IIQQ", request)
            error, out = 0, b""
            try:
                out = self._answer(opcode, node, request[40:length])
            except OSError as e:
                error = -e.errno
            except Exception as e:  # a mistake here must not hang the runtime
                self.log.append(("mistake", repr(e)))
                error = -errno.EIO
            if out is not None:
                try:
                    os.write(self.fd, struct.pack("<IiQ", 16 + len(out), error, unique) + out)
                except OSError:
                    pass  # it was interrupted
