"""The command line: what it prints, which files it writes, and its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import boltzmann_rl as brl
from boltzmann_rl import load
from boltzmann_rl.cli import main
from boltzmann_rl.results.spreadsheets import read_csv

EXPERIMENT = '''"""Which temperature?

More of it.
"""
from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage

EXPERIMENT = BanditExperiment(
    name="small",
    problem={"three arms": GaussianBandit((0.0, 0.5, 1.0))},
    agents={"cool": Agent(SampleAverage(), Boltzmann(0.1)), "hot": Agent(SampleAverage(), Boltzmann(2.0))},
    runs=6,
    steps=12,
)
'''

OWN_CLASSES = '''"""Classes of the file itself."""
from dataclasses import dataclass
import numpy as np
from boltzmann_rl import Agent, BanditExperiment, GaussianBandit, SampleAverage, softmax


@dataclass(frozen=True)
class Cooling:
    pace: float

    def __call__(self, step):
        return 1.0 / (1.0 + self.pace * step)


@dataclass(frozen=True)
class Mine:
    temperature: Cooling

    def __call__(self, values, step):
        return softmax(values, self.temperature(step))


EXPERIMENT = BanditExperiment(
    name="own",
    problem=GaussianBandit(),
    agents={"mine": Agent(SampleAverage(), Mine(Cooling(0.1)))},
    runs=1001,
    steps=3,
)
'''

POLICIES = """
import numpy as np
from boltzmann_rl import Boltzmann, Greedy

GOOD = Boltzmann(0.5)
KIND = Boltzmann


def broken(values, step):
    return np.full(np.shape(values), 0.4)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])  # to which the folders of experiments are added
    Path("small.py").write_text(EXPERIMENT, "utf-8")
    return tmp_path


WITHOUT_FIGURES = str(Path(__file__).with_name("without_figures.py"))


def shell(*arguments, program=("-m", "boltzmann_rl.cli")):
    """Run the command in a new process; returns its status, standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *program, *arguments],
        capture_output=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def said(capsys):
    """The text on standard error, which must be one readable paragraph without a traceback."""
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert err.startswith(("boltzmann-rl: ", "usage: "))
    assert "\n\n" not in err.strip()
    assert max(map(len, err.splitlines())) <= 150
    return " ".join(err.split())


@pytest.mark.figures
def test_run_writes_the_results_and_names_the_best_agent(folder, capsys):
    assert main(["run", "small.py"]) == 0
    out, err = capsys.readouterr()
    assert "small on three arms" in out
    assert all(agent in out for agent in ("cool", "hot"))
    assert "had the highest mean reward per step" in out
    assert str(Path("results/small")) in out
    assert "Traceback" not in err
    results = load("results/small")
    assert results.manifest["runs"] == 6
    assert results.curves["step"].max() == 11
    assert Path("results/small/figures/small.png").stat().st_size > 1000


def test_quiet_prints_nothing_on_standard_error(folder, capsys):
    assert main(["run", "small.py", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "small on three arms" in out


def test_options_override_the_declaration_of_the_file(folder, capsys):
    options = ["--runs", "3", "--steps", "7", "--seed", "9", "--results", "elsewhere", "--points", "7"]
    assert main(["run", "small.py", "--quiet", *options]) == 0
    results = load("elsewhere/small")
    assert results.manifest["runs"] == 3
    assert results.manifest["declaration"]["steps"] == 7
    assert results.manifest["declaration"]["seed"] == 9
    assert results.curves["step"].unique().tolist() == list(range(7))
    assert not Path("results").exists()


def test_quick_takes_few_runs_and_never_more_than_declared(folder, capsys):
    assert main(["run", "small.py", "--quiet", "--quick"]) == 0
    assert load("results/small").manifest["runs"] == 6
    Path("big.py").write_text(EXPERIMENT.replace("runs=6", "runs=5000").replace('"small"', '"big"'), "utf-8")
    assert main(["run", "big.py", "--quiet", "--quick"]) == 0
    assert load("results/big").manifest["runs"] == 200


def test_all_experiments_of_all_files_are_run(folder, capsys):
    second = EXPERIMENT.replace("EXPERIMENT =", "OTHER =").replace('"small"', '"other"')
    Path("both.py").write_text(EXPERIMENT.replace('"small"', '"first"') + second.split('"""', 2)[2], "utf-8")
    assert main(["run", "small.py", "both.py", "--quiet"]) == 0
    assert {path.name for path in Path("results").iterdir()} == {"small", "first", "other"}


