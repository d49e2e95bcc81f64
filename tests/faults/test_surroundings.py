"""The machine around a run: its clock, hash seed, processor, limits; and labels that attack terminals and folders."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from started import LONG, SMALL, WITHOUT_FIGURES, Run, contents, declared, finished
from test_kills import keys_in, segments, undisturbed

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.runs.failures import kept

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")


# A clock that was set back by a year, and runs backwards 100 times as fast.
BACKWARDS = """
import time
time.time = lambda real=time.time, begun=time.time(): begun - 3.2e7 - 100 * (real() - begun)
"""
PYTHON = {
    "-O": {"options": ["-O"]},
    "-W error": {"options": ["-W", "error"]},
    "hash seed": {"environment": {"PYTHONHASHSEED": "1"}},
    "few files": {"before": ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"]},
    "a clock set back": {"code": BACKWARDS + WITHOUT_FIGURES},
}


PYTHON["all of these"] = {
    "options": ["-O", "-W", "error"],
    **{part: options[part] for options in PYTHON.values() for part in options if part != "options"},
}


@pytest.mark.parametrize("kind", PYTHON if LONG else ["all of these"])
def test_the_bytes_are_the_same_in_any_surroundings(tmp_path, kind):
    """The run goes on from one that was made here, and so also finds its cells."""
    expected = undisturbed(tmp_path, declared(SMALL, 1000, 60))
    options = {"code": WITHOUT_FIGURES} | PYTHON[kind]
    few = ["run", "file.py", "--quiet", "--results", "results", "--jobs", 1]
    names = {}
    exec(declared(SMALL, 30, 60), names)
    names["EXPERIMENT"].run(progress=False, results=tmp_path / "results")
    finished(Run(tmp_path, *few, **options))
    assert contents(tmp_path / "results" / "x") == expected
    keys = keys_in(segments(tmp_path / "results" / "x"))
    assert len(keys) == len(set(keys)) == 20


def test_another_processor_gives_the_same_numbers_to_1e_12(tmp_path):
    """NumPy's exponential differs in the last bit between instruction sets."""
    undisturbed(tmp_path, declared(SMALL, 100, 60))
    features = " ".join(np._core._multiarray_umath.__cpu_dispatch__)
    environment = {"NPY_DISABLE_CPU_FEATURES": features}
    finished(
        Run(
            tmp_path,
            "run",
            "file.py",
            "--quiet",
            options=["-W", "ignore"],
            environment=environment,
            code=WITHOUT_FIGURES,
        )
    )
    one, other = brl.load(tmp_path / "undisturbed" / "x"), brl.load(tmp_path / "results" / "x")
    for table in ("curves", "runs", "run_curves"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), rtol=1e-12, atol=1e-12)


MANY = """
import resource
import boltzmann_rl as brl
from boltzmann_rl.results import running, folders
folders.draw = lambda folder, name, figure: []
agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t / 100)) for t in range(1, 201)}
experiment = brl.BanditExperiment("x", brl.GaussianBandit(arms=2), agents, runs=1000, steps=2, seed=1)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
before = peak()
experiment.run(progress=False, results="results")
print(peak() - before)
"""


def test_a_thousand_cells_need_little_memory(tmp_path):
    assert float(finished(Run(tmp_path, code=MANY))) < 150  # MB


ENDLESS = """
import signal, sys, threading, os, time
import boltzmann_rl as brl
agents = {"cool": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}
experiment = brl.BanditExperiment("x", brl.GaussianBandit(arms=2), agents, runs=10**12, steps=2, seed=1)
seen = []
def stop(done):
    seen.append(done)
    if len(seen) == 5:
        os.kill(os.getpid(), signal.SIGINT)
began = time.monotonic()
try:
    experiment.run(progress=False, on_cell=stop)
except KeyboardInterrupt:
    print(len(seen), time.monotonic() - began)
"""


def test_any_number_of_runs_starts_at_once_and_can_be_stopped(tmp_path):
    cells, seconds = finished(Run(tmp_path, code=ENDLESS)).split()
    assert int(cells) == 5
    assert float(seconds) < 10


