"""Action values: on the cells of a grid world with the policy as arrows, and as a table of states and actions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, MaxNLocator

from boltzmann_rl.arguments import Floats, as_sequence, place, real_array, shown
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.figures.axes import figure_of, panel
from boltzmann_rl.figures.grids import ARROWS, GREY, UNKNOWN, Grid, draw_grid, grid_of, value_bar
from boltzmann_rl.figures.labels import as_text, as_written, cut, one_line
from boltzmann_rl.figures.policies import LARGEST, probabilities_in
from boltzmann_rl.numerics.sampling import as_probabilities
from boltzmann_rl.policies.greedy import Greedy
from boltzmann_rl.protocols import AnyEnvironment, Policy

if TYPE_CHECKING:
    from boltzmann_rl.declared_environments.environment import Environment

# States and actions up to which a table shows numbers.
_ROWS, _COLUMNS = 20, 8


@suggesting
def plot_grid(
    env: "AnyEnvironment | Environment",
    action_values: Any,
    policy: Policy | Floats | None = None,
    *,
    step: Any = None,
    visited: Any = None,
    ax: Axes | None = None,
) -> Figure:
    """The values of a grid world's cells as colours, and the policy as arrows.

    A cell has the colour of Σ_a π(a|s)·Q(s, a), and for each action an arrow of length √π(a|s): with length π, small
    ones would be invisible. Cells where no action is taken are grey: ends of episodes, where the transition table of
    the environment says so, cells that were not visited, and those without an action value. Letters are those of
    Gymnasium's maps: S is the start, G the goal, H a hole, C the cliff; a cell without one is ordinary ground.

    Args:
        env: FrozenLake, CliffWalking, `DeepSea` without an instance, `WindyGridworld`, or an environment with the
            attributes ``grid_shape``, its numbers of rows and columns, and ``moves``, by how many rows and columns each
            action moves. Observation r·columns + c is the cell in row r and column c. Or an `Environment` that makes
            one of these.
        action_values: Q ``(S, A)``, such as ``training.values``; −inf for an action that is not available, NaN for
            all actions of a state that is not known. States beyond the grid are left out.
        policy: A policy, or its probabilities ``(S, A)``, such as ``training.look(range(S)).probabilities``. Default:
            `Greedy`, so that the colour is the highest action value.
        step: Decisions made so far, ≥ 0, for a policy that depends on it.
        visited: Which states were visited ``(S,)``: bools, or numbers of visits. Default: all.
        ax: Axes of your own, such as those of ``plt.subplots()``; default: a new figure.

    Returns:
        The figure, which pyplot knows.

    Raises:
        TypeError: An environment that is no grid world, a policy that needs its learner's memory, no ``step`` for a
            policy that depends on it.
        ValueError: Arrays of another shape, some values of a state NaN, or beyond ±1e300; rows that are not
            distributions.

    Example:
        >>> from boltzmann_rl import Agent, Boltzmann, Environment, QLearning, Training
        >>> env = Environment("CliffWalking-v1", max_episode_steps=200).make()
        >>> training = Training(env, Agent(QLearning(learning_rate=0.5), Boltzmann(1.0)), seed=0)
        >>> visits = np.zeros(48, dtype=int)
        >>> for _ in range(5000):
        ...     visits[next(training).observation] += 1
        >>> figure = plot_grid(env, training.values, training.agent.policy, visited=visits)
        >>> figure.savefig("cliff.png")  # doctest: +SKIP
    """
    from boltzmann_rl.declared_environments.environment import Environment

    env = env.make() if isinstance(env, Environment) else env
    grid = grid_of(env)
    count, actions = grid.rows * grid.columns, len(grid.moves)
    q = _table(action_values)
    if len(q) < count or q.shape[1] != actions:
        raise ValueError(f"action_values must have shape (at least {count}, {actions}) here, got {q.shape}")
    q = q[:count]
    known = _known(q) & _visited(visited, count) & ~_ends(env, count)
    p = np.full(q.shape, np.nan)
    p[known] = _probabilities(Greedy() if policy is None else policy, q, known, step)
    wide = grid.columns > 1.5 * grid.rows
    with panel(ax, _size(grid, wide)) as here:
        picture = draw_grid(here, grid, np.where(known[:, None], q, 0.0), p, known)
        grey = "" if known.all() else f"; {GREY}" if wide else f"\n{GREY}"
        here.set_xlabel(f"{ARROWS}{grey}", fontsize="small")
        value_bar(here, picture, wide)
    return figure_of(here)


@suggesting
def plot_action_values(
    action_values: Any,
    *,
    states: Sequence[str] | None = None,
    actions: Sequence[str] | None = None,
    label: str = "action value",
    visited: Any = None,
    ax: Axes | None = None,
) -> Figure:
    """A table of action values as colours: a row for each state, a column for each action.

    Up to 20 states and 8 actions have their numbers in the cells if these are large enough, the best of each state in
    bold.

    Args:
        action_values: Q ``(S, A)``, such as ``training.values``, or ``(A,)`` for one state. −inf (an action that is not
            available) and NaN (not known) are grey.
        states: A label for each state; default: their numbers.
        actions: A label for each action, such as ``("left", "right")``; default: their numbers.
        label: What the values are, such as ``"action value [reward]"``.
        visited: Which states were visited ``(S,)``: bools, or numbers of visits; the others are grey. Default: all.
        ax: Axes of your own, such as those of ``plt.subplots()``; default: a new figure.

    Returns:
        The figure, which pyplot knows.

    Raises:
        TypeError: Values that are not numbers, labels that are not strings.
        ValueError: An array of another shape, values beyond ±1e300, more or fewer labels than states or actions, or
            ``visited`` with fewer states.

    Example:
        >>> figure = plot_action_values([[0.1, 0.9], [0.5, -np.inf]], states=["start", "end"], actions=["stay", "go"])
        >>> figure.savefig("values.png")  # doctest: +SKIP
    """
    q = _table(action_values)
    rows, columns = (_labels(each, name, size) for each, name, size in zip((states, actions), ("states", "actions"),
                                                                        q.shape, strict=True))  # fmt: skip
    q = np.where(_visited(visited, len(q))[:, None], q, np.nan)
    numbered = len(q) <= _ROWS and q.shape[1] <= _COLUMNS
    size = (max(3.5, 1.3 + 0.32 * q.shape[1]), max(1.6, 0.8 + 0.2 * len(q))) if numbered else (3.5, 3.4)
    with panel(ax, size) as here:
        cells = _draw_cells(here, q)
        _name_ticks(here.yaxis, "state", rows, len(q))
        _name_ticks(here.xaxis, "action", columns, q.shape[1])
        bar = figure_of(here).colorbar(cells, ax=here, aspect=30)
        bar.set_label(as_text(label, "label"))
        as_written(bar.ax.yaxis.label)
        bar.outline.set_visible(False)
        if numbered:
            _write_numbers(here, q, cells)
    return figure_of(here)


def _table(action_values: Any) -> Floats:
    """Action values ``(S, A)``, checked."""
    q = real_array(action_values, "action_values")
    q = q[None] if q.ndim == 1 else q
    if q.ndim != 2 or 0 in q.shape:
        raise ValueError(f"action_values must have shape (states, actions), got {q.shape}")
    if (too_large := (np.abs(q) > LARGEST) & (q != -np.inf)).any():
        where = place("action_values", too_large)
        raise ValueError(f"{where} must be within ±{LARGEST:g}, or -inf if not available, got {q[too_large][0]:g}")
    return q


def _known(q: Floats) -> Any:
    """Which states have action values: not all of their actions are NaN or −inf."""
    partly = np.isnan(q) & ~np.isnan(q).all(axis=1, keepdims=True)
    if partly.any():
        raise ValueError(f"{place('action_values', partly)} is nan: where a state is not known, all its values are NaN")
    return (q > -np.inf).any(axis=1)


def _visited(visited: Any, count: int) -> Any:
    if visited is None:
        return np.ones(count, dtype=bool)
    found = np.asarray(visited)
    if found.ndim != 1 or len(found) < count or found.dtype.kind not in "biu":
        raise ValueError(
            f"visited must be bools or numbers of visits of each of (at least) {count} states, got {shown(found)}"
        )
    return found[:count] > 0


def _ends(env: Any, count: int) -> Any:
    """In which cells an episode has ended: the transition table, if there is one, leads only to the cell itself."""
    table = getattr(getattr(env, "unwrapped", env), "P", {})
    return np.array([
        state in table and all(outcome[1] == state and outcome[3] for one in table[state].values() for outcome in one)
        for state in range(count)
    ])  # fmt: skip


def _probabilities(policy: Any, q: Floats, known: Any, step: Any) -> Floats:
    """The probabilities of the states that are known."""
    if callable(policy) or isinstance(policy, type):
        return probabilities_in(policy, q[known], step, "policy") if known.any() else q[known]
    p = real_array(policy, "policy")
    if p.ndim != 2 or len(p) < len(q) or p.shape[1] != q.shape[1]:
        raise ValueError(
            f"policy must be a policy, or its probabilities of shape (at least {len(q)}, {q.shape[1]}), got {p.shape}"
        )
    return as_probabilities(p[: len(q)][known])


def _size(grid: Grid, wide: bool) -> tuple[float, float]:
    """The size of a new figure, with room for the colour bar."""
    width = float(np.clip(0.5 * grid.columns, 2.4, 6.0))
    height = width * grid.rows / grid.columns
    return (width, height + 0.9) if wide else (width + 0.7, height + 0.3)


def _labels(labels: Any, name: str, size: int) -> list[str] | None:
    """A label for each row or column, on one line; None for their numbers."""
    if labels is None:
        return None
    found = as_sequence(labels, name, "strings")
    if len(found) != size or not all(isinstance(one, str) for one in found):
        raise (ValueError if len(found) != size else TypeError)(f"{name} must be {size} strings, got {shown(labels)}")
    return [cut(one_line(one), 24) for one in found]


def _draw_cells(ax: Axes, q: Floats) -> Any:
    """Draw each value as a colour; equal values have the colour in the middle."""
    finite, colours = np.isfinite(q), mpl.colormaps["cividis"]
    masked: Any = np.ma.masked_array(q, ~finite)
    low, high = (float(q[finite].min()), float(q[finite].max())) if finite.any() else (0.0, 0.0)
    cells = ax.imshow(masked, cmap=colours.with_extremes(bad=UNKNOWN), aspect="auto", interpolation="nearest")
    cells.set_clim(*((low, high) if low < high else (low - 1.0, high + 1.0)))
    return cells


def _write_numbers(ax: Axes, q: Floats, cells: Any) -> None:
    """Write each value in its cell, the best of each row in bold, unless cells are too small for that."""
    finite = np.isfinite(q)
    best = np.where(finite, q, -np.inf).max(axis=1, keepdims=True)
    shades, width = cells.norm(np.where(finite, q, np.inf)), float(np.ptp(q[finite])) if finite.any() else 0.0
    decimals = int(np.clip(2 - np.floor(np.log10(width)), 0, 6)) if 1e-4 <= width < 1e6 else None
    texts = []
    for (row, column), value in np.ndenumerate(q):
        text = f"{value:.3g}" if decimals is None else f"{round(value, decimals) + 0.0:.{decimals}f}"
        texts.append(ax.text(
            column, row, Formatter.fix_minus(text) if finite[row, column] else "–",
            ha="center", va="center", fontsize="small",
            color="black" if shades[row, column] > 0.5 else "white",
            fontweight="bold" if finite[row, column] and value == best[row, 0] else "normal",
        ))  # fmt: skip
    figure: Any = figure_of(ax)
    figure.draw_without_rendering()
    wide, high = ax.bbox.width / q.shape[1], ax.bbox.height / len(q)
    boxes = [text.get_window_extent() for text in texts]
    if max(box.width for box in boxes) > 0.95 * wide or max(box.height for box in boxes) > high:
        for number in texts:
            number.remove()


def _name_ticks(axis: Any, name: str, words: list[str] | None, size: int) -> None:
    """The name of an axis, and its labels: those given, numbers of a few, or numbers of some."""
    axis.set_label_text(name)
    if words is None and size > _ROWS:
        axis.set_major_locator(MaxNLocator("auto", integer=True))
        return
    axis.set_ticks(range(size), labels=list(map(str, range(size))) if words is None else words)
    for tick in axis.get_ticklabels():
        as_written(tick)
