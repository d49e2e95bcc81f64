"""The reference loop for one environment: one transition at a time."""

from typing import Any

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_integer
from boltzmann_rl.environments.readings import Reading, TabularEnvironment
from boltzmann_rl.protocols import Transition
from boltzmann_rl.streams import child_seed
from boltzmann_rl.training.players import Look, Player
from boltzmann_rl.training.restoring import as_decision, as_parts, as_reading


class Loop:
    """An agent in one environment, with everything that the next transition depends on.

    A learner whose target contains the next decision (`SARSA`, `ExpectedSARSA`) learns after that decision; other
    learners learn before it.
    """

    environments = 1

    def __init__(self, env: Any, agent: Agent, seed: int) -> None:
        self._begin(env, seed)
        self.player = Player(agent, (self._table.observations, self._table.actions), seed)
        self.player.check(self._reading.observation)
        self._step = 0

    def begin_anew(self, seed: int, *purpose: str | int) -> None:
        """Begin an episode with a seed derived for this purpose, and drop the unfinished one."""
        self._begin(self._table.env, seed, *purpose)

    def _begin(self, env: Any, seed: int, *purpose: str | int) -> None:
        self._table = TabularEnvironment(env, child_seed(seed, "environment", *purpose))
        self._reading = self._latest = self._table.reset()
        self._over = False
        self._chosen: Any = None

    def advance(self) -> Transition:
        """The next transition, after the learner has learned from it."""
        if self._over:
            self._reading = self._table.reset()
        player, before, step = self.player, self._reading, self._step
        decision = self._chosen or player.choose(before, step, player.action_rng)
        reading = self._table.step(decision[0])
        player.count(before.observation, decision[0])
        self._step = step + 1
        ahead = None if player.takes_next is None else self._look_ahead(reading)
        transition = player.transition(step, before, decision, ahead, reading, 0)
        self._reading = reading
        if reading.terminated or reading.truncated:
            self._over, self._chosen, self._latest = True, None, before
        else:
            self._over, self._latest = False, reading
        player.learn(transition)
        return transition

    def look(self) -> Look:
        """What the policy would do now; after an episode, at the last decision."""
        parts: Any = self.player.look([self._latest], np.array([self._step]))  # arrays of one row, or None
        return Look._make(part if part is None else part[0] for part in parts)

    def state(self) -> dict[str, Any]:
        """The state of the loop as plain data, from which `restore` of another loop continues."""
        return {
            "step": self._step,
            "over": self._over,
            "chosen": self._chosen,
            "reading": self._reading,
            "latest": self._latest,
            "episode": self._table.episode,
            "step_in_episode": self._table.step_in_episode,
        }

    def restore(self, found: Any, *, anew: bool) -> None:
        """Continue from the state of another loop, or with a new episode if ``anew``; each part is checked."""
        step, over, chosen, reading, latest, *counts = as_parts(found, *self.state())
        spaces, actions = self._table.spaces, self._table.actions
        reading, latest = as_reading(reading, spaces), as_reading(latest, spaces)
        chosen = None if chosen is None else as_decision(chosen, actions)
        counts = [as_integer(count, "a count of the environment") for count in counts]
        if type(over) is not bool:
            raise ValueError(f"over must be True or False, got {over!r:.60}")
        self._step = as_integer(step, "step")
        if not anew:
            self._over, self._chosen, self._reading, self._latest = over, chosen, reading, latest
            self._table.episode, self._table.step_in_episode = counts

    @property
    def standing(self) -> tuple[int, int, int]:
        """Observation, chosen action, and steps in the episode.

        The observation is −1 if an episode has to begin, the action −1 if none is chosen yet.
        """
        here, action = self._reading.observation, -1 if self._chosen is None else self._chosen[0]
        return (-1, -1, 0) if self._over else (int(here), action, self._table.step_in_episode)

    def skip(self, steps: int, standing: tuple[int, int, int], available: Any, episodes: int) -> None:
        """Take over the state of another loop that took ``steps`` steps, in which ``episodes`` episodes ended."""
        here, action, elapsed = standing
        self._table.episode += episodes + int(self._over) - int(here < 0)
        self._table.step_in_episode, self._step, self._over = elapsed, self._step + steps, here < 0
        self._chosen = (action, None) if action >= 0 else None
        if here >= 0:
            self._reading = self._latest = Reading(here, available)

    def _look_ahead(self, reading: Reading) -> Any:
        """The next decision, for learners that take it."""
        if reading.terminated:
            return None
        # The action after a truncated step is never taken, so it is not drawn from the stream of decisions.
        rng = self.player.learner_rng if reading.truncated else self.player.action_rng
        self._chosen = self.player.choose(reading, self._step, rng)
        return self._chosen
