"""Executors give the results of plain calls, whatever happens to their processes, which really run and are killed."""

import ctypes
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from cases import in_one_test

from boltzmann_rl.runs.executors.choice import executor_of
from boltzmann_rl.runs.executors.executor import WorkerDied
from boltzmann_rl.runs.executors.futures import given
from boltzmann_rl.runs.executors.here import Here, Threads
from boltzmann_rl.runs.executors.processes import DEATHS, Processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")

ROOT = Path(__file__).parents[1]
# Kills of a parent, and seconds after which its workers must have ended. On a machine with free cores 1 s suffices; a
# worker that is starting notices the end when it has started, which takes longer where other tests run.
KILLS = int(os.environ.get("EXECUTORS_KILLS", "6"))
SECONDS = float(os.environ.get("EXECUTORS_SECONDS", "5"))


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
    pool = ThreadPoolExecutor(2)
    made = {"this process": Here, "threads": lambda: Threads(2), "a given executor": lambda: given(pool)}
    executor = made[request.param]()
    yield executor
    executor.stop()
    pool.shutdown()


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


def test_only_work_that_kills_its_worker_is_given_up(two_processes, tmp_path):
    before = [two_processes.submit(pow, 2, number) for number in range(4)]
    killer = two_processes.submit(leaves, str(tmp_path), by_exit)
    after = [two_processes.submit(pow, 2, number) for number in range(4, 9)]
    assert [two_processes.result(future) for future in [*before, *after]] == [2**number for number in range(9)]
    with pytest.raises(WorkerDied, match=r"3 times: \{EXIT\(3\)\}"):
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


def living(mark):
    """The processes that have a mark in their environment, with their command lines."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:  # it ended
            continue
    return found


def wait_for_end(mark, seconds=SECONDS):
    end = time.monotonic() + seconds
    while (found := living(mark)) and time.monotonic() < end:
        time.sleep(0.02)
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    assert not found, "a process outlives its parent"


PREPARE = """
import ctypes, os, signal, sys, threading, time, multiprocessing
from boltzmann_rl.runs.executors.processes import Processes
def hold(seconds):
    ctypes.PyDLL(None).sleep(seconds)
"""


class Parent:
    """A process that runs a script with a mark, which its workers inherit, and with a temporary folder of its own."""

    def __init__(self, folder, script, *options):
        self.mark = f"MARK_OF_TEST={uuid.uuid4()}"
        self.temporary = folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        name, value = self.mark.split("=")
        environment = os.environ | {name: value, "TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT)}
        file = folder / "script.py"
        file.write_text(PREPARE + textwrap.dedent(script), "utf-8")
        self.process = subprocess.Popen(
            [sys.executable, *options, str(file)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ends(self, seconds=20.0):
        """Its output and its errors; it leaves neither processes nor files."""
        out, error = self.process.communicate(timeout=seconds)
        wait_for_end(self.mark)
        self.leaves_nothing()
        return out, error

    def leaves_nothing(self):
        assert not list(self.temporary.iterdir())
        end = time.monotonic() + SECONDS  # a process that is just starting is not found by its environment
        while (left := list(Path("/dev/shm").glob(f"*-{self.process.pid}-*"))) and time.monotonic() < end:
            time.sleep(0.02)
        assert not left


def test_workers_end_with_a_parent_that_is_killed_at_any_moment(tmp_path):
    script = "executor = Processes(2)\nexecutor.wait([executor.submit(hold, 100) for _ in range(2)])"
    moments = random.Random(0)

    def kill(number):
        (folder := tmp_path / str(number)).mkdir()
        parent = Parent(folder, script)
        time.sleep(2.0 * moments.random())
        os.kill(parent.process.pid, (signal.SIGKILL, signal.SIGTERM)[number % 2])
        parent.process.wait()
        wait_for_end(parent.mark)
        parent.process.communicate()
        parent.leaves_nothing()

    with ThreadPoolExecutor(2) as two_at_a_time:
        list(two_at_a_time.map(kill, range(KILLS)))


ENDS = {
    "stopped": "executor.stop()",
    "not stopped": "",
    "an error": "raise SystemExit('on purpose')",
    "an error that holds the executor": "sys.exit(0 if executor else 1)",
}


@pytest.mark.parametrize("end", ENDS)
def test_a_parent_ends_at_once_whatever_its_workers_do(tmp_path, end):
    script = f"""
        executor = Processes(2)
        futures = [executor.submit(hold, 100) for _ in range(3)] + [executor.submit(len, bytes(10**6))] * 50
        other = Processes(1)
        print(other.result(other.submit(pow, 2, 3)), flush=True)
        start = time.monotonic()
        import atexit; atexit.register(lambda: print(time.monotonic() - start))
        {ENDS[end]}
    """
    parent = Parent(tmp_path, script, "-W", "error")
    out, error = parent.ends()
    eight, seconds = out.split()
    assert eight == "8"
    assert float(seconds) < SECONDS
    assert error == ("on purpose\n" if end == "an error" else "")
    assert parent.process.returncode == (end == "an error")


FORKED = """
child = multiprocessing.get_context("fork").Process(target=lambda: print(work(), flush=True))
child.start()
child.join()
"""
WITH_WORKERS = f"""
executor = Processes(1)
before = executor.result(executor.submit(os.getpid))
{FORKED}
assert executor.result(executor.submit(os.getpid)) == before
"""
PLACES = {
    "the main thread": "print(work())",
    "another thread": "thread = threading.Thread(target=lambda: print(work()))\nthread.start()\nthread.join()",
    "a forked process": FORKED,
    "a fork": "if os.fork() == 0:\n    print(work())\nelse:\n    os.wait()",
    "a fork of a process with workers": WITH_WORKERS,
    "a process without output": "out, sys.stdout, sys.stderr = sys.stdout, None, None\nprint(work(), file=out)",
    "an ambient backend of joblib": "import joblib\nwith joblib.parallel_config('threading'):\n    print(work())",
}
WORK = """
def work():
    executor = Processes(2)
    return executor.result(executor.submit(pow, 2, 3)), executor.result(executor.submit(os.getppid)) == os.getpid()
