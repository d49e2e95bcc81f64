"""Figures of action shares, effective actions, estimates and performance profiles, and small multiples."""

import dataclasses
import itertools
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from cases import in_one_test
from matplotlib import pyplot as plt
from scipy import stats

import boltzmann_rl as brl
from boltzmann_rl.figures.looks import contrast_of
from boltzmann_rl.figures.style import figure_bytes
from boltzmann_rl.results.figures import Figures

S = brl.SampleAverage()
AGENTS = {
    "greedy": brl.Agent(S, brl.Greedy()),
    "$$ ε = 0.1": brl.Agent(S, brl.EpsilonGreedy(0.1)),
    "_leading": brl.Agent(S, brl.Boltzmann(0.2)),
    "uniform, with a label that is longer than any figure has room for": brl.Agent(S, brl.EpsilonGreedy(1.0)),
}
UNIFORM = list(AGENTS)[-1]
SHORT = "uniform, with a label that is longe…"
METHODS = ("shares", "effective_actions", "final", "profile", "regret", "curves")


def run(agents=AGENTS, problem=None, runs=25, steps=60, **others):
    problem = problem or brl.GaussianBandit(arms=4)
    return brl.BanditExperiment("an_example", problem, agents, runs=runs, steps=steps, **others).run(progress=False)


@pytest.fixture(scope="module")
def results():
    return run()


@pytest.fixture(scope="module")
def several():
    return run(problem={"few": brl.GaussianBandit(arms=2), "many": brl.GaussianBandit(arms=30)}, runs=8, steps=30)


@pytest.fixture(scope="module")
def lake():
    agents = {"τ = 0.1": brl.Agent(brl.QLearning(0.5), brl.Boltzmann(0.1))}
    environment = brl.Environment("FrozenLake-v1", max_episode_steps=20)
    return brl.GymnasiumExperiment("lake", environment, agents, runs=3, episodes=5).run(progress=False)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def written_in(figure):
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


