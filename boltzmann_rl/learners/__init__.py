"""Learners: what turns experience into the values that a policy follows.

A learner is a frozen dataclass of settings with three functions. For bandits ``start(shape, rng) -> state``,
``values(state) -> (rows, A)`` and ``update(state, action, reward, probabilities, rng) -> state``; for environments
``update(state, transition, rng) -> state``, and the rows are observations. Arrays of the state are updated in place,
so a state belongs to the loop that started it. What a policy with a memory needs comes from ``memory(state)``.

Feedback for bandits is one action and one reward for each row: integers in [0, A), and finite real numbers (bools
count as 0 and 1); of one row they may be plain numbers. Learners that weigh rewards by probabilities take those of all
actions ``(rows, A)``, and most also those of the chosen actions alone ``(rows,)``. Anything else is refused by name,
and leaves the state as it was. A log of many decisions of one bandit is learned in its order by `learn_from_log`.

A transition for environments names an observation and an action of the table, and a finite reward; features and
probabilities fit it. It is checked as a whole in the same way.
"""

from boltzmann_rl.lazy import public as _public
from boltzmann_rl.protocols import Transition as Transition  # what an environment learner learns from

__all__, __getattr__, __dir__ = _public(__name__)
