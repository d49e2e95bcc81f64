"""A user's own metrics: they see what happens at a step, and are recorded like the built-in ones."""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from cases import in_one_test
from test_plan import KNOWN, bits

import boltzmann_rl as brl
from boltzmann_rl.runs.plan import simulate_together

AGENTS = {
    "soft": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.3)),
    "climbing": brl.Agent(brl.GradientPreferences(0.2), brl.Boltzmann(1.0)),
}
WALKERS = {
    "q": brl.Agent(brl.QLearning(0.5), brl.Boltzmann(0.3)),
    "sarsa": brl.Agent(brl.SARSA(0.5), brl.EpsilonGreedy(0.2)),
}
CLIFF = brl.Environment("CliffWalking-v1", max_episode_steps=40)


@dataclass(frozen=True)
class Part:
    """One of the built-in metrics, computed again from a moment."""

    name: str

    def __call__(self, moment):
        rows = np.arange(len(moment.action))
        gaps = moment.means.max(axis=1, keepdims=True) - moment.means
        assert not any(part.flags.writeable for part in moment[1:])
        assert moment.values.shape == moment.probabilities.shape == moment.means.shape
        return {
            "reward": moment.reward,
            "best_action": gaps[rows, moment.action] == 0.0,
            "regret": gaps[rows, moment.action],
            "expected_regret": np.einsum("ra,ra->r", moment.probabilities, gaps),
        }[self.name]


@dataclass(frozen=True)
class Softmax:
    """How far the probabilities are from the softmax of the values."""

    temperature: float

    def __call__(self, moment):
        weights = np.exp((moment.values - moment.values.max(axis=1, keepdims=True)) / self.temperature)
        return np.abs(weights / weights.sum(axis=1, keepdims=True) - moment.probabilities).max(axis=1) + moment.step


@dataclass(frozen=True)
class OfTransition:
    name: str

    def __call__(self, transition):
        return getattr(transition, self.name)


PARTS = ("reward", "best_action", "regret", "expected_regret")
METRICS = {f"my {name}": Part(name) for name in PARTS} | {"steps": Softmax(0.3)}


def bandits(**changes):
    given = {"runs": 30, "steps": 50, "metrics": METRICS, "agents": AGENTS} | changes
    return brl.BanditExperiment("x", brl.GaussianBandit(arms=4, drift=0.1), **given)


def walks(**changes):
    metrics = {"my reward": OfTransition("reward"), "my end": OfTransition("terminated")}
    given = {"runs": 2, "episodes": 12, "metrics": metrics, "agents": WALKERS} | changes
    return brl.GymnasiumExperiment("x", CLIFF, **given)


def blocks_of(experiment):
    return [cell.simulate() for _, cell in experiment.plan().cells()]


def test_metrics_of_a_moment_equal_the_built_in_ones():
    for block in blocks_of(bandits(uncounted_steps=7)):
        for name in PARTS:
            mine, built_in = block.curves[f"my {name}"], block.curves[name]
            np.testing.assert_array_equal(mine.mean, built_in.mean)
            np.testing.assert_array_equal(mine.squares, built_in.squares)
            np.testing.assert_array_equal(block.windows[f"my {name}"], block.windows[name])
            if name in block.totals:
                np.testing.assert_array_equal(block.totals[f"my {name}"], block.totals[name])


def test_values_are_those_of_the_decision():
    for block in blocks_of(bandits(agents={"soft": AGENTS["soft"]})):
        np.testing.assert_allclose(block.curves["steps"].mean, np.arange(50), atol=1e-12)
        np.testing.assert_allclose(block.totals["steps"], 49 * 25, rtol=1e-12)


def test_metrics_of_a_transition_are_averaged_over_the_steps_of_an_episode():
    for block in blocks_of(walks()):
        lengths, returns = block.curves["length"].mean, block.curves["return"].mean  # of one run
        np.testing.assert_allclose(block.curves["my reward"].mean * lengths, returns, rtol=1e-12)
        np.testing.assert_allclose(block.curves["my end"].mean * lengths, block.curves["terminated"].mean, rtol=1e-12)
        np.testing.assert_allclose(block.totals["my reward"], [math.fsum(returns / lengths)], rtol=1e-12)
        assert set(block.windows) == {"return", "length", "terminated", "my reward", "my end"}