def test_another_declaration_is_announced_and_the_cells_of_the_first_are_kept(folder, capsys):
    assert main(["run", "small.py", "--quiet"]) == 0
    before = load("results/small")
    capsys.readouterr()
    assert main(["run", "small.py", "--quiet", "--seed", "1"]) == 0
    assert "The declaration has changed (seed: 0 → 1)" in said(capsys)
    assert load("results/small").manifest["declaration"]["seed"] == 1
    assert main(["run", "small.py", "--quiet"]) == 0
    again = load("results/small")
    assert again.curves.equals(before.curves)
    assert len(again.cells) == 4


def test_fresh_begins_anew_and_deletes_nothing(folder, capsys):
    assert main(["run", "small.py", "--quiet"]) == 0
    before = {path.name: path.read_bytes() for path in Path("results/small").rglob("*") if path.is_file()}
    capsys.readouterr()
    assert main(["run", "small.py", "--quiet", "--fresh"]) == 0
    assert "What was in results/small is now in results/small.1." in said(capsys)
    assert {path.name: path.read_bytes() for path in Path("results/small.1").rglob("*") if path.is_file()} == before
    assert load("results/small").curves.equals(load("results/small.1").curves)


@pytest.mark.parametrize("option", ["--jobs", "--runs", "--steps", "--points"])
@pytest.mark.parametrize("number", ["0", "-1", "1.5", "many", ""])
def test_numbers_out_of_range_exit_with_status_2(folder, capsys, option, number):
    with pytest.raises(SystemExit, match="2"):
        main(["run", "small.py", f"{option}={number}"])
    err = capsys.readouterr().err
    assert f"argument {option}: must be a whole number, 1 or more, got {number!r}" in err
    assert not Path("results").exists()


@pytest.mark.parametrize("seed", ["-1", str(2**63), "1.0", "x"])
def test_invalid_seeds_exit_with_status_2(folder, capsys, seed):
    with pytest.raises(SystemExit, match="2"):
        main(["run", "small.py", f"--seed={seed}"])
    assert "must be a whole number from 0 to 2**63 - 1" in capsys.readouterr().err


@pytest.mark.parametrize("call", [[], ["fly"], ["run", "small.py", "--job", "2"], ["plot"], ["check"]])
def test_unknown_commands_and_options_exit_with_status_2(folder, capsys, call):
    with pytest.raises(SystemExit, match="2"):
        main(call)
    assert capsys.readouterr().err.startswith("usage: boltzmann-rl")


def test_the_number_of_processes_is_capped(folder):
    status, out, err = shell("run", "small.py", "--quiet", "--jobs", "1000000", program=[WITHOUT_FIGURES])
    assert (status, err) == (0, "")
    assert "small on three arms" in out


