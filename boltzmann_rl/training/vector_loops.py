"""The reference loop for a vector of environments: all rows decide at once, then the learner takes row after row."""

from collections import deque
from typing import Any

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_integer
from boltzmann_rl.environments.vectors import TabularVectorEnvironment
from boltzmann_rl.protocols import Transition
from boltzmann_rl.training.players import Look, Player
from boltzmann_rl.training.restoring import as_counts, as_decision, as_list, as_parts, as_reading, as_transition


class VectorLoop:
    """An agent in a vector of environments, with everything that the next transition depends on.

    A round is one decision in each row, one step of the vector and, for learners that take it, the next decision. The
    learner then learns from one row after the other.
    """

    def __init__(self, env: Any, agent: Agent, seed: int) -> None:
        self._begin(env, seed)
        self.environments, self._rows = self._table.rows, list(range(self._table.rows))
        self.player = Player(agent, (self._table.observations, self._table.actions), seed)
        self.player.check(self._latest[0].observation)
        self._steps = [0] * self.environments  # each row's own decisions
        self._decisions = 0
        self._waiting: deque[Transition] = deque()

    def begin_anew(self, seed: int, *purpose: str | int) -> None:
        """Begin an episode in each row with seeds derived for this purpose, and drop the unfinished ones."""
        self._begin(self._table.env, seed, *purpose)

    def _begin(self, env: Any, seed: int, *purpose: str | int) -> None:
        self._table = TabularVectorEnvironment(env, seed, *purpose)
        self._table.begin()
        self._before: list[Any] = list(self._table.current)
        self._chosen: list[Any] = [None] * self._table.rows

    def advance(self) -> Transition:
        """The next transition, after the learner has learned from it."""
        while not self._waiting:
            self._round()
        transition = self._waiting.popleft()
        self.player.learn(transition)
        return transition

    def look(self) -> Look:
        """What the policy would do now in each row; after an episode, at its last decision."""
        return self.player.look(self._latest, np.array(self._steps))

    @property
    def waits(self) -> bool:
        """Whether the learner has yet to learn from rows of this round."""
        return bool(self._waiting)

    def state(self) -> dict[str, Any]:
        """The state of the loop as plain data, from which `restore` of another loop continues."""
        return {
            "steps": np.array(self._steps, dtype=np.int64),
            "decisions": self._decisions,
            "chosen": self._chosen,
            "waiting": list(self._waiting),
            "latest": self._latest,
            "standing": self._table.current,
            "episodes": self._table.counts[0],
            "steps_in_episodes": self._table.counts[1],
        }

    def restore(self, found: Any, *, anew: bool) -> None:
        """Continue from the state of another loop, or with new episodes if ``anew``; each part is checked."""
        steps, decisions, chosen, waiting, *places = as_parts(found, *self.state())
        rows, spaces, actions = self.environments, self._table.spaces, self._table.actions
        chosen = [row if row is None else as_decision(row, actions) for row in as_list(chosen, rows, "chosen")]
        latest, standing, *counts = (as_list(place, rows, "a place") for place in places)
        latest = [as_reading(reading, spaces) for reading in latest]
        standing = [reading if reading is None else as_reading(reading, spaces) for reading in standing]
        counts = [[as_integer(count, "a count of a row", minimum=-1) for count in row] for row in counts]
        if not isinstance(waiting, list):
            raise ValueError(f"waiting must be a list, got {waiting!r:.60}")
        self._steps, self._decisions = as_counts(steps, (rows,), "steps").tolist(), as_integer(decisions, "decisions")
        self._waiting = deque(as_transition(transition, spaces, rows) for transition in waiting)
        if not anew:
            self._chosen, self._before = chosen, latest
            self._table.restore(standing, *counts)

    def _round(self) -> None:
        table, player, steps = self._table, self.player, self._steps
        live = self._rows
        if not all(table.current):
            table.begin()
            live = [row for row in live if table.current[row] is not None]
        before: list[Any] = table.current
        undecided = [row for row in live if self._chosen[row] is None] if any(self._chosen) else live
        self._choose(undecided, before, player.action_rng)
        taken, self._chosen = self._chosen, [None] * self.environments
        readings: Any = table.step([0 if decision is None else decision[0] for decision in taken])
        for row in live:
            steps[row] += 1
            if player.counts is not None:
                player.count(before[row].observation, taken[row][0])
        ahead = self._chosen if player.takes_next is None else self._look_ahead(live, readings)
        wait, transition = self._waiting.append, player.transition
        step = self._decisions
        for row in live:
            wait(transition(step, before[row], taken[row], ahead[row], readings[row], row))
            step += 1
        self._decisions = step
        self._before = before

    @property
    def _latest(self) -> list[Any]:
        """The reading of each row, or after an episode that of its last decision."""
        return [now or was for now, was in zip(self._table.current, self._before, strict=True)]

    def _choose(self, rows: list[int], readings: list[Any], rng: np.random.Generator) -> None:
        if not rows:
            return
        decisions = self.player.choose_all(rows, readings, self._before, self._steps, rng)
        if rows is self._rows:
            self._chosen = decisions
            return
        for place, row in enumerate(rows):
            self._chosen[row] = decisions[place]

    def _look_ahead(self, live: list[int], readings: list[Any]) -> list[Any]:
        """The next decisions, for learners that take them."""
        cut = [row for row in live if readings[row].truncated and not readings[row].terminated]
        # The action after a truncated step is never taken, so it is not drawn from the stream of decisions.
        self._choose(cut, readings, self.player.learner_rng)
        ends = {row for row in live if readings[row].terminated or readings[row].truncated}
        self._choose([row for row in live if row not in ends], readings, self.player.action_rng)
        ahead = list(self._chosen)
        for row in ends:
            self._chosen[row] = None
        return ahead