"""


@pytest.mark.parametrize("place", PLACES)
def test_workers_work_for(tmp_path, place):
    parent = Parent(tmp_path, WORK + PLACES[place], "-W", "error")
    out, error = parent.ends()
    assert error == ""
    assert out == "(8, True)\n"
    assert parent.process.returncode == 0


def test_what_cleans_up_after_workers_makes_no_error_of_a_warning(tmp_path):
    show = """
from multiprocessing import resource_tracker as one
from pathlib import Path
from loky.backend import resource_tracker as other
print(work()[0])
for tracker in one, other:
    print("-Wignore" in Path(f"/proc/{tracker._resource_tracker._pid}/cmdline").read_text().split("\\0"))
"""
    out, error = Parent(tmp_path, WORK + show, "-W", "error").ends()
    assert (out, error) == ("8\nTrue\nTrue\n", "")


def test_workers_outlive_the_thread_that_made_the_executor(tmp_path):
    made = []
    thread = threading.Thread(target=lambda: made.append(Processes(1)))
    thread.start()
    thread.join()
    (executor,) = made
    first = executor.result(executor.submit(os.getpid))
    time.sleep(0.1)
    assert executor.result(executor.submit(os.getpid)) == first
    executor.stop()


def test_an_interrupt_on_a_terminal_is_for_the_parent_alone(tmp_path):
    script = """
        executor = Processes(2)
        futures = [executor.submit(time.sleep, 100) for _ in range(2)]
        print("ready", flush=True)
        try:
            executor.wait(futures)
        except KeyboardInterrupt:
            executor.stop()
    """
    parent = Parent(tmp_path, script)
    assert parent.process.stdout.readline() == "ready\n"
    time.sleep(0.2 * random.random())  # workers may be starting
    os.killpg(parent.process.pid, signal.SIGINT)
    assert parent.ends(SECONDS) == ("", "")


def test_a_daemon_of_multiprocessing_works_by_itself():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(kind_of_executor) == "Here"


def kind_of_executor():
    return type(executor_of(None, 2)).__name__


def test_the_number_of_jobs_chooses_between_this_process_and_others():
    assert isinstance(executor_of(), Here)
    assert isinstance(executor_of(None, 1), Here)
    several = executor_of(None, 2)
    assert isinstance(several, Processes if (os.cpu_count() or 1) > 1 else Here)
    several.stop()


def test_an_executor_that_is_given_stays_the_callers():
    with ProcessPoolExecutor(1) as pool:
        executor = executor_of(pool)
        assert executor.workers == 1
        with pytest.raises(WorkerDied, match="ended"):
            executor.result(executor.submit(os._exit, 3))
    with ThreadPoolExecutor(3) as pool:
        executor = executor_of(pool)
        running, waiting = [executor.submit(time.sleep, 0.2) for _ in range(3)], executor.submit(time.sleep, 0.2)
        executor.stop()
        assert waiting.cancelled()
        assert executor.wait(running)
        assert pool.submit(pow, 2, 3).result() == 8


@in_one_test("where", ["loky", "Dask", "", "dask:", "ray:", "ray:here", "tcp:host", 3, object()])
def test_an_unknown_place_is_refused_with_those_that_there_are(where):
    with pytest.raises(ValueError, match=r"executor must be None, 'dask', .*'ray:auto' or 'ray://HOST:PORT'"):
        executor_of(where)


@pytest.mark.parametrize("jobs", [0, -1])
def test_less_than_one_job_is_refused(jobs):
    with pytest.raises(ValueError, match="jobs must be 1 or more"):
        executor_of(None, jobs)


@pytest.mark.parametrize(("where", "extra"), [("dask", "dask"), ("tcp://host:1", "dask"), ("ray", "ray")])
def test_a_missing_library_is_named_with_its_extra(where, extra, monkeypatch):
    for library in ("dask", "distributed", "ray"):
        monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    with pytest.raises(ImportError, match=rf"needs {extra}: pip install 'boltzmann-rl\[{extra}\]'"):
        executor_of(where)
