"""Published numbers are compared with ours within stated tolerances, and the command reports the verdicts."""

import csv
import runpy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from boltzmann_rl import Boltzmann
from boltzmann_rl.arguments.parameters import with_parameters
from boltzmann_rl.cli import main
from boltzmann_rl.reproduction.page import lines_of
from boltzmann_rl.reproduction.targets import NOT_GIVEN, Measurement, Target, measure_targets

ROOT = Path(__file__).parent.parent
DECLARED = ROOT / "experiments" / "reproductions"


@dataclass(frozen=True)
class Fixed:
    """A study whose numbers are known."""

    values: tuple[float, ...] = (10.0,)
    standard_error: float = 0.1
    runs: int = 100

    def measure(self, jobs: int | None = None) -> Measurement:
        error = np.full(len(self.values), self.standard_error)
        return Measurement(np.array(self.values), error, error * self.runs**0.5, self.runs)


def verdict(**fields: object) -> tuple[str, ...]:
    (row,) = measure_targets([Target(id="T", study=Fixed(), source="", **{"published": 10.0, **fields})])
    return row.failures


def test_a_number_agrees_within_three_and_a_half_standard_errors() -> None:
    assert verdict(published=10.34) == ()
    assert verdict(published=10.36) == ("0.36 from the paper, 0.35 allowed",)


def test_the_papers_sampling_error_is_included_if_its_runs_are_known() -> None:
    # sd of a run is 0.1·√100 = 1, so 100 published runs double the variance: 3.5·√(0.01 + 0.01) = 0.495
    assert verdict(published=10.49, published_runs=100) == ()
    assert verdict(published=10.50, published_runs=100) != ()


def test_absolute_and_relative_reading_errors_widen_the_tolerance() -> None:
    assert verdict(published=10.84, within=0.5) == ()
    assert verdict(published=10.86, within=0.5) != ()
    assert verdict(published=11.0, relative=0.1) == ()


def test_the_independent_value_is_compared_too() -> None:
    assert verdict(independent=10.40, independent_se=0.06) == ()
    assert verdict(independent=10.42, independent_se=0.06) == ("0.42 from the independent value, 0.408 allowed",)


def test_a_number_that_a_paper_does_not_give_is_not_compared() -> None:
    assert verdict(published=NOT_GIVEN) == ()
    assert verdict(published=NOT_GIVEN, independent=12.0) != ()


def test_a_common_offset_of_a_group_is_subtracted_before_the_comparison() -> None:
    targets = [
        Target(
            id=f"T{k}",
            study=Fixed((value,)),
            source="",
            published=1.0,
            within=1.0,
            offset_group="G",
            offset_within=0.05,
        )
        for k, value in enumerate((1.5, 1.5, 1.62))
    ]
    assert [row.passed for row in measure_targets(targets)] == [True, True, False]


def test_a_curve_is_also_compared_by_its_mean_distance() -> None:
    far = Target(id="T", study=Fixed((1.0, 2.0)), source="", published=(1.2, 2.2), within=0.3, mean_within=0.1)
    (row,) = measure_targets([far])
    assert row.failures == ("on average 0.2 from the paper, 0.1 allowed",)


def test_quick_takes_a_tenth_of_the_runs_and_a_shared_study_is_measured_once() -> None:
    counted: list[int] = []
    targets = [Target(id=f"T{k}", study=Fixed(runs=1000), source="", published=10.0) for k in range(3)]
    rows = measure_targets(targets, quick=True, advance=counted.append)
    assert [row.ours.runs for row in rows] == [100, 100, 100]
    assert counted == [1]


@dataclass(frozen=True)
class Seeded:
    """Its number is its seed."""

    seed: int = 0

    def measure(self, jobs: int | None = None) -> Measurement:
        return Measurement.exact(self.seed)


def test_a_given_seed_is_used_by_every_study_that_draws() -> None:
    targets = [
        Target(id="a", study=Seeded(), source="", published=7.0),
        Target(id="b", study=Fixed(), source="", published=10.0),
    ]
    assert [row.ours.values[0] for row in measure_targets(targets, seed=7)] == [7.0, 10.0]
    assert [row.ours.values[0] for row in measure_targets(targets)] == [0.0, 10.0]


def test_every_study_with_runs_has_a_seed() -> None:
    studies = [t.study for file in sorted(DECLARED.glob("*.py")) for t in runpy.run_path(str(file))["TARGETS"]]
    assert all(hasattr(study, "seed") == hasattr(study, "runs") for study in studies)


def test_parameters_of_a_study_can_be_changed_and_a_wrong_name_is_refused() -> None:
    assert with_parameters(Fixed(), {"runs": 5}).runs == 5
    with pytest.raises(ValueError, match=r"Fixed has no parameter 'tau', only values, standard_error, runs"):
        with_parameters(Fixed(), {"tau": 5})


def test_dotted_names_change_the_parts_of_a_study() -> None:
    study = next(t.study for t in runpy.run_path(str(DECLARED / "kuleshov_precup.py"))["TARGETS"] if "tau0.01" in t.id)
    changed = with_parameters(study, {"agent.policy.temperature": 0.02, "arms": 20})
    assert (changed.agent.policy, changed.arms) == (Boltzmann(0.02), 20)
    with pytest.raises(ValueError, match="Boltzmann has no parameter 'tau', only temperature"):
        with_parameters(study, {"agent.policy.tau": 0.02})