def lines_of(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def texts_of(figure):
    """All text that is seen."""
    found = [text for legend in figure.legends for text in legend.get_texts()]
    for part in (figure, *figure.subfigs):
        found += [text for text in part.get_children() if isinstance(text, mpl.text.Text)]
    for ax in figure.axes:
        found += [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            found += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [text for text in found if text.get_text() and text.get_visible()]


def words_of(figure):
    return [text.get_text().replace("\n", " ") for text in texts_of(figure)]


def titles_of(figure):
    return [ax.get_title().replace("\n", " ") for ax in figure.axes]


# --- action shares ----------------------------------------------------------------------------------------------


def areas_of(ax):
    """The lower and upper edge of each area at each step."""
    found = {}
    for area in ax.collections:
        vertices = pd.DataFrame(area.get_paths()[0].vertices, columns=["step", "y"]).groupby("step")["y"]
        found[area.get_label()] = vertices.min().to_numpy(), vertices.max().to_numpy()
    return found


def test_areas_are_the_probabilities_by_rank_with_the_best_arm_at_the_bottom(results):
    figure = results.figures.shares()
    for ax, agent in zip(figure.axes, AGENTS, strict=True):
        ranks = results.ranks[results.ranks["agent"] == agent]
        wide = ranks.pivot(index="step", columns="rank", values="probability")
        areas = areas_of(ax)
        assert list(areas) == ["rank 1 (best)", "rank 2", "rank 3", "rank 4"]
        for rank, (low, high) in enumerate(areas.values(), 1):
            below = wide.iloc[:, : rank - 1].sum(axis=1).to_numpy()
            np.testing.assert_allclose(low, below, atol=1e-12)
            np.testing.assert_allclose(high, below + wide[rank].to_numpy(), atol=1e-12)


def test_a_uniform_policy_has_areas_of_equal_height(results):
    areas = areas_of(results.figures.shares(agents=UNIFORM).axes[0])
    for low, high in areas.values():
        np.testing.assert_allclose(high - low, 0.25, atol=1e-12)


def test_ranks_beyond_the_areas_are_taken_together(several):
    figure = several.figures.shares(ranks=3, agents=UNIFORM)
    few, many = (areas_of(ax) for ax in figure.axes)
    assert list(few) == ["rank 1 (best)", "rank 2"]
    assert list(many) == ["rank 1 (best)", "rank 2", "ranks 3 to 30"]
    low, high = many["ranks 3 to 30"]
    np.testing.assert_allclose(high - low, 28 / 30, atol=1e-12)


def test_areas_are_lighter_from_rank_to_rank(several):
    (ax,) = several.figures.shares(problems="many", agents=UNIFORM, ranks=8).axes
    contrasts = [contrast_of(mpl.colors.to_hex(area.get_facecolor()[0])) for area in ax.collections]
    assert len(contrasts) == 8
    assert all(dark / light > 1.1 for dark, light in itertools.pairwise(contrasts))


def test_shares_have_a_logarithmic_axis_of_steps_as_asked(results):
    assert {ax.get_xscale() for ax in results.figures.shares(log="x").axes} == {"log"}


def test_shares_of_an_environment_are_refused_with_what_to_use_instead(lake):
    with pytest.raises(ValueError, match=r"only bandits have .*: see results\.figures\.curves\(\)"):
        lake.figures.shares()


def test_shares_of_runs_made_elsewhere_are_refused_with_what_to_use_instead():
    rows = [(agent, seed, step, 1.0 + seed) for agent in "ab" for seed in range(3) for step in range(4)]
    other = brl.Results.of_runs(pd.DataFrame(rows, columns=["agent", "seed", "step", "return"]))
    with pytest.raises(ValueError, match="only bandits have that were run here"):
        other.figures.shares()


def test_shares_need_the_cells(results):
    with pytest.raises(FileNotFoundError, match="the cells of an_example"):
        dataclasses.replace(results, cells=None).figures.shares()


# --- effective actions ------------------------------------------------------------------------------------------


def limits_of(ax):
    """The heights of the dotted lines."""
    (dotted,) = [one for one in ax.collections if isinstance(one, mpl.collections.LineCollection)]
    return [segment[0][1] for segment in dotted.get_segments()]


def test_effective_actions_are_drawn_between_1_and_the_number_of_arms(several):
    figure = several.figures.effective_actions(log="")
    for ax, problem, arms in zip(figure.axes, ("few", "many"), (2, 30), strict=True):
        assert limits_of(ax) == [1, arms]
        low, high = ax.get_ylim()
        assert low < 1 < arms < high
        ticks = ax.yaxis.get_majorticklocs()
        assert (ticks[0], ticks[-1]) == (1, arms)
        curve = several.curves.set_index(["metric", "problem", "agent"]).sort_index()
        curve = curve.loc[("effective_actions", problem, UNIFORM), "mean"]
        np.testing.assert_allclose(curve, arms)
        np.testing.assert_allclose(lines_of(ax)[SHORT].get_ydata(), arms)


def test_effective_actions_of_many_arms_are_logarithmic_unless_asked_otherwise(results, several):
    assert {ax.get_yscale() for ax in several.figures.effective_actions().axes} == {"log"}
    assert {ax.get_yscale() for ax in several.figures.effective_actions(log="x").axes} == {"linear"}
    assert {ax.get_yscale() for ax in results.figures.effective_actions().axes} == {"linear"}


def test_effective_actions_of_an_environment_are_refused(lake):
    with pytest.raises(ValueError, match=r"has no effective_actions, which only bandits have: see results\.figures"):
        lake.figures.effective_actions()


def test_a_bandit_that_does_not_say_its_arms_has_only_the_lower_limit(results):
    manifest = results.manifest | {
        "declaration": results.manifest["declaration"] | {"problem": {"GaussianBandit": "B"}}
    }
    (ax,) = dataclasses.replace(results, manifest=manifest).figures.effective_actions().axes
    assert limits_of(ax) == [1]


# --- estimates --------------------------------------------------------------------------------------------------


def rows_of(ax):
    """The label, the point and the interval of each row, from top to bottom."""
    points = [line for line in ax.get_lines() if line.get_marker() not in ("None", None)]
    spans = [line for line in ax.get_lines() if len(line.get_xdata()) == 2 and line.get_linewidth() > 1]
    labels = [tick.get_text().replace("\n", " ") for tick in ax.get_yticklabels()]
    ends = [tuple(line.get_xdata()) for line in spans]
    return list(zip(labels, [float(line.get_xdata()[0]) for line in points], ends, strict=True))


@pytest.mark.parametrize("which", ["final", "mean", "interquartile_mean", "median", "area_under_curve"])
def test_points_and_intervals_are_those_of_the_table_with_the_best_first(results, which):
    (ax,) = results.figures.final(which).axes
    table = results.estimates().sort_values(which, ascending=False, kind="stable")
    rows = rows_of(ax)
    assert [label for label, _, _ in rows] == [SHORT if agent == UNIFORM else agent for agent in table["agent"]]
    assert [point for _, point, _ in rows] == table[which].tolist()
    ends = [tuple(pair) for pair in table[[f"{which}_low", f"{which}_high"]].to_numpy()]
    assert [span for _, _, span in rows] == ends
    low, high = ax.get_xlim()
    assert all(low < start <= end < high for start, end in ends)


def test_a_lower_regret_stands_first(results):
    (ax,) = results.figures.final("mean", metric="regret").axes
    points = [point for _, point, _ in rows_of(ax)]
    assert points == sorted(points)
    assert "lower is better" in ax.figure.get_suptitle().replace("\n", " ")


def test_the_caption_of_estimates_says_runs_confidence_and_which_steps(results):
    words = results.figures.final(last=5, confidence=0.8).get_suptitle().replace("\n", " ")
    assert words.startswith("An example: 25 runs, 80 % confidence intervals of the mean over the last 5 of 60 steps")


def test_another_confidence_gives_other_intervals(results):
    (ax,) = results.figures.final("area_under_curve", agents="greedy", confidence=0.5).axes
    ((_, point, (low, high)),) = rows_of(ax)
    sample = results.runs.query("agent == 'greedy'")["reward"] / 60
    reach = stats.t.ppf(0.75, 24) * stats.sem(sample)
    assert point == pytest.approx(sample.mean())
    skewed = abs(stats.skew(sample, bias=False)) >= 1
    assert skewed or (low, high) == pytest.approx((point - reach, point + reach))


def test_each_problem_has_its_own_order(several):
    for ax, problem in zip(several.figures.final().axes, ("few", "many"), strict=True):
        points = [point for _, point, _ in rows_of(ax)]
        assert len(points) == len(AGENTS)
        assert points == sorted(points, reverse=True)
        assert ax.get_title().startswith(problem)


def test_a_single_run_has_open_markers_and_no_interval():
    figure = run(runs=1).figures.final()
    (ax,) = figure.axes
    points = [line for line in ax.get_lines() if line.get_marker() not in ("None", None)]
    assert {line.get_markerfacecolor() for line in points} == {"white"}
    assert "open markers: no interval" in figure.get_suptitle()


# --- performance profiles ---------------------------------------------------------------------------------------


def test_a_profile_falls_by_one_run_at_the_mean_of_each_run(results):
    (ax,) = results.figures.profile(agents="greedy").axes
    line = lines_of(ax)["greedy"]
    x, y = line.get_xdata(), line.get_ydata()
    means = np.sort(results.runs.query("agent == 'greedy'")["reward"].to_numpy() / 60)
    assert y[0] == 1.0
    assert y[-1] == 0.0
    drops = x[1:][np.diff(y) < 0]
    np.testing.assert_allclose(drops, means)
    assert (np.diff(x)[np.diff(y) < 0] == 0).all(), "a staircase falls at once"


def test_a_profile_has_the_shares_and_intervals_of_the_table(results):
    thresholds = [0.0, 0.5, 1.0]
    (ax,) = results.figures.profile(thresholds, agents="greedy", confidence=0.9).axes
    table = results.performance_profile(thresholds, confidence=0.9).query("agent == 'greedy'")
    line = lines_of(ax)["greedy"]
    for threshold, share, low, high in table[["threshold", "share", "low", "high"]].to_numpy():
        assert share in line.get_ydata()[line.get_xdata() == threshold]
        vertices = ax.collections[0].get_paths()[0].vertices
        at = vertices[np.isclose(vertices[:, 0], threshold)][:, 1]
        assert np.isclose(at, low).any()
        assert np.isclose(at, high).any()


def test_scores_of_all_problems_are_one_profile(several):
    several = run(problem={"few": brl.GaussianBandit(arms=2), "many": brl.GaussianBandit(arms=9)}, runs=30, steps=30)
    figure = several.figures.profile(between=(UNIFORM, "greedy"))
    assert len(figure.axes) == 1
    assert f"score: 0 is the mean of {UNIFORM}" in figure.get_suptitle().replace("\n", " ")
    with pytest.raises(TypeError, match="does not take problems"):
        several.figures.profile(between=(UNIFORM, "greedy"), problems="few")


def test_one_dictionary_of_labels_serves_all_figures():
    several = run(problem={"few": brl.GaussianBandit(arms=2), "many": brl.GaussianBandit(arms=9)}, runs=30, steps=30)
    labels = {"greedy": "$Q$", "few": "two arms"}
    figure = several.figures.profile(between=(UNIFORM, "greedy"), labels=labels)
    assert "$Q$" in written_in(figure)
    assert any("two arms" in text for text in written_in(several.figures.final(labels=labels)))
    with pytest.raises(ValueError, match=r"the keys of labels must be among 'greedy', .*'few', 'many', got 'fwe'"):
        several.figures.profile(between=(UNIFORM, "greedy"), labels={"fwe": "two arms"})


def test_labels_of_members_and_of_families_serve_the_curves_and_the_study():
    agents = {"τ": {t: brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}}
    study = brl.BanditExperiment("study", brl.GaussianBandit(), agents, runs=2, steps=10).run(progress=False)
    labels = {str(study.curves["agent"].iloc[0]): "coldest", "τ": "temperature"}
    assert "coldest" in written_in(study.figures.curves(labels=labels))
    assert "temperature" in written_in(study.figures.study(labels=labels))


def test_help_names_every_figure():
    methods = [name for name in vars(Figures) if not name.startswith("_") and callable(getattr(Figures, name))]
    assert len(methods) >= 8
    for said in (brl.Results.figures.__doc__, Figures.__doc__):
        assert set(methods) <= set(re.findall(r"``([a-z_]+)``", said))


# --- small multiples --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runs", ["band", "lines"])
def test_each_agent_has_a_panel_in_which_the_others_are_grey(results, runs):
    figure = results.plot("reward", panels="agents", runs=runs)
    assert titles_of(figure) == [*list(AGENTS)[:3], SHORT]
    looks = {label: line.get_color() for label, line in lines_of(results.plot("reward").axes[0]).items()}
    for ax, title in zip(figure.axes, titles_of(figure), strict=True):
        lines = lines_of(ax)
        assert set(lines) == set(looks)
        assert lines[title].get_color() == looks[title]
        assert {line.get_color() for label, line in lines.items() if label != title} == {"#d4d4d4"}
        assert list(lines)[-1] == title, "it is drawn over the others"
        assert lines[title].get_zorder() > max(one.get_zorder() for label, one in lines.items() if label != title)
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in figure.axes}) == 1