def test_classes_defined_in_the_experiment_file_reach_the_workers(folder):
    Path("own.py").write_text(OWN_CLASSES, "utf-8")
    assert shell("run", "own.py", "--quiet", "--jobs", "2")[::2] == (0, "")
    assert main(["run", "own.py", "--quiet", "--results", "alone"]) == 0
    for table in ("curves.csv", "summary.csv", "runs.csv"):
        assert Path("results/own", table).read_bytes() == Path("alone/own", table).read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "status", "message"),
    [
        ("gone.py", None, 2, "no experiment file there: gone.py does not exist"),
        ("empty.py", "", 2, "empty.py declares no experiment: it needs a module-level EXPERIMENT"),
        ("other.py", "EXPERIMENT = 3", 2, "declares no experiment"),
        ("raises.py", "1 / 0", 1, "raises.py could not be loaded: ZeroDivisionError: division by zero"),
        ("leaves.py", "raise SystemExit(0)", 1, "leaves.py could not be loaded: SystemExit: 0"),
        ("typo.py", "def", 1, "typo.py could not be loaded: SyntaxError"),
        ("imports.py", "import no_such_module", 1, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("name.py", EXPERIMENT.replace('"small"', '"../up"'), 1, "ValueError: name must be"),
        ("table.csv", "a,b", 2, "table.csv is not a Python file"),
    ],
    ids=lambda part: part if str(part).endswith((".py", ".csv")) else "",
)
def test_a_file_that_cannot_be_run_gives_a_one_paragraph_error(folder, capsys, name, content, status, message):
    if content is not None:
        Path(name).write_text(content, "utf-8")
    assert main(["run", name]) == status
    assert message in said(capsys)
    assert not Path("results").exists()


def test_an_agent_that_fails_during_a_run_is_named(folder, capsys):
    Path("own.py").write_text(OWN_CLASSES.replace("1.0 / (1.0 + self.pace * step)", "0.5 - step"), "utf-8")
    assert main(["run", "own.py", "--quiet"]) == 1
    told = said(capsys)
    assert "mine on GaussianBandit, runs 0 to 9: ValueError: temperature must be 0 or more, got -0.5" in told
    assert not Path("results/own/manifest.json").exists()


def test_debug_shows_the_traceback(folder):
    Path("raises.py").write_text("1 / 0", "utf-8")
    status, _, err = shell("run", "raises.py", "--debug")
    assert status == 1
    assert "Traceback (most recent call last)" in err
    assert "ZeroDivisionError" in err
    status, _, err = shell("run", "raises.py")
    assert status == 1
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_closed_output_pipe_is_no_error(folder, reader):
    for number in range(3):
        Path(f"copy{number}.py").write_text(EXPERIMENT, "utf-8")
    for command in ("list .", "run small.py --quiet --fresh", "check boltzmann_rl.policies.greedy:Greedy"):
        done = subprocess.run(
            f"{sys.executable} -u {WITHOUT_FIGURES} {command} | {reader}",
            shell=True,
            capture_output=True,
            check=True,
            text=True,
        )
        assert "Traceback" not in done.stderr
        assert "BrokenPipe" not in done.stderr


@pytest.mark.figures
def test_plot_redraws_the_figure_from_the_tables(folder, capsys):
    assert main(["run", "small.py", "--quiet"]) == 0
    figure = Path("results/small/figures/small.svg")
    drawn = set()
    for _ in range(2):
        figure.unlink()
        assert main(["plot", "results/small"]) == 0
        drawn.add(figure.read_bytes())
    assert len(drawn) == 1
    assert str(figure) in capsys.readouterr().out
    for kind in ("png", "svg", "pdf"):
        assert main(["plot", "results/small", "--output", f"mine.{kind}"]) == 0
        assert Path(f"mine.{kind}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nowhere"], 2, "no results there: nowhere does not exist"),
        (["."], 2, "contains no results: there is no manifest.json in it"),
        (["results/small", "--output", "figure.doc"], 2, "--output must end in .png, .svg or .pdf, got 'figure.doc'"),
    ],
)
def test_a_plot_without_results_gives_a_one_paragraph_error(folder, capsys, arguments, status, message):
    main(["run", "small.py", "--quiet"])
    capsys.readouterr()
    assert main(["plot", *arguments]) == status
    assert message in said(capsys)