def test_more_runs_than_the_disk_can_hold_are_refused_before_the_work(tmp_path, capsys):
    (tmp_path / "file.py").write_text(declared(SMALL, 10**12, 2), "utf-8")
    assert main(["run", str(tmp_path / "file.py"), "--results", str(tmp_path / "results"), "--quiet"]) == 1
    assert "the cells that are missing take about" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "results" / "x" / "plan.json").exists()


# --- labels -------------------------------------------------------------------------------------------------------

HOSTILE = [
    "../../up",
    "/etc/passwd",
    "a'b\"c`d$(id)",
    "=1+1",
    "@SUM(1)",
    "שלום \u05d0",
    "日本 больцман",
    "\U0001f642" * 70,
    "\ue000",
]
FAILING = """
from dataclasses import dataclass
import boltzmann_rl as brl
import numpy as np

@dataclass(frozen=True)
class Fails:
    def __call__(self, values, step):
        raise ValueError("\\x1b[31mred\\n\\u202e\\x00 " + "x" * 10**5)

labels = LABELS
agents = {label: brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t, label in enumerate(labels)}
agents["fails"] = brl.Agent(brl.SampleAverage(), Fails())
bandits = {label: brl.GaussianBandit(arms=arms) for arms, label in enumerate(labels[:2], 2)}
EXPERIMENT = brl.BanditExperiment("x", bandits, agents, runs=3, steps=4, seed=1)
"""


def test_hostile_labels_and_messages_stay_text_in_folders_and_on_terminals(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.py").write_text(FAILING.replace("LABELS", ascii(HOSTILE)))
    for call in (["run", "file.py"], ["run", "file.py"], ["status", "results/x"], ["store", "ls", "results/x"]):
        assert main(call) == (call[0] == "run")
    assert main(["plot", "results/x"]) == 0
    said = "".join(capsys.readouterr())
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", said)
    assert all(label in said for label in HOSTILE[:7])
    assert len(said) < 30_000
    assert {path.name for path in tmp_path.iterdir()} == {"file.py", "results"}
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"x"}
    assert {failure.agent for failure in kept(tmp_path / "results" / "x")} == {"fails"}
    assert set(brl.load("results/x").summary["agent"]) == set(HOSTILE)


@pytest.mark.figures
def test_a_figure_of_labels_without_a_glyph_is_drawn_without_a_warning(tmp_path):
    """All warnings are errors in tests."""
    agents = {label: brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)) for label in HOSTILE}
    experiment = brl.BanditExperiment("x", brl.GaussianBandit(arms=2), agents, runs=3, steps=4, seed=1)
    experiment.run(progress=False, results=tmp_path)
    assert (tmp_path / "x" / "figures" / "x.png").stat().st_size > 0


def test_a_name_that_is_no_folder_is_refused_before_anything_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("../up", "/etc/x", "NUL", "nul.txt", "a\x1b[31m", "a/b", "", ".", "-rf", "x.", " x ", "．．"):
        (tmp_path / "file.py").write_text(declared(SMALL, 1, 1).replace('"x"', ascii(name)), "utf-8")
        assert main(["run", "file.py"]) == 1
        assert "name must be" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file.py"]


def test_equal_agents_that_fail_under_two_labels_take_no_other_with_them(tmp_path):
    """They have the same cells, whose failure is told for one of them."""
    names = {"__name__": "__main__"}
    exec(FAILING.replace("LABELS", "['a', 'b']"), names)
    fails = names["agents"]["fails"]
    agents = {"good": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)), "one": fails, "two": fails}
    experiment = brl.BanditExperiment("x", brl.GaussianBandit(arms=2), agents, runs=3, steps=4, seed=1)
    with pytest.warns(UserWarning, match="(one|two) on GaussianBandit"):
        results = experiment.run(progress=False, results=tmp_path)
    assert set(results.summary["agent"]) == {"good"}