def test_small_multiples_have_a_part_for_each_metric_and_problem(several):
    figure = several.plot(["reward", "entropy"], panels="agents")
    assert len(figure.axes) == 2 * 2 * len(AGENTS)
    heads = [part.get_suptitle().partition(" (")[0] for part in figure.subfigs]
    assert heads == [
        "few: Reward per step",
        "few: Entropy of the policy [nats]",
        "many: Reward per step",
        "many: Entropy of the policy [nats]",
    ]


def test_a_long_problem_stands_before_its_metric():
    long = run(problem={"x" * 30: brl.GaussianBandit(arms=2), "y": brl.GaussianBandit(arms=2)}, runs=2, steps=5)
    part = long.plot("best_action", panels="agents").subfigs[0]
    assert part.get_suptitle().replace("\n", " ").startswith(f"{'x' * 30}: Best action chosen")


def test_small_multiples_draw_one_metric_unless_asked(several):
    assert len(several.plot(panels="agents").axes) == 2 * len(AGENTS)


@pytest.mark.parametrize("name", ["regret", "effective_actions", "profile"])
def test_other_figures_with_lines_are_small_multiples_too(results, name):
    figure = getattr(results.figures, name)(panels="agents")
    assert set(titles_of(figure)) == {*list(AGENTS)[:3], SHORT}


