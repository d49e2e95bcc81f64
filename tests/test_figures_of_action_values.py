"""Figures of action values: on grid worlds with the policy as arrows, and as tables."""

import re

import gymnasium
import matplotlib as mpl
import numpy as np
import pytest
from cases import in_one_test
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from scipy.special import softmax

import boltzmann_rl as brl
from boltzmann_rl.figures.looks import contrast_of
from boltzmann_rl.figures.style import figure_bytes

LAKE, CLIFF = "FrozenLake-v1", "CliffWalking-v1"
ENDS = [5, 7, 11, 12, 15]  # the holes and the goal of the lake
MOVES = {LAKE: np.array([[-1, 0], [0, 1], [1, 0], [0, -1]]), CLIFF: np.array([[0, -1], [1, 0], [0, 1], [-1, 0]])}


def arrows_in(ax):
    """Right and down parts of the arrows, ``(cells, actions, 2)``; NaN without an arrow."""
    quivers = [part for part in ax.collections if isinstance(part, mpl.quiver.Quiver)]
    parts = [[np.where(q.Umask, np.nan, part) for part in (q.U, q.V)] for q in quivers]
    return np.array(parts).transpose(2, 0, 1)


def colours_in(ax):
    """The values that colours stand for ``(cells,)``; NaN where grey."""
    (cells,) = ax.images
    return np.ma.filled(cells.get_array().astype(float), np.nan).ravel()


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(16, 4))


def others(of=range(16), without=ENDS):
    return [cell for cell in of if cell not in without]


def test_colours_are_expected_values_under_the_softmax_and_arrows_its_square_roots(values):
    figure = brl.plot_grid(gymnasium.make(LAKE), values, brl.Boltzmann(0.5))
    p = softmax(values / 0.5, axis=1)
    here = others()
    np.testing.assert_allclose(colours_in(figure.axes[0])[here], (p * values).sum(axis=1)[here])
    arrows = arrows_in(figure.axes[0])[here]
    squares = (arrows**2).sum(axis=2)
    np.testing.assert_allclose(squares.sum(axis=1), squares.sum(axis=1)[0])  # probabilities add up to 1 in each cell
    np.testing.assert_allclose(squares / squares.sum(axis=1, keepdims=True), p[here])
    directions = arrows / np.linalg.norm(arrows, axis=2, keepdims=True)
    np.testing.assert_allclose(directions, np.broadcast_to(MOVES[LAKE], directions.shape), atol=1e-12)


def test_without_a_policy_the_colour_is_the_highest_action_value_and_the_arrow_the_best_action(values):
    (ax, _) = brl.plot_grid(gymnasium.make(LAKE), values).axes
    here = others()
    np.testing.assert_allclose(colours_in(ax)[here], values.max(axis=1)[here])
    lengths = np.linalg.norm(arrows_in(ax), axis=2)[here]
    np.testing.assert_array_equal(lengths.argmax(axis=1), values.argmax(axis=1)[here])
    assert np.count_nonzero(lengths) == len(here)


def test_ends_of_episodes_are_grey_without_arrows(values):
    figure = brl.plot_grid(gymnasium.make(LAKE), values, brl.Uniform())
    assert np.flatnonzero(np.isnan(colours_in(figure.axes[0]))).tolist() == ENDS
    assert np.isnan(arrows_in(figure.axes[0])[ENDS]).all()
    assert "grey: no action taken" in figure.axes[0].get_xlabel()


def test_cells_that_were_not_visited_are_grey():
    q = np.zeros((48, 4))
    visits = np.arange(48) % 3
    (ax, _) = brl.plot_grid(gymnasium.make(CLIFF), q, brl.Uniform(), visited=visits).axes
    np.testing.assert_array_equal(np.isnan(colours_in(ax)), visits == 0)
    (ax, _) = brl.plot_grid(gymnasium.make(CLIFF), q, brl.Uniform()).axes
    assert not np.isnan(colours_in(ax)).any()
    assert ax.get_xlabel() == "arrows: length √π(a|s)"


def test_states_without_values_are_grey_and_unavailable_actions_have_no_arrow(values):
    values[0], values[1] = np.nan, -np.inf
    values[2, :3] = -np.inf
    (ax, _) = brl.plot_grid(gymnasium.make(LAKE), values, brl.Boltzmann(1.0)).axes
    assert np.isnan(colours_in(ax)[:2]).all()
    assert colours_in(ax)[2] == values[2, 3]
    np.testing.assert_array_equal(np.linalg.norm(arrows_in(ax)[2], axis=1) > 0.0, [False, False, False, True])


