"""Learners turn experience into the values that a policy follows.

A learner is a frozen dataclass of settings with three methods: ``start(shape, rng) -> state``,
``values(state) -> (rows, A)`` and, for bandits, ``update(state, action, reward, probabilities, rng) -> state``; for
environments ``update(state, transition, rng) -> state``, where the rows are observations. The arrays of a state are
updated in place, so each loop needs a state of its own. Policies with a memory read ``memory(state)``.

Feedback for bandits is one action and one reward for each row: integers in [0, A), and finite real numbers (bools
count as 0 and 1); with one row they may be plain numbers. Learners that weight rewards by probabilities take those of
all actions ``(rows, A)``, and most also those of the chosen actions alone ``(rows,)``. Anything else raises an error
and leaves the state unchanged. `learn_from_log` learns from a log of many decisions of one bandit.

A transition for environments has an observation and an action of the table, and a finite reward; features and
probabilities must fit the table. It is checked before the state changes, too.
"""

from boltzmann_rl.lazy import public as _public
from boltzmann_rl.protocols import Transition as Transition  # what an environment learner learns from

__all__, __getattr__, __dir__ = _public(__name__)
