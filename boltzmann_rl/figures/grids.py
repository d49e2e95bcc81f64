"""Grid worlds: the value of each cell, and the policy's probabilities as arrows."""

from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.quiver import Quiver
from matplotlib.text import Text

from boltzmann_rl.arguments import Floats, as_values
from boltzmann_rl.figures.axes import figure_of

_UP, _RIGHT, _DOWN, _LEFT = (-1, 0), (0, 1), (1, 0), (0, -1)

# The moves of Gymnasium's own grid worlds.
_MOVES = {"FrozenLakeEnv": (_LEFT, _DOWN, _RIGHT, _UP), "CliffWalkingEnv": (_UP, _RIGHT, _DOWN, _LEFT)}

# What stands in their cells, where they do not say it themselves.
_LETTERS = {"CliffWalkingEnv": ("F" * 12,) * 3 + ("SCCCCCCCCCCG",)}

# The colour of cells that were not visited.
UNKNOWN = "0.88"

# What arrows are, and grey cells.
ARROWS, GREY = "arrows: length √π(a|s)", "grey: no action taken"

# The length of an arrow with probability 1, in cells.
_LENGTH = 0.46


class Grid(NamedTuple):
    """A grid world: observation r·columns + c is the cell in row r and column c.

    Attributes:
        rows: Number of rows.
        columns: Number of columns.
        moves: For each action by how many rows and columns it moves.
        letters: What stands in each cell, such as ``("SF", "FG")``, where F is nothing; none if empty.
    """

    rows: int
    columns: int
    moves: tuple[tuple[int, int], ...]
    letters: tuple[str, ...] = ()


def grid_of(env: Any) -> Grid:
    """The grid of an environment: FrozenLake, CliffWalking, or one with attributes ``grid_shape`` and ``moves``.

    Raises:
        TypeError: Another environment.

    Example:
        >>> import gymnasium
        >>> grid_of(gymnasium.make("CliffWalking-v1"))[:2]
        (4, 12)
    """
    inner = getattr(env, "unwrapped", env)
    moves = _MOVES.get(type(inner).__name__, getattr(inner, "moves", None))
    letters = np.asarray(getattr(inner, "desc", [])).astype(str)  # of a lake
    shape = letters.shape if letters.size else getattr(inner, "grid_shape", getattr(inner, "shape", None))
    if moves is None or shape is None:
        raise TypeError(
            f"{type(inner).__name__} is not known to be a grid world: it needs the attributes grid_shape, its numbers "
            "of rows and columns, and moves, by how many rows and columns each action moves"
        )
    rows, columns = shape
    known = _LETTERS.get(type(inner).__name__, tuple("".join(row) for row in letters))
    return Grid(int(rows), int(columns), tuple(moves), known)


class Picture(NamedTuple):
    """The artists of a drawn grid, which `show` changes: cells, the arrows of each action, letters by their cells."""

    cells: Any
    arrows: tuple[Quiver, ...]
    letters: dict[int, Text]


def draw_grid(ax: Axes, grid: Grid, action_values: Any, probabilities: Any, visited: Any = None) -> Picture:
    """Draw the value Σ_a π(a)·Q(s, a) of each cell as its colour, and for each action an arrow of length √π(a).

    With length π(a), arrows of small probabilities would be invisible.

    Args:
        ax: Where it is drawn.
        grid: The grid.
        action_values: Q ``(S, A)``; states beyond the grid are left out.
        probabilities: π ``(S, A)``; NaN draws no arrow.
        visited: Which states are known ``(S,)``; the others are grey without arrows. Default: all.
    """
    colours: Any = mpl.colormaps["cividis"]
    cells = ax.imshow(np.zeros((grid.rows, grid.columns)), cmap=colours.with_extremes(bad=UNKNOWN))
    y, x = np.divmod(np.arange(grid.rows * grid.columns), grid.columns)
    cell: Any = {"angles": "xy", "scale_units": "xy", "scale": 1.0, "units": "xy"}  # sizes are in cells
    head: Any = {"width": 0.035, "headwidth": 3.5, "headlength": 3.5, "headaxislength": 3.0}
    arrows = tuple(ax.quiver(x, y, 0.0 * x, 0.0 * y, **cell, **head) for _ in grid.moves)
    letters: dict[int, Text] = {
        row * grid.columns + column: ax.text(column - 0.44, row - 0.42, letter, fontsize=8, va="top")
        for row, line in enumerate(grid.letters)
        for column, letter in enumerate(line)
        if letter not in "F "
    }
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    picture = Picture(cells, arrows, letters)
    show(picture, grid, action_values, probabilities, visited)
    return picture


def show(
    picture: Picture,
    grid: Grid,
    action_values: Any,
    probabilities: Any,
    visited: Any = None,
    limits: tuple[float, float] | None = None,
) -> None:
    """Change a drawn grid to other values and probabilities; colours are between the limits, or those of the values."""
    count = grid.rows * grid.columns
    known = np.ones(count, dtype=bool) if visited is None else np.asarray(visited, dtype=bool)[:count]
    value = values_of(action_values, probabilities)[:count]
    p = np.where(known[:, None], np.asarray(probabilities, dtype=np.float64)[:count], np.nan)
    picture.cells.set_data(np.ma.masked_array(value, ~known).reshape(grid.rows, grid.columns))
    picture.cells.set_clim(*(limits_of(value[known] if known.any() else value) if limits is None else limits))
    colours = np.where(~known | (picture.cells.norm(value) > 0.5), "black", "white")
    for cell, letter in picture.letters.items():
        letter.set_color(colours[cell])
    for arrow, (down, right), chance in zip(picture.arrows, grid.moves, p.T, strict=True):
        length = _LENGTH * np.sqrt(chance) / np.hypot(down, right)
        arrow.set_UVC(right * length, down * length)
        arrow.set_color(colours.tolist())


def value_bar(ax: Axes, picture: Picture, wide: bool) -> None:
    """The scale of the colours, below a wide grid or to the right of it."""
    bar = figure_of(ax).colorbar(picture.cells, ax=ax, location="bottom" if wide else "right", aspect=30)
    bar.set_label("value [return]", fontsize="small")
    bar.outline.set_visible(False)


def values_of(action_values: Any, probabilities: Any) -> Floats:
    """The values Σ_a π(a)·Q(s, a) of states ``(S,)``; 0 for those whose probabilities are NaN.

    Example:
        >>> values_of([[1.0, -np.inf], [2.0, 4.0]], [[1.0, 0.0], [0.5, 0.5]])
        array([1., 3.])
    """
    q, p = as_values(action_values), np.asarray(probabilities, dtype=np.float64)
    found: Floats = np.where(p > 0.0, p * np.where(p > 0.0, q, 0.0), 0.0).sum(axis=1)
    return found


def limits_of(value: Floats) -> tuple[float, float]:
    """The ends of the colours; equal values are in the middle."""
    low, high = float(value.min()), float(value.max())
    return (low, high) if high > low else (low - 1.0, high + 1.0)
