"""Bandits need no threads, no other processes, no Numba and no Gymnasium, so they run in a browser."""

import json
import os
import subprocess
import sys

import browser_session
import matplotlib.image
import pytest
from browser_session import experiment
from pages import run_python

import boltzmann_rl as brl

TABLES = ("curves.csv", "summary.csv", "runs.csv", "comparisons.csv")


pytestmark = pytest.mark.figures  # also those of the ordinary process, which a fixture runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def session(folder):
    """A session in the imitated browser, with more cores than a browser's Python sees."""
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(sys.path)}
    call = [sys.executable, browser_session.__file__, str(folder), "4"]
    done = subprocess.run(call, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "errors": done.stderr}


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory):
    """The same experiment in this process."""
    place = tmp_path_factory.mktemp("ordinary")
    return experiment(60).run(results=place, progress=False), place / "study"


def test_the_imitated_browser_refuses_what_a_browser_refuses(session):
    kinds = {"thread": "RuntimeError", "fork": "OSError", "program": "OSError", "lock": "ModuleNotFoundError"}
    assert session["refused"] == {**kinds, "Gymnasium": "ModuleNotFoundError", "Numba": "ModuleNotFoundError"}


@pytest.mark.parametrize("table", TABLES)
def test_a_bandit_experiment_has_the_same_bytes_in_a_browser(session, folder, ordinary, table):
    assert (folder / "study" / table).read_bytes() == (ordinary[1] / table).read_bytes()


def test_several_jobs_are_done_by_the_one_process_that_a_browser_has_and_it_says_so_in_one_sentence(session):
    (sentence,) = session["warnings"]
    assert sentence.startswith("jobs=2: ")
    assert "lacks the module _multiprocessing" in sentence
    assert "this one does all the work; the results are the same" in sentence
    assert ". " not in sentence


def test_progress_is_shown_without_threads(session):
    assert f"study: {session['cells']} of {session['cells']} cells" in session["errors"]


def test_a_run_that_was_left_goes_on_from_the_cells_that_were_kept(session):
    assert session["kept"] > 0
    assert session["kept"] + session["resumed"] == session["cells"]


def test_figures_are_drawn_and_saved(session, folder, ordinary):
    for path in (folder / "shown.png", folder / "difference.png"):
        assert matplotlib.image.imread(path)[..., :3].std() > 0.0
    for name in ("study.png", "study.svg"):
        assert (folder / "study" / "figures" / name).read_bytes() == (ordinary[1] / "figures" / name).read_bytes()


def test_results_are_loaded_and_told_as_elsewhere(session, folder, ordinary):
    assert session["markdown"] == ordinary[0].to_markdown()
    assert session["sentence"] == ordinary[0].sentence
    assert brl.load(folder / "study").manifest["runs"] == 60  # what the browser wrote, elsewhere


def test_a_report_is_written(session, folder):
    page = (folder / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert all(label in page for label in experiment().agents)


def test_a_store_without_locks_keeps_every_cell_when_it_is_compacted(session):
    assert session["after compacting"] == session["before compacting"] > 0


def test_a_declaration_is_the_same_after_it_was_written_and_read(session):
    assert session["same declaration"]


def test_the_manifest_names_the_libraries_that_are_there(session, folder):
    versions = json.loads((folder / "study" / "manifest.json").read_text("utf-8"))["versions"]
    assert versions.keys() == {"python", "boltzmann_rl", "numpy", "scipy", "pandas", "matplotlib"}


def test_an_environment_says_that_it_needs_gymnasium(session):
    assert session["environment"] == ("environments need Gymnasium, which bandits do without: pip install gymnasium")


def test_an_environment_says_why_gymnasium_cannot_be_imported(tmp_path):
    (tmp_path / "gymnasium.py").write_text("import _no_such_part_of_multiprocessing\n")
    code = "import boltzmann_rl; boltzmann_rl.Environment('FrozenLake-v1').make()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8")
    assert done.stderr.splitlines()[-1] == (
        "ImportError: environments need Gymnasium, which bandits do without: its import says: No module named "
        "'_no_such_part_of_multiprocessing'; in a browser, install gymnasium<1.4"
    )


def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_python("browser.md")["results"].summary["agent"].nunique() == 2
    assert (tmp_path / "results" / "report.html").is_file()


def test_bandits_never_import_gymnasium(tmp_path):
    code = """if True:
        import sys
        import boltzmann_rl as brl
        from browser_session import experiment
        results = experiment().run(results=sys.argv[1], progress=False)
        results.plot(), results.report(f"{sys.argv[1]}/report.html"), brl.load(f"{sys.argv[1]}/study")
        brl.planning.MDP([[[1.0]]], [[0.0]], [1.0])
        brl.from_dict(brl.to_dict(experiment()))
        print("gymnasium" in sys.modules)
    """
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(sys.path)}
    call = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.run(call, env=environment, capture_output=True, text=True, check=True).stdout == "False\n"