def test_list_shows_every_experiment_and_its_question(folder, capsys):
    assert main(["list", "."]) == 0
    out = capsys.readouterr().out
    assert "small.py" in out
    assert "small: Which temperature?" in out
    assert "2 agents, 6 runs, 12 steps" in out


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        ("import nothing_here", 1, "another.py could not be loaded: ModuleNotFoundError"),
        ("", 0, "another.py\n    declares no experiment\n"),
    ],
    ids=["broken", "empty"],
)
def test_list_shows_the_other_experiments_if_a_file_has_none(folder, capsys, content, status, message):
    Path("another.py").write_text(content, "utf-8")
    assert main(["list", "."]) == status
    printed = capsys.readouterr()
    assert "small: Which temperature?" in printed.out
    assert message in (printed.err if status else printed.out)


def test_list_shows_experiments_in_yaml_and_json_and_passes_over_files_of_others(folder, capsys):
    agents = {"a": brl.Agent(brl.SampleAverage(), brl.Greedy())}
    written = brl.to_dict(brl.BanditExperiment("declared", brl.GaussianBandit((0.0, 1.0)), agents, runs=3, steps=4))
    Path("one.json").write_text(json.dumps(written), "utf-8")
    Path("two.yaml").write_text(f"# Does it pay to explore?\n{json.dumps(written)}", "utf-8")
    Path("policy.json").write_text(json.dumps(brl.to_dict(brl.Greedy())), "utf-8")
    Path("package.json").write_text("{", "utf-8")
    assert main(["list", "."]) == 0
    out = capsys.readouterr().out
    assert "one.json\n    declared: no question stated\n    1 agents, 3 runs, 4 steps" in out
    assert "two.yaml\n    declared: Does it pay to explore?\n" in out
    assert "policy.json\n    declares no experiment" in out
    assert "package.json" not in out
    Path("broken.json").write_text('{"boltzmann_rl": 1', "utf-8")
    assert main(["list", "."]) == 1
    assert "broken.json could not be loaded" in said(capsys)


def test_list_without_any_experiment_is_an_error(folder, capsys):
    Path("small.py").write_text("", "utf-8")
    assert main(["list", "."]) == 2
    assert ". declares no experiment: it needs a module-level EXPERIMENT" in capsys.readouterr().err


NEIGHBOUR = """
from dataclasses import dataclass
import boltzmann_rl as brl


@dataclass(frozen=True)
class Half:
    def __call__(self, values, step):
        import neighbours_again
        return brl.softmax(values, neighbours_again.TEMPERATURE)
"""

WITH_NEIGHBOUR = """
import boltzmann_rl as brl
from neighbours import Half

POLICY = Half()
agents = {"a": brl.Agent(brl.SampleAverage(), POLICY)}
EXPERIMENT = brl.BanditExperiment("with_neighbour", brl.GaussianBandit((0.0, 1.0)), agents, runs=3, steps=3, seed=0)
"""


def test_an_experiment_file_may_import_the_modules_beside_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (folder := tmp_path / "of experiments").mkdir()
    for name, text in {"neighbours": NEIGHBOUR, "neighbours_again": "TEMPERATURE = 0.5", "one": WITH_NEIGHBOUR}.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    for call in (
        ["run", "of experiments/one.py", "--quiet"],
        ["run", "of experiments/one.py", "--quiet", "--jobs", "2", "--results", "others"],
        ["list", "of experiments"],
        ["check", "of experiments/one.py:POLICY"],
    ):
        status, out, err = shell(*call, program=[WITHOUT_FIGURES])
        assert (status, err) == (0, ""), call
        if call[0] == "list":
            assert "neighbours.py" in out


