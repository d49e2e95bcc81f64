"""The command line on streams that are missing, closed or broken, after signals, and on errors without a message."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from boltzmann_rl.cli import main

SMALL = '''"""Which temperature?"""
from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage

EXPERIMENT = BanditExperiment(
    "small", GaussianBandit((0.0, 1.0)), {"cool": Agent(SampleAverage(), Boltzmann(0.1))}, runs=3, steps=5
)
'''

SLOW = '''"""Takes minutes."""
import time
from dataclasses import dataclass

from boltzmann_rl import Agent, BanditExperiment, GaussianBandit, SampleAverage, softmax


@dataclass(frozen=True)
class Slow:
    pause: float

    def __call__(self, values, step):
        time.sleep(self.pause)
        return softmax(values, 1.0)


EXPERIMENT = BanditExperiment(
    "slow", GaussianBandit(), {"a": Agent(SampleAverage(), Slow(0.01)), "b": Agent(SampleAverage(), Slow(0.02))},
    runs=2, steps=9_000,
)
'''

# A command that works, what it prints, and its exit status.
COMMANDS = [
    (["run", "small.py"], "small on", 0),
    (["plot", "results/small"], "small.png", 0),
    (["list", "."], "Which temperature?", 0),
    (["check", "policies.py:GOOD"], "obeys all", 0),
    (["check", "policies.py:broken"], "", 1),
    (["run", "gone.py"], "", 2),
    (["run", "small.py", "--jobs", "0"], "", 2),
    (["run", "small.py", "--jobs", "-1"], "", 2),
    (["--help"], "Exit status", 0),
    (["--version"], "boltzmann_rl", 0),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("small.py").write_text(SMALL, "utf-8")
    policies = "import boltzmann_rl as brl\nEXPERIMENT = brl.BanditExperiment('x', brl.GaussianBandit(), {'a': "
    policies += (
        "brl.Agent(brl.UCB1(), brl.Greedy())})\nGOOD = brl.Boltzmann(0.5)\nbroken = lambda values, step: values\n"
    )
    Path("policies.py").write_text(policies, "utf-8")
    return tmp_path


def status_of(arguments):
    try:
        return main(arguments)
    except SystemExit as error:
        return error.code


class Logger:
    """A stream as loggers make it: it can only be written to, and raises what it is told to raise."""

    def __init__(self, error=None):
        self.said, self.error = [], error

    def write(self, text):
        if self.error is not None:
            raise self.error
        self.said.append(text)


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


STREAMS = {
    "None": lambda: None,
    "a logger": Logger,
    "closed": closed,
    "a broken pipe": lambda: Logger(BrokenPipeError(32, "Broken pipe")),
    "a logger that fails": lambda: Logger(RuntimeError("no handler")),
}


@pytest.mark.parametrize(("out", "err"), [*zip(STREAMS, STREAMS, strict=True), ("None", "a logger")])
def test_every_command_works_and_has_its_status_whatever_stands_in_the_place_of_the_streams(
    folder, monkeypatch, out, err
):
    for command, printed, status in COMMANDS:
        streams = STREAMS[out](), STREAMS[err]()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", streams[0])
            patched.setattr(sys, "stderr", streams[1])
            assert status_of(command) == status, command
        if out == "a logger":
            assert printed in "".join(streams[0].said)
        if err == "a logger" and not printed:
            assert "boltzmann-rl" in "".join(streams[1].said)
            assert "Traceback" not in "".join(streams[1].said)
    assert Path("results/small/manifest.json").exists()


def shell(line, **options):
    """Run a line of bash, in which ``$command`` is the command line; returns status, standard output and error."""
    command = f"{sys.executable} -W error {Path(__file__).with_name('without_figures.py')}"
    line = f"set -o pipefail; {line.replace('$command', command)}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False, text=True, timeout=120, **options)
    return done.returncode, done.stdout, done.stderr


posix = pytest.mark.skipif(os.name != "posix", reason="needs a shell")


@posix
@pytest.mark.parametrize("redirected", ["| true", ">&- 2>&-", "2>/dev/full"])
def test_a_process_without_readers_does_its_work_and_exits_with_its_status(folder, redirected):
    for command, status in (("run small.py", 0), ("check policies.py:broken", 1), ("--help", 0)):
        ended, out, err = shell(f"$command {command} {redirected}")
        assert ended == status, (command, err)
        assert not {"Traceback", "BrokenPipe", "Exception ignored"} & set(f"{out} {err}".replace(":", "").split())
    assert Path("results/small/manifest.json").exists()


@posix
def test_output_that_a_full_disk_loses_is_an_error_after_the_work(folder):
    status, out, err = shell("$command run small.py --quiet >/dev/full")
    assert (status, out) == (1, "")
    assert err == "boltzmann-rl: standard output was lost: [Errno 28] No space left on device\n"
    assert Path("results/small/manifest.json").exists()


@posix
def test_a_write_that_fails_names_the_file(tmp_path):
    code = (
        "from pathlib import Path\nfrom boltzmann_rl.storage.atomic import write\nwrite(Path('table.csv'), bytes(9999))"
    )
    line = f"ulimit -f 1; {sys.executable} -c {code!r}".replace("\\n", ";")
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr.endswith("OSError: [Errno 27] File too large: 'table.csv'\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "out of memory: fewer --jobs, --runs or --steps need less"),
        (MemoryError("7 TiB"), "out of memory (7 TiB): fewer --jobs, --runs or --steps need less"),
        (ZeroDivisionError(), "ZeroDivisionError; --debug shows where it was raised"),
        (ValueError(" \n"), "ValueError; --debug shows where it was raised"),
        (KeyError("lake"), "KeyError: 'lake'; --debug shows where it was raised"),
        (SystemExit(0), "SystemExit: 0; --debug shows where it was raised"),
        (OSError(28, "No space left on device", "results/x"), "results/x: No space left on device"),
        (OSError(13, "Permission denied"), "[Errno 13] Permission denied"),
        (ValueError("runs must be 1 or more"), "runs must be 1 or more"),
    ],
    ids=repr,
)
def test_an_error_says_its_kind_and_a_remedy_if_it_has_no_message_of_its_own(folder, monkeypatch, capsys, error, said):
    def fail(options):
        raise error

    monkeypatch.setattr("boltzmann_rl.cli.running.run", fail)
    assert main(["run", "small.py"]) == 1
    assert capsys.readouterr() == ("", f"boltzmann-rl: {said}\n")
    assert main(["run", "small.py", "--debug"]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@posix
@pytest.mark.parametrize(
    "arguments",
    [
        ["run", b"x\xff.py"],
        ["run", "small.py", "--results", b"\xff"],
        ["run", "small.py", b"--\xff"],
        ["plot", b"\xff"],
        ["list", b"\xff"],
        ["check", b"\xff:POLICY"],
        ["reproduce", b"\xff"],
        ["reproduce", "--experiments", b"\xff"],
        [b"\xff"],
    ],
    ids=repr,
)
def test_an_argument_that_is_not_valid_text_gives_no_traceback(folder, arguments):
    command = [sys.executable, "-W", "error", "-m", "boltzmann_rl.cli", *arguments]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, env=environment)
    assert b"Traceback" not in done.stderr
    if "--results" in arguments:
        assert done.returncode == 0
    else:
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.startswith((b"boltzmann-rl: ", b"usage: "))


@posix
@pytest.mark.parametrize(
    ("number", "status", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
    ids=["Ctrl+C", "SIGTERM"],
)
@pytest.mark.parametrize("when", ["loading", "running"])
def test_a_signal_stops_a_run_at_once_with_one_line_and_its_status(folder, number, status, word, when):
    Path("slow.py").write_text(SLOW, "utf-8")
    if when == "loading":
        Path("slow.py").write_text("import sys, time\nprint('slow: 0 of', file=sys.stderr)\ntime.sleep(60)", "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-u", "-W", "error", "-m", "boltzmann_rl.cli", "run", "slow.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr.readline().startswith("slow: 0 of")
        time.sleep(0.3)
        sent = time.monotonic()
        process.send_signal(number)
        err = process.communicate(timeout=30)[1]
        assert time.monotonic() - sent < 5.0
        assert process.returncode == status
        assert "Traceback" not in err
        assert err.splitlines()[-1].startswith(f"boltzmann-rl: {word}")
    finally:
        process.kill()
        process.communicate()
