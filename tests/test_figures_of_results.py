"""What `Results.plot` and `results.figures` draw, by their arguments."""

import dataclasses
import itertools
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from scipy import stats

import boltzmann_rl as brl

S = brl.SampleAverage()
AGENTS = {
    "greedy": brl.Agent(S, brl.Greedy()),
    "$$ ε = 0.1": brl.Agent(S, brl.EpsilonGreedy(0.1)),
    "τ = 0.1": brl.Agent(S, brl.Boltzmann(0.1)),
    "τ = 1": brl.Agent(S, brl.Boltzmann(1.0)),
}


def run(agents=AGENTS, problem=None, runs=25, steps=300, **others):
    problem = problem or brl.GaussianBandit(arms=3)
    return brl.BanditExperiment("an_example", problem, agents, runs=runs, steps=steps, **others).run(progress=False)


@pytest.fixture(scope="module")
def results():
    return run()


@pytest.fixture(scope="module")
def several():
    return run(problem={"few": brl.GaussianBandit(arms=2), "many": brl.GaussianBandit(arms=9)}, runs=5, steps=30)


@pytest.fixture(scope="module")
def study():
    families = {"ε-greedy, ε": {e: brl.Agent(S, brl.EpsilonGreedy(e)) for e in (0.0, 0.01, 0.1, 1.0)}}
    families["Boltzmann, τ"] = {2.0**k: brl.Agent(S, brl.Boltzmann(2.0**k)) for k in range(-6, 2)}
    return run(families | {"greedy": AGENTS["greedy"]}, runs=15, steps=40)


