"""Executors give the results of plain calls, whatever happens to their processes, which really run and are killed."""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from boltzmann_rl.runs.executors.executor import WorkerDied
from boltzmann_rl.runs.executors.given import Given
from boltzmann_rl.runs.executors.here import Here, Threads
from boltzmann_rl.runs.executors.processes import DEATHS, Processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")

ROOT = Path(__file__).parents[1]
SECONDS = 1.0  # after the end of a parent, its workers must have ended
KILLS = int(os.environ.get("EXECUTORS_KILLS", "6"))  # 20 or more in the long form


@pytest.fixture(scope="module")
def two_processes():
    executor = Processes(2)
    yield executor
    executor.stop()


@pytest.fixture(params=["this process", "threads", "processes", "a given executor"])
def executor(request, two_processes):
    if request.param == "processes":
        yield two_processes
        return
    given = ThreadPoolExecutor(2)
    made = {"this process": Here, "threads": lambda: Threads(2), "a given executor": lambda: Given(given)}
    executor = made[request.param]()
    yield executor
    executor.stop()
    given.shutdown()


def fails(text):
    raise ZeroDivisionError(text)


def leaves(folder, end):
    """Note the try in a folder, and end the process."""
    (Path(folder) / str(uuid.uuid4())).touch()
    end(os.getpid())


def by_exit(pid):
    os._exit(3)


def by_kill(pid):
    os.kill(pid, signal.SIGKILL)


def fills_memory():
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 10**8, resource.RLIM_INFINITY))
    try:
        return len(bytes(10**9))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def killed_while_it_sends(mark, size):
    """A large result; the first time, its worker is killed when it has begun to send it."""

    def kill_when_sending():
        worker = threading.main_thread().ident
        while (frame := sys._current_frames()[worker]).f_code.co_name != "_send" or len(frame.f_locals["buf"]) < size:
            time.sleep(0)
        time.sleep(0.005)  # of some 0.1 s that it takes
        by_kill(os.getpid())

    if not Path(mark).exists():
        Path(mark).touch()
        threading.Thread(target=kill_when_sending).start()
    return bytes(size)


def holds_the_lock(seconds):
    ctypes.PyDLL(None).sleep(seconds)  # unlike CDLL, without releasing the interpreter lock


def test_results_are_those_of_plain_calls(executor):
    futures = {executor.submit(pow, 3, exponent): exponent for exponent in range(40)}
    left, results = set(futures), {}
    while left:
        done = executor.wait(left)
        assert done
        assert done <= left
        results |= {futures[future]: executor.result(future) for future in done}
        left -= done
    assert results == {exponent: 3**exponent for exponent in range(40)}


def test_what_a_function_raises_is_raised_by_result(executor):
    failing, working = executor.submit(fails, "on purpose"), executor.submit(pow, 2, 5)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        executor.result(failing)
    assert executor.result(working) == 32


def test_waiting_for_nothing_ends_at_once(executor):
    assert executor.wait([], None) == set()


def test_waiting_ends_with_its_timeout(executor):
    if isinstance(executor, Here):
        pytest.skip("nothing happens in this process unless it waits")
    future = executor.submit(time.sleep, 0.6)
    start = time.monotonic()
    assert executor.wait([future], 0.1) == set()
    assert time.monotonic() - start < 0.5
    assert executor.wait([future], None) == {future}


def test_this_process_calls_nothing_before_something_waits():
    here, calls = Here(), []
    futures = [here.submit(calls.append, number) for number in range(3)]
    assert calls == []
    assert here.wait(futures) == {futures[0]}
    assert calls == [0]
    here.stop()


def test_an_interrupt_in_this_process_is_not_kept_for_the_result():
    def interrupt():
        raise KeyboardInterrupt

    here = Here()
    future = here.submit(interrupt)
    with pytest.raises(KeyboardInterrupt):
        here.wait([future])


def test_threads_that_stopped_begin_nothing():
    threads, begun = Threads(1), threading.Semaphore(0)
    first = threads.submit(lambda: (begun.release(), time.sleep(0.2)))
    second = threads.submit(begun.release)
    begun.acquire()
    start = time.monotonic()
    threads.stop()
    assert time.monotonic() - start < 0.1, "waits for work in progress"
    assert threads.wait([second], None) == {second}
    assert second.cancelled()
    threads.wait([first], None)
    assert not begun.acquire(timeout=0.1)


@pytest.mark.parametrize("end", [by_exit, by_kill])
def test_only_work_that_kills_its_worker_is_given_up(two_processes, tmp_path, end):
    before = [two_processes.submit(pow, 2, number) for number in range(4)]
    killer = two_processes.submit(leaves, str(tmp_path), end)
    after = [two_processes.submit(pow, 2, number) for number in range(4, 9)]
    assert [two_processes.result(future) for future in [*before, *after]] == [2**number for number in range(9)]
    with pytest.raises(WorkerDied, match=r"3 times: \{(EXIT\(3\)|SIGKILL\(-9\))\}"):
        two_processes.result(killer)
    assert len(list(tmp_path.iterdir())) in (DEATHS, DEATHS + 1)  # the first time others may have been in progress


def test_too_little_memory_is_an_exception_and_no_death(two_processes):
    with pytest.raises(MemoryError):
        two_processes.result(two_processes.submit(fills_memory))
    assert two_processes.result(two_processes.submit(pow, 2, 3)) == 8


def test_an_idle_worker_may_die(two_processes):
    by_kill(two_processes.result(two_processes.submit(os.getpid)))
    time.sleep(0.3)
    assert two_processes.result(two_processes.submit(pow, 2, 3)) == 8


def test_a_worker_may_die_while_it_sends_its_result(tmp_path):
    executor, size = Processes(1), 100_000_000
    assert len(executor.result(executor.submit(killed_while_it_sends, str(tmp_path / "killed"), size))) == size
    executor.stop()