def test_curves_of_a_study_are_small_multiples():
    study = {"τ": {t: brl.Agent(S, brl.Boltzmann(t)) for t in (0.1, 0.2)}, "greedy": AGENTS["greedy"]}
    figure = run(study, runs=5).plot(panels="agents")
    assert titles_of(figure) == ["τ = 0.1", "τ = 0.2", "greedy"]


def test_small_multiples_of_one_agent_are_one_panel(results):
    figure = results.plot("reward", "greedy", panels="agents")
    assert titles_of(figure) == ["greedy"]
    assert "grey" not in figure.get_suptitle()


# --- what all of them share -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METHODS)
def test_agents_look_the_same_in_all_figures(results, name):
    look = results.plot("reward").axes[0].get_lines()[2]
    figure = getattr(results.figures, name)(agents=["_leading", "greedy"])
    if name == "shares":
        text = next(ax.title for ax in figure.axes if ax.get_title() == "_leading")
        beside = next(one for one in results.plot("reward").axes[0].texts if one.get_text() == "_leading")
        assert text.get_color() == beside.get_color()
        return
    line = next(line for line in figure.axes[0].get_lines() if line.get_label() == "_leading")
    assert (line.get_color(), line.get_marker()) == (look.get_color(), look.get_marker())


@pytest.mark.parametrize("name", METHODS)
def test_labels_of_the_user_are_typeset_and_declared_ones_are_not(results, name):
    figure = getattr(results.figures, name)(labels={"greedy": r"$\tau=0$"})
    figure.canvas.draw()
    parsed = {text.get_text().replace("\n", " "): text.get_parse_math() for text in texts_of(figure)}
    assert parsed[r"$\tau=0$"]
    assert not parsed["$$ ε = 0.1"]
    assert "greedy" not in parsed
    assert "_leading" in parsed
    assert SHORT in parsed