def test_files_of_two_folders_import_each_their_own_neighbour(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    for name, temperature in {"first": 0.125, "second": 0.25}.items():
        Path(name).mkdir()
        Path(name, "neighbours.py").write_text(
            f"import boltzmann_rl as b\nPOLICY = b.Boltzmann({temperature})", "utf-8"
        )
        Path(name, "here.py").write_text("from neighbours import POLICY", "utf-8")
        assert main(["check", f"{name}/here.py:POLICY"]) == 0
        assert f"temperature={temperature}" in capsys.readouterr().out


def test_list_names_the_folder_it_searched(folder, capsys):
    assert main(["list"]) == 2
    assert "no experiments there: experiments does not exist (seen from " in said(capsys)
    Path("experiments").mkdir()
    assert main(["list"]) == 2
    assert "no experiment files in experiments" in said(capsys)


def test_check_names_the_laws_that_a_policy_obeys_and_the_one_that_it_breaks(folder, capsys):
    Path("policies.py").write_text(POLICIES, "utf-8")
    assert main(["check", "policies.py:GOOD"]) == 0
    assert "Boltzmann(temperature=0.5) obeys all 11 laws" in capsys.readouterr().out
    assert main(["check", "policies.py:broken"]) == 1
    assert "the law 'rows are distributions' is broken" in said(capsys)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("policies.py:MISSING", "there is no MISSING in policies.py"),
        ("policies.py:KIND", "KIND is a class: name an instance"),
        ("policies.py", "must be given as MODULE:NAME, got 'policies.py'"),
        (":GOOD", "must be given as MODULE:NAME"),
        ("gone.py:GOOD", "no Python file there: gone.py does not exist"),
        ("no_such_module:GOOD", "no_such_module cannot be imported"),
    ],
)
def test_a_check_without_a_policy_exits_with_status_2(folder, capsys, policy, message):
    Path("policies.py").write_text(POLICIES, "utf-8")
    assert main(["check", policy]) == 2
    assert message in said(capsys)


def test_check_finds_a_module_of_the_current_folder_by_name(folder, capsys):
    Path("my_policies_here.py").write_text(POLICIES, "utf-8")
    assert main(["check", "my_policies_here:GOOD"]) == 0


def test_help_has_an_example_for_every_command(capsys):
    for command in ("run", "plot", "list", "check"):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert f"Example: boltzmann-rl {command}" in capsys.readouterr().out


def test_the_installed_command_prints_its_version():
    status, out, err = shell("--version")
    assert (status, err) == (0, "")
    assert out.startswith("boltzmann_rl ")


def test_a_run_whose_results_could_not_be_saved_does_not_start(tmp_path, monkeypatch, capsys):
    file = tmp_path / "small.py"
    file.write_text(
        "from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage\n"
        "EXPERIMENT = BanditExperiment(name='small', problem=GaussianBandit(), runs=6, steps=5,\n"
        "    agents={'a': Agent(SampleAverage(), Boltzmann(0.1))})\n"
    )
    call = ["run", str(file), "--results", str(tmp_path / "results"), "--quiet"]
    assert main(call) == 0
    monkeypatch.setattr("boltzmann_rl.BanditExperiment.run", lambda *_, **__: pytest.fail("the work was done in vain"))
    manifest = tmp_path / "results" / "small" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 2', '"format": 3'))
    assert main([*call, "--runs", "3"]) == 1
    assert "it has format 3" in " ".join(capsys.readouterr().err.split())
    other = tmp_path / "other.py"
    other.write_text(file.read_text().replace("0.1", "0.2"))
    assert main(["run", str(other), *call[1:]]) == 2
    assert "need different names, got small, small" in said(capsys)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["run", "small.py", "--job", "2"], "unrecognized arguments: --job 2: did you mean --jobs?"),
        (["run", "small.py", "--n-jobs=2"], "unrecognized arguments: --n-jobs=2: did you mean --jobs?"),
        (["run", "small.py", "--num-runs", "5"], "did you mean --runs?"),
        (["run", "small.py", "--frehs"], "did you mean --fresh?"),
        (["plot", "results", "--ouput", "a.png"], "did you mean --output?"),
        (["reproduce", "--experiment", "there"], "did you mean --experiments?"),
        (["run", "small.py", "--banana"], "unrecognized arguments: --banana. See boltzmann-rl run --help"),
        (["list", "experiments", "more"], "unrecognized arguments: more. See boltzmann-rl list --help"),
        (["runn", "small.py"], "there is no command 'runn': did you mean run? The commands are run, list, plot, "),
        (["reprodce"], "there is no command 'reprodce': did you mean reproduce?"),
        (["xyz"], "there is no command 'xyz'. The commands are run, list, plot, "),
        (["--quick", "run", "small.py"], "the command comes first, then its options, got '--quick'"),
    ],
)
def test_a_misspelt_command_or_option_is_corrected_in_the_error(folder, capsys, call, message):
    with pytest.raises(SystemExit, match="2"):
        main(call)
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["run", "smal.py"], "smal.py does not exist (seen from {here}): did you mean small.py?"),
        (["run", "elsewhere/small.py"], "elsewhere/small.py does not exist (seen from {here})"),
        (["check", "policies.py:GOD"], "there is no GOD in policies.py: did you mean GOOD?"),
    ],
)
def test_a_misspelt_file_or_policy_is_corrected_in_the_error(folder, capsys, call, message):
    Path("policies.py").write_text(POLICIES, "utf-8")
    assert main(call) == 2
    assert said(capsys).endswith(message.format(here=Path.cwd()))


