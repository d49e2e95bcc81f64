"""The atlas: a very small form goes through all stages, and its judgements are right on made-up tables."""

import doctest
import importlib
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from boltzmann_rl.runs.store import Store

HERE = Path(__file__).parents[1] / "experiments"
sys.path.append(str(HERE))  # the atlas is a package there

from atlas import command, judging, problems, report, rounds  # noqa: E402
from atlas.bandits import BANDITS, bandits  # noqa: E402
from atlas.environments import FAMILIES, environments  # noqa: E402
from atlas.rules import BANDIT_RULES, CONSTANT, ENVIRONMENT_RULES, REFERENCES, SCHEDULE  # noqa: E402
from atlas.running import Manner, blocks_of, tasks_of  # noqa: E402


def _thin(rules):
    """Few constants of each rule."""
    return [replace(rule, grid=rule.grid[:: 1 + len(rule.grid) // 2]) for rule in rules]


def _tiny(parts=1):
    """One even and one odd bandit of each family, few rules, and few runs."""
    shortest = [one for one in bandits(each=2) if one.horizon == "100–300"]
    chosen = [rule for rule in BANDIT_RULES if rule.name in ("τ = 1", "ε = 0.1", "UCB1, √2", "τ = c·range of values")]
    effort = rounds.Effort(first=10, later=(30,))
    return command.Part("bandits", shortest, _thin(chosen), effort, references=_thin((CONSTANT, SCHEDULE)))


def _files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _measured(part, folder, **manner):
    said = []
    manner = Manner(progress=False, tell=said.append, **manner)
    return rounds.measured(part.entrants, folder, part.effort, part.is_named, manner), said


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A tiny atlas: its folder and its table."""
    folder, part = tmp_path_factory.mktemp("atlas"), _tiny()
    table, said = _measured(part, folder)
    command.write_all(table, part, folder / "tables")
    assert [line.partition(":")[0] for line in said] == ["Round 1", "Round 2"]
    return folder, table


def test_a_tiny_atlas_has_a_row_for_each_candidate_on_each_problem_and_all_tables_and_figures(finished):
    folder, table = finished
    assert len(table) == len(_tiny().entrants)
    assert set(table["runs"]) == {10, 30}
    assert not table.isna().to_numpy().any()
    names = {path.name for path in (folder / "tables").rglob("*") if path.is_file()}
    tables = {"summary.csv", "groups.csv", "rivals.csv", "best.csv", "regrets.csv.gz"}
    assert names == tables | {"losses.png", "horizons.png", "temperatures.png"}
    summary = pd.read_csv(folder / "tables" / "summary.csv")
    assert set(summary["of"]) == {report.JUDGED, report.KEPT_OUT, report.ONE_OUT}
    assert (summary["median_low"] <= summary["median"]).all()
    assert (summary["median"] <= summary["worst"]).all()


def test_an_interrupted_atlas_goes_on_and_ends_with_the_same_bytes(finished, tmp_path):
    folder, _ = finished
    begun = []

    def interrupt():
        begun.append(len(begun))
        if len(begun) == 5:
            raise rounds.OutOfTime

    part = _tiny()
    table, said = _measured(part, tmp_path, check=interrupt)
    assert 0 < len(table) < len(part.entrants)
    assert said[-1].startswith("Out of time")
    table, _ = _measured(part, tmp_path, jobs=2)
    command.write_all(table, part, tmp_path / "tables")
    assert _files(tmp_path / "tables") == _files(folder / "tables")
    begun.clear()
    _measured(part, tmp_path, check=interrupt)
    assert begun == []


def test_a_table_with_too_little_to_judge_is_told_and_any_other_is_judged(finished, tmp_path, monkeypatch):
    _, table = finished
    part, rng = _tiny(), np.random.default_rng(0)
    drawn = [table[np.sort(rng.random(len(table))) < share] for share in (0.02, 0.1)]
    starts = [table[: len(table) * eighths // 8] for eighths in (0, 1, 5)]
    names = table["problem"].drop_duplicates()
    single = [table[table["problem"] == name] for name in names[:2]]
    without = table[~table["rule"].isin([CONSTANT.name, SCHEDULE.name])]
    judged = [command.write_all(some, part, tmp_path) for some in (*drawn, *starts, *single, without)]
    assert not judged[2]
    assert judged[4]
    assert not any(judged[5:])
    monkeypatch.setattr(command, "measured", lambda *given: table[:0])
    said, given = [], SimpleNamespace(results=tmp_path, hours=0.0, forecast=False, jobs=1, ship=True)
    command.run([part], given, said.append)
    assert said == ["bandits: too little is finished to judge yet; the same command goes on from here."]


def test_the_forecast_first_says_what_it_does():
    part = _tiny()
    part = replace(part, problems=part.problems[:1], rules=part.rules[:1])
    said = []
    given = SimpleNamespace(results=Path("nowhere"), hours=1.0, forecast=True, jobs=1)
    command.run([part], given, said.append)
    assert said[0] == "Timing some cells of each problem of the bandits ..."
    assert re.search(r"the first round takes \d+ seconds, the second \d+ seconds", said[1])


def test_environments_are_measured_by_their_exact_regret(tmp_path):
    lakes = [one for one in environments(share=0.0) if one.family == "frozen lake"]
    rules = [rule for rule in ENVIRONMENT_RULES if rule.name in ("τ = 1", "greedy by visits, first")]
    part = command.Part("environments", lakes, rules, rounds.Effort(first=10, later=(), reference=0), references=())
    table, _ = _measured(part, tmp_path)
    assert len(table) == 4
    assert (table["regret"] > 0.0).all()
    assert table["regret"].max() <= max(one.length * one.scale for one in lakes)  # an episode pays scale or nothing


def test_entrants_that_are_simulated_together_have_the_regrets_that_their_cells_have_alone():
    part = _tiny()
    for task in list(tasks_of(dict.fromkeys(part.entrants[:10], 30), {}))[:2]:
        for one, blocks in zip(task.entrants, blocks_of(task), strict=True):
            for (first, runs), block in zip(task.ranges, blocks, strict=True):
                alone = replace(one.cell, first=first, runs=runs).simulate()
                assert (alone.totals["regret"] == block.totals["regret"]).all()


def test_exactly_the_cells_that_matter_get_more_runs(finished):
    folder, table = finished
    part = _tiny()
    one_round = replace(part, effort=replace(part.effort, later=()))
    first, _ = _measured(one_round, folder)  # what the first round of the tiny atlas left
    lowest = first.groupby("problem")["regret"].min()
    named = {(one.rule.name, one.text) for one in command.candidates(part.rules) if part.is_named(one)}
    near = first["regret"] <= 2.0 * first["problem"].map(lowest)
    near |= np.array([key in named for key in zip(first["rule"], first["constants"], strict=True)])
    assert ((near & (first["error"] > 0.03 * first["regret"])) == (table["runs"] == 30)).all()


def test_long_runs_are_fewer():
    short, long = (next(one for one in bandits(each=1) if one.horizon == name) for name in ("100–300", "30,000"))
    assert rounds.Effort().runs(short) == [100, 300, 1000, 2000, 4000, 8000]
    assert rounds.Effort().runs(long) == [100, 300]


def test_the_store_keeps_two_numbers_of_each_run(finished):
    folder, _ = finished
    store = Store(folder)
    block = store[next(iter(store))]
    assert block.curves == {}
    assert set(block.totals) == {"regret", "late"}


def test_the_population_is_the_declared_one():
    everything = bandits()
    assert len(everything) == 240
    assert {one.family for one in everything} == set(BANDITS)
    assert [one.number for one in everything] == list(range(240))
    assert len({one.name for one in everything}) == 240
    assert all(2 <= one.actions <= 100 and 100 <= one.length <= 30_000 for one in everything)
    assert all(0.01 <= one.scale <= 100.0 and one.offset in (-3.0, 0.0, 3.0) for one in everything)
    assert sum(FAMILIES.values()) == 100
    assert bandits(each=1)[0] == everything[0]
    assert problems.kept_out(BANDITS) == ("Bernoulli", "heavy-tailed")
    assert problems.kept_out(FAMILIES) == ("grid", "deep sea")


def test_every_rule_makes_agents_for_its_problems():
    for problem, rules in ((bandits(each=1)[0], BANDIT_RULES), (environments(share=0.0)[0], ENVIRONMENT_RULES)):
        candidates = command.candidates((*REFERENCES, *rules))
        assert len({one.name for one in candidates}) == len(candidates)
        for candidate in candidates:
            agent = candidate.agent(problem)
            assert agent == candidate.agent(problem)


def test_split_half_references_have_no_bias_where_all_candidates_are_equal():
    rng = np.random.default_rng(0)
    half_a, half_b = rng.normal(10.0, 1.0, (2, 4000, 20))
    found = [judging.split_half(*pair) for pair in zip(half_a, half_b, strict=True)]
    assert abs(np.mean(found) - 10.0) < 5.0 / np.sqrt(8000)
    assert np.mean(np.minimum(half_a, half_b).min(axis=1)) < 8.0  # what the best of all means would be


def _losses(rows):
    index = pd.MultiIndex.from_tuples([key for key, _ in rows], names=judging.CANDIDATE)
    return pd.DataFrame([values for _, values in rows], index, columns=list("abcd"))


def test_constants_are_chosen_by_the_choosing_problems_alone():
    found = _losses([(("r", "1"), [1.0, 1.0, 9.0, 9.0]), (("r", "2"), [2.0, 2.0, 1.0, 1.0])])
    assert judging.chosen(found, ["a", "b"]) == {"r": "1"}
    assert judging.rule_losses(found, judging.chosen(found, ["a", "b"]), ["c", "d"]).to_numpy().tolist() == [[9.0, 9.0]]


def test_the_two_criteria_may_choose_differently():
    found = _losses([(("r", "1"), [1.0, 1.0, 1.0, 3.0]), (("r", "2"), [1.6, 1.6, 1.6, 1.6])])
    assert judging.chosen(found, "abcd", judging.mean_log) == {"r": "1"}
    assert judging.chosen(found, "abcd", judging.ninth_decile) == {"r": "2"}


def test_a_family_that_is_left_out_chooses_nothing_for_itself():
    families = {"a": "x", "b": "x", "c": "y", "d": "y"}
    found = _losses([(("r", "1"), [1.0, 1.5, 5.0, 5.5]), (("r", "2"), [4.0, 4.5, 1.0, 1.5])])
    left = judging.leave_one_out(found, families, choosing=["a", "c"])
    assert left.loc["r"].to_dict() == {"b": 4.5, "d": 5.5}


def test_intervals_of_quantiles_cover_over_populations():
    """Of 200 made-up populations of 60 log-normal losses, the interval of the median covers the true one in most."""
    rng, covered = np.random.default_rng(1), 0
    for _ in range(200):
        found = pd.DataFrame([rng.lognormal(0.0, 0.5, 60)], ["r"], columns=[str(k) for k in range(60)])
        line = judging.summary(found, rng).loc["r"]
        covered += line["median_low"] <= 1.0 <= line["median_high"]
    assert 180 <= covered <= 199


@pytest.mark.parametrize(
    "name", ["bandits", "candidates", "command", "environments", "judging", "problems", "report", "rounds"]
)
def test_the_examples_are_right(name):
    assert doctest.testmod(importlib.import_module(f"atlas.{name}")).failed == 0