def test_a_training_can_be_handed_over_as_it_is():
    env = gymnasium.make(CLIFF, max_episode_steps=200)
    agent = brl.Agent(brl.QLearning(learning_rate=0.5), brl.recommended(4, states=True))
    training = brl.Training(env, agent, seed=1)
    list(training.episodes(5))
    look = training.look(range(48))
    (ax, _) = brl.plot_grid(training.env, training.values, look.probabilities).axes
    np.testing.assert_allclose(colours_in(ax), (look.values * look.probabilities).sum(axis=1))
    squares = (arrows_in(ax) ** 2).sum(axis=2)
    np.testing.assert_allclose(squares / squares.sum(axis=1, keepdims=True), look.probabilities, atol=1e-12)
    assert brl.plot_grid(brl.Environment(CLIFF), training.values).axes
    episode = next(brl.train(gymnasium.make(CLIFF, max_episode_steps=50), agent, episodes=1, seed=0))
    assert brl.plot_grid(env, episode.values).axes


def test_letters_of_the_lake_and_of_the_cliff_are_in_their_cells():
    for name, letters in ((LAKE, {"S": 1, "H": 4, "G": 1}), (CLIFF, {"S": 1, "C": 10, "G": 1})):
        env = gymnasium.make(name)
        (ax, _) = brl.plot_grid(env, np.zeros((env.observation_space.n, 4)), brl.Uniform()).axes
        there = [text.get_text() for text in ax.texts]
        assert {letter: there.count(letter) for letter in set(there)} == letters
    goal = next(text for text in ax.texts if text.get_text() == "G")
    assert [round(float(part)) for part in goal.get_position()] == [11, 3]


def test_letters_and_arrows_can_be_read_on_every_colour():
    (ax, _) = brl.plot_grid(gymnasium.make(CLIFF), np.arange(192.0).reshape(48, 4), brl.Uniform()).axes
    (cells,) = ax.images
    grounds = [to_rgb(cells.cmap(cells.norm(value))) for value in colours_in(ax)]
    quiver = next(part for part in ax.collections if isinstance(part, mpl.quiver.Quiver))
    for ground, ink in zip(grounds, quiver.get_facecolors(), strict=True):
        ratio = contrast_of(ground) if ink[0] == 1.0 else 21.0 / contrast_of(ground)
        assert ratio >= 3.9


def test_brighter_in_grey_is_higher():
    (ax, bar) = brl.plot_grid(gymnasium.make(LAKE), np.arange(64.0).reshape(16, 4)).axes
    (cells,) = ax.images
    values = colours_in(ax)
    grey = [np.dot(to_rgb(cells.cmap(cells.norm(value))), [0.299, 0.587, 0.114]) for value in np.sort(values[others()])]
    assert (np.diff(grey) > 0).all()
    assert bar.get_ylabel() == "value [return]"


def test_an_environment_of_ones_own_is_a_grid_world_if_it_says_so():
    class Corridor:
        grid_shape, moves = (1, 3), ((0, 1), (0, -1))

    (ax, bar) = brl.plot_grid(Corridor(), [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]).axes
    assert colours_in(ax).tolist() == [1.0, 2.0, 3.0]
    assert bar.get_xlabel() == "value [return]"  # below a wide grid


@in_one_test(
    ("change", "error", "message"),
    [
        ({"env": 3}, TypeError, "int is not known to be a grid world: it needs the attributes grid_shape"),
        ({"env": gymnasium.make("CartPole-v1")}, TypeError, "CartPoleEnv is not known to be a grid world"),
        (
            {"action_values": np.zeros((15, 4))},
            ValueError,
            r"action_values must have shape \(at least 16, 4\)",
        ),
        ({"action_values": np.zeros((16, 5))}, ValueError, r"at least 16, 4\) here, got \(16, 5\)"),
        ({"action_values": np.full((16, 4), np.inf)}, ValueError, r"action_values\[0, 0\] must be within ±1e\+300"),
        ({"action_values": [[0.0, np.nan, 0.0, 0.0]] * 16}, ValueError, r"action_values\[0, 1\] is nan"),
        ({"policy": np.full((16, 4), 0.3)}, ValueError, "sum"),
        (
            {"policy": np.full((4,), 0.25)},
            ValueError,
            r"policy must be a policy, or its probabilities of shape",
        ),
        ({"policy": brl.Greedy}, TypeError, "policy must be an instance"),
        ({"policy": brl.GaussianThompson()}, TypeError, "policy needs its learner's memory"),
        ({"policy": brl.EpsilonGreedy(lambda step: 0.1)}, TypeError, "step= is missing: policy may change"),
        ({"visited": [True] * 3}, ValueError, r"visited must be bools or numbers of visits of each of \(at least\) 16"),
        ({"visited": [0.5] * 16}, ValueError, "visited must be bools or numbers"),
        ({"ax": 1}, TypeError, "ax must be Matplotlib's Axes"),
    ],
)
def test_mistakes_about_grids_are_refused(change, error, message):
    arguments = {"env": gymnasium.make(LAKE), "action_values": np.zeros((16, 4))} | change
    with pytest.raises(error, match=message):
        brl.plot_grid(**arguments)


# --- tables ---------------------------------------------------------------------------------------------------


def numbers_in(ax, shape):
    return np.array([text.get_text() for text in ax.texts]).reshape(shape)