def test_a_misspelt_target_or_parameter_of_a_study_is_corrected_in_the_error(capsys):
    assert main(["reproduce", "KP-T1-s0.1-tau0.0008"]) == 2
    assert "or begins with it: did you mean KP-T1-s0.1-tau0.0007? " in said(capsys)
    assert main(["reproduce", "KP-T1-s0.1-tau0.0007", "--set", "stps=3"]) == 2
    assert "has no parameter 'stps', only agent, arms, sd, steps, runs, seed, windows; did you mean steps?" in (
        said(capsys)
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_plot_writes_the_curves_of_every_run_on_request(folder, capsys, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    assert main(["run", "small.py", "--quiet"]) == 0
    assert main(["plot", "results/small", "--run-curves", f"runs.{kind}"]) == 0
    read = {"csv": read_csv, "parquet": pd.read_parquet}[kind]
    pd.testing.assert_frame_equal(read(Path(f"runs.{kind}")), load("results/small").run_curves, check_dtype=False)
    assert main(["plot", "results/small", "--run-curves", "runs.txt"]) == 2
    assert "--run-curves must end in .csv or .parquet" in said(capsys)


# --- wrong values of the options of a run ---------------------------------------------------------------------


@pytest.mark.parametrize("part", ["3", "3/2", "0/2", "1/0", "/", "a/b", "-1/2", "1/2/3", "1.0/2", ""])
def test_a_wrong_shard_exits_with_status_2(folder, capsys, part):
    with pytest.raises(SystemExit) as exit_:
        main(["run", "small.py", f"--shard={part}"])
    assert exit_.value.code == 2
    assert f"--shard: must be K/N with 1 ≤ K ≤ N, such as 3/16, got {part!r}" in said(capsys)
    assert not Path("results").exists()


@pytest.mark.parametrize("place", ["dusk", "slurm", "tcp:/host:1", "tcp://", "http://host:1", ""])
def test_a_wrong_executor_exits_with_status_2_before_anything_is_written(folder, capsys, place):
    assert main(["run", "small.py", f"--executor={place}"]) == 2
    places = "dask, dask://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT, ray, ray:auto or ray://HOST:PORT"
    assert f"--executor must be {places}, got {place!r}" in said(capsys)
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["small.py", "--cell", "cool"],
            "--cell takes the key of a cell, or its beginning, such as 3f9a0c, got 'cool'",
        ),
        (["small.py", "--cell", ""], "such as 3f9a0c, got ''"),
        (
            ["small.py", "--cell", "0" * 64],
            f"no cell has a key that begins with '{'0' * 64}': the declaration, --runs,",
        ),
        (["small.py", "--pdb"], "--pdb goes with --cell KEY"),
        (["--again", "nowhere"], "no results there: nowhere does not exist"),
        (["--again", "."], ". contains no results: there is no manifest.json in it"),
        (["--again", "nowhere", "--runs", "3", "--fresh"], "repeats the run as it was: leave out --runs, --fresh"),
        ([], "run needs a FILE with a module-level EXPERIMENT, or --again DIR"),
    ],
)
def test_a_wrong_cell_or_folder_to_repeat_exits_with_status_2(folder, capsys, arguments, message):
    assert main(["run", *arguments]) == 2
    assert message in said(capsys)
    assert not Path("results").exists()


