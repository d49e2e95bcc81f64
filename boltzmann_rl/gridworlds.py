"""Small environments for Gymnasium, with transition tables like those of its toy-text ones.

Two are from Sutton & Barto. `DeepSea` and `Garnet` (random Markov decision processes) come in any size, and
``instance=`` selects one.

Importing this module registers them. The id ``"boltzmann_rl.gridworlds:boltzmann_rl/WindyGridworld-v0"`` makes
``gymnasium.make`` or `Environment` import it first. Arguments are keywords of ``gymnasium.make``, and ``options`` of
`Environment`.

Example:
    >>> from boltzmann_rl import Environment
    >>> env = gymnasium.make("boltzmann_rl.gridworlds:boltzmann_rl/DeepSea-v0", size=8, instance=3)
    >>> garnet = Environment("boltzmann_rl.gridworlds:boltzmann_rl/Garnet-v0", options={"states": 20, "instance": 3})
    >>> env.observation_space, garnet.make().observation_space
    (Discrete(65), Discrete(20))
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from boltzmann_rl.arguments import Floats, as_choice, as_integer
from boltzmann_rl.streams import stream

__all__ = ["DeepSea", "Garnet", "ShortCorridor", "TabularEnv", "WindyGridworld"]

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
        self.grid_shape, self.moves = (rows, len(wind)), MOVES


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


class DeepSea(TabularEnv):
    """The deep sea: ``size`` × ``size`` cells, down which a diver sinks from (0, 0) by one row in each step.

    Action 1 goes right and pays −0.01/size, action 0 goes left and pays nothing; moves stop at the edge. Going right
    in the last column, which only ``size`` − 1 moves to the right reach, pays 1 more. The episode ends after ``size``
    steps. The best return is 0.99, and the second best 0: small costs along the only rewarding path teach agents to
    avoid it, and uniform choice finds it in one of 2^size episodes.

    States are row·size + column; the last state is the end. There is no time limit; ``max_episode_steps=size`` changes
    no episode, and is the limit that the exact regret of a `GymnasiumExperiment` needs.

    Args:
        size: Rows, columns, and steps of an episode, ≥ 1.
        stochastic: Whether a move to the right fails with probability 1/size, and the two ends of the last row pay 1
            more or less, with equal probability (the source adds N(0, 1), of the same mean and variance). The best
            return is then q^(size − 1)·(1.01 − 0.01/size) − 0.01 with q = 1 − 1/size.
        instance: In [0, 2⁶³): draws for each cell which of the actions goes right. None: action 1, everywhere.

    Example:
        >>> env = gymnasium.make("boltzmann_rl/DeepSea-v0", size=4)
        >>> observation, _ = env.reset(seed=0)
        >>> [env.step(1)[:3] for _ in range(4)]
        [(5, -0.0025, False), (10, -0.0025, False), (15, -0.0025, False), (16, 0.9975, True)]

    Source: Osband, Van Roy, Russo & Wen (2019), *Deep Exploration via Randomized Value Functions*, *Journal of Machine
    Learning Research* 20; ``deep_sea.py`` of Osband et al. (2020), *Behaviour Suite for Reinforcement Learning*.
    """

    def __init__(self, size: int = 10, stochastic: bool = False, instance: int | None = None) -> None:
        size, end = as_integer(size, "size", minimum=1), as_integer(size, "size") ** 2
        stochastic = as_choice(stochastic, "stochastic", (True, False))
        slips = 1.0 / size if stochastic else 0.0
        goes_right = np.ones((size, size), dtype=np.int64)
        if instance is not None:
            goes_right = stream(_instance(instance), "deep sea").integers(2, size=(size, size))

        def outcomes(row: int, column: int, right: bool) -> Outcomes:
            reward = float(right and column == size - 1) - (0.01 / size if right else 0.0)
            if row == size - 1:
                noise = [(0.5, 1.0), (0.5, -1.0)] if stochastic and column in (0, size - 1) else [(1.0, 0.0)]
                return [(p, end, reward + more, True) for p, more in noise]
            moves = [(1.0 - slips, 1), (slips, 0)] if right and stochastic else [(1.0, 1 if right else -1)]
            below = (row + 1) * size
            return [(p, below + min(max(column + move, 0), size - 1), reward, False) for p, move in moves]

        cells = [(row, column) for row in range(size) for column in range(size)]
        ways = [{action: outcomes(*cell, action == goes_right[cell]) for action in (0, 1)} for cell in cells]
        table = dict(enumerate([*ways, {action: [(1.0, end, 0.0, True)] for action in (0, 1)}]))
        super().__init__(table, np.arange(end + 1) == 0)
        if instance is None:  # else an action moves one way here and the other way there
            self.grid_shape, self.moves = (size, size), ((1, -1), (1, 1))


class Garnet(TabularEnv):
    """A Garnet (generic average reward non-stationary environment testbed): a random Markov decision process.

    Each action in each state leads to ``branching`` states, drawn without replacement. Their probabilities are the
    lengths of the parts into which ``branching`` − 1 independent uniforms cut the unit interval. Each action in each
    state pays its expected reward, drawn from N(0, 1). Episodes begin in any state, with equal probability, and never
    terminate; ``gymnasium.make`` truncates them after 100 steps, or after ``max_episode_steps``.

    Args:
        states: Number of states, ≥ 1.
        actions: Number of actions, ≥ 1.
        branching: Number of states to which each action leads, 1 to ``states``.
        instance: In [0, 2⁶³): number of the problem; the seed of ``reset`` affects only the initial state and the
            transitions.

    Example:
        >>> env = gymnasium.make("boltzmann_rl/Garnet-v0", states=5, actions=2, branching=3, instance=7)
        >>> [round(probability, 3) for probability, *_ in env.unwrapped.P[0][1]]
        [0.759, 0.079, 0.163]

    Source: Archibald, McKinnon & Thomas (1995), *On the Generation of Markov Decision Processes*, *Journal of the
    Operational Research Society* 46; Bhatnagar, Sutton, Ghavamzadeh & Lee (2009), *Natural Actor–Critic Algorithms*,
    *Automatica* 45, whose expected rewards are also from N(0, 1), but one for each transition.
    """

    def __init__(self, states: int = 30, actions: int = 4, branching: int = 2, instance: int = 0) -> None:
        states, actions = as_integer(states, "states", minimum=1), as_integer(actions, "actions", minimum=1)
        branching = as_integer(branching, "branching", minimum=1, maximum=states)
        rng, shape = stream(_instance(instance), "garnet"), (states, actions)
        following = rng.random((*shape, states)).argsort(axis=2, kind="stable")[:, :, :branching].tolist()
        # Uniforms are multiples of 2⁻⁵³, so their differences are exact, and sum to 1.
        cuts = np.sort(rng.random((*shape, branching - 1)), axis=2)
        probabilities = np.diff(cuts, axis=2, prepend=0.0, append=1.0).tolist()
        rewards = rng.standard_normal(shape).tolist()

        def outcomes(s: int, a: int) -> Outcomes:
            pairs = zip(probabilities[s][a], following[s][a], strict=True)
            return [(probability, to, rewards[s][a], False) for probability, to in pairs]

        table = {s: {a: outcomes(s, a) for a in range(actions)} for s in range(states)}
        super().__init__(table, np.full(states, 1.0 / states))


def _instance(instance: Any) -> int:
    return as_integer(instance, "instance", maximum=2**63 - 1)


for _name, _limit in (("WindyGridworld", None), ("ShortCorridor", None), ("DeepSea", None), ("Garnet", 100)):
    gymnasium.register(f"boltzmann_rl/{_name}-v0", entry_point=f"{__name__}:{_name}", max_episode_steps=_limit)