@pytest.mark.parametrize("width", [3.3, None])
@pytest.mark.parametrize("name", METHODS)
def test_no_text_leaves_the_figure(several, name, width):
    figure = getattr(several.figures, name)(width=width)
    figure.canvas.draw()
    for text in texts_of(figure):
        box = text.get_window_extent()
        assert box.x0 >= -2, text
        assert box.x1 <= figure.bbox.x1 + 2, text
        assert box.y0 >= -2, text
        assert box.y1 <= figure.bbox.y1 + 2, text


@pytest.mark.parametrize("name", METHODS)
def test_a_width_is_that_of_the_figure_and_text_keeps_its_size(results, name):
    narrow = getattr(results.figures, name)(width=3.3)
    narrow.canvas.draw()
    assert narrow.get_figwidth() == 3.3
    assert {text.get_fontsize() for text in narrow.findobj(mpl.text.Text) if text.get_text()} <= {7.0, 8.0}


@in_one_test("name", METHODS)
def test_figures_are_drawn_of_a_single_agent_and_run(name):
    lonely = run({"τ = 0.1": brl.Agent(S, brl.Boltzmann(0.1))}, runs=1, steps=1)
    figure = getattr(lonely.figures, name)()
    assert figure_bytes(figure)["png"].startswith(b"\x89PNG")