def lines_of(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def texts_of(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def ticks_of(axis):
    """The labels of the ticks inside the limits."""
    low, high = sorted(axis.get_view_interval())
    ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [tick.label1.get_text() for tick in ticks]


# --- what is drawn --------------------------------------------------------------------------------------------


def test_a_metric_is_one_panel_with_a_line_for_each_agent(results):
    figure = results.plot("cumulative_regret")
    (ax,) = figure.axes
    assert ax.get_title() == "Regret so far [reward]"
    assert list(lines_of(ax)) == list(AGENTS)
    curve = results.curves.query("metric == 'cumulative_regret' and agent == 'greedy'")
    assert lines_of(ax)["greedy"].get_ydata().tolist() == curve["mean"].tolist()
    assert lines_of(ax)["greedy"].get_xdata().tolist() == (curve["step"] + 1).tolist()


def test_agents_metrics_and_problems_are_drawn_as_chosen(several):
    figure = several.plot(["reward", "entropy"], ["τ = 1", "greedy"], problems="many")
    assert [ax.get_title() for ax in figure.axes] == ["Reward per step", "Entropy of the policy [nats]"]
    assert all(list(lines_of(ax)) == ["τ = 1", "greedy"] for ax in figure.axes)


def test_an_agent_looks_the_same_whoever_else_is_drawn(results):
    alone, beside = (results.plot("reward", agents) for agents in ("τ = 1", None))
    pair = [lines_of(figure.axes[0])["τ = 1"] for figure in (alone, beside)]
    for part in ("color", "linestyle", "marker"):
        one, other = (getattr(line, f"get_{part}")() for line in pair)
        assert one == other


def test_another_confidence_gives_other_bands(results):
    narrow, wide = (results.plot("reward", "greedy", confidence=level) for level in (0.5, 0.99))
    point = results.curves.query("metric == 'reward' and agent == 'greedy' and step == 0").iloc[0]
    for figure, level in ((narrow, 0.5), (wide, 0.99)):
        reach = stats.t.ppf((1 + level) / 2, 24) * point["standard_error"]
        (band,) = figure.axes[0].collections
        at_first = band.get_paths()[0].vertices
        ends = at_first[at_first[:, 0] == 1.0][:, 1]
        assert (ends.min(), ends.max()) == pytest.approx((point["mean"] - reach, point["mean"] + reach), abs=1e-12)
    assert "50 %" in narrow.get_suptitle()
    assert "99 %" in wide.get_suptitle()


def test_another_confidence_of_a_share_is_exact(results):
    figure = results.plot("best_action", "greedy", confidence=0.8)
    (band,) = figure.axes[0].collections
    point = results.curves.query("metric == 'best_action' and agent == 'greedy' and step == 0").iloc[0]
    exact = stats.binomtest(round(point["mean"] * 25), 25).proportion_ci(0.8, method="exact")
    vertices = band.get_paths()[0].vertices
    ends = vertices[vertices[:, 0] == 1.0][:, 1]
    assert (ends.min(), ends.max()) == pytest.approx(tuple(exact), abs=1e-12)


def test_single_runs_are_thin_lines_instead_of_bands(results):
    figure = results.plot("reward", "greedy", runs="lines")
    collection, edges = figure.axes[0].collections
    assert len(edges.get_segments()) == 1, "the mean has an edge, so that it is seen among the runs"
    runs = results.run_curves.query("agent == 'greedy'")
    assert len(collection.get_segments()) == 25
    first = runs[runs["run"] == 0]
    assert collection.get_segments()[0][:, 1].tolist() == first["reward"].tolist()
    assert "thin lines: all runs" in figure.get_suptitle()


def test_a_panel_is_drawn_into_axes_of_the_user(results):
    figure, (one, other) = plt.subplots(1, 2)
    assert results.plot("reward", ax=other) is figure
    assert not one.lines
    assert list(lines_of(other)) == list(AGENTS)
    assert plt.get_fignums() == [figure.number]
    assert len(other.get_legend().get_texts()) == len(AGENTS)


def test_legends_of_two_small_axes_of_the_user_cover_no_line_and_no_tick():
    results = run(AGENTS | {"UCB1": brl.Agent(brl.UCB1(), brl.Greedy())}, runs=50)
    figure, pair = plt.subplots(1, 2, figsize=(7, 2.3), layout="constrained")
    for ax, metric in zip(pair, ("expected_reward", "cumulative_regret"), strict=True):
        results.plot(metric, ax=ax)
    figure.draw_without_rendering()
    for ax in pair:
        box = ax.get_legend().get_window_extent()
        assert not any(line.get_tightbbox().overlaps(box) for line in ax.get_lines())
        assert box.y1 < ax.bbox.y0 or box.y0 > ax.bbox.y0


@pytest.mark.parametrize("panels", ["", "agents"])
def test_a_legend_can_be_left_out(results, panels):
    figure = results.plot("reward", panels=panels, legend=False)
    assert not figure.legends
    assert not any(text.get_text() for ax in figure.axes for text in ax.texts)
    _, ax = plt.subplots()
    results.plot("reward", ax=ax, legend=False)
    assert ax.get_legend() is None


def test_a_title_is_wrapped_by_the_length_of_what_is_printed(several):
    long = r"$\mathrm{few}\,\mathrm{arms}$"
    figure = several.plot("entropy", labels={"few": long})
    assert figure.axes[0].get_title() == f"{long}: Entropy of the policy [nats]"


def test_narrow_figures_are_no_higher_than_a_page_has_room(several):
    figure = several.plot(["reward", "entropy"], width=3.3)
    assert figure.get_figheight() < 7.5


def test_single_runs_are_fainter_in_narrow_panels(results):
    wide, narrow = (results.plot("reward", "greedy", runs="lines", width=width) for width in (5.4, 2.0))
    alphas = [figure.axes[0].collections[0].get_alpha() for figure in (wide, narrow)]
    assert alphas[1] < alphas[0] / 1.5


# --- differences ----------------------------------------------------------------------------------------------


def test_a_difference_takes_labels_problems_width_and_a_logarithmic_axis(several):
    pair = "τ = 1", "$$ ε = 0.1"
    figure = several.figures.difference(*pair, problems="many", labels={"τ = 1": r"$\tau$"}, width=3.3, log="x")
    (ax,) = figure.axes
    assert figure.get_figwidth() == 3.3
    assert ax.get_xscale() == "log"
    assert ax.get_title().endswith(r"$\tau$ − \$\$ ε = 0.1")
    assert ax.title.get_parse_math()
    assert [text.get_text() for text in ax.texts] == [r"$\tau$ is higher", "$$ ε = 0.1 is higher"]
    assert [text.get_parse_math() for text in ax.texts] == [True, False]
    figure.canvas.draw()


def test_a_difference_is_drawn_into_axes_of_the_user(results):
    figure, (one, other) = plt.subplots(1, 2)
    assert results.plot_difference("τ = 1", "greedy", ax=other) is figure
    assert not one.lines
    assert other.lines
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize("argument", ["metrics", "agents", "panels", "legend"])
def test_a_difference_refuses_what_does_not_apply(results, argument):
    given = {"panels": "agents", "legend": False}.get(argument, "reward")
    with pytest.raises(TypeError, match=rf"difference\(\) does not take {argument}: it takes problems, labels"):
        results.figures.difference("τ = 1", "greedy", **{argument: given})


def test_warnings_and_cut_bands_of_a_difference_are_told_outside_the_panel(results):
    table = results.difference_curve("τ = 1", "greedy")
    figure = results.plot_difference("τ = 1", "greedy")
    (ax,) = figure.axes
    assert table["warning"].any()
    told = figure.get_suptitle().replace("\n", " ")
    assert all(warning in told for warning in table["warning"].unique())
    assert "skewed" not in ax.get_title()
    low, high = ax.get_ylim()
    room = 0.16 / 1.32 * (high - low)
    cut = table["low"].min() < low + room - 1e-9 or table["high"].max() > high - room + 1e-9
    assert ("bands go on beyond the panel" in ax.get_xlabel()) == cut


@pytest.mark.parametrize("log", ["x", "y", "xy"])
def test_axes_are_logarithmic_as_asked(results, log):
    (ax,) = results.plot("cumulative_regret", log=log).axes
    assert (ax.get_xscale(), ax.get_yscale()) == tuple("log" if name in log else "linear" for name in "xy")


def test_curves_of_a_study_can_be_drawn(study):
    figure = study.figures.curves(metrics="reward", agents=["τ = 1", "greedy"][1:])
    assert list(lines_of(figure.axes[0])) == ["greedy"]


# --- text -----------------------------------------------------------------------------------------------------


def test_labels_given_to_plot_are_typeset_and_declared_ones_are_not(results):
    figure = results.plot("reward", labels={"τ = 1": r"$\tau=1$"})
    shown = {text.get_text(): text.get_parse_math() for text in figure.axes[0].texts}
    assert shown[r"$\tau=1$"]
    assert not shown["$$ ε = 0.1"]
    assert "τ = 1" not in shown


def test_mathematics_of_the_user_is_typeset_in_titles(results):
    figure = results.plot("reward")
    figure.axes[0].set_title("$x^2$")
    assert figure.axes[0].title.get_parse_math()


def test_a_logarithmic_axis_that_the_user_makes_has_typeset_ticks(results):
    figure = results.plot("cumulative_regret")
    figure.axes[0].set_xscale("log")
    figure.canvas.draw()
    labels = [tick.label1 for tick in figure.axes[0].xaxis.get_major_ticks()]
    assert any("mathdefault" in label.get_text() for label in labels), "Matplotlib writes these as mathematics"
    assert all(label.get_parse_math() for label in labels)


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("panels", ["", "agents"])
def test_an_axis_that_the_user_makes_logarithmic_shows_the_lines_over_its_whole_length(results, axis, panels):
    figure = results.plot("cumulative_regret", panels=panels)
    ax = figure.axes[0]
    getattr(ax, f"set_{axis}scale")("log")
    figure.canvas.draw()
    for line in lines_of(ax).values():
        places = ax.transAxes.inverted().transform(ax.transData.transform(line.get_xydata()))[:, "xy".index(axis)]
        assert places.max() - places.min() > 0.5, "if the limit is 0, all points lie at one end"


def test_a_logarithmic_axis_of_steps_in_axes_of_the_user_begins_at_the_first_step(results):
    _, ax = plt.subplots()
    results.plot("cumulative_regret", ax=ax)
    ax.set_xscale("log")
    assert ax.get_xlim() == (1, 300)


@pytest.mark.parametrize("steps", [1, 5, 300, 1000])
def test_the_first_step_has_a_tick_and_step_0_has_none(steps):
    figure = run({"greedy": AGENTS["greedy"]}, runs=2, steps=steps).plot("reward")
    figure.canvas.draw()
    labels = ticks_of(figure.axes[0].xaxis)
    assert labels[0] == "1"
    assert "0" not in labels
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("log", ["", "x"])
def test_the_last_step_has_a_tick(results, log):
    figure = results.plot("reward", log=log)
    figure.canvas.draw()
    labels = ticks_of(figure.axes[0].xaxis)
    assert labels[-1] == ("300" if not log else "100")
    assert not any("$" in label for label in labels)
    assert figure.axes[0].get_xlim()[1] == 300


def test_text_beside_lines_has_a_contrast_of_at_least_4_5(results, study):
    from boltzmann_rl.figures.looks import contrast_of

    single = [text for text in results.plot("reward").axes[0].texts if text.get_text() in AGENTS]
    legend = study.plot().legends[0].get_texts()
    assert len(single) == len(AGENTS)
    assert min(contrast_of(mpl.colors.to_hex(text.get_color())) for text in [*single, *legend]) >= 4.5


def test_there_are_two_sizes_of_text(results):
    figure = results.plot()
    figure.canvas.draw()
    sizes = {text.get_fontsize() for text in figure.findobj(mpl.text.Text) if text.get_text()}
    assert sizes == {7.0, 8.0}


def test_no_text_of_a_panel_lies_over_its_data_or_another_text(results):
    figure = results.plot("cumulative_regret")
    figure.canvas.draw()
    (ax,) = figure.axes
    boxes = [text.get_window_extent() for text in ax.texts]
    assert all(box.x0 >= ax.get_window_extent().x1 for box in boxes)
    heights = sorted((box.y0, box.y1) for box in boxes)
    assert all(above[0] > below[1] - 2 for below, above in itertools.pairwise(heights))


# --- studies --------------------------------------------------------------------------------------------------


def test_each_parameter_has_a_panel_of_its_own_on_a_shared_scale(study):
    figure = study.plot("reward")
    assert [ax.get_xlabel().partition("\n")[0] for ax in figure.axes] == [
        "ε (logarithmic above 0.01)",
        "τ (logarithmic)",
    ]
    assert [[*lines_of(ax)] for ax in figure.axes] == [["ε-greedy, ε", "greedy"], ["Boltzmann, τ", "greedy"]]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    assert figure.axes[1].get_xscale() == "log"


def test_scales_of_a_study_are_logarithmic_in_all_panels_or_in_none():
    wide, narrow = (0.0, 0.01, 0.1), (0.1, 0.2, 0.4)
    for values, scales, said in (
        (wide, ["symlog", "log"], ["ε (logarithmic above 0.01)", "τ (logarithmic)"]),
        (narrow, ["linear", "linear"], ["ε", "τ"]),
    ):
        families = {"ε-greedy, ε": {e: brl.Agent(S, brl.EpsilonGreedy(e)) for e in values}}
        families["Boltzmann, τ"] = {t: brl.Agent(S, brl.Boltzmann(t)) for t in narrow}
        axes = run(families, runs=3, steps=10).plot("reward").axes
        assert [ax.get_xscale() for ax in axes] == scales
        assert [ax.get_xlabel().partition("\n")[0] for ax in axes] == said


def test_every_point_of_a_study_is_inside_its_panel(study):
    for ax in study.plot().axes:
        for line in ax.get_lines():
            inside = ax.transAxes.inverted().transform(ax.transData.transform(np.column_stack(line.get_data())))
            assert ((inside > -1e-9) & (inside < 1 + 1e-9)).all()


@pytest.mark.parametrize("values", [(0.0, 0.1, 0.2), (-2.0, -1.0, 3.0), (0.0, 0.001, 1.0), (-100.0, 0.0, 0.1), (5.0,)])
def test_a_study_with_any_values_is_drawn_with_them_as_ticks(values):
    family = {value: brl.Agent(brl.SampleAverage(initial=value), brl.Greedy()) for value in values}
    figure = run({"initial value": family}, runs=3, steps=10).plot("reward")
    figure.canvas.draw()
    (ax,) = figure.axes
    assert [float(label.replace("−", "-")) for label in ticks_of(ax.xaxis)] == list(values)
    places = ax.transAxes.inverted().transform(ax.transData.transform([(value, 0.0) for value in values]))[:, 0]
    assert ((places > 0) & (places < 1)).all()
    assert (np.diff(places) > 0.05).all()


def test_an_agent_without_the_parameter_is_a_horizontal_line_with_a_band(study):
    (ax, _) = study.plot("reward").axes
    line = lines_of(ax)["greedy"]
    row = study.summary.set_index("agent").loc["greedy"]
    assert set(line.get_ydata()) == {row["reward"]}
    assert tuple(line.get_xdata()) == ax.get_xlim()
    bands = [sorted({*band.get_paths()[0].vertices[:, 1]}) for band in ax.collections]
    assert [row["reward_low"], row["reward_high"]] in [[band[0], band[-1]] for band in bands]


def test_another_confidence_changes_a_study(study):
    narrow = study.plot("reward", confidence=0.5)
    row = study.runs.query("agent == 'greedy'")["reward"].to_numpy() / 40
    reach = stats.t.ppf(0.75, 14) * stats.sem(row)
    bands = [{*band.get_paths()[0].vertices[:, 1]} for band in narrow.axes[0].collections]
    ends = [(min(band), max(band)) for band in bands]
    wanted = row.mean() - reach, row.mean() + reach
    skewed = abs(stats.skew(row, bias=False)) >= 1
    assert skewed or any(one == pytest.approx(wanted, rel=1e-9) for one in ends)


# --- what is refused ------------------------------------------------------------------------------------------

WRONG = {
    "metric": (lambda r: r.plot("regrets"), ValueError, r"metrics must be among 'reward', .*did you mean 'regret'\?"),
    "no metric": (lambda r: r.plot([]), ValueError, "metrics must name at least one of"),
    "twice": (lambda r: r.plot(["reward", "reward"]), ValueError, "metrics must be different"),
    "agent": (lambda r: r.plot(agents="Greedy"), ValueError, r"agents must be among .*did you mean 'greedy'\?"),
    "number": (lambda r: r.plot(agents=3), TypeError, "agents must be a tuple of strings, got 3"),
    "problem": (lambda r: r.plot(problems="lake"), ValueError, "problems must be among 'GaussianBandit', got 'lake'"),
    "label": (lambda r: r.plot(labels={"x": "y"}), ValueError, "the keys of labels must be among"),
    "labels": (lambda r: r.plot(labels=["y"]), TypeError, "labels must map labels to what is written instead"),
    "mathematics": (
        lambda r: r.plot(labels={"greedy": r"$\foo$"}),
        ValueError,
        r"labels\['greedy'\] is no mathematics",
    ),
    "text": (lambda r: r.plot(labels={"greedy": 3}), TypeError, "must be readable strings, got 3"),
    "axes": (lambda r: r.plot("reward", ax=3), TypeError, r"ax must be Matplotlib's Axes, such as .*, got 3"),
    "panels": (lambda r: r.plot(ax=plt.subplots()[1]), ValueError, "one panel, .* 4 metrics: .* metrics='expected_rew"),
    "log": (lambda r: r.plot(log="z"), ValueError, "log must be '', 'x', 'y' or 'xy', got 'z'"),
    "true": (lambda r: r.plot(log=True), TypeError, "log must be '', 'x', 'y' or 'xy', got True"),
    "confidence": (lambda r: r.plot(confidence=95), ValueError, "confidence must lie between 0 and 1, got 95"),
    "runs": (lambda r: r.plot(runs="dots"), ValueError, "runs must be 'band' or 'lines', got 'dots'"),
    "windows": (lambda r: r.plot("entropy", runs="lines"), ValueError, "metrics must be among 'reward', .*'entropy'"),
    "no study": (lambda r: r.figures.study(), ValueError, "an_example is no parameter study"),
}


@pytest.mark.parametrize(("call", "kind", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_choice_is_refused_by_name(results, call, kind, message):
    with pytest.raises(kind, match=message):
        call(results)
    plt.close("all")


def test_two_parameters_do_not_fit_into_one_panel(study):
    with pytest.raises(ValueError, match=r"ax takes one panel, and there are 2 parameters: choose .* agents="):
        study.plot("reward", ax=plt.subplots()[1])


def test_a_missing_table_is_named(results):
    lost = dataclasses.replace(results, curves=results.curves.iloc[:0])
    with pytest.raises(FileNotFoundError, match=re.escape("curves.csv is missing")):
        lost.plot()


def test_single_runs_need_the_cells(results, tmp_path):
    folder = results.save(tmp_path)
    again = dataclasses.replace(brl.load(folder), cells=None)
    with pytest.raises(FileNotFoundError, match="the cells of an_example, which keep each run, are not at hand"):
        again.plot("reward", runs="lines")


def test_a_band_below_zero_is_shown_of_differences_only():
    agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 0.2)}
    problem = brl.GaussianBandit(means=(1.0, 1.2), sd=5.0)
    results = brl.BanditExperiment("few", problem, agents, runs=4, steps=40).run(progress=False)
    curves = results.curves[results.curves["metric"] == "cumulative_regret"]
    assert curves["mean"].min() >= 0.0
    assert results.plot("cumulative_regret").axes[0].get_ylim()[0] >= 0.0
    assert results.figures.difference(*agents).axes[0].get_ylim()[0] < 0.0
