"""The reference loop for a vector of environments: all rows decide at once, and are learned from in turn."""

from collections import deque
from typing import Any

import numpy as np

from boltzmann_rl.agents import Agent
from boltzmann_rl.environments import Reading
from boltzmann_rl.learners import Transition
from boltzmann_rl.simulation.players import Look, Player
from boltzmann_rl.vector_environments import TabularVectorEnvironment

__all__ = ["VectorLoop"]

_NO_DECISION = None, None


class VectorLoop:
    """An agent in many environments; everything that the next transition depends on is held here.

    One round is one decision in each row, one step of the vector, and, for learners that take it, the next decision;
    only then the learner learns, from row after row.
    """

    def __init__(self, env: Any, agent: Agent, seed: int) -> None:
        self._table = TabularVectorEnvironment(env, seed)
        self._table.begin()
        self.environments = self._table.rows
        self.player = Player(agent, (self._table.observations, self._table.actions), seed)
        self._latest: list[Any] = list(self._table.standing)
        self.player.check(self._latest[0].observation)
        self._steps = np.zeros(self.environments, dtype=np.int64)  # each row's own decisions
        self._decisions = 0
        self._chosen: list[Any] = [None] * self.environments
        self._waiting: deque[Transition] = deque()

    def advance(self) -> Transition:
        """The next transition, learned from."""
        while not self._waiting:
            self._round()
        transition = self._waiting.popleft()
        self.player.learn(transition)
        return transition

    def look(self) -> Look:
        """What the policy would do where each environment stands; after an episode, where it last decided."""
        return self.player.look(self._latest, self._steps)

    def _round(self) -> None:
        self._table.begin()
        before: list[Any] = self._table.standing
        live = [row for row, reading in enumerate(before) if reading is not None]
        self._choose([row for row in live if self._chosen[row] is None], before, self.player.coins)
        taken, self._chosen = self._chosen, [None] * self.environments
        readings: Any = self._table.step([0 if decision is None else decision[0] for decision in taken])
        for row in live:
            self.player.count(before[row].observation, taken[row][0])
        self._steps[live] += 1
        ahead = self._look_ahead(live, readings)
        for row in live:
            self._waiting.append(self._transition(row, before[row], taken[row], readings[row], ahead[row]))
        self._latest = [now or was for now, was in zip(self._table.standing, self._latest, strict=True)]

    def _choose(self, rows: list[int], readings: list[Any], rng: np.random.Generator) -> None:
        if rows:
            decisions = self.player.choose_all([readings[row] for row in rows], self._steps[rows], rng)
            for row, decision in zip(rows, decisions, strict=True):
                self._chosen[row] = decision

    def _look_ahead(self, live: list[int], readings: list[Any]) -> list[Any]:
        """The next decisions, for learners that take them."""
        if self.player.takes_next is None:
            return self._chosen
        cut = [row for row in live if readings[row].truncated and not readings[row].terminated]
        # What a truncated step would have been followed by is no decision, and takes no coin of the decisions.
        self._choose(cut, readings, self.player.learning)
        ends = {row for row in live if readings[row].terminated or readings[row].truncated}
        self._choose([row for row in live if row not in ends], readings, self.player.coins)
        ahead = list(self._chosen)
        for row in ends:
            self._chosen[row] = None
        return ahead

    def _transition(self, row: int, before: Any, taken: Any, reading: Reading, ahead: Any) -> Transition:
        action, weights = taken
        then, outlook = ahead or _NO_DECISION
        self._decisions += 1
        return Transition(
            self._decisions - 1,
            before.observation,
            action,
            reading.reward,
            reading.observation,
            reading.terminated,
            reading.truncated,
            reading.available,
            then,
            outlook if self.player.takes_outlook else None,
            weights if self.player.takes_probabilities else None,
            row,
        )
