"""Requests to stop: real signals, sent to real processes."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from boltzmann_rl.runs.signals import Stop, Terminated, stopping

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

# Says that it is ready, waits, and says how it ended.
WAITING = """
import os, signal, sys, threading, time
from boltzmann_rl.runs.signals import Terminated, stopping
def say(*words):
    print(*words, flush=True)
def wait(seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)
"""


class Process:
    def __init__(self, code):
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WAITING + code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def said(self):
        return self.process.stdout.readline().strip()

    def send(self, number):
        os.kill(self.process.pid, number)

    def end(self):
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out.split("\n")[:-1], err


@pytest.fixture
def start():
    started = []

    def start(code):
        started.append(Process(code))
        return started[-1]

    yield start
    for process in started:
        process.process.kill()
        process.process.communicate()


CAUGHT = """
with stopping() as stop:
    try:
        say("ready")
        wait()
    except BaseException as error:
        say(type(error).__name__, stop.requested)
handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
say(handlers == (signal.default_int_handler, signal.SIG_DFL))
"""


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Terminated")], ids=["INT", "TERM"]
)
def test_a_signal_is_raised_and_recorded_and_the_handlers_return(start, number, raised):
    process = start(CAUGHT)
    assert process.said() == "ready"
    process.send(number)
    assert process.end() == (0, [f"{raised} {int(number)}", "True"], "")


def test_sigterm_that_nothing_catches_ends_with_status_143_and_without_a_traceback(start):
    process = start("with stopping():\n    say('ready')\n    wait()")
    assert process.said() == "ready"
    process.send(signal.SIGTERM)
    assert process.end() == (143, [], "")


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_process_at_once(start, first, second):
    process = start(
        "with stopping():\n    try:\n        say('ready')\n        wait()\n"
        "    finally:\n        say('cleaning')\n        wait()"
    )
    assert process.said() == "ready"
    process.send(first)
    assert process.said() == "cleaning"
    time.sleep(0.2)
    sent = time.monotonic()
    process.send(second)
    assert process.end()[0] == 128 + second
    assert time.monotonic() - sent < 5.0


def test_a_signal_that_timeout_sends_twice_counts_once(start):
    process = start(
        "with stopping():\n    try:\n        say('ready')\n        wait()\n"
        "    finally:\n        wait(0.3)\n        say('cleaned')"
    )
    assert process.said() == "ready"
    process.send(signal.SIGTERM)
    process.send(signal.SIGTERM)
    assert process.end() == (143, ["cleaned"], "")


def test_code_that_swallows_the_exception_does_not_lose_the_request(start):
    process = start(
        "with stopping() as stop:\n    try:\n        say('ready')\n        wait()\n"
        "    except BaseException:\n        pass\n"
        "    say('swallowed')\n    stop.check()\n    say('went on')"
    )
    assert process.said() == "ready"
    process.send(signal.SIGTERM)
    assert process.end() == (143, ["swallowed"], "")


def test_a_signal_that_is_ignored_stays_ignored(start):
    process = start(
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwith stopping() as stop:\n    say('ready')\n    wait(0.5)\n"
        "    say(stop.requested)"
    )
    assert process.said() == "ready"
    process.send(signal.SIGINT)
    assert process.end() == (0, ["None"], "")


def test_a_nested_context_shares_the_request_and_installs_replaced_handlers_again(start):
    process = start(
        "with stopping() as outer:\n    signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))  # as Ray does\n"
        "    try:\n        with stopping() as inner:\n            say('ready')\n            wait()\n"
        "    except Terminated:\n        say(inner is outer, outer.requested)\n        wait()"
    )
    assert process.said() == "ready"
    process.send(signal.SIGTERM)
    assert process.said() == "True 15"


def test_a_forked_child_dies_of_the_signal_as_without_the_context(start):
    process = start(
        "with stopping() as stop:\n    child = os.fork()\n    if not child:\n        wait()\n"
        "    time.sleep(0.2)\n    os.kill(child, signal.SIGTERM)\n    say(-os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "    say(stop.requested)"
    )
    assert process.end() == (0, ["15", "None"], "")


def test_in_another_thread_the_context_changes_no_handler():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work():
        with stopping() as stop:
            seen.extend([signal.getsignal(signal.SIGTERM), stop.requested])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before, None]


def test_a_request_raises_its_exception_and_none_raises_nothing():
    Stop().check()
    with pytest.raises(KeyboardInterrupt):
        Stop(signal.SIGINT).check()
    with pytest.raises(Terminated):
        Stop(signal.SIGTERM).check()