@pytest.mark.parametrize("make", [bandits, walks])
def test_metrics_change_no_other_number(make):
    for mine, plain in zip(blocks_of(make()), blocks_of(make(metrics=None)), strict=True):
        kept = [{name: part[name] for name in plain_part} for part, plain_part in zip(mine[:3], plain[:3], strict=True)]
        assert bits(mine._replace(curves=kept[0], totals=kept[1], windows=kept[2])) == bits(plain)


def test_ranges_with_metrics_are_the_same_bytes_together_and_alone():
    cells = [cell for _, cell in bandits(runs=45, agents={"soft": AGENTS["soft"]}).plan().cells()]
    assert len(cells) == 3
    assert [bits(block) for block in simulate_together(cells)] == [bits(cell.simulate()) for cell in cells]


@pytest.mark.usefixtures("everything_pays")
@pytest.mark.parametrize("make", [bandits, walks])
def test_the_reference_engine_runs_and_says_why(make):
    assert {series.cell.engine for series in make(metrics=None).plan().series} != {"reference"}
    plan = make().plan()
    assert {series.cell.engine for series in plan.series} == {"reference"}
    assert {series.reason for series in plan.series} == {"it alone measures metrics of your own"}


@pytest.mark.parametrize("make", [bandits, walks])
def test_metrics_are_part_of_a_cell(make):
    cell = next(make().plan().cells())[1]
    known = KNOWN | {"Part": Part, "Softmax": Softmax, "OfTransition": OfTransition}
    assert eval(repr(cell), known) == cell
    (label, _), *others = cell.own
    other = OfTransition("step") if make is walks else Softmax(0.31)
    changed = [(), ((label, other), *others), (("another label", cell.own[0][1]), *others)]
    keys = [cell.key, *(replace(cell, own=own).key for own in changed)]
    assert not [pair for pair in itertools.combinations(keys, 2) if pair[0] == pair[1]]


@dataclass(frozen=True)
class Wrong:
    """Right at first, and from a step on wrong."""

    wrong: str
    after: int = 3

    def __call__(self, happened):
        shape = np.shape(happened.reward)
        if happened.step < self.after:
            return np.zeros(shape)
        return eval(self.wrong, {"np": np, "shape": shape})


@in_one_test(
    ("wrong", "shown"),
    [
        ("np.full(shape, np.nan)", "nan"),
        ("np.full(shape, -np.inf)", "-inf"),
        ("None", "None"),
        ("'text'", "'text'"),
        ("np.zeros((*shape, 2))", r"an array of shape \(.*2.*\)"),
    ],
)
@in_one_test("make", [bandits, walks])
def test_anything_but_finite_floats_is_refused_with_metric_value_and_step(make, wrong, shown):
    with pytest.raises(ValueError, match=rf"the metric 'mine' must return .*finite float.*, got .*{shown}.* at step 3"):
        blocks_of(make(metrics={"mine": Wrong(wrong)}))


def test_a_number_instead_of_one_for_each_run_is_refused():
    with pytest.raises(ValueError, match=r"finite floats of shape \(10,\), one for each run, got 1.5 at step 3"):
        blocks_of(bandits(runs=10, metrics={"mine": Wrong("1.5")}))


@in_one_test(
    ("metrics", "kind", "says"),
    [
        ({"reward": Part("reward")}, ValueError, r"metrics\['reward'\] has the name of a built-in metric"),
        ({"temperature": Part("reward")}, ValueError, "built-in metric"),
        ({"run": Part("reward")}, ValueError, r"metrics\['run'\] has the name of a column of the tables"),
        ({"reward_low": Part("reward")}, ValueError, "column"),
        ({"=1+1": Part("reward")}, ValueError, r"metrics\['=1\+1'\] must begin with a letter"),
        ({"a": 3}, TypeError, r"metrics\['a'\] must be callable as metric\(moment\), got 3"),
        ({"a": Part}, TypeError, r"metrics\['a'\] must be an instance, such as Part\(\), got the class"),
        ({"a": lambda moment: moment.reward}, TypeError, "write functions.* as small classes"),
        ({3: Part("reward")}, TypeError, "metrics"),
        ([Part("reward")], TypeError, "metrics must be a mapping"),
    ],
)
def test_wrong_declarations_are_refused(metrics, kind, says):
    with pytest.raises(kind, match=says):
        bandits(metrics=metrics)


def test_names_of_the_other_axis_are_free():
    assert "reward" in walks(metrics={"reward": OfTransition("reward")}).metrics