def test_the_readme_gives_the_number_of_the_page() -> None:
    page = (ROOT / "results" / "shipped" / "reproductions" / "README.md").read_text("utf-8")
    sentence = page.splitlines()[2].rstrip(".")
    assert sentence in (ROOT / "README.md").read_text("utf-8")
    assert "DIFFERS" not in page


def test_an_exact_id_selects_that_target_only(capsys: pytest.CaptureFixture[str]) -> None:
    call = ["reproduce", "SB26-ucb-1", "--list", "--experiments", str(ROOT / "experiments")]
    assert main(call) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_every_published_target_is_declared_once() -> None:
    declared = [target.id for file in sorted(DECLARED.glob("*.py")) for target in runpy.run_path(str(file))["TARGETS"]]
    assert len(declared) == len(set(declared))
    for paper, number in {
        "KP-T1": 12,
        "KP-F": 37,
        "KP-C": 6,
        "SB26": 13,
        "SB22": 1,
        "AU-12": 2,
        "BB-beta": 5,
        "WC-2B": 6,
        "VS": 2,
        "EX": 5,
        "MM-fp": 2,
        "QRE": 3,
    }.items():
        assert sum(name.startswith(paper) for name in declared) == number, paper


def test_the_command_prints_a_verdict_for_each_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "EX-softmax1", "MM-fp", "--quiet", "--experiments", str(ROOT / "experiments")]) == 0
    printed = capsys.readouterr().out
    assert "EX-softmax1 [4]" in printed
    assert "0.474833" in printed
    assert "3 of 3 targets agree." in printed


def test_the_command_with_changed_parameters_gives_no_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["reproduce", "EX-softmax1", "--set", "temperature=2.0", "--set", "values=(0.0, 1.0)"]
    assert main([*arguments, "--experiments", str(ROOT / "experiments")]) == 0
    assert "0.3775, 0.6225" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        ["XX-1"],
        ["EX", "--set", "tau"],
        ["EX", "--set", "temperature=hot"],
        ["EX", "--set", "tau=1"],
        ["EX", *2 * ["--set", "temperature=1"]],
    ],
)
def test_a_wrong_call_exits_with_status_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", *wrong, "--experiments", str(ROOT / "experiments")]) == 2
    assert capsys.readouterr().err.startswith("boltzmann-rl: ")


def test_a_line_names_the_compared_value_and_prints_the_digits_that_the_tolerance_needs() -> None:
    fields = {"id": "T", "study": Fixed((1.0, 2.0)), "source": "", "published": (1.2, NOT_GIVEN), "x": ("a", "b")}
    alone = lines_of(measure_targets([Target(**fields, within=0.3)])[0])
    assert [line["verdict"] for line in alone] == ["agrees", "nothing to compare with"]
    assert alone[1]["published"] == alone[1]["tolerance"] == "–"
    both = lines_of(measure_targets([Target(**fields, within=0.3, independent=(1.0, 2.0), independent_within=1e-8)])[0])
    assert both[0]["published"] == "1.2"
    assert both[1]["published"] == "2 (independent)"
    assert both[1]["verdict"] == "agrees"
    exact = Target(id="T", study=Fixed((1.0 / 3.0,), standard_error=0.0), source="", published=0.33333333, within=1e-8)
    (line,) = lines_of(measure_targets([exact])[0])
    assert (line["ours"], line["tolerance"]) == ("0.333333333", "1e-08")


def test_a_number_that_differs_is_shown_as_a_failure_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "experiments" / "reproductions"
    folder.mkdir(parents=True)
    (folder / "paper.py").write_text(
        '"""A paper | a table: what it says."""\n'
        "from dataclasses import dataclass\n"
        "from boltzmann_rl.reproduction import Measurement, Target\n"
        "@dataclass(frozen=True)\n"
        "class Two:\n"
        "    def measure(self, jobs=None):\n"
        "        return Measurement.exact(2.0)\n"
        "TARGETS = [Target(id='ONE', study=Two(), published=1.0, source='A | B', panel='p', series='s', x=(1,))]\n"
    )
    call = ["reproduce", "--quiet", "--experiments", str(folder.parent), "--results", str(tmp_path / "results")]
    assert main(call) == 1
    printed = capsys.readouterr().out
    assert "DIFFERS: 1 from the paper, 0 allowed" in printed
    assert "0 of 1 targets agree." in printed
    page = (tmp_path / "results" / "reproductions" / "README.md").read_text("utf-8")
    assert "## A paper \\| a table: what it says\n" in page
    assert "A \\| B:" in page
    assert "DIFFERS" in page
    with (tmp_path / "results" / "reproductions" / "reproductions.csv").open() as file:
        assert [row["agrees"] for row in csv.DictReader(file)] == ["False"]
    assert (tmp_path / "results" / "reproductions" / "figures" / "paper.png").stat().st_size > 1000