@in_one_test("name", METHODS)
def test_all_of_12_agents_are_there(name):
    many = run({f"agent {t}": brl.Agent(S, brl.Boltzmann(t)) for t in range(1, 13)}, runs=4, steps=20)
    assert {f"agent {t}" for t in range(1, 13)} <= set(words_of(getattr(many.figures, name)()))


@pytest.mark.pdf
@pytest.mark.parametrize("name", METHODS)
def test_text_of_svg_is_text_and_pdf_has_no_type_3_fonts(results, name):
    files = figure_bytes(getattr(results.figures, name)())
    assert b"<text" in files["svg"]
    assert "greedy" in files["svg"].decode()
    assert b"/Type3" not in files["pdf"]


REFUSED = {
    "shares": ("metrics", "ax", "confidence", "panels"),
    "effective_actions": ("metrics",),
    "final": ("metrics", "panels"),
    "profile": ("metrics",),
    "regret": ("metrics", "ax", "log"),
    "study": ("panels",),
}


@pytest.mark.parametrize(("name", "argument"), [(name, one) for name, some in REFUSED.items() for one in some])
def test_an_argument_that_does_not_apply_is_refused_by_name(results, name, argument):
    value = {"ax": plt.figure().subplots(), "log": "x", "confidence": 0.9, "panels": "agents"}.get(argument, "reward")
    with pytest.raises(TypeError, match=rf"{name}\(\) does not take {argument}: "):
        getattr(results.figures, name)(**{argument: value})


WRONG = {
    "unknown": (lambda r: r.figures.shares(agent="greedy"), TypeError, r"has no argument agent: did you mean agents\?"),
    "unknown of curves": (lambda r: r.figures.curves(agent="greedy"), TypeError, r"curves\(\) has no argument agent"),
    "unknown of studies": (lambda r: r.figures.study(metric="reward"), TypeError, r"study\(\) has no argument metric"),
    "ranks": (lambda r: r.figures.shares(ranks=1), ValueError, "ranks must be 2 or more, got 1"),
    "stacked": (lambda r: r.figures.shares(log="y"), ValueError, r"log of shares\(\).* must be '' or 'x'"),
    "vertical of final": (lambda r: r.figures.final(log="y"), ValueError, r"log of final\(\) must be '' or 'x'"),
    "vertical of profile": (lambda r: r.figures.profile(log="y"), ValueError, r"log of profile\(\) must be '' or 'x'"),
    "no log": (lambda r: r.figures.shares(log=None), TypeError, "log of shares.* got None"),
    "array of axes": (lambda r: r.figures.shares(ax=plt.figure().subplots(2)), TypeError, "does not take ax"),
    "windows of whole runs": (lambda r: r.figures.final("mean", last=3), TypeError, "last belongs to .*'final'"),
    "no threshold": (lambda r: r.figures.profile([]), ValueError, "thresholds must be one or more finite numbers"),
    "NaN": (lambda r: r.figures.profile([np.nan, 1.0]), ValueError, "thresholds must be .* finite numbers"),
    "infinite": (lambda r: r.figures.profile([np.inf]), ValueError, "thresholds must be .* finite numbers"),
    "estimate": (lambda r: r.figures.final("best"), ValueError, "estimate must be 'final', 'mean', .*, got 'best'"),
    "windows": (lambda r: r.figures.final(last=99), ValueError, r"last must be in \[1, 60\], got 99"),
    "metric": (lambda r: r.figures.final(metric="x"), ValueError, "metric must be one of reward"),
    "threshold": (lambda r: r.figures.profile(["a"]), TypeError, "thresholds must be"),
    "panels": (lambda r: r.plot(panels="runs"), ValueError, "panels must be '' or 'agents', got 'runs'"),
    "width": (lambda r: r.plot(width=0.1), ValueError, "width must be .*2.*, got 0.1"),
    "inside": (
        lambda r: r.plot("reward", ax=plt.figure().subplots(), panels="agents"),
        ValueError,
        "ax takes one panel, as wide as it is: leave out panels and width",
    ),
}


