"""Judgement: which agents are compared with which, and at what levels."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import shown
from boltzmann_rl.arguments.near_names import nearest
from boltzmann_rl.statistics.intervals import CONFIDENCE
from boltzmann_rl.statistics.levels import as_level

ALPHA = 0.05

# Words that name pairs, and so can't be labels of baselines.
ALL, FAMILIES = "all", "families"

# Every run with a number that is a multiple of this chooses the agents that stand for families; the others compare.
_CHOOSING = 3

# What is compared: a word, a label, or pairs of labels.
Compare = str | Sequence[tuple[str, str]] | None

# The labels of families by those of their agents.
Study = Mapping[str, str]


@dataclass(frozen=True)
class Judgement:
    """What an experiment compares, and how sure that is to be.

    Args:
        compare: ``"all"``, every agent with every other; ``"families"``, every family of a parameter study with every
            other; the label of a baseline, with which all others are compared; or pairs of labels ``(first, second)``.
            Labels are those of agents and of families. None stands for ``"families"`` in a study of several, else for
            ``"all"``.
        alpha: The probability of any false difference among the comparisons on a problem, in (0, 1).
        confidence: The probability that intervals cover, in (0, 1): each interval of a mean by itself, the intervals of
            differences on a problem all together.

    Raises:
        TypeError, ValueError: A level that is not between 0 and 1, or ``compare`` is none of these.
    """

    compare: Compare = None
    alpha: float = ALPHA
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        object.__setattr__(self, "compare", _canonical(self.compare))
        for name, usual in (("alpha", ALPHA), ("confidence", CONFIDENCE)):
            object.__setattr__(self, name, as_level(getattr(self, name), name, usual))

    def pairs(self, agents: Sequence[str], study: Study) -> list[tuple[str, str]]:
        """The declared pairs of agents or families; a positive difference favours the first of a pair.

        Args:
            agents: The labels of all agents.
            study: The families of those agents that have one.

        Raises:
            ValueError: A label of a pair is neither an agent nor a family.

        Example:
            >>> Judgement("ε-greedy").pairs(["Boltzmann", "ε-greedy", "UCB"], {})
            [('Boltzmann', 'ε-greedy'), ('UCB', 'ε-greedy')]
            >>> Judgement().pairs(["τ = 1", "τ = 2", "UCB"], {"τ = 1": "τ", "τ = 2": "τ"})
            [('τ', 'UCB')]
        """
        together = _together(agents, study)
        compare = self.check(agents, study)
        if not isinstance(compare, str):
            return list(compare)
        if compare in (ALL, FAMILIES):
            return list(itertools.combinations(agents if compare == ALL else together, 2))
        others = together if compare in together else agents
        return [(label, compare) for label in others if label != compare]

    def check(self, agents: Sequence[str], study: Study) -> str | Sequence[tuple[str, str]]:
        """What is compared, of agents and families that there are; the arguments are those of `pairs`.

        Raises:
            ValueError: A label of a pair is neither an agent nor a family.
        """
        together = _together(agents, study)
        several = len(together) > 1
        compare = self.compare or (FAMILIES if study and several else ALL)
        labels = [compare] if isinstance(compare, str) else dict.fromkeys(itertools.chain(*compare))
        known = dict.fromkeys([*agents, *together])
        if compare == FAMILIES and not (study and several):
            raise ValueError(
                'compare="families" needs two families, or a family and an agent: "all" compares all agents'
            )
        if compare in (ALL, FAMILIES):
            if compare in known:
                raise ValueError(f"compare={compare!r} is also a label: give the agent another one, or a list of pairs")
        elif unknown := [label for label in labels if label not in known]:
            near = nearest(unknown[0], known)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(map(repr, known))}"
            raise ValueError(f"compare names {shown(unknown[0])}, which is neither an agent nor a family: {hint}")
        return compare

    @property
    def declared(self) -> dict[str, Any]:
        """The judgement as text and numbers, for a manifest."""
        pairs = self.compare if isinstance(self.compare, str | None) else [list(pair) for pair in self.compare]
        return {"compare": pairs, "alpha": self.alpha, "confidence": self.confidence}


def runs_that_choose(runs: int) -> NDArray[np.bool_]:
    """The runs in which the agents that stand for families are chosen: every third. The others compare.

    Choosing and comparing in the same runs favours the family with more agents: see ``docs/statistics.md``.

    Example:
        >>> runs_that_choose(5)
        array([ True, False, False,  True, False])
    """
    return np.arange(runs) % _CHOOSING == 0


def _together(agents: Sequence[str], study: Study) -> list[str]:
    """The labels of families, and of agents without one."""
    return list(dict.fromkeys(study.get(agent, agent) for agent in agents))


def _canonical(compare: Any) -> str | tuple[tuple[str, str], ...] | None:
    """What was given for ``compare``, with pairs as tuples."""
    if compare is None or isinstance(compare, str):
        return compare
    pairs = tuple(compare) if isinstance(compare, list | tuple) else ()
    for pair in pairs or [compare]:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):
            raise TypeError(
                f'compare must be "all", "families", the label of a baseline, or pairs of labels, got {shown(pair)}'
            )
        if pair[0] == pair[1]:
            raise ValueError(f"compare has {pair[0]!r} against itself: a pair needs two different labels")
    counts = Counter(frozenset(pair) for pair in pairs)
    if counts and max(counts.values()) > 1:
        repeated = next(tuple(pair) for pair in pairs if counts[frozenset(pair)] > 1)
        raise ValueError(f"compare has {shown(repeated)} twice: each pair is compared once")
    return tuple((first, second) for first, second in pairs)
