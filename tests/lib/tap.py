# SPDX-License-Identifier: Apache-2.0
"""Tests as functions, results as TAP."""

import fnmatch
import os
import signal
import sys
import time
import traceback

# How many times slower than usual the machine is (an emulated one is): for time limits.
SLOW = float(os.environ.get("HULL_TEST_SLOW", "1"))
_tests = []


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def test(name, only=None, limit=60):
    """Registers a test. only: the kinds of runtime that it holds for, "hull" for what hull promises
    beyond what every runtime does."""
    def add(function):
        _tests.append((name, function, only, limit))
        return function
    return add


def skip(why):
    raise Skip(why)


def check(condition, what, *more):
    if not condition:
        raise Failure("\n".join([what] + [str(m) for m in more]))


def equal(got, want, what=""):
    if got != want:
        raise Failure(f"{what + ': ' if what else ''}got {got!r}, expected {want!r}")


def contains(text, *parts):
    for p in parts:
        if p not in text:
            raise Failure(f"{p!r} not in {text[:3000]!r}")


def lacks(text, *parts):
    for p in parts:
        if p in text:
            raise Failure(f"{p!r} in {text[:3000]!r}")


def wait_for(what, function, seconds=5):
    """The value of function as soon as it is true."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = function()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {seconds} s for: {what}")
        time.sleep(0.005)


def _alarm(number, frame):
    raise Failure("the test's time limit is over\n" + "".join(traceback.format_stack(frame)[-3:]))


def _diagnose(text):
    for line in str(text).splitlines():
        print("#   " + line[:2000])


def _one(function, limit, after):
    """Failure text or None."""
    signal.signal(signal.SIGALRM, _alarm)
    signal.alarm(int(limit * SLOW))
    failed = None
    try:
        function()
    except Skip:
        raise
    except Failure as e:
        frame = traceback.extract_tb(sys.exc_info()[2])
        line = [f.lineno for f in frame if f.filename == sys.argv[0]]
        failed = f"{e}" + (f"\n(line {line[-1]})" if line else "")
    except Exception:
        failed = traceback.format_exc()
    finally:
        signal.alarm(0)
        left = after()
    if left:
        failed = (failed + "\n" if failed else "") + "left behind: " + left
    return failed


def run_all(kind, after):
    """Runs what was registered; arguments select by name. Returns the exit code."""
    wanted = [a for a in sys.argv[1:] if not a.startswith("-")]
    chosen = [t for t in _tests if not wanted or any(fnmatch.fnmatch(t[0], f"*{w}*") for w in wanted)]
    print(f"1..{len(chosen)}")
    bad = 0
    for number, (name, function, only, limit) in enumerate(chosen, 1):
        start = time.monotonic()
        try:
            if only and kind not in only.split() and not os.environ.get("HULL_TEST_ALL"):
                raise Skip("not a promise of this runtime")
            failed = _one(function, limit, after)
        except Skip as e:
            print(f"ok {number} - {name} # SKIP {e}", flush=True)
            continue
        took = time.monotonic() - start
        if failed is None:
            print(f"ok {number} - {name}" + (f" # {took:.1f} s" if took > 2 else ""), flush=True)
        else:
            bad += 1
            print(f"not ok {number} - {name}")
            _diagnose(failed)
            sys.stdout.flush()
    return 1 if bad else 0
