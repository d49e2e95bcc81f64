"""The code and the commands of docs/runs.md run, from top to bottom, in one folder."""

import re
import shlex
import subprocess
import sys
import types
from pathlib import Path

import loky.backend  # noqa: F401 - which makes its way to start processes known to dask
import pytest
from pages import blocks, folder_with, page

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.cli.parser import parser
from boltzmann_rl.runs.executors.choice import library_of

PAGE, BLOCKS = page("runs.md"), blocks("runs.md")
FILE = next(text for language, text in BLOCKS if text.startswith("# study.py"))
CLUSTER = next(text for language, text in BLOCKS if "SLURMCluster" in text)
SCRIPT = next(text for language, text in BLOCKS if language == "bash")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the file of the page, from which Python imports."""
    with folder_with("study", FILE, tmp_path, monkeypatch) as found:
        yield found


def key_of_a_cell():
    from study import EXPERIMENT

    return next(EXPERIMENT.plan().cells())[1].key[:12]


def command(line, capsys):
    """Run a command of the page; those that need a cluster are only parsed."""
    program, *arguments = shlex.split(line)
    assert program == "boltzmann-rl"
    if "--executor" in arguments:
        assert library_of(parser().options_of(arguments).executor) is not None
        return
    arguments = [key_of_a_cell() if word == "KEY" else word for word in arguments]
    assert main(arguments) == 0, capsys.readouterr().err


def test_the_code_and_the_commands_run_from_top_to_bottom(folder, capsys):
    namespace, windows = {"__name__": "page"}, None
    for language, text in BLOCKS:
        if language == "sh":
            for line in text.splitlines():
                command(line, capsys)
        elif text not in (FILE, CLUSTER, SCRIPT):
            exec(compile(text, "runs.md", "exec"), namespace)
            windows = namespace.get("curves") if "results.run_curves" in text else windows
    assert (folder / "results" / "study.1").is_dir(), "where --fresh moved the results"
    named = re.search(r"^The columns are (.*?)\n\n", PAGE, flags=re.DOTALL | re.MULTILINE)[1]
    columns = list(windows.columns)
    assert re.findall(r"`(\w+)`", named) == columns[: columns.index("end") + 1]
    assert set(namespace["final"].columns) == set(brl.load("results/study").summary["agent"])
    assert (folder / "windows.csv").exists()
    described = re.findall(r"^\| `.*?(?=\|)", PAGE, flags=re.MULTILINE)
    names = {name.rstrip("/") for line in described for name in re.findall(r"`([\w./]+)`", line)}
    assert {path.name for path in Path("results/study").iterdir()} <= names


def test_the_script_for_a_batch_system_does_all_parts(folder, capsys):
    (folder / "bin").mkdir()
    program = folder / "bin" / "boltzmann-rl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m boltzmann_rl.cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:/usr/bin:/bin"
    package = str(Path(brl.__file__).parents[1])
    for part in ("1", "2"):
        tasks = {"SLURM_ARRAY_TASK_ID": part, "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_CPUS_PER_TASK": "1"}
        given = {"PATH": path, "PYTHONPATH": package, "HOME": str(folder), **tasks}
        subprocess.run(["bash", "-c", SCRIPT], env=given, check=True, timeout=120)
    assert main(["plot", "results/study"]) == 0
    assert brl.load("results/study").manifest["runs"] == 200


def test_the_code_for_a_cluster_of_dask_runs_on_a_cluster_on_this_machine(folder, monkeypatch):
    """dask-jobqueue needs SLURM: in its place a cluster of two processes takes the same calls."""
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    asked = []

    class Cluster(distributed.LocalCluster):
        def __init__(self, **options):
            asked.append(options)
            super().__init__(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50, memory_limit=0)

        def scale(self, jobs):
            if jobs:
                asked.append(jobs)
            else:  # at the end
                super().scale(0)

    monkeypatch.setitem(sys.modules, "dask_jobqueue", types.SimpleNamespace(SLURMCluster=Cluster))
    from study import EXPERIMENT

    namespace = {"EXPERIMENT": EXPERIMENT}
    code = CLUSTER.replace("wait_for_workers(16)", "wait_for_workers(2)")
    assert code != CLUSTER
    with dask.config.set({"distributed.worker.multiprocessing-method": "loky"}):
        exec(compile(code, "runs.md", "exec"), namespace)
        namespace["cluster"].close()
    assert asked == [{"cores": 16, "processes": 16, "memory": "32GB", "walltime": "04:00:00"}, 4]
    whole = EXPERIMENT.run(progress=False)
    assert brl.load("results/study").runs.equals(whole.runs)


def test_the_statuses_of_the_page_are_those_of_the_help():
    told = re.findall(r"^\| (\d+) \|", PAGE, flags=re.MULTILINE)
    assert told == ["0", "1", "2", "130", "143"]
    assert all(status in parser().format_help() for status in told)
