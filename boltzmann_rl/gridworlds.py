"""Two small environments of Sutton & Barto for Gymnasium, with transition tables like those of its toy-text ones.

Importing this module registers them. The id ``"boltzmann_rl.gridworlds:boltzmann_rl/WindyGridworld-v0"`` makes
``gymnasium.make`` or `Environment` import it first.
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from boltzmann_rl.arguments import Floats

__all__ = ["ShortCorridor", "TabularEnv", "WindyGridworld"]

Outcomes = list[tuple[float, int, float, bool]]
Table = dict[int, dict[int, Outcomes]]

# Up, right, down, left, as in CliffWalking.
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))


class TabularEnv(gymnasium.Env[Any, Any]):
    """An environment defined by a transition table, whose observations are its states or a function of them.

    A reset and a step draw one uniform each, as in Gymnasium's toy-text environments. There is no time limit.

    A subclass that overrides only ``__init__`` is known to follow its table: the compiled engine plays it, and
    `boltzmann_rl.planning` solves it. One that overrides more, but still follows its table, sets ``steps_by_tables =
    True``: see ``help(boltzmann_rl.tables)``.

    Args:
        table: ``{state: {action: [(probability, next state, reward, terminated), ...]}}``, states and actions from 0.
        start: Probability of each initial state ``(states,)``.
        seen: The observation in each state, integers from 0; default: the state itself.

    Attributes:
        P: The table.
        initial_state_distrib: ``start``.

    Example:
        >>> env = TabularEnv({0: {0: [(0.5, 0, -1.0, False), (0.5, 1, -1.0, True)]}, 1: {0: []}}, start=[1.0, 0.0])
        >>> env.reset(seed=0)
        (0, {'prob': 1.0})
        >>> env.step(0)
        (0, -1.0, False, False, {'prob': 0.5})
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own name and type

    def __init__(self, table: Table, start: Any, seen: Any = None) -> None:
        self.P = table
        self.initial_state_distrib: Floats = np.asarray(start, dtype=np.float64)
        self._seen = list(range(len(table))) if seen is None else [int(observation) for observation in seen]
        self.observation_space = Discrete(max(self._seen) + 1)
        self.action_space = Discrete(1 + max(action for actions in table.values() for action in actions))
        self.s = -1

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Begin at a state drawn from ``initial_state_distrib``."""
        super().reset(seed=seed)
        self.s = self._draw(self.initial_state_distrib)
        return self._seen[self.s], {"prob": float(self.initial_state_distrib[self.s])}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Draw one of the outcomes in the table for the state and the action."""
        outcomes = self.P[self.s][int(action)]
        probability, self.s, reward, terminated = outcomes[self._draw([outcome[0] for outcome in outcomes])]
        return self._seen[self.s], reward, terminated, False, {"prob": probability}

    def _draw(self, probabilities: Any) -> int:
        return int(np.argmax(np.cumsum(probabilities) > self.np_random.random()))


class WindyGridworld(TabularEnv):
    """The windy gridworld: 7 × 10 cells, from (3, 0) to (3, 7), with a wind that blows upwards.

    Actions 0 to 3 move up, right, down and left; the wind of the departed cell, 0 0 0 1 1 1 2 2 1 0 by column, adds
    that many rows upwards. Moves stop at the edge of the grid. Each step pays −1 until the goal. The shortest path
    takes 15 steps.

    Example:
        >>> env = gymnasium.make("boltzmann_rl/WindyGridworld-v0")
        >>> observation, _ = env.reset(seed=0)
        >>> for action in [1] * 9 + [2] * 4 + [3] * 2:
        ...     observation, reward, terminated, truncated, _ = env.step(action)
        >>> divmod(observation, 10), terminated
        ((3, 7), True)

    Source: Sutton & Barto (2018), Example 6.5.
    """

    def __init__(self) -> None:
        rows, wind = 7, (0, 0, 0, 1, 1, 1, 2, 2, 1, 0)
        start, goal = 3 * len(wind) + 0, 3 * len(wind) + 7

        def outcome(state: int, move: tuple[int, int]) -> tuple[float, int, float, bool]:
            if state == goal:
                return 1.0, goal, 0.0, True
            row, column = divmod(state, len(wind))
            row = min(max(row + move[0] - wind[column], 0), rows - 1)
            arrived = row * len(wind) + min(max(column + move[1], 0), len(wind) - 1)
            return 1.0, arrived, -1.0, arrived == goal

        states = range(rows * len(wind))
        table = {state: {action: [outcome(state, move)] for action, move in enumerate(MOVES)} for state in states}
        super().__init__(table, np.eye(len(states))[start])


class ShortCorridor(TabularEnv):
    """The short corridor with switched actions: three states in a row with the same observation, then the goal.

    Actions 0 and 1 go left and right, but right and left in the second state; going left from the first stays there.
    Each step pays −1 until the goal. All observations are 0; ``P`` and ``s`` hold the states 0 to 3. The best policy
    goes right with probability 2 − √2, and has the value −(6 + 4√2).

    Example:
        >>> env = gymnasium.make("boltzmann_rl/ShortCorridor-v0")
        >>> env.reset(seed=0)[0], [env.step(action)[:3] for action in (1, 0, 1)]
        (0, [(0, -1.0, False), (0, -1.0, False), (0, -1.0, True)])

    Source: Sutton & Barto (2018), Example 13.1.
    """

    def __init__(self) -> None:
        leads = {0: (0, 1), 1: (2, 0), 2: (1, 3)}
        table = {s: {a: [(1.0, to, -1.0, to == 3)] for a, to in enumerate(ways)} for s, ways in leads.items()}
        table[3] = {action: [(1.0, 3, 0.0, True)] for action in (0, 1)}
        super().__init__(table, [1.0, 0.0, 0.0, 0.0], seen=[0, 0, 0, 0])


for _name in ("WindyGridworld", "ShortCorridor"):
    gymnasium.register(f"boltzmann_rl/{_name}-v0", entry_point=f"{__name__}:{_name}")
