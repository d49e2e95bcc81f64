"""The JavaScript of the playground computes what the package computes."""

import gymnasium
import numpy as np
import pytest
from javascript import evaluated, needs_node
from scipy import stats

import boltzmann_rl as brl

pytestmark = needs_node

SETTINGS = 1000


def numbers_as_json(numbers):
    """Numbers for `evaluated`: infinities as text."""
    return [str(x).replace("inf", "Infinity") if np.isinf(x) else float(x) for x in numbers]


@pytest.fixture(scope="module")
def settings():
    """Random values, temperatures and ε: with ties, both limits of the temperature, and very different scales."""
    rng, found = np.random.default_rng(0), []
    for index in range(SETTINGS):
        arms = int(rng.integers(1, 21))
        values = rng.normal(scale=10.0 ** rng.integers(-3, 4), size=arms) + rng.normal() * 10.0 ** rng.integers(0, 3)
        if index % 5 == 0:
            values = np.round(values, 1)  # ties
            values[rng.integers(arms)] = values.max()
        temperature = [0.0, np.inf, 10.0 ** rng.uniform(-4, 4)][min(index % 10, 2)]
        found.append((values, temperature, float(rng.choice([0.0, 1.0, rng.random()]))))
    return found


@pytest.fixture(scope="module")
def answers(settings):
    code = """
    import { softmax, epsilonGreedy } from "./policies.js";
    import { entropy, expectedRegret } from "./information.js";;
    return data.map(([values, [temperature], epsilon]) => [softmax(values, temperature), epsilonGreedy(values, epsilon)]
        .map((p) => ({ p, entropy: entropy(p), regret: expectedRegret(values, p) })));
    """
    return evaluated(code, [[list(values), numbers_as_json([t]), epsilon] for values, t, epsilon in settings])


def test_probabilities_entropy_and_expected_regret_equal_the_packages_at_random_settings(settings, answers):
    assert len(answers) == SETTINGS
    for (values, temperature, epsilon), both in zip(settings, answers, strict=True):
        spread = np.ptp(values)
        for policy, found in zip((brl.Boltzmann(temperature), brl.EpsilonGreedy(epsilon)), both, strict=True):
            p = policy(values, step=0)
            assert np.abs(np.array(found["p"]) - p).max() <= 1e-14
            assert found["entropy"] == pytest.approx(brl.entropy(p), abs=1e-14 * max(1.0, np.log(len(values))))
            assert found["regret"] == pytest.approx(p @ (values.max() - values), rel=0, abs=1e-14 * spread)


@pytest.mark.parametrize(
    ("values", "temperature", "expected"),
    [
        ([3, 1, 3], 0.0, [0.5, 0, 0.5]),
        ([3, 1, 3], np.inf, [1 / 3, 1 / 3, 1 / 3]),
        ([0, -np.inf], 1.0, [1, 0]),
        ([0, -np.inf, 2], np.inf, [0.5, 0, 0.5]),
        ([1e308, -1e308], 1e308, [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))]),
        ([1000, 1000], 1e-300, [0.5, 0.5]),
        ([7], 0.3, [1]),
    ],
)
def test_limits_of_the_softmax_are_those_of_its_definition(values, temperature, expected):
    code = 'import { softmax } from "./policies.js";; return softmax(data[0], data[1][0]);'
    found = evaluated(code, [numbers_as_json(values), numbers_as_json([temperature])])
    assert found == pytest.approx(expected, abs=1e-15)


SCHEDULES = [
    brl.schedules.Linear(1.0, 0.1, steps=300),
    brl.schedules.Cosine(0.2, 3.0, steps=77),
    brl.schedules.Exponential(2.0, 0.01, steps=500),
    brl.schedules.InverseTime(1.5, rate=0.02),
    brl.schedules.Logarithmic(0.7),
]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_equal_the_packages(schedule):
    fields = {name: value for name, value in vars(schedule).items() if value is not None}
    declared = {"class": type(schedule).__name__, **fields}
    steps = [0, 1, 2, 10, 76, 77, 78, 299, 300, 499, 500, 501, 10_000]
    code = 'import { valueAt } from "./schedules.js";; return data[1].map((step) => valueAt(data[0], step));'
    assert evaluated(code, [declared, steps]) == pytest.approx(list(schedule(steps)), rel=1e-14)