def test_a_table_has_a_colour_and_a_number_for_each_value_and_the_best_in_bold():
    q = np.array([[0.25, -1.0, 0.5], [0.0, 2.0, 2.0]])
    figure = brl.plot_action_values(q)
    (ax, bar) = figure.axes
    np.testing.assert_array_equal(colours_in(ax), q.ravel())
    assert numbers_in(ax, (2, 3)).tolist() == [["0.25", "\u22121.00", "0.50"], ["0.00", "2.00", "2.00"]]
    bold = np.array([text.get_fontweight() == "bold" for text in ax.texts]).reshape(2, 3)
    assert bold.tolist() == [[False, False, True], [False, True, True]]
    assert bar.get_ylabel() == "action value"
    positions = [tuple(map(float, text.get_position())) for text in ax.texts]
    assert positions == [(column, row) for row in range(2) for column in range(3)]


def test_a_row_is_a_table_of_one_state_and_what_is_not_available_is_grey():
    (ax, _) = brl.plot_action_values([0.0, -np.inf, np.nan]).axes
    assert numbers_in(ax, 3).tolist() == ["0", "–", "–"]
    assert np.isnan(colours_in(ax)).tolist() == [False, True, True]


def test_states_that_were_not_visited_are_grey_and_those_of_the_caller_stay():
    q = np.array([[0.0, 0.0], [-13.9, -2.0], [0.0, 0.0]])
    (ax, _) = brl.plot_action_values(q, visited=[0, 7, 0]).axes
    assert numbers_in(ax, (3, 2)).tolist() == [["–", "–"], ["\u221213.9", "\u22122.0"], ["–", "–"]]
    assert np.isnan(colours_in(ax)).tolist() == [True, True, False, False, True, True]
    assert not any(text.get_fontweight() == "bold" for text in ax.texts if text.get_text() == "–")
    assert (q[0] == 0.0).all()


def test_many_states_have_no_numbers():
    (ax, _) = brl.plot_action_values(np.zeros((500, 6))).axes
    assert not ax.texts
    _, ax = plt.subplots(figsize=(1.5, 1.0), layout="constrained")
    brl.plot_action_values(np.random.default_rng(0).normal(size=(3, 8)), ax=ax)
    assert not ax.texts  # nor have cells that are too small


def test_numbers_lie_inside_their_cells():
    for shape in ((1, 2), (20, 8), (5, 5)):
        figure = brl.plot_action_values(np.random.default_rng(0).normal(size=shape) * 9.0)
        figure.canvas.draw()
        ax = figure.axes[0]
        assert len(ax.texts) == np.prod(shape)
        for text in ax.texts:
            box = text.get_window_extent().transformed(ax.transData.inverted())
            x, y = text.get_position()
            assert abs(box.x0 - x) <= 0.5
            assert abs(box.x1 - x) <= 0.5
            assert abs(box.y0 - y) <= 0.52


def test_labels_of_states_and_actions_are_written_as_they_are():
    states, actions = ["$$", "_x", "日本 🙂\nnext"], ["\x1b[31m", "a" * 100]
    figure = brl.plot_action_values(np.zeros((3, 2)), states=states, actions=actions, label="$Q$ \x1b")
    assert all(figure_bytes(figure).values())
    (ax, bar) = figure.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["$$", "_x", "日本 🙂 next"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["\\x1b[31m", "a" * 23 + "…"]
    assert bar.get_ylabel() == "$Q$ \\x1b"
    assert not bar.yaxis.label.get_parse_math()
    svg = figure_bytes(figure)["svg"].decode()
    assert "$$" in re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@in_one_test(
    ("change", "error", "message"),
    [
        ({"action_values": []}, ValueError, r"action_values must have shape \(states, actions\), got"),
        ({"action_values": np.zeros((2, 2, 2))}, ValueError, r"got \(2, 2, 2\)"),
        ({"action_values": [[0.0, np.inf]]}, ValueError, r"action_values\[0, 1\] must be within ±1e\+300"),
        ({"action_values": "abc"}, TypeError, "action_values must be real numbers"),
        ({"states": ["a"]}, ValueError, r"states must be 2 strings, got \['a'\]"),
        ({"visited": [True]}, ValueError, r"visited must be bools or numbers of visits of each of \(at least\) 2"),
        ({"actions": [1, 2]}, TypeError, r"actions must be 2 strings, got \[1, 2\]"),
        ({"actions": "ab"}, TypeError, "actions must be a tuple of strings"),
    ],
)
def test_mistakes_about_tables_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        brl.plot_action_values(**{"action_values": np.zeros((2, 2))} | change)


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_figures_of_action_values_take_axes_of_the_user(layout, values):
    figure, (one, other) = plt.subplots(1, 2, figsize=(7, 3), layout=layout)
    assert brl.plot_grid(gymnasium.make(LAKE), values, ax=one) is figure
    assert brl.plot_action_values(values, ax=other) is figure
    assert plt.get_fignums() == [figure.number]
    assert len(one.images) == len(other.images) == 1
    figure.canvas.draw()
