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

import boltzmann_rl as brl
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.runs.plan import Cell
from boltzmann_rl.runs.store import Store

HERE = Path(__file__).parents[1] / "experiments"
sys.path.append(str(HERE))  # the atlas is a package there

from atlas import choosing, command, judging, paying, problems, report, rounds, running  # noqa: E402
from atlas.bandits import BANDITS, bandits  # noqa: E402
from atlas.environments import FAMILIES, environments  # noqa: E402
from atlas.rules import BANDIT_RULES, CONSTANT, ENVIRONMENT_RULES, REFERENCES, SCHEDULE  # noqa: E402
from atlas.running import Entrant, Manner, blocks_of, tasks_of  # noqa: E402


def _thin(rules):
    """Few constants of each rule."""
    return [replace(rule, grid=rule.grid[:: 1 + len(rule.grid) // 2]) for rule in rules]


def _tiny():
    """One even and one odd bandit of each family, few rules, and few runs."""
    shortest = [one for one in bandits(each=2) if one.horizon == "100–300"]
    names = "uniform", "τ = 1", "ε = 0.1", "UCB1, √2", "τ = c·range of values", "brl.recommended"
    chosen = [rule for rule in BANDIT_RULES if rule.name in names]
    effort = rounds.Effort(first=10, later=(30, 60), enough=10, error=0.1, paying=50)
    return command.Part("bandits", shortest, _thin(chosen), effort, references=_thin((CONSTANT, SCHEDULE)))


def _files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _manner(said, **manner):
    return Manner(progress=False, tell=said.append, **manner)


def _measured(part, folder, **manner):
    return rounds.measured(part.entrants, folder, part.effort, part.is_named, _manner([], **manner))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A tiny atlas: its folder, and what is known of it."""
    folder, part, said = tmp_path_factory.mktemp("atlas"), _tiny(), []
    judged = command.judged(part, part.entrants, folder, _manner(said))
    begun = [line.partition(":")[0] for line in said]
    assert begun == [*(f"Round {number}" for number in range(1, len(begun))), "Fresh runs"]
    return folder, judged


@pytest.fixture
def finished(made):
    """Its folder."""
    return made[0]


@pytest.fixture
def regrets(finished):
    """Its table of regrets."""
    return pd.read_csv(finished / "bandits" / "regrets.csv.gz", keep_default_na=False, na_values=[""]).fillna(
        {"constants": ""}
    )


def test_a_tiny_atlas_has_a_row_for_each_candidate_on_each_problem_and_all_tables_and_figures(finished, regrets):
    first, second = (regrets[regrets["stage"] == stage] for stage in (1, 2))
    assert len(first) == len(_tiny().entrants)
    assert set(first["runs"]) == {10, 30, 60}
    assert set(second["runs"]) == {50}
    assert not first[["regret", "error", "lost"]].isna().to_numpy().any()
    assert not second.isna().to_numpy().any()
    split = choosing.Split(_tiny().problems)
    assert set(second["problem"]) == set(split.judging)
    assert not set(split.judging) & set(split.choosing)
    names = {path.name for path in (finished / "bandits").rglob("*") if path.is_file()}
    tables = {"summary.csv", "groups.csv", "rivals.csv", "best.csv", "regrets.csv.gz"}
    assert names == tables | {"losses.png", "horizons.png", "temperatures.png"}
    summary = pd.read_csv(finished / "bandits" / "summary.csv")
    assert set(summary["of"]) == {report.JUDGED, report.KEPT_OUT, report.ONE_OUT}
    assert set(summary["by"]) == {report.CHOSEN, report.STATED}
    assert (summary["median_low"] <= summary["median"]).all()
    assert (summary["median"] <= summary["worst"]).all()


def test_an_interrupted_atlas_is_marked_goes_on_and_ends_with_the_same_bytes(finished, tmp_path):
    begun, part, entered = [], _tiny(), _tiny().entrants
    for during, jobs in (("Round 2", 1), ("Fresh runs", 2)):
        said = []

        def check(during=during, said=said):
            begun.append(said[-1])
            if [line.partition(":")[0] for line in begun].count(during) == 3:
                raise rounds.OutOfTime

        assert not command.judged(part, entered, tmp_path, _manner(said, jobs=jobs, check=check))
        assert said[-1].startswith("Out of time")
        assert said[-2].startswith(during)
        assert {file.name for file in (tmp_path / "bandits").iterdir()} == {command.UNFINISHED, "regrets.csv.gz"}
    assert command.judged(part, entered, tmp_path, _manner([], jobs=2))
    assert _files(tmp_path / "bandits") == _files(finished / "bandits")
    begun.clear()
    assert command.judged(part, entered, tmp_path, _manner([], check=lambda: begun.append(1)))
    assert begun == []


def test_what_is_not_finished_is_told_not_shipped_and_no_success(made, tmp_path, monkeypatch):
    given = SimpleNamespace(results=tmp_path, hours=0.0, forecast=False, jobs=1, ship=True, small=True)
    said = []
    assert not command.run([_tiny()], given, said.append)
    assert said[-1].startswith("bandits: not finished, so nothing is judged or shipped")
    assert {file.name for file in tmp_path.iterdir()} == {"atlas-small"}
    monkeypatch.setattr(command, "judged", lambda *given: made[1])
    monkeypatch.setattr(command, "ship", lambda source, target: said.append((source.name, target.parent.name)))
    (tmp_path / "shipped" / "atlas-small").mkdir(parents=True)
    assert command.run([_tiny()], given, said.append)
    assert said[-1] == ("bandits", "atlas-small")
    drawn = [tmp_path / folder / "which_temperature.png" for folder in ("atlas-small", "shipped/atlas-small")]
    assert drawn[0].read_bytes() == drawn[1].read_bytes()


def test_what_is_recommended_stands_beside_the_tuned_constant_on_the_problems_that_judge(made):
    found = made[1].answer(lambda one: one.actions > 5, ["τ = 1", "not measured"])
    judging = [one.name for one in _tiny().problems if one.name in made[1].split.judging and one.actions > 5]
    assert sorted(found.losses) == sorted(judging)
    assert list(found.losses.index) == list(found.lines.index) == ["τ = 1", CONSTANT.name]
    constants = [made[1].choice.references["constant"][name] for name in judging]
    regrets = made[1].second.set_index(["problem", "rule", "constants"])["regret"]
    best = {name: regrets[name, *made[1].choice.references["constant or schedule"][name]] for name in judging}
    for name, key in zip(judging, constants, strict=True):
        assert found.losses.loc[CONSTANT.name, name] == pytest.approx(regrets[name, *key] / best[name])


def test_the_forecast_first_says_what_it_does():
    part = _tiny()
    part = replace(part, rules=part.rules[:1], references=())
    said = []
    given = SimpleNamespace(results=Path("nowhere"), hours=1.0, forecast=True, jobs=1, small=True)
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


def test_exactly_the_cells_that_do_not_matter_by_the_final_table_have_less_than_all_runs(regrets):
    part = _tiny()
    first = regrets[regrets["stage"] == 1]
    tuned = first["rule"].isin([rule.name for rule in part.references])
    rivals = first["problem"] + np.where(tuned, first["rule"], "")
    lowest = first["problem"].map(first.groupby("problem")["regret"].min())
    lowest[tuned] = rivals.map(first.groupby(rivals)["regret"].min())[tuned]
    named = {(one.rule.name, one.text) for one in command.candidates(part.rules) if part.is_named(one)}
    near = first["regret"] <= 2.0 * lowest
    near |= np.array([key in named for key in zip(first["rule"], first["constants"], strict=True)])
    vague = (first["error"] > 0.1 * first["regret"]) | (first["error"] == 0.0)
    assert not (near & vague & (first["runs"] < 60)).any()
    assert (first["runs"] == 10).sum() > 20
    assert (first["runs"] == 30).any()


def _made_up(problems, texts, rule=CONSTANT):
    """Entrants whose runs are made up: one for each constant on each problem."""
    agent = brl.Agent(brl.SampleAverage(), brl.Boltzmann(1.0))
    cells = {one.name: Cell(one.declared, agent, "step", (), "compiled", 0, 100, one.length, 0) for one in problems}
    made = [(one, rounds.Candidate(rule, (constant,))) for one in problems for constant in texts]
    return [Entrant(one, it, cells[one.name], f"{one.name} {rule.name} {it.text}") for one, it in made]


def _making(monkeypatch, law):
    """Let runs be made by a law: a function of the entrant and of the first and the number of its runs."""

    def blocks(task):
        made = [[law(one, *place) for place in task.ranges] for one in task.entrants]
        return [[Block({}, {"regret": one}, {}, np.zeros((0, 0))) for one in some] for some in made]

    monkeypatch.setattr(running, "blocks_of", blocks)


def test_a_cell_that_was_dropped_comes_back_and_equal_runs_are_never_precise(tmp_path, monkeypatch):
    """The first looks best for 100 runs, and only for these: the second is dropped beside it, and is the better one."""

    def law(one, first, runs):
        (kind,) = one.candidate.constants
        run, noise = np.arange(first, first + runs), np.random.default_rng(first).exponential(size=runs)
        return [np.where(run < 100, 1.0, 500.0) + noise, 10.0 * noise, 90.0 + noise, np.full(runs, 11.0)][int(kind)]

    _making(monkeypatch, law)
    entered = _made_up(bandits(each=1)[:1], (0.0, 1.0, 2.0, 3.0))
    effort = rounds.Effort(first=100, later=(300, 1000, 2000))
    table, finished = rounds.measured(entered, tmp_path, effort, lambda one: False, _manner([]))
    assert finished
    assert table["runs"].tolist() == [300, 2000, 100, 2000]


def test_references_that_are_paid_on_fresh_runs_have_no_bias(tmp_path, monkeypatch):
    """All candidates are equal: a run costs about 1, but one in a hundred locks in and costs 500.

    Cells without lock-ins in their first runs look five times better than they are, and the others are dropped.
    """

    def law(one, first, runs):
        rng = np.random.default_rng([*one.identity.encode(), first])
        return rng.exponential(size=runs) + 500.0 * (rng.random(runs) < 0.01)

    _making(monkeypatch, law)
    shapes = bandits(each=2)[:2]
    problems = [replace(shapes[k % 2], name=f"#{k}", family="abcde"[k // 2 % 5], number=k % 2) for k in range(60)]
    rule = replace(CONSTANT, name="a rule", knows="nothing")
    entered = [*_made_up(problems, range(1, 13)), *_made_up(problems, [1], rule)]
    effort = rounds.Effort(paying=2000)
    first, done = rounds.measured(entered, tmp_path, effort, lambda one: False, _manner([]))
    assert done
    assert len(set(first["runs"])) == 3
    choice = choosing.choice(first, problems, [replace(rule, grid=((1.0,),))], effort)
    second, done = paying.paid(entered, choice, tmp_path, effort, _manner([]))
    assert done
    found = second.merge(
        pd.DataFrame(choice.references["constant"].values(), choice.references["constant"]).reset_index(
            names="problem"
        ),
        left_on=["problem", "rule", "constants"],
        right_on=["problem", 0, 1],
    )
    assert len(found) == len(choosing.Split(problems).judging)
    assert first.groupby("problem")["regret"].min().mean() < 0.8 * 6.0
    assert abs(found["regret"].mean() - 6.0) < 4.0 * np.sqrt((found["error"] ** 2).sum()) / len(found)
    assert (found[paying.LOSS["constant"]] == 1.0).all()


def test_the_error_of_a_loss_is_that_of_repeated_pairs():
    rng = np.random.default_rng(3)
    shared, own = rng.exponential(size=(2, 2000, 300))
    found = np.array([paying.ratio(x + y, 2.0 * x + 1.0) for x, y in zip(shared, own, strict=True)])
    assert np.isclose(found[:, 0].mean(), 2.0 / 3.0, atol=0.005)
    assert np.isclose(found[:, 1].mean(), found[:, 0].std(), rtol=0.1)


def test_long_runs_are_fewer():
    short, long = (next(one for one in bandits(each=1) if one.horizon == name) for name in ("100–300", "30,000"))
    assert rounds.Effort().runs(short) == [100, 300, 1000]
    assert rounds.Effort().runs(long) == [100, 300]
    assert [rounds.Effort().paid(one) for one in (short, long)] == [1000, 166]


def test_the_store_keeps_two_numbers_of_each_run(finished):
    store = Store(finished)
    block = store[next(iter(store))]
    assert block.curves == {}
    assert set(block.totals) == {"regret", "late"}


def test_the_population_is_the_declared_one():
    everything = bandits()
    assert len(everything) == 240
    assert {one.family for one in everything} == set(BANDITS)
    assert [one.number for one in everything] == 24 * list(range(10))
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


def _losses(rows):
    index = pd.MultiIndex.from_tuples([key for key, _ in rows], names=judging.CANDIDATE)
    return pd.DataFrame([values for _, values in rows], index, columns=list("abcd"))


def test_constants_are_chosen_by_the_choosing_problems_alone():
    found = _losses([(("r", "1"), [1.0, 1.0, 9.0, 9.0]), (("r", "2"), [2.0, 2.0, 1.0, 1.0])])
    assert judging.chosen(found, ["a", "b"]) == {"r": "1"}
    assert judging.rule_losses(found, judging.chosen(found, ["a", "b"]), ["c", "d"]).to_numpy().tolist() == [[9.0, 9.0]]


def test_a_family_that_is_left_out_chooses_nothing_for_itself_and_one_that_is_kept_out_for_nobody():
    part = _tiny()
    split = choosing.Split(part.problems)
    families = [split.families[name] for name in split.choosing]
    assert len(set(families)) == len(families) == 4
    rows = [
        (
            name,
            "τ = c·range of values",
            text,
            1.0 + (k if text == "0.1" else 2.5) + 100.0 * (family in split.out) * (text == "0.1"),
        )
        for k, (name, family) in enumerate(split.families.items())
        for text in ("0.1", "0.3")
    ]
    table = pd.DataFrame(rows, columns=["problem", "rule", "constants", "regret"]).assign(runs=60)
    found = choosing.choice(table, part.problems, part.rules, part.effort)
    for family, chosen in found.left_out.items():
        used = [name for name in split.choosing if split.families[name] != family]
        logs = np.log(table[table["problem"].isin(used)].pivot(index="constants", columns="problem", values="regret"))
        assert chosen == {"τ = c·range of values": logs.mean(axis=1).idxmin()}
    assert found.left_out[split.out[0]] == found.constants
    losses = _losses([(("r", "1"), [1.0, 1.5, 5.0, 5.5]), (("r", "2"), [4.0, 4.5, 1.0, 1.5])])
    of = {"a": "x", "b": "x", "c": "y", "d": "y"}
    left = judging.leave_one_out(losses, of, {"x": {"r": "2"}, "y": {"r": "1"}})
    assert left.loc["r"].to_dict() == {"a": 4.0, "b": 4.5, "c": 5.0, "d": 5.5}


def test_the_small_form_and_the_full_one_agree_on_what_a_problem_does():
    for few, all_of_them in ((bandits(each=2), bandits()), (environments(share=0.1), environments())):
        small, full = choosing.Split(few), choosing.Split(all_of_them)
        assert set(small.choosing) <= set(full.choosing)
        assert set(small.judged) <= set(full.judged)
        assert set(small.kept_out) <= set(full.kept_out)


def test_intervals_of_quantiles_cover_over_populations():
    """Of 200 made-up populations of 60 log-normal losses, the interval of the median covers the true one in most."""
    rng, covered = np.random.default_rng(1), 0
    for _ in range(200):
        found = pd.DataFrame([rng.lognormal(0.0, 0.5, 60)], ["r"], columns=[str(k) for k in range(60)])
        line = judging.summary(found, rng).loc["r"]
        covered += line["median_low"] <= 1.0 <= line["median_high"]
    assert 180 <= covered <= 199


@pytest.mark.parametrize(
    "name",
    [
        "bandits",
        "candidates",
        "choosing",
        "command",
        "environments",
        "judging",
        "paying",
        "problems",
        "report",
        "rounds",
        "running",
    ],
)
def test_the_examples_are_right(name):
    assert doctest.testmod(importlib.import_module(f"atlas.{name}")).failed == 0