LEARNER = {"class": "SampleAverage"}
MEANS = (0.2, -0.8, 1.5, 0.4, 1.2, -0.3)
AGENTS = {
    "Boltzmann": (
        {
            "learner": LEARNER,
            "policy": {
                "class": "Boltzmann",
                "temperature": {"class": "Exponential", "start": 1.0, "end": 0.05, "steps": 150},
            },
        },
        brl.Agent(brl.SampleAverage(), brl.Boltzmann(brl.schedules.Exponential(1.0, 0.05, steps=150))),
    ),
    "ε-greedy": (
        {"learner": LEARNER, "policy": {"class": "EpsilonGreedy", "epsilon": 0.1}},
        brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
    ),
    "Boltzmann–Gumbel": (
        {"learner": LEARNER, "policy": {"class": "BoltzmannGumbel", "scale": 0.7}},
        brl.Agent(brl.SampleAverage(), brl.BoltzmannGumbel(0.7)),
    ),
    "UCB": (
        {"learner": {"class": "UCB1", "exploration": 1.2}, "policy": {"class": "Greedy"}},
        brl.Agent(brl.UCB1(1.2), brl.Greedy()),
    ),
}


@pytest.fixture(scope="module")
def package_curves():
    problem = brl.GaussianBandit(MEANS, sd=0.8)
    agents = {label: agent for label, (_, agent) in AGENTS.items()}
    return brl.BanditExperiment("means", problem, agents, runs=2000, steps=200, seed=1).run(progress=False).curves


@pytest.mark.parametrize("label", AGENTS)
def test_means_of_live_runs_lie_within_standard_errors_of_the_packages(label, package_curves):
    code = """
    import { Runs, METRICS } from "./simulation.js";;
    const runs = new Runs(data.problem, data.agent, 200, 5);
    runs.extend(2000);
    return Object.fromEntries(METRICS.map((metric) => [metric, runs.curve(metric)]));
    """
    problem = {"class": "GaussianBandit", "means": MEANS, "sd": 0.8}
    curves = evaluated(code, {"problem": problem, "agent": AGENTS[label][0]})
    checked = 0
    for metric, found in curves.items():
        rows = package_curves.query("agent == @label and metric == @metric").set_index("step")
        for step in (0, 5, 20, 80, 199):  # few, so that 3.5 standard errors are a fair bound for all together
            row = rows.loc[step + rows.index.min()]
            error = np.hypot(row["standard_error"], found["standardError"][step])
            assert abs(found["mean"][step] - row["mean"]) <= 3.5 * error + 1e-12, (metric, step)
            checked += 1
    assert checked == 15


def test_means_of_runs_with_rewards_0_or_1_and_a_schedule_of_epsilon_lie_within_standard_errors_of_the_packages():
    means, steps = (0.2, 0.5, 0.65, 0.4), 120
    problem = brl.BernoulliBandit(means)
    schedule = brl.schedules.Linear(1.0, 0.05, steps=80)
    agents = {
        "Boltzmann": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
        "ε-greedy": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(schedule)),
    }
    table = brl.BanditExperiment("coins", problem, agents, runs=2000, steps=steps, seed=2).run(progress=False).curves
    code = """
    import { Runs, METRICS } from "./simulation.js";;
    return data.agents.map((agent) => {
      const runs = new Runs(data.problem, agent, data.steps, 6);
      runs.extend(2000);
      return Object.fromEntries(METRICS.map((metric) => [metric, runs.curve(metric)]));
    });
    """
    declared = {"problem": brl.to_dict(problem), "agents": [*map(brl.to_dict, agents.values())], "steps": steps}
    for label, curves in zip(agents, evaluated(code, declared), strict=True):
        for metric, found in curves.items():
            rows = table.query("agent == @label and metric == @metric").set_index("step")
            for step in (0, 20, steps - 1):
                row = rows.loc[step + rows.index.min()]
                error = np.hypot(row["standard_error"], found["standardError"][step])
                assert abs(found["mean"][step] - row["mean"]) <= 3.5 * error + 1e-12, (label, metric, step)


def test_a_seed_repeats_its_runs_and_another_seed_gives_others():
    code = """
    import { Runs } from "./simulation.js";;
    return [3, 3, 4].map((seed) => {
      const runs = new Runs(data[0], data[1], 50, seed);
      runs.extend(10);
      return runs.curve("regret").mean;
    });
    """
    first, again, other = evaluated(code, [{"means": MEANS, "sd": 1}, AGENTS["Boltzmann"][0]])
    assert first == again
    assert first != other


def test_runs_in_parts_are_the_same_runs():
    code = """
    import { Runs } from "./simulation.js";;
    return [[30], [1, 9, 20]].map((parts) => {
      const runs = new Runs(data[0], data[1], 50, 3);
      parts.forEach((part) => runs.extend(part));
      return runs.curve("cumulative_regret");
    });
    """
    whole, parts = evaluated(code, [{"means": MEANS, "sd": 1}, AGENTS["Boltzmann–Gumbel"][0]])
    assert whole == parts


