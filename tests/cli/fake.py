# SPDX-License-Identifier: Apache-2.0
"""What the command line tests share: hull as a program, and containers that are only a record in the
state directory around a process of ours, so that no privilege is needed.

    HULL=path/to/hull tests/cli/FILE.py [WORD...]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tap import *
from tap import run_all

HULL = os.path.abspath(os.environ.get("HULL", "hull"))
WORK = tempfile.mkdtemp(prefix="hull-cli-")
ROOT = WORK + "/root"
_processes = []


def hull(*argv, root=ROOT, input=None, env=None, cwd=WORK):
    """Runs hull with a state directory of ours (root=None: without --root)."""
    argv = [HULL] + (["--root", root] if root else []) + list(argv)
    return subprocess.run(argv, input=input, stdin=subprocess.DEVNULL if input is None else None,
                          capture_output=True, text=True, timeout=40, env=env, cwd=cwd)


def good(result):
    check(result.returncode == 0, f"exit code {result.returncode}", result)
    return result


def bad(result, text, code=1):
    """A failure with this code, one line of text on stderr, and nothing on stdout."""
    equal(result.returncode, code, str(result))
    contains(result.stderr, text)
    equal(result.stdout, "")
    equal(result.stderr.count("\n"), 1, result.stderr)
    return result


def start_time(pid):
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rpartition(")")[2].split()[19])


def boot_id():
    with open("/proc/sys/kernel/random/boot_id") as f:
        return f.read().strip()


def process(*argv):
    p = subprocess.Popen(argv or ("sleep", "300"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    # The child is a copy of this program until it has executed its own.
    wait_for("exec", lambda: p.poll() is not None or os.readlink(f"/proc/{p.pid}/exe") != os.readlink("/proc/self/exe"))
    _processes.append(p)
    return p


def container(name, process=None, config=None, **changes):
    """Writes the record of a container whose first process this is; without one it has died."""
    record = {
        "bundle": WORK, "rootfs": WORK + "/rootfs", "created": "2026-01-02T03:04:05.678901234Z", "boot": boot_id(),
        "pid": process.pid if process else 4194303, "start-time": start_time(process.pid) if process else 1,
        "cgroup-driver": 2, "created-done": 1, "started": 1, "owner": os.geteuid(), "namespaces": 0,
    }
    record.update(changes)
    os.makedirs(f"{ROOT}/{name}", 0o700)
    with open(f"{ROOT}/{name}/record", "w") as f:
        f.write("hull-record 1\n" + "".join(f"{k} {v}\n" for k, v in record.items()) + "end\n")
    if config is not None:
        with open(f"{ROOT}/{name}/config.json", "w") as f:
            json.dump(config, f)


def state(name):
    return json.loads(good(hull("state", name)).stdout)


def containers():
    return sorted(os.listdir(ROOT))


def clean():
    for p in _processes:
        p.kill()
        p.wait()
    _processes.clear()
    shutil.rmtree(ROOT, ignore_errors=True)


def main():
    try:
        sys.exit(run_all("hull", clean))
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
