"""What a candidate is: a rule, which makes an agent of what is known of a problem, with its constants."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import boltzmann_rl as brl
from atlas.problems import Problem

# What a rule may know, from least to most.
NOTHING, HORIZON, BOTH, TUNED = "nothing", "horizon", "scale and horizon", "the problem"


class Known(NamedTuple):
    """What a rule may know of a problem.

    Attributes:
        actions: Number of actions.
        learner: What estimates the values: sample averages, or Q-learning with the problem's learning rate, discount
            and initial value.
        steps: Horizon, which only rules that know it may read.
        scale: Standard deviation of the noise, or spread of the optimal values of a state, likewise.
    """

    actions: int
    learner: Any
    steps: int
    scale: float


Setting = tuple[float, ...]


@dataclass(frozen=True)
class Rule:
    """A rule with a grid of constants.

    Attributes:
        name: Its label.
        knows: One of the four above.
        agent: The agent by what is known, and one constant for each place in an entry of the grid.
        grid: The constants; the first entry was stated beforehand, and is measured to the full precision.
        boltzmann: Whether it is a softmax, or the best of values with Gumbel noise.
    """

    name: str
    knows: str
    agent: Callable[..., brl.Agent]
    grid: tuple[Setting, ...] = ((),)
    boltzmann: bool = False


@dataclass(frozen=True)
class Candidate:
    """A rule with its constants."""

    rule: Rule
    constants: Setting

    @property
    def text(self) -> str:
        """The constants in tables, such as ``"0.4 0.001"``."""
        return " ".join(f"{constant:.4g}" for constant in self.constants)

    @property
    def name(self) -> str:
        """The rule with its constants."""
        return f"{self.rule.name} [{self.text}]" if self.constants else self.rule.name

    def agent(self, problem: Problem) -> brl.Agent:
        """The agent on a problem."""
        known = Known(problem.actions, problem.learner, problem.steps, problem.noise)
        return self.rule.agent(known, *self.constants)


def candidates(rules: Sequence[Rule]) -> list[Candidate]:
    """Every rule with each of its constants."""
    return [Candidate(rule, constants) for rule in rules for constants in rule.grid]


def powers(low: int, high: int) -> tuple[float, ...]:
    """Powers of two from 2^low to 2^high.

    Example:
        >>> powers(-2, 1)
        (0.25, 0.5, 1.0, 2.0)
    """
    return tuple(2.0**k for k in range(low, high + 1))


def grid(*axes: Sequence[float]) -> tuple[Setting, ...]:
    """All combinations."""
    return tuple(itertools.product(*axes))
