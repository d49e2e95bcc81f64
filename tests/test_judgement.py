"""What is compared, and what the results say of it."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pytest
from cases import in_one_test
from scipy.stats import binom, t, ttest_rel

import boltzmann_rl as brl
from boltzmann_rl import Agent, Boltzmann, EpsilonGreedy, GaussianBandit, SampleAverage
from boltzmann_rl.cli import main
from boltzmann_rl.results.comparisons import comparisons_table
from boltzmann_rl.results.sentences import sentences
from boltzmann_rl.results.tables import summary_table
from boltzmann_rl.statistics.judgement import Judgement

AGENTS = {f"τ = {value}": Agent(SampleAverage(), Boltzmann(value)) for value in (0.1, 0.3, 2.0)}
STUDY = {
    "τ": {value: Agent(SampleAverage(), Boltzmann(value)) for value in (0.1, 0.3)},
    "ε": {value: Agent(SampleAverage(), EpsilonGreedy(value)) for value in (0.1, 0.3, 0.6)},
    "alone": AGENTS["τ = 2.0"],
}
declared = partial(brl.BanditExperiment, name="x", problem=GaussianBandit(arms=4), agents=AGENTS, runs=12, steps=20)
run = partial(brl.run, progress=False)


def tables(samples, study=None, compare=None, axis="step", **levels):
    """Runs, comparisons, summary and sentence of samples by agent: means over runs of ten steps."""
    agents, primary = list(samples), {"step": "reward", "episode": "return"}[axis]
    manifest = {
        "name": "x",
        "axis": axis,
        "primary": primary,
        "declaration": {"agents": dict.fromkeys(agents, ""), "seed": 0, f"{axis}s": 10},
        "study": study or {},
        "judgement": Judgement(compare, **levels).declared,
    }
    parts = []
    for agent, sample in samples.items():
        runs = {"run": np.arange(len(sample)), primary: 10.0 * np.asarray(sample)}
        rest = {"best_action": 0.0, "regret": 0.0} if axis == "step" else {"length": 10.0, "terminated": 0.0}
        parts.append(pd.DataFrame({"experiment": "x", "problem": "p", "agent": agent} | runs | rest))
    runs = pd.concat(parts)
    comparisons = comparisons_table(runs, manifest)
    summary = summary_table(runs, manifest, comparisons)
    return comparisons, summary, sentences(summary, comparisons, manifest)


AB = ["a", "b", "f = 1", "f = 2"]
FAMILIES = {"f = 1": "f", "f = 2": "f"}


@in_one_test(
    ("compare", "pairs"),
    [
        (None, [("a", "b"), ("a", "f"), ("b", "f")]),
        ("families", [("a", "b"), ("a", "f"), ("b", "f")]),
        ("all", [("a", "b"), ("a", "f = 1"), ("a", "f = 2"), ("b", "f = 1"), ("b", "f = 2"), ("f = 1", "f = 2")]),
        ("b", [("a", "b"), ("f", "b")]),
        ("f", [("a", "f"), ("b", "f")]),
        ("f = 1", [("a", "f = 1"), ("b", "f = 1"), ("f = 2", "f = 1")]),
        ([("f", "a"), ("f = 1", "f = 2")], [("f", "a"), ("f = 1", "f = 2")]),
    ],
)
def test_pairs_are_those_that_are_declared(compare, pairs):
    assert Judgement(compare).pairs(AB, FAMILIES) == pairs


def test_the_agents_of_a_single_family_are_compared():
    assert Judgement().pairs(["f = 1", "f = 2"], FAMILIES) == [("f = 1", "f = 2")]


def test_without_families_all_agents_are_compared():
    assert Judgement().pairs(["a", "b", "c"], {}) == [("a", "b"), ("a", "c"), ("b", "c")]


@in_one_test(
    ("arguments", "kind", "message"),
    [
        ({"compare": "τ = 0.4"}, ValueError, r"'τ = 0.4', which is neither an agent nor a family: did you mean 'τ = 0"),
        ({"compare": "elephant"}, ValueError, r"'elephant', which .* there are 'τ = 0.1', 'τ = 0.3', 'τ = 2.0'"),
        ({"compare": [("τ = 0.1", "τ = 0.1")]}, ValueError, "'τ = 0.1' against itself"),
        ({"compare": [("τ = 0.1",)]}, TypeError, r'compare must be "all", "families", .* got \(\'τ = 0.1\',\)'),
        ({"compare": [("τ = 0.1", "τ = 0.3"), ("τ = 0.3", "τ = 0.1")]}, ValueError, "'τ = 0.3'.* twice: each pair"),
        ({"compare": []}, TypeError, r'compare must be "all"'),
        ({"compare": 3}, TypeError, 'compare must be "all", .* got 3'),
        ({"compare": "families", "agents": STUDY}, None, ""),
        ({"compare": "families"}, ValueError, 'compare="families" needs two families'),
        ({"compare": "families", "agents": {"τ": STUDY["τ"]}}, ValueError, 'compare="families" needs two families'),
        ({"compare": "all", "agents": {"all": AGENTS["τ = 0.1"]}}, ValueError, "compare='all' is also a label"),
        ({"alpha": 5}, ValueError, "alpha must lie between 0 and 1, got 5: 0.05 is usual"),
        ({"alpha": "low"}, TypeError, "alpha must be a number, got 'low'"),
        ({"confidence": 95}, ValueError, "confidence must lie between 0 and 1, got 95: 0.95 is usual"),
        ({"confidence": float("nan")}, ValueError, "confidence must be a number, got nan"),
    ],
)
def test_an_invalid_comparison_is_refused_when_it_is_declared(arguments, kind, message):
    with pytest.raises(kind, match=message) if kind else nullcontext():
        declared(**arguments)


def test_a_sweep_compares_by_its_own_labels():
    experiment = declared(agents={"hot": AGENTS["τ = 2.0"], "ε": STUDY["alone"]})
    over = {"agents.policy.temperature": (0.1, 0.3)}
    label = "hot, temperature = 0.1"
    assert brl.Sweep("s", experiment, over, compare=label).plan().judgement == Judgement(label)
    with pytest.raises(ValueError, match="compare names 'hot', which"):
        brl.Sweep("s", experiment, over, compare="hot")
    with pytest.raises(ValueError, match="compare= belongs to the sweep, whose labels differ, got 'hot'"):
        brl.Sweep("s", declared(agents=experiment.agents, compare="hot"), over)


def test_what_is_compared_changes_no_cell():
    keys = [[cell.key for _, cell in declared(**judged).plan().cells()] for judged in ({}, {"compare": "τ = 2.0"})]
    assert keys[0] == keys[1]


def test_two_agents_with_few_runs_are_compared_by_the_paired_t_test():
    a, b = np.array([1.0, 0.4, 1.9, 0.8, 1.2, 1.1]), np.array([0.3, 0.2, 0.5, 0.9, 0.1, 0.6])
    (row,) = tables({"a": a, "b": b})[0].to_dict("records")
    expected = ttest_rel(a, b)
    interval = expected.confidence_interval(0.95)
    assert (row["first"], row["second"], row["runs"]) == ("a", "b", 6)
    assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high), rel=1e-9)


@pytest.mark.parametrize("runs", [5, 40])
def test_intervals_exclude_0_where_the_p_value_beside_them_says_so(runs):
    """Whatever the confidence; the step-down p-value is never larger."""
    samples = {f"{n}": 0.6 * n + sample for n, sample in enumerate(np.random.default_rng(2).normal(size=(6, runs)))}
    told = []
    for confidence in (0.3, 0.9, 0.99):
        found = tables(samples, confidence=confidence)[0]
        excluded = (found["low"] > 0.0) | (found["high"] < 0.0)
        assert (excluded == (found["p_value"] <= 1.0 - confidence + 1e-12)).all()
        assert (found["p_step_down"] <= found["p_value"] + 1e-12).all()
        told += excluded.tolist()
    assert {*told} == {True, False}


def test_alpha_sets_the_verdicts_and_confidence_the_intervals():
    samples = dict(zip("ab", np.random.default_rng(3).normal([[0.0], [0.5]], 1.0, size=(2, 20)), strict=True))
    strict, loose = (tables(samples, alpha=alpha)[0].iloc[0] for alpha in (1e-9, 0.9))
    assert (strict["verdict"], loose["verdict"]) == ("no difference is shown", "the second is higher")
    assert strict["low"] == loose["low"]
    widths = [tables(samples, confidence=level)[0].eval("high - low").iloc[0] for level in (0.5, 0.9, 0.99)]
    assert widths == sorted(widths)


def test_confidence_sets_the_intervals_of_means_too():
    sample = np.random.default_rng(4).normal(size=30)
    row = tables({"a": sample, "b": sample + 1.0}, confidence=0.8)[1].iloc[0]
    half = t.ppf(0.9, 29) * sample.std(ddof=1) / np.sqrt(30)
    assert (row["reward_low"], row["reward_high"]) == pytest.approx((row["reward"] - half, row["reward"] + half))


def test_the_best_of_a_family_is_chosen_in_a_third_of_the_runs_and_compared_in_the_others():
    rng = np.random.default_rng(5)
    samples = {"f = 1": rng.normal(size=30), "f = 2": rng.normal(size=30), "a": rng.normal(size=30)}
    (row,) = tables(samples, study={"f = 1": ["f", 1.0], "f = 2": ["f", 2.0]})[0].to_dict("records")
    third = np.arange(30) % 3 == 0
    chosen = max(("f = 1", "f = 2"), key=lambda agent: samples[agent][third].mean())
    assert (row["first"], row["first_agent"], row["second"], row["second_agent"]) == ("f", chosen, "a", "a")
    assert row["runs"] == 20
    assert row["difference"] == pytest.approx((samples[chosen] - samples["a"])[~third].mean())


def test_a_large_family_of_equal_agents_is_not_ahead_of_a_small_one():
    """Ten equal agents against one, 400 times: at most 5 % false differences, with a false alarm in 10⁻⁶ of cases."""
    rng, study = np.random.default_rng(6), {f"f = {n}": ["f", float(n)] for n in range(10)}
    false = 0
    for _ in range(400):
        samples = dict(zip([*study, "a"], rng.normal(size=(11, 9)), strict=True))
        false += tables(samples, study)[0]["p_value"].iloc[0] <= 0.05
    assert false <= binom.ppf(1.0 - 1e-6, 400, 0.05)
    assert false > 0


@pytest.mark.parametrize("exponent", [-600, -40, 40, 600])
def test_no_verdict_depends_on_the_unit_of_rewards(exponent):
    samples = dict(zip("abc", np.random.default_rng(7).normal([[0.0], [0.4], [0.9]], 1.0, size=(3, 25)), strict=True))
    one, other = (tables({a: s * u for a, s in samples.items()})[0] for u in (1.0, 2.0**exponent))
    assert other["verdict"].tolist() == one["verdict"].tolist()
    assert other["p_value"].tolist() == one["p_value"].tolist()
    assert (other["low"] == one["low"] * 2.0**exponent).all()


def test_the_summary_has_the_interval_of_the_declared_comparison_with_the_best():
    results = run(declared())
    best, *others = results.summary.to_dict("records")
    pairs = results.comparisons.to_dict("records")
    assert best["behind"] == 0.0
    for row in others:
        (pair,) = [pair for pair in pairs if {pair["first"], pair["second"]} == {best["agent"], row["agent"]}]
        turned = pair["first"] != best["agent"]
        ends = (-pair["high"], -pair["low"]) if turned else (pair["low"], pair["high"])
        assert (row["behind_low"], row["behind_high"], row["p_value"]) == (*ends, pair["p_value"])
        assert row["behind"] == pytest.approx(-pair["difference"] if turned else pair["difference"])


def test_a_pair_that_is_not_declared_has_no_interval_in_the_summary():
    results = run(declared(agents=STUDY))
    rest = results.summary.iloc[1:]
    assert rest["behind"].notna().all()
    assert rest[["behind_low", "behind_high", "p_value"]].isna().all(axis=None)
    assert {*zip(results.comparisons["first"], results.comparisons["second"], strict=True)} == {
        ("τ", "ε"),
        ("τ", "alone"),
        ("ε", "alone"),
    }
    assert results.summary.set_index("agent").loc["ε = 0.3", ["family", "parameter"]].tolist() == ["ε", 0.3]


def test_results_are_compared_again_by_other_pairs_metrics_and_levels():
    results = run(declared(agents=STUDY, compare="all"))
    assert len(results.comparisons) == 15
    again = results.compare("alone", metric="regret", confidence=0.5)
    assert (again["second"] == "alone").all()
    assert again["first"].tolist() == ["τ", "ε"]
    assert (again["metric"] == "regret").all()
    assert results.compare().equals(results.comparisons)
    with pytest.raises(ValueError, match="metric must be one of reward, best_action, regret, got 'speed'"):
        results.compare(metric="speed")
    with pytest.raises(ValueError, match="compare names 'nobody'"):
        results.compare("nobody")


def test_comparisons_are_saved_and_loaded(tmp_path):
    results = run(declared(agents=STUDY))
    folder = results.save(tmp_path)
    again = brl.load(folder)
    pd.testing.assert_frame_equal(again.comparisons, results.comparisons, check_exact=True)
    (folder / "runs.csv").unlink()
    assert brl.load(folder).sentence == results.sentence
    (folder / "comparisons.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"comparisons\.csv is missing"):
        _ = brl.load(folder).sentence


def test_comparisons_of_a_single_agent_leave_no_file(tmp_path):
    run(declared(agents={"only": AGENTS["τ = 0.1"]}), results=tmp_path)
    assert not (tmp_path / "x" / "comparisons.csv").exists()
    assert "only had the highest mean" in brl.load(tmp_path / "x").sentence


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("judgement", {"compare": "nobody"}, "compare names 'nobody'"),
        ("judgement", {"alpha": 7}, "alpha must lie between 0 and 1"),
        ("judgement", {"beta": 1}, "judgement has 'beta', which no run writes"),
        ("judgement", 5, "judgement must be a mapping, got 5"),
    ],
)
def test_a_manifest_with_another_judgement_is_refused(tmp_path, part, value, message):
    folder = run(declared()).save(tmp_path)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(manifest | {part: value}), "utf-8")
    with pytest.raises(ValueError, match=message):
        brl.load(folder)


FAR = {"a": [1.0, 1.2, 0.9, 1.1, 1.3, 0.8], "b": [0.1, 0.2, -0.1, 0.3, 0.2, 0.1]}


def test_the_sentence_says_what_was_compared_how_and_what_would_change_it():
    said = tables(FAR)[2]
    assert said.startswith("On p, a had the highest mean reward per step, 1.05 (95 % CI 0.8537 to 1.246, 6 runs). ")
    assert "a was 0.917 ahead of b (95 % CI " in said
    assert "p < 0.001); it would take about " in said
    assert "further runs with no difference to overturn this. (Paired over 6 runs, by a paired t-test.)" in said
    assert said.endswith("Warning: 6 runs cannot show whether the differences are skewed; if they are, more than alpha "
                         "go wrong.")  # fmt: skip


def test_runs_that_would_overturn_a_difference_do_overturn_it():
    """With that many further runs without a difference, the interval just about reaches 0."""
    difference = np.random.default_rng(8).normal(0.5, 1.0, size=60)
    said = tables({"a": difference, "b": np.zeros(60)})[2]
    more = int(said.split("; it would take about ")[1].split(" further")[0].replace(",", ""))
    spread = np.resize(difference, more)
    longer = np.concatenate([difference, spread - spread.mean()])
    row = tables({"a": longer, "b": np.zeros(60 + more)})[0].iloc[0]
    assert row["low"] == pytest.approx(0.0, abs=0.1 * row["difference"])


def test_the_sentence_says_how_many_runs_would_show_a_difference():
    """By the noncentral t, the number of runs in the sentence shows the difference in about nine of ten cases."""
    difference = np.random.default_rng(9).normal(0.15, 1.0, size=50)
    said = tables({"a": difference, "b": np.zeros(50)})[2]
    assert "a is not shown to differ from b: it was 0." in said
    runs = int(said.split("; if the true difference is as large as that, about ")[1].split(" runs")[0].replace(",", ""))
    effect = difference.mean() / difference.std(ddof=1)
    from scipy.stats import nct

    power = nct.sf(t.ppf(0.975, runs - 1), runs - 1, effect * np.sqrt(runs))
    assert power == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ({"a": [1.0], "b": [0.0]}, "1; one run says nothing about how sure that is."),
        ({"a": [1.0, 2.0], "b": [1.0, 2.0]}, "a was the same as b in each of 2 runs."),
        ({"a": [1.0, 2.0], "b": [0.5, 1.5]}, "a was 0.5 ahead of b in each of 2 runs alike, so nothing says"),
        ({"a": [1.0, np.inf], "b": [0.5, 1.5]}, "a and b can't be compared: a value is infinite or missing."),
    ],
)
def test_the_sentence_says_why_nothing_can_be_said(samples, said):
    assert said in tables(samples)[2]


def test_the_sentence_names_the_closest_rival_and_those_that_are_clearly_behind():
    rng = np.random.default_rng(10)
    noise = rng.normal(size=(5, 40))
    samples = {
        name: mean + sample for name, mean, sample in zip("vwxyz", (0.0, 0.1, 2.0, 3.0, 6.0), noise, strict=True)
    }
    said = tables(samples)[2]
    assert "z was 3" in said.partition("ahead of y")[0] or "z was 2" in said.partition("ahead of y")[0]
    assert "z was also ahead of x; w and v." in said or "z was also ahead of x; v and w." in said
    assert "hold for all 10 together, by step-down max-T over flips of signs" in said


def test_the_sentence_names_three_that_are_behind_and_counts_the_others():
    noise = np.random.default_rng(13).normal(size=(7, 40))
    samples = {f"{n}, of {n}": 3.0 * n + sample for n, sample in enumerate(noise)}
    assert "6, of 6 was also ahead of 4, of 4; 3, of 3; 2, of 2; and 2 more." in tables(samples)[2]


def test_the_sentence_tells_declared_comparisons_in_their_order():
    samples = dict(zip("abcde", np.random.default_rng(12).normal(size=(5, 10)), strict=True))
    said = tables(samples, compare="c", alpha=1e-6)[2]
    places = [said.index(f"{name} is not shown to differ from c") for name in "abd"]
    assert places == sorted(places)
    assert "e is not shown" not in said
    assert "Comparisons that only the table has: 1." in said


def test_the_command_line_compares_as_its_options_say(tmp_path, capsys):
    file = tmp_path / "e.py"
    file.write_text(
        "import boltzmann_rl as brl\n"
        "a = {f't{t}': brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 0.5, 2.0)}\n"
        "EXPERIMENT = brl.BanditExperiment('e', brl.GaussianBandit(), a, runs=10, steps=20)\n"
    )
    results = str(tmp_path / "r")
    command = ["run", str(file), "--results", results, "--quiet", "--compare", "t0.5", "--confidence", "0.8"]
    assert main(command) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "± half the 80 % interval" in said
    found = brl.load(tmp_path / "r" / "e")
    assert found.manifest["judgement"] == {"compare": "t0.5", "alpha": 0.05, "confidence": 0.8}
    assert found.comparisons["second"].tolist() == ["t0.5", "t0.5"]
    assert main(["run", "--again", str(tmp_path / "r" / "e"), str(file), "--quiet"]) == 0
    assert "comparisons.csv: the same bytes" in capsys.readouterr().out
    assert main(["plot", str(tmp_path / "r" / "e"), "--compare", "all", "--alpha", "0.2"]) == 0
    assert len(brl.load(tmp_path / "r" / "e").comparisons) == 3
    assert "(Paired over 10 runs;" in " ".join(capsys.readouterr().out.split())
    assert main([*command[:-3], "nobody"]) == 2
    assert "compare names 'nobody'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, "--alpha", "5"])
    assert "must be a number between 0 and 1, such as 0.05, got '5'" in capsys.readouterr().err


@dataclass(frozen=True)
class Fails:
    """A policy that fails at once."""

    def __call__(self, values, step):
        raise ValueError("no")


def failing(*failed):
    """A study of two families and one agent, in which some members fail."""
    families = {"φ": (1.0, 2.0), "τ": (0.1, 0.3)}
    agents = {f: {v: Agent(SampleAverage(), Fails() if (f, v) in failed else Boltzmann(v)) for v in vs}
              for f, vs in families.items()}  # fmt: skip
    return agents | {"u": AGENTS["τ = 2.0"]}


@pytest.mark.parametrize(
    ("failed", "compare", "pairs"),
    [
        ([("φ", 2.0)], None, [("φ", "τ"), ("φ", "u"), ("τ", "u")]),
        ([("φ", 1.0), ("φ", 2.0)], None, [("τ", "u")]),
        ([("φ", 1.0), ("φ", 2.0)], "φ", []),
        ([("φ", 1.0), ("φ", 2.0)], [("τ", "u"), ("φ", "τ")], [("τ", "u")]),
        ([("φ", 2.0)], [("φ = 2", "u"), ("φ = 1", "u")], [("φ = 1", "u")]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*ValueError. no")
def test_members_of_a_family_that_fail_take_no_other_comparison_with_them(tmp_path, failed, compare, pairs):
    results = run(declared(agents=failing(*failed), compare=compare), results=tmp_path)
    assert list(zip(results.comparisons["first"], results.comparisons["second"], strict=True)) == pairs
    assert results.sentence
    again = brl.load(tmp_path / "x")
    pd.testing.assert_frame_equal(again.comparisons.astype(object), results.comparisons.astype(object))


@pytest.mark.filterwarnings("ignore:.*ValueError. no")
def test_a_single_family_is_compared_without_its_member_that_failed():
    agents = {"φ": failing(("φ", 2.0))["φ"] | {3.0: AGENTS["τ = 0.1"]}}
    pairs = run(declared(agents=agents)).comparisons
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [("φ = 1", "φ = 3")]


def test_the_best_agent_is_known_even_if_sums_overflow():
    samples = {"low": np.full(40, 1.02e307), "high": np.full(40, 1.63e307)}
    assert tables(samples)[1]["agent"].tolist() == ["high", "low"]


def test_an_agent_without_a_mean_stands_for_no_family():
    samples = {"f = 1": np.full(9, np.nan), "f = 2": np.arange(9.0), "a": np.ones(9)}
    (row,) = tables(samples, {"f = 1": ["f", 1.0], "f = 2": ["f", 2.0]})[0].to_dict("records")
    assert row["first_agent"] == "f = 2"


def test_labels_of_many_agents_are_checked_without_making_all_pairs():
    agents = [f"{n}" for n in range(200_000)]  # 2 · 10¹⁰ pairs
    assert Judgement().check(agents, {}) == "all"


def test_shares_are_judged_by_all_flips_however_skewed_they_look():
    """Nine runs won and one lost, of three agents: the largest of three statistics over all 2⁹ flips."""
    samples = np.array([[1.0] * 9 + [0.0], [0.0, 1.0] + [0.0] * 8, [0.0] * 9 + [1.0]])
    pairs = [(0, 1), (0, 2), (1, 2)]
    differences = np.stack([samples[a] - samples[b] for a, b in pairs])
    signs = 1.0 - 2.0 * ((np.arange(2**10)[:, np.newaxis] >> np.arange(10)) & 1)
    statistics = np.abs(signs @ differences.T) / np.sqrt((differences**2).sum(axis=1))
    observed = np.abs(differences.sum(axis=1)) / np.sqrt((differences**2).sum(axis=1))
    order = np.argsort(-observed)
    expected, floor = np.empty(3), 0.0
    for rank, pair in enumerate(order):
        rest = statistics[:, order[rank:]].max(axis=1)
        floor = expected[pair] = max(floor, (rest >= observed[pair] - 1e-9).mean())
    found = tables(dict(zip("abc", samples, strict=True)))[0]
    np.testing.assert_allclose(found["p_step_down"], expected, rtol=1e-9)
    assert found["p_step_down"].iloc[1] < 0.03


@pytest.mark.parametrize("runs", [2, 3, 5, 12])
def test_an_agent_that_always_gets_1_and_one_that_never_does_have_a_sentence(runs):
    assert "b had the highest mean" in tables({"a": np.zeros(runs), "b": np.ones(runs)})[2]


def test_the_interval_in_the_sentence_has_the_sign_of_its_words():
    comparisons, _, said = tables(FAR, compare="a")
    row = comparisons.iloc[0]
    assert row["high"] < 0.0
    assert f"b was {-row['difference']:.3g} behind a (95 % CI {-row['high']:.4g} to {-row['low']:.4g}, " in said


def test_the_sentence_names_all_that_the_best_is_not_shown_to_differ_from():
    noise = np.random.default_rng(14).normal(size=12)
    samples = {"a": noise, "b": noise, "c": noise - np.random.default_rng(15).normal(0.5, 3.0, size=12)}
    said = tables(samples)[2]
    assert "a was the same as b in each of 12 runs. a is not shown to differ from c." in said


def test_a_warning_asks_for_more_runs_than_there_are():
    for seed in range(40):
        skewed = np.exp(np.random.default_rng(seed).normal(size=(2, 50)))
        for warning in tables(dict(zip("ab", skewed, strict=True)))[0]["warning"]:
            if "would be enough" in warning:
                assert int(warning.split("about ")[1].split(" runs")[0]) > 50


def test_tables_by_another_comparison_than_the_declared_one_say_so(tmp_path, capsys):
    run(declared(), results=tmp_path)
    assert main(["plot", str(tmp_path / "x"), "--compare", "τ = 0.3", "--alpha", "0.2"]) == 0
    assert "This is by --compare and --alpha, not as declared" in " ".join(capsys.readouterr().out.split())
