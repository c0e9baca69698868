# SPDX-License-Identifier: Apache-2.0
"""Bundles: a root file system of a static busybox and the payload, and a config.json."""

import copy
import json
import os
import shutil
import subprocess
import sys

from isolate import TAG, WORK

HERE = os.path.dirname(os.path.abspath(__file__))
APPLETS = ("sh", "sleep", "id", "cat", "ls", "true", "false", "echo", "mount", "umount", "touch",
           "mkdir", "rm", "ln", "stat", "env", "kill", "ps", "hostname", "dd", "test", "grep", "wc",
           "head", "tail", "chmod", "mknod", "mkfifo", "readlink", "pwd")
CAPS = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ["pid", "network", "ipc", "uts", "mount"]


def _mount(destination, kind, *options):
    return {"destination": destination, "type": kind, "source": kind, "options": list(options)}


MOUNTS = [
    _mount("/proc", "proc"),
    _mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
    _mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
     "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
    _mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"),
    _mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
    _mount("/sys/fs/cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
]
MASKED = ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def default_config():
    """What `spec` writes, with the payload as the program."""
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": ["/payload", "pause"],
            "env": [PATH, "TERM=xterm"],
            "cwd": "/",
            "capabilities": {"bounding": list(CAPS), "effective": list(CAPS), "permitted": list(CAPS)},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "hull-test",
        "mounts": copy.deepcopy(MOUNTS),
        "linux": {
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "namespaces": [{"type": t} for t in NAMESPACES],
            "maskedPaths": list(MASKED),
            "readonlyPaths": list(READONLY),
        },
    }


def merge(into, more):
    """Dicts are merged, None removes, all else replaces."""
    for key, value in more.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value
    return into


def build(name, *sources):
    """A static program from tests/payload, built once for a run, or now."""
    given = os.environ.get("HULL_PAYLOAD")
    if given and os.path.exists(os.path.join(given, name)):
        return os.path.join(given, name)
    out = f"{WORK}/{name}.bin"
    if not os.path.exists(out):
        folder = os.path.join(HERE, "..", "payload")
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-static", "-o", out]
                       + [os.path.join(folder, s) for s in sources], check=True, timeout=60)
    return out


def payload():
    return build("payload", "payload.c", "facts.c")


def attacker():
    return build("attacker", "attacker.c")


def busybox():
    return shutil.which("busybox") or "/bin/busybox"


_base = None


def make_rootfs(path):
    global _base
    if _base is None:
        _base = WORK + "/base"
        os.mkdir(_base)
        # Copied once, linked into every root file system: another one costs nothing.
        for source, name in ((payload(), "payload"), (busybox(), "busybox")):
            shutil.copyfile(source, f"{_base}/{name}")
            os.chmod(f"{_base}/{name}", 0o755)
    for d in ("", "/bin", "/etc", "/proc", "/sys", "/dev", "/tmp", "/root", "/home", "/run", "/mnt", "/var", "/usr/bin"):
        os.makedirs(path + d, exist_ok=True)
    os.chmod(path + "/tmp", 0o1777)
    os.link(f"{_base}/payload", path + "/payload")
    os.link(f"{_base}/busybox", path + "/bin/busybox")
    for a in APPLETS:
        os.symlink("busybox", f"{path}/bin/{a}")
    put(path + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n")
    put(path + "/etc/group", "root:x:0:\nuser:x:1000:\n")
    os.makedirs(path + "/home/user", exist_ok=True)
    os.chown(path + "/home/user", 1000, 1000)


def put(path, text="", mode=0o644):
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)
    return path


def get(path):
    with open(path, "rb") as f:
        return f.read().decode(errors="replace")


class Bundle:
    """A bundle's folder. Keywords change the default config:

    args, env, cwd, uid, gid, terminal: the process;  caps: bounding, effective and permitted;
    namespaces: kinds, or whole entries;  mounts: appended;  linux, process, root: merged;
    hooks, annotations: set;  bare: no mounts but /proc;  rw: a root that can be written.
    """

    count = 0

    def __init__(self, **change):
        Bundle.count += 1
        self.name = f"{TAG}-{Bundle.count}"
        self.path = f"{WORK}/b{Bundle.count}"
        self.rootfs = self.path + "/rootfs"
        os.makedirs(self.rootfs)
        make_rootfs(self.rootfs)
        self.config = default_config()
        self.config["linux"]["cgroupsPath"] = f"/{TAG}/{self.name}"
        self._change(**change)

    def _change(self, args=None, env=None, cwd=None, uid=None, gid=None, terminal=None, caps=None,
                namespaces=None, mounts=(), linux=None, process=None, root=None, hooks=None,
                annotations=None, bare=False, rw=True, hostname=None):
        c = self.config
        p = c["process"]
        for key, value in (("args", args), ("env", env), ("cwd", cwd), ("terminal", terminal)):
            if value is not None:
                p[key] = value
        if uid is not None:
            p["user"]["uid"] = uid
        if gid is not None:
            p["user"]["gid"] = gid
        if caps is not None:
            p["capabilities"] = {k: list(caps) for k in ("bounding", "effective", "permitted")}
        if namespaces is not None:
            c["linux"]["namespaces"] = [n if isinstance(n, dict) else {"type": n} for n in namespaces]
            if not any(n["type"] == "uts" for n in c["linux"]["namespaces"]):
                c.pop("hostname")
        if hostname is not None:
            c["hostname"] = hostname
        if bare:
            c["mounts"] = [_mount("/proc", "proc")]
        c["root"]["readonly"] = not rw
        c["mounts"] += list(mounts)
        merge(c["linux"], linux or {})
        merge(p, process or {})
        merge(c["root"], root or {})
        if hooks is not None:
            c["hooks"] = hooks
        if annotations is not None:
            c["annotations"] = annotations

    def write(self):
        put(self.path + "/config.json", json.dumps(self.config, indent=1))
        return self

    def remove(self):
        subprocess.run(["rm", "-rf", "--one-file-system", self.path], check=False, stderr=sys.stderr)


def bind(source, destination, *options):
    return {"destination": destination, "type": "bind", "source": source,
            "options": list(options) or ["bind"]}


def tmpfs(destination, *options):
    return {"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": list(options)}


def user_namespace(size=65536, host=100000):
    """Keywords for a bundle in a user namespace with root = host uid 100000."""
    return {"uidMappings": [{"containerID": 0, "hostID": host, "size": size}],
            "gidMappings": [{"containerID": 0, "hostID": host, "size": size}]}