@pytest.mark.parametrize(("call", "kind", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_choice_is_refused_by_name(results, call, kind, message):
    with pytest.raises(kind, match=message):
        call(results)


def test_a_profile_of_given_thresholds_goes_from_the_lowest_to_the_highest(results):
    for line in results.figures.profile([1.5, 0.5, 1.0]).axes[0].get_lines():
        x, y = line.get_xdata(), line.get_ydata()
        assert (np.diff(x) >= 0).all()
        assert (np.diff(y) <= 0).all()


def test_thresholds_that_a_logarithmic_axis_cannot_show_are_named(results):
    assert "thresholds up to 0 are left out" in results.figures.profile([-1.0, 0.5], log="x").axes[0].get_xlabel()


def test_a_profile_of_many_runs_has_a_step_for_each_of_them():
    agents = {"cool": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}
    results = brl.BanditExperiment("many", brl.GaussianBandit(arms=3), agents, runs=400, steps=10).run(progress=False)
    [line] = results.figures.profile().axes[0].get_lines()
    means = results.runs["reward"].to_numpy() / 10
    for threshold in np.random.default_rng(0).uniform(means.min(), means.max(), 50):
        drawn = line.get_ydata()[np.searchsorted(line.get_xdata(), threshold, side="right") - 1]
        assert drawn == pytest.approx((means > threshold).mean())


def test_the_last_steps_are_those_of_the_problem_that_is_shown():
    rows = [
        (problem, agent, seed, step, float(seed))
        for problem, every in (("p", 100), ("q", 1000))
        for agent in "ab"
        for seed in range(3)
        for step in range(0, 20 * every, every)
    ]
    table = pd.DataFrame(rows, columns=["problem", "agent", "seed", "step", "return"])
    results = brl.Results.of_runs(table)
    said = {problem: results.figures.final(problems=problem).get_suptitle() for problem in "pq"}
    ends = {problem: int(part["end"].max()) for problem, part in results.windows.groupby("problem")}
    assert all(f"of {ends[problem]}" in said[problem].replace("\n", " ") for problem in "pq")
    assert "windows of each run" in results.figures.final().get_suptitle().replace("\n", " ")


def test_a_figure_of_one_step_has_areas():
    agents = {"cool": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}
    results = brl.BanditExperiment("one", brl.GaussianBandit(arms=3), agents, runs=5, steps=1).run(progress=False)
    ax = results.figures.shares().axes[0]
    boxes = [area.get_paths()[0].get_extents() for area in ax.collections]
    assert sum(box.height for box in boxes) == pytest.approx(1.0)
    assert all(box.width == 1.0 for box in boxes)


def test_a_study_refuses_a_logarithmic_horizontal_axis():
    agents = {"τ": {t: brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}}
    results = brl.BanditExperiment("study", brl.GaussianBandit(arms=3), agents, runs=3, steps=5).run(progress=False)
    with pytest.raises(ValueError, match=r"log of a parameter study.* must be '' or 'y', got 'x'"):
        results.plot(log="x")
