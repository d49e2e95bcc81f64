"""Figures of schedules and policies: what is drawn against independent numbers, labels, limits and refusals."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from cases import in_one_test
from matplotlib import pyplot as plt
from scipy.special import softmax

import boltzmann_rl as brl
from boltzmann_rl.figures.style import figure_bytes

S = brl.schedules
HOSTILE = {"$$": 0.1, "_hidden": 0.2, "$\\frac{$": 0.3, "日本 🙂\nnext": 0.4, "x" * 300: 0.5, "\x1b[31m\u202e": 0.6}


def lines_of(ax):
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_child")}


def written_in(figure):
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


def ticks_of(axis):
    low, high = sorted(axis.get_view_interval())
    ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [tick.label1.get_text() for tick in ticks]


# --- schedules ------------------------------------------------------------------------------------------------


def test_a_schedule_is_drawn_at_every_step():
    (ax,) = brl.plot_schedule(S.Linear(1.0, 0.0, steps=400), 1000).axes
    (line,) = ax.get_lines()
    np.testing.assert_array_equal(line.get_xdata(), np.arange(1001))
    np.testing.assert_allclose(line.get_ydata(), np.maximum(0.0, 1.0 - np.arange(1001) / 400), atol=1e-15)
    assert ax.get_xlim() == (0, 1000)


def test_short_restarts_are_all_drawn():
    (ax,) = brl.plot_schedule(S.Restarts(S.Linear(1, 0, steps=4), period=4), 4000).axes
    y = ax.get_lines()[0].get_ydata()
    assert np.sum(np.asarray(y) == 1.0) == 1001


def test_a_long_schedule_has_the_first_steps_and_the_last():
    (ax,) = brl.plot_schedule(S.Power(1.0), 10**7, log="x").axes
    x = ax.get_lines()[0].get_xdata()
    assert {1, 2, 3, 10**7} <= {int(step) for step in x}
    assert len(x) < 10_000


@pytest.mark.parametrize("log", ["x", "y", "xy"])
def test_axes_of_schedules_are_logarithmic_as_asked(log):
    (ax,) = brl.plot_schedule(S.Power(1.0), 500, log=log).axes
    assert (ax.get_xscale(), ax.get_yscale()) == tuple("log" if name in log else "linear" for name in "xy")
    assert ("step 0 not shown" in ax.get_xlabel()) == ("x" in log)


def test_infinite_values_are_left_out_and_the_axis_says_so():
    (ax,) = brl.plot_schedule({"late": lambda step: 2.0 / np.log1p(step) if step else np.inf, "0": 0.0}, 100).axes
    assert "∞ not shown" in ax.get_xlabel()
    y = np.asarray(lines_of(ax)["late"].get_ydata())
    assert np.isnan(y[0])
    np.testing.assert_allclose(y[1:], 2.0 / np.log(1.0 + np.arange(1, 101)))
    assert ax.get_ylim()[1] == pytest.approx(1.05 * 2.0 / np.log(2.0))


@pytest.mark.parametrize("constant", [0.0, float("inf")])
@pytest.mark.parametrize("log", ["", "xy"])
def test_a_schedule_that_is_0_or_infinite_everywhere_is_drawn(constant, log):
    figure = brl.plot_schedule(constant, 50, log=log)
    assert figure_bytes(figure)["png"]
    low, high = figure.axes[0].get_ylim()
    assert low < high


def test_a_logarithmic_axis_says_which_values_it_does_not_show():
    (ax,) = brl.plot_schedule(S.Exponential(1.0, decay=0.5), 2000, log="y").axes
    bottom = ax.get_ylim()[0]
    assert 1e-13 < bottom < 1e-12
    assert f"values below {bottom:.2g} not shown" in ax.get_xlabel()
    assert np.nanmin(ax.get_lines()[0].get_ydata()) > bottom
    (ax,) = brl.plot_schedule(S.Linear(1.0, 0.0, steps=50), 100, log="y").axes
    assert "(0 not shown)" in ax.get_xlabel()
    assert ax.get_ylim()[0] < 1 / 50


def test_a_label_says_where_a_line_ends_that_a_logarithmic_axis_does_not_show_to_the_last_step():
    figure = brl.plot_schedule({"linear": S.Linear(1.0, 0.0, steps=500), "constant": 0.1}, 1000, log="y")
    (ax,) = figure.axes
    assert {"linear (to step 499)", "constant"} <= set(written_in(figure))
    x, y = (np.asarray(part) for part in lines_of(ax)["linear"].get_data())
    assert x[np.isfinite(y)].max() == 499
    leaders = [part for part in figure.artists if isinstance(part, mpl.lines.Line2D) and len(part.get_xdata()) == 2]
    assert [line.get_visible() for line in leaders] == [False, True]
    ax.set_xlim(0, 400)  # both reach the right side now
    figure.canvas.draw()
    assert all(line.get_visible() for line in leaders)
    assert "linear" in written_in(brl.plot_schedule({"linear": S.Linear(1.0, 0.0, steps=500), "constant": 0.1}, 1000))


def test_negative_values_of_a_function_are_inside_the_panel():
    (ax,) = brl.plot_schedule({"falls": lambda step: -0.1 * step, "stays": lambda step: -1.0}, 30).axes
    assert ax.get_ylim()[0] < -3.0


@in_one_test("steps", [1, 7, 800, 1000, 20_000, 100_000, 1_000_000])
@in_one_test("log", ["", "x"])
def test_the_last_tick_of_steps_is_whole(steps, log):
    figure, ax = plt.subplots(figsize=(3.3, 2.2), layout="constrained")
    brl.plot_schedule(S.Linear(1, 0, steps=steps), steps, ax=ax, log=log, label="temperature")
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
    inside = [box for box in boxes if box.x0 >= 0.0 and box.x1 <= figure.bbox.width]
    shown = [tick for tick in ax.get_xticks() if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1]]
    assert len(inside) >= len(shown) >= 2
    if log == "" and 800 <= steps < 1_000_000:
        assert str(steps) in ticks_of(ax.xaxis)


def test_ticks_of_logarithmic_axes_are_numbers():
    figure = brl.plot_schedule(S.Power(1.0, exponent=2.0), 100_000, log="xy", label="τ")
    written = written_in(figure)
    assert {"1", "10", "100", "1000", "10000", "1e5"} <= set(written)
    assert not any("mathdefault" in text for text in written)


@in_one_test(
    ("call", "error", "message"),
    [
        (lambda: brl.plot_schedule(brl.Boltzmann(0.1)), TypeError, "schedule must be a number or a schedule"),
        (lambda: brl.plot_schedule({"a": "fast"}), TypeError, r"schedule\['a'\] must be a number, got 'fast'"),
        (lambda: brl.plot_schedule({0.1: 1.0}), TypeError, "labels of schedules must be strings, got 0.1"),
        (lambda: brl.plot_schedule({}), ValueError, "at least one schedule, got an empty mapping"),
        (lambda: brl.plot_schedule(-1.0), ValueError, "schedule must be 0 or more, got -1"),
        (lambda: brl.plot_schedule(1.0, 0), ValueError, "steps must be 1 or more, got 0"),
        (lambda: brl.plot_schedule(1.0, log="z"), ValueError, "log must be '', 'x', 'y' or 'xy', got 'z'"),
        (lambda: brl.plot_schedule(1.0, ax=plt.figure()), TypeError, "ax must be Matplotlib's Axes"),
        (lambda: brl.plot_schedule(1.0, axis=None), TypeError, "unexpected keyword argument 'axis'"),
    ],
)
def test_mistakes_about_schedules_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- probabilities against a value ----------------------------------------------------------------------------


def test_probabilities_are_the_softmax_of_the_values_with_one_moved():
    policies = {"cold": brl.Boltzmann(0.2), "warm": brl.Boltzmann(2.0)}
    (ax,) = brl.plot_probabilities(policies, [0.3, -1.0, 0.5], 1, over=(-2.0, 3.0)).axes
    for label, temperature in (("cold", 0.2), ("warm", 2.0)):
        x, y = lines_of(ax)[label].get_data()
        assert (min(x), max(x)) == (-2.0, 3.0)
        rows = np.column_stack([np.full(len(x), 0.3), x, np.full(len(x), 0.5)])
        np.testing.assert_allclose(y, softmax(rows / temperature, axis=1)[:, 1], rtol=1e-12, atol=1e-300)


def test_with_two_actions_it_is_the_sigmoid():
    (ax,) = brl.plot_probabilities(brl.Boltzmann(0.5), [0.0, 1.0]).axes
    x, y = ax.get_lines()[0].get_data()
    np.testing.assert_allclose(y, 1.0 / (1.0 + np.exp((1.0 - np.asarray(x)) / 0.5)), rtol=1e-12)
    assert (min(x), max(x)) == (-1.0, 2.0)  # the range of the values, and its width on either side


def test_a_jump_is_vertical_and_a_tie_is_shared():
    (ax,) = brl.plot_probabilities(brl.EpsilonGreedy(0.1), [0.0, 0.7, -np.inf, 0.2]).axes
    x, y = (np.asarray(part) for part in ax.get_lines()[0].get_data())
    third = 0.1 / 3
    np.testing.assert_allclose(y[x < 0.7], third)
    np.testing.assert_allclose(y[x == 0.7], third + 0.45)
    np.testing.assert_allclose(y[x > 0.7], third + 0.9)
    assert max(x[x < 0.7]) == np.nextafter(0.7, -np.inf)
    assert min(x[x > 0.7]) == np.nextafter(0.7, np.inf)


def test_the_values_of_the_other_actions_are_marked_and_named():
    (ax,) = brl.plot_probabilities(brl.Boltzmann(1.0), [0.0, 0.7, -np.inf, 0.2]).axes
    (marks,) = ax.collections
    assert [segment[0][0] for segment in marks.get_segments()] == [0.7, 0.2]
    assert ax.get_xlabel() == "value of action 0\n(grey: the others at 0.7 and 0.2)"
    (ax,) = brl.plot_probabilities(brl.Boltzmann(1.0), np.arange(9.0), 8).axes
    assert "8 others from 0 to 7" in ax.get_xlabel()


def test_a_policy_is_asked_at_the_step_as_it_counts_it():
    values = [0.0, 1.0]
    (ax,) = brl.plot_probabilities(brl.Boltzmann(S.Linear(1.0, 0.0, steps=10)), values, step=5).axes
    x, y = (np.asarray(part) for part in ax.get_lines()[0].get_data())
    np.testing.assert_allclose(y, 1.0 / (1.0 + np.exp((1.0 - x) / 0.5)), rtol=1e-12)
    (ax,) = brl.plot_probabilities(brl.BoltzmannGumbel(2.0), values, step=[16, 16]).axes
    x, y = (np.asarray(part) for part in ax.get_lines()[0].get_data())
    np.testing.assert_allclose(y, 1.0 / (1.0 + np.exp((1.0 - x) / 0.5)), rtol=1e-9)
    (ax,) = brl.plot_probabilities(brl.Boltzmann(brl.GLIE()), values, step=3).axes
    x, y = (np.asarray(part) for part in ax.get_lines()[0].get_data())
    expected = [brl.Boltzmann(brl.GLIE())(np.array([[each, 1.0]]), np.array([3]))[0, 0] for each in x]
    np.testing.assert_allclose(y, expected)


def test_functions_are_policies():
    def half(values, step):
        return np.full(np.shape(values), 0.5)

    (ax,) = brl.plot_probabilities({"half": half}, [0.0, 1.0], step=0).axes
    assert set(ax.get_lines()[0].get_ydata()) == {0.5}


PLOTS = {
    "plot_probabilities": lambda policies, **more: brl.plot_probabilities(policies, [0.0, 0.5, 1.0], **more),
    "plot_simplex": lambda policies, **more: brl.plot_simplex(policies, [0.0, 0.5, 1.0], **more),
}


@in_one_test("plot", PLOTS.values(), ids=PLOTS)
@in_one_test(
    ("policies", "step", "error", "message"),
    [
        ({"a": brl.Boltzmann(S.Linear(1, 0, steps=9))}, None, TypeError, r"step= is missing: policies\['a'\] may"),
        ({"a": brl.GaussianThompson()}, 0, TypeError, r"policies\['a'\] needs its learner's memory"),
        ({"a": brl.Boltzmann([0.1, 0.2])}, None, ValueError, r"policies\['a'\] has a parameter for each row"),
        ({"a": brl.BoltzmannGumbel(1.0)}, [1, 2], ValueError, "one for each of 3 actions, got shape"),
        ({"a": brl.Boltzmann(brl.GLIE())}, -1, ValueError, "step must be 0 or more, got -1"),
        ({"a": 0.1}, None, TypeError, r"policies\['a'\] must be callable"),
        ({"a": brl.Boltzmann}, None, TypeError, "must be an instance"),
        ({0.1: brl.Boltzmann(0.1)}, None, TypeError, "labels of policies must be strings, got 0.1"),
        ({}, None, ValueError, "at least one policy, got an empty mapping"),
        ([brl.Boltzmann(0.1)], None, TypeError, "policies must be a policy, or a mapping of labels to policies, got"),
        ({"a": lambda values, step: values}, 0, ValueError, "did not return a distribution"),
    ],
)
def test_policies_without_probabilities_here_are_refused(plot, policies, step, error, message):
    before = plt.get_fignums()
    with pytest.raises(error, match=message):
        plot(policies, step=step)
    assert plt.get_fignums() == before


@in_one_test(
    ("call", "error", "message"),
    [
        (lambda p: brl.plot_probabilities(p, [0.0]), ValueError, "values must be those of two or more actions"),
        (lambda p: brl.plot_probabilities(p, [[0.0, 1.0]]), ValueError, r"got shape \(1, 2\)"),
        (lambda p: brl.plot_probabilities(p, [0.0, np.nan]), ValueError, r"values\[1\] is nan"),
        (lambda p: brl.plot_probabilities(p, [0.0, 1e308]), ValueError, r"values\[1\] must be within ±1e\+300 to be"),
        (lambda p: brl.plot_probabilities(p, [0.0, -np.inf]), ValueError, "another available action beside action 0"),
        (lambda p: brl.plot_probabilities(p, [0.0, 1.0], 2), ValueError, r"action must be in \[0, 1\], got 2"),
        (lambda p: brl.plot_probabilities(p, [0.0, 1.0], over=(1, 1)), ValueError, "over must go from a lower"),
        (lambda p: brl.plot_probabilities(p, [0.0, 1.0], over=(1, 2, 3)), ValueError, "over must be the lowest and"),
        (lambda p: brl.plot_probabilities(p, [0.0, 1.0], over=3), TypeError, "over must be a tuple"),
        (lambda p: brl.plot_simplex(p, [0.0, 1.0]), ValueError, r"values must be those of 3 actions, got shape \(2,\)"),
        (lambda p: brl.plot_simplex(p, [0.0, 1.0, np.inf]), ValueError, r"values\[2\] is inf"),
        (lambda p: brl.plot_simplex({"τ": {"x": p}}, [0, 1, 2]), TypeError, r"parameter of policies\['τ'\] must be"),
        (lambda p: brl.plot_simplex({"τ": {}}, [0, 1, 2]), ValueError, r"policies\['τ'\] must have at least one"),
        (lambda p: brl.plot_simplex({"τ": {0.5: 1.0}}, [0, 1, 2]), TypeError, r"policies\['τ'\]\[0.5\] must be call"),
    ],
)
def test_mistakes_about_values_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(brl.Boltzmann(0.5))


# --- the simplex ----------------------------------------------------------------------------------------------


def by_hand(p):
    """Points of the triangle with the corners (0, 0), (1, 0) and (1/2, √3/2)."""
    return np.array([p[:, 1] + 0.5 * p[:, 2], np.sqrt(3) / 2 * p[:, 2]])


def test_a_path_on_the_simplex_is_that_of_the_softmax_in_the_order_of_the_parameter():
    temperatures = [3.0, 0.1, 0.5, 20.0, 1.0]
    path = {"Boltzmann, τ": {t: brl.Boltzmann(t) for t in temperatures}, "ε": {e: brl.EpsilonGreedy(e) for e in (0, 1)}}
    (ax,) = brl.plot_simplex(path, [0.0, 0.8, 1.0]).axes
    p = np.array([softmax(np.array([0.0, 0.8, 1.0]) / t) for t in sorted(temperatures)])
    np.testing.assert_allclose(lines_of(ax)["Boltzmann, τ"].get_data(), by_hand(p), atol=1e-12)
    ends = by_hand(np.array([[0.0, 0.0, 1.0], [1 / 3, 1 / 3, 1 / 3]]))
    np.testing.assert_allclose(lines_of(ax)["ε"].get_data(), ends, atol=1e-12)


def test_a_policy_is_a_point_and_an_unavailable_action_an_edge():
    policies = {"greedy": brl.Greedy(), "warm": brl.Boltzmann(2.0)}
    (ax,) = brl.plot_simplex(policies, [1.0, -np.inf, 0.0]).axes
    assert [float(part[0]) for part in lines_of(ax)["greedy"].get_data()] == [0.0, 0.0]
    p = 1 / (1 + np.exp(0.5))
    np.testing.assert_allclose(np.ravel(lines_of(ax)["warm"].get_data()), [p / 2, np.sqrt(0.75) * p])
    assert "action 1\nnot available" in written_in(ax.figure)


def test_contours_have_as_many_effective_actions_as_the_legend_says():
    figure = brl.plot_simplex(brl.Uniform(), [0.0, 0.5, 1.0])
    (contours,) = figure.axes[0].collections
    assert "1.5, 2, 2.5 effective actions" in written_in(figure)
    for level, path in zip((1.5, 2.0, 2.5), contours.get_paths(), strict=True):
        x, y = path.vertices.T
        top = y / np.sqrt(0.75)
        p = np.column_stack([1.0 - x - top / 2, x - top / 2, top]).clip(1e-15)
        perplexity = np.exp(-(p * np.log(p)).sum(axis=1))
        np.testing.assert_allclose(perplexity, level, atol=0.06)
        assert len(p) > 50


def test_the_legend_of_a_path_says_its_range_and_points_within_are_labelled():
    path = {"Boltzmann, τ": {t: brl.Boltzmann(t) for t in np.geomspace(0.05, 20, 60)}}
    figure = brl.plot_simplex(path, [0.0, 0.5, 1.0])
    written = written_in(figure)
    assert "Boltzmann, τ: 0.05 to 20" in written
    contours = ("1.5", "2", "2.5")
    numbers = [float(text) for text in written if text.replace(".", "").isdigit() and text not in contours]
    assert len(numbers) == 2
    assert all(0.05 < number < 20 for number in numbers)


def test_points_with_round_parameters_are_labelled_and_infinity_is_a_sign():
    temperatures = (0.0, 0.1, 0.344, 0.4, 0.9876, 1.0, 5.123, np.inf)
    figure = brl.plot_simplex({"τ": {t: brl.Boltzmann(t) for t in temperatures}}, [0.0, 0.5, 1.0])
    written = written_in(figure)
    assert "τ: 0 to ∞" in written
    assert {"0.4", "1"} <= set(written)
    assert not {"0.344", "0.988", "inf"} & set(written)


def test_contours_have_their_numbers_on_them_and_the_centre_is_seen_below_a_path():
    figure = brl.plot_simplex({"τ": {t: brl.Boltzmann(t) for t in (0.1, 1, np.inf)}}, [-2.0, 0.5, 1.0])
    written = written_in(figure)
    assert "action 0\nvalue \u22122" in written
    (ax,) = figure.axes
    (contours,) = ax.collections
    numbers = {text.get_text(): text for text in ax.texts}
    for text, path in zip(("1.5", "2", "2.5"), contours.get_paths(), strict=True):
        assert np.min(np.linalg.norm(path.vertices - numbers[text].xy, axis=1)) < 1e-9
    sizes = [line.get_markersize() for line in ax.get_lines() if np.allclose(line.get_xydata()[-1], (0.5, 3**0.5 / 6))]
    assert max(sizes) > 2.5 * min(sizes)


def test_labels_on_the_simplex_cover_no_line_and_no_other_label():
    paths = {"τ": {t: brl.Boltzmann(t) for t in np.geomspace(0.05, 20, 60)},
             "ε": {e: brl.EpsilonGreedy(e) for e in np.linspace(0, 1, 21)},
             "s": {s: brl.Sparsemax(s) for s in np.geomspace(0.05, 20, 60)}}  # fmt: skip
    figure = brl.plot_simplex(paths, [0.0, 0.6, 1.0])
    figure.canvas.draw()
    (ax,) = figure.axes
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) >= 3 + 4
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:place])
        for line in map(lines_of(ax).get, paths):
            assert not line.get_path().transformed(line.get_transform()).intersects_bbox(box, filled=False)


@in_one_test("size", [(3.5, 2.6), (3.3, 3.3), (6.0, 2.5), (3.0, 5.0)])
@in_one_test("layout", [None, "constrained"])
def test_in_axes_of_the_user_the_triangle_stays_large_and_the_legend_beside_or_below_it(size, layout):
    figure, ax = plt.subplots(figsize=size, layout=layout)
    paths = {"τ": {t: brl.Boltzmann(t) for t in (0.1, 1, 10)}, "ε": {e: brl.EpsilonGreedy(e) for e in (0, 0.5, 1)}}
    brl.plot_simplex(paths, [0.0, 0.5, 1.0], ax=ax)
    figure.canvas.draw()
    triangle = ax.transData.transform([[0.0, 0.0], [1.0, np.sqrt(0.75)]])
    assert triangle[1, 0] - triangle[0, 0] > 0.3 * min(figure.bbox.width, figure.bbox.height)
    box = ax.get_legend().get_window_extent()
    assert box.y1 <= triangle[0, 1] or box.x0 >= triangle[1, 0]


# --- all of them ----------------------------------------------------------------------------------------------

ALL = {
    **{name: lambda labels, ax, plot=plot: plot({k: brl.Boltzmann(v) for k, v in labels.items()}, ax=ax)
       for name, plot in PLOTS.items()},
    "plot_schedule": lambda labels, ax: brl.plot_schedule(dict(labels), ax=ax),
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_hostile_labels_are_written_as_they_are(name):
    figure = ALL[name](HOSTILE, None)
    written = written_in(figure)
    assert {"$$", "_hidden", "$\\frac{$", "日本 🙂 next", "\\x1b[31m\\u202e"} <= set(written)
    assert all(figure_bytes(figure).values())


@in_one_test("name", ALL)
@in_one_test("layout", [None, "constrained"])
def test_figures_of_policies_take_axes_of_the_user(name, layout):
    with mpl.rc_context({"font.size": 13.0}):
        figure, (one, other) = plt.subplots(1, 2, figsize=(7, 3), layout=layout)
        assert ALL[name]({"a": 0.5, "b": 1.0}, other) is figure
    assert plt.get_fignums() == [figure.number]
    assert not one.lines
    assert {"a", "b"} <= set(lines_of(other))
    assert {"a", "b"} <= {text.get_text() for text in other.get_legend().get_texts()}
    plt.close(figure)


@pytest.mark.parametrize("name", ALL)
def test_temperatures_differ_in_grey(name):
    figure = ALL[name]({"a": 0.2, "b": 0.5, "c": 1.0}, None)
    lines = lines_of(figure.axes[0])
    looks = {(lines[label].get_marker(), str(lines[label]._dash_pattern)) for label in "abc"}
    assert len(looks) == 3


# --- legends --------------------------------------------------------------------------------------------------


def test_a_legend_that_would_cover_lines_is_below_the_axes():
    figure, ax = plt.subplots(figsize=(5, 4), layout="constrained")
    brl.plot_schedule({f"constant {k}": k / 10 for k in range(11)}, ax=ax)
    figure.canvas.draw()
    box = ax.get_legend().get_window_extent()
    assert box.y1 <= ax.xaxis.label.get_window_extent().y0
    assert box.y0 >= 0.0


def test_a_legend_that_covers_nothing_is_inside():
    figure, ax = plt.subplots(figsize=(5, 4), layout="constrained")
    brl.plot_probabilities({"a": brl.Greedy(), "b": brl.EpsilonGreedy(0.1)}, [0.0, 1.0], ax=ax)
    figure.canvas.draw()
    box = ax.get_legend().get_window_extent()
    assert ax.bbox.contains(box.x0, box.y0)
    assert ax.bbox.contains(box.x1, box.y1)


def test_end_labels_follow_their_lines_when_limits_and_scales_change():
    figure = brl.plot_schedule({"high": 0.8, "low": S.Linear(0.5, 0.1, steps=100)}, 100)
    (ax,) = figure.axes

    def heights():
        figure.canvas.draw()
        return {text.get_text(): text.get_position()[1] for text in ax.texts}

    ax.set_ylim(0.0, 1.0)
    assert heights() == pytest.approx({"high": 0.8, "low": 0.1})
    ax.set_xlim(0, 50)  # the line leaves the panel at 0.3
    assert heights() == pytest.approx({"high": 0.8, "low": 0.3})
    ax.set_ylim(0.0, 2.0)
    assert heights() == pytest.approx({"high": 0.4, "low": 0.15})
    ax.set_xlim(0, 100)
    ax.set_ylim(0.01, 1.0)
    ax.set_yscale("log")
    assert heights() == pytest.approx({"high": 1 + np.log10(0.8) / 2, "low": 0.5})


def test_end_labels_do_not_overlap_and_are_not_below_the_axes():
    figure = brl.plot_schedule({f"schedule {k}": 0.0 for k in range(8)}, 100)
    figure.canvas.draw()
    texts = figure.axes[0].texts
    heights = sorted(text.get_position()[1] for text in texts)
    assert heights[0] >= 0.0
    boxes = sorted((text.get_window_extent() for text in texts), key=lambda box: box.y0)
    assert all(one.y1 <= other.y0 + 1.5 for one, other in itertools.pairwise(boxes))


@pytest.mark.parametrize("number", [2, 9, 25])
def test_end_labels_of_many_lines_lie_inside_the_figure(number):
    figure = brl.plot_probabilities({f"τ = {k}": brl.Boltzmann(float(k)) for k in range(number)}, [0.0, 1.0])
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == number
    assert max(box.y1 for box in boxes) <= figure.bbox.y1
    assert max(box.x1 for box in boxes) <= figure.bbox.x1


def test_a_figure_whose_axes_were_removed_can_still_be_drawn():
    figure = brl.plot_schedule({"a": 0.1, "b": 0.2})
    figure.clear()
    figure.canvas.draw()


def test_a_legend_in_a_subfigure_is_drawn():
    figure = plt.figure(layout="constrained")
    ax = figure.subfigures(1, 2)[1].subplots()
    brl.plot_schedule({f"cosine {k}": S.Cosine(1, 0, steps=100 * k) for k in range(1, 9)}, ax=ax)
    figure.canvas.draw()
    assert len(ax.get_legend().get_texts()) == 8