def test_a_beginning_of_several_keys_is_not_taken_for_one_of_them(folder, capsys):
    many = EXPERIMENT.replace("runs=6", "runs=17000").replace("steps=12", "steps=1")  # of 42 keys two begin alike
    Path("many.py").write_text(many, "utf-8")
    beginnings = [digit for digit in "0123456789abcdef" if main(["run", "many.py", "--cell", digit]) == 2]
    assert "cells have keys that begin with" in said(capsys)
    assert beginnings


def test_again_says_that_the_file_of_the_run_has_changed(folder, capsys):
    assert main(["run", "small.py", "--quiet"]) == 0
    Path("small.py").write_text(EXPERIMENT.replace("2.0", "3.0"), "utf-8")
    capsys.readouterr()
    assert main(["run", "--again", "results/small"]) == 2
    assert "small.py has changed since: its text is in the manifest" in said(capsys)
    Path("small.py").unlink()
    assert main(["run", "--again", "results/small"]) == 2
    assert "no experiment file there" in said(capsys)


# --- folders of results ---------------------------------------------------------------------------------------


def test_status_and_store_count_what_is_there(folder, capsys):
    assert main(["run", "small.py", "--quiet", "--runs", "12"]) == 0  # runs 0 to 9, and 10 and 11, of two agents
    assert main(["run", "small.py", "--quiet", "--runs", "10", "--seed", "3"]) == 0
    capsys.readouterr()
    assert main(["status", "results/small"]) == 0
    assert capsys.readouterr().out == "small: 2 of 2 cells, 10 of 10 runs complete for all agents\n"
    assert main(["store", "ls", "results/small"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == ["cool on three arms: 1 of 1 cells", "hot on three arms: 1 of 1 cells"]
    assert told[2].startswith("6 cells in all, ")
    assert told[2].endswith("MB, 4 of them from earlier declarations or code")
    assert main(["store", "compact", "results/small"]) == 0
    assert "before: 6 cells, " in capsys.readouterr().out
    assert len(list(Path("results/small/cells").glob("*.cells"))) == 1
    assert main(["store", "rm", "results/small"]) == 0
    assert "; now: 2 cells, " in capsys.readouterr().out
    assert main(["plot", "results/small"]) == 0
    assert load("results/small").manifest["declaration"]["seed"] == 3


def test_status_says_how_to_repeat_a_cell_that_failed(folder, capsys):
    Path("own.py").write_text(OWN_CLASSES.replace("1.0 / (1.0 + self.pace * step)", "0.5 - step"), "utf-8")
    assert main(["run", "own.py", "--quiet"]) == 1
    capsys.readouterr()
    assert main(["status", "results/own"]) == 0
    failed = [line.split() for line in capsys.readouterr().out.splitlines() if "--cell" in line]
    assert failed
    assert failed[0][:3] == ["boltzmann-rl", "run", "own.py"]
    assert failed[0][-1] == "--pdb"
    assert main(failed[0][1:-1]) == 1
    told = capsys.readouterr().err
    assert told.startswith("Traceback")  # which shows where it fails
    assert "temperature must be 0 or more, got -0.5" in told


@pytest.mark.parametrize("command", [["status"], ["store", "ls"], ["store", "rm"], ["store", "compact"]])
def test_a_folder_without_a_plan_is_refused(folder, capsys, command):
    assert main([*command, "."]) == 2
    assert ". is not the folder of an experiment's results: there is no plan.json in it" in said(capsys)