def test_variates_follow_their_distributions():
    code = """
    import { Generator } from "./random.js";;
    return Object.fromEntries(["uniform", "normal", "gumbel"].map((name) => {
      const rng = new Generator(7, 8);
      return [name, Array.from({ length: 20000 }, () => rng[name]())];
    }));
    """
    found = evaluated(code)
    for name, law in {"uniform": stats.uniform, "normal": stats.norm, "gumbel": stats.gumbel_r}.items():
        assert stats.kstest(found[name], law.cdf).pvalue > 1e-4, name
        assert abs(stats.pearsonr(found[name][:-1], found[name][1:]).statistic) < 4 / np.sqrt(20_000), name


def test_streams_of_neighbouring_keys_are_not_correlated():
    code = """
    import { Generator } from "./random.js";;
    const keys = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [4294967296, 0, 0]];
    return keys.map((key) => {
      const rng = new Generator(...key);
      return Array.from({ length: 5000 }, () => rng.uniform());
    });
    """
    correlations = np.corrcoef(evaluated(code))[np.triu_indices(5, 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(5000)


def test_draws_never_take_an_action_without_probability_and_share_as_the_probabilities_say():
    code = """
    import { Generator, invert } from "./random.js";;
    const p = Float64Array.from([0, 0.25, 0, 0.5, 0.25, 0]);
    const rng = new Generator(1);
    const counts = p.map(() => 0);
    for (let draw = 0; draw < 20000; draw++) counts[invert(p, rng.uniform())]++;
    const largest = 1 - 2 ** -53;
    return [counts, invert(p, 0), invert(p, largest), invert(Float64Array.from([0.1, 0.2, 0.6999999, 0]), largest)];
    """
    counts, first, last, rounded = evaluated(code)
    assert (first, last, rounded) == (1, 4, 2)
    assert np.array(counts)[[0, 2, 5]].sum() == 0
    assert stats.chisquare(np.array(counts)[[1, 3, 4]], [5000, 10000, 5000]).pvalue > 1e-4


WORLDS = {
    "FrozenLake-v1 slippery": ("FrozenLake-v1", {"is_slippery": True}),
    "FrozenLake-v1": ("FrozenLake-v1", {"is_slippery": False}),
    "CliffWalking-v1": ("CliffWalking-v1", {}),
}


@pytest.mark.parametrize("name", WORLDS)
def test_grid_worlds_have_gymnasiums_transitions(name):
    id, options = WORLDS[name]
    code = 'import { worldOf } from "./gridworlds.js";; return worldOf(data);'
    world = evaluated(code, {"id": id, "options": options})
    table = gymnasium.make(id, **options).unwrapped.P
    assert len(world["table"]) == len(table)
    compared = 0
    for state, kind in enumerate(world["kinds"]):
        if kind not in ("", "start"):
            continue
        for action, outcomes in enumerate(world["table"][state]):
            ours = sorted((next, p, reward, ends) for p, next, reward, ends in outcomes)
            theirs = sorted((int(next), p, reward, ends) for p, next, reward, ends in table[state][action])
            assert np.array(ours, dtype=float) == pytest.approx(np.array(theirs, dtype=float))
            compared += 1
    assert compared >= 40


@pytest.mark.parametrize("discount", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", WORLDS)
def test_values_of_grid_worlds_equal_those_of_planning(name, discount):
    id, options = WORLDS[name]
    code = """
    import { worldOf } from "./gridworlds.js";
    import { optimalActionValues, policyValues } from "./planning.js";
    import { softmax } from "./policies.js";;
    const { table, kinds, start } = worldOf(data.environment);
    const q = optimalActionValues(table, data.discount);
    const values = data.temperatures.map((t) => policyValues(table, q.map((row) => softmax(row, t)), data.discount));
    return { q, kinds, start, values };
    """
    temperatures = [0.003, 0.1, 2.0]
    found = evaluated(
        code, {"environment": {"id": id, "options": options}, "discount": discount, "temperatures": temperatures}
    )
    mdp = brl.planning.MDP.of(brl.Environment(id, options=options).make())
    plan = brl.planning.value_iteration(mdp, discount, tolerance=1e-12)
    inside = [state for state, kind in enumerate(found["kinds"]) if kind in ("", "start")]
    assert np.array(found["q"])[inside] == pytest.approx(plan.action_values[inside], rel=1e-9, abs=1e-11)
    for temperature, values in zip(temperatures, found["values"], strict=True):
        policy = brl.softmax(plan.action_values, temperature)
        expected = brl.planning.policy_values(mdp, policy, discount)
        assert np.array(values)[inside] == pytest.approx(np.asarray(expected)[inside], rel=1e-6, abs=1e-9)
