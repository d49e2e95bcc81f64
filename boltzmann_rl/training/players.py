"""An agent at work, as every loop uses it: the learner's state, the clocks and the random streams."""

import copy
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.decisions import machine
from boltzmann_rl.decisions.act import act, decide, probabilities
from boltzmann_rl.environments.readings import Reading
from boltzmann_rl.learners.features import row
from boltzmann_rl.learners.remembered import check_remembered
from boltzmann_rl.learners.temporal_difference import forgotten
from boltzmann_rl.numerics import effective_actions, entropy, greedy, mask
from boltzmann_rl.numerics.plain import FEW, few_values, pick
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.policies.blocks import numbers_at
from boltzmann_rl.policies.mixture import plain_weights
from boltzmann_rl.policies.noise import RelativeToNoise
from boltzmann_rl.policies.parameters import differs_by_row, temperature_at
from boltzmann_rl.protocols import Observation, Transition, layers_of, learner_traits, memory_of, traits_of, values_of
from boltzmann_rl.streams import back, stream
from boltzmann_rl.training.likeness import check_like, is_filled
from boltzmann_rl.training.places import is_ours
from boltzmann_rl.training.restoring import as_counts

# _new(Transition, ...) takes a third of the time of Transition(...).
_new = tuple.__new__

# What is saved of a player: the learner's state, the random streams of decisions and of learning, and the clocks.
KEPT = ("state", "actions", "learning", "counts")


class Look(NamedTuple):
    """What a policy would do: arrays ``(A,)`` and numbers for one environment, ``(n, A)`` and ``(n,)`` for n of them.

    Attributes:
        values: The learner's action values, −inf for unavailable actions.
        probabilities: The probability of each action.
        temperature: The policy's temperature, or None if it has none.
        entropy: Of the probabilities, in nats.
        effective_actions: exp(entropy).
        greedy_share: The probability of an action with the highest value.
    """

    values: Floats
    probabilities: Floats
    temperature: float | Floats | None
    entropy: float | Floats
    effective_actions: float | Floats
    greedy_share: float | Floats


class Player:
    """An agent at work.

    A decision draws one uniform from the stream ``(seed, "action")``; a policy that perturbs its values draws one per
    action from ``(seed, "perturbation")``. The learner draws from ``(seed, "learner")``.

    Args:
        agent: A learner for environments, and any policy.
        shape: Shape of the learner's values, ``(observations, actions)``.
        seed: In [0, 2⁶³).
    """

    def __init__(self, agent: Agent, shape: tuple[int, int], seed: int) -> None:
        self.policy: Any = agent.policy
        self.learner, self._clock = agent.learner, agent.clock
        self.shape, self._seed = shape, seed
        traits, needs = traits_of(agent.policy), learner_traits(agent.learner)
        self.action_rng, self.learner_rng = stream(seed, traits.stream), stream(seed, "learner")
        self.state = agent.learner.start(shape, self.learner_rng)
        self._remembers = traits.takes_memory
        self._ladder, self._differs_by_row = rows_of(agent.policy), differs_by_row(agent.policy)
        self.takes_next, self._takes_probabilities = needs.takes_next, needs.takes_probabilities
        self._takes_next_probabilities = self.takes_next == "probabilities"
        self._returns_probabilities = self._takes_next_probabilities or self._takes_probabilities
        # Another unit's memory, or that of the policy itself, may change more than the temperature.
        by_unit = type(traits.temperature) is RelativeToNoise and not traits.mixes_by_memory
        self._plain = shape[1] <= FEW and (by_unit or not self._remembers) and agent.clock != "pulls"
        # A policy or schedule of a user's own is asked about all rows at once.
        self._in_plain_rows = self._plain and not self._returns_probabilities and is_ours(agent.policy)
        self._in_plain_rows = self._in_plain_rows and not self._ladder
        self._numbers = getattr(agent.policy, "kept_numbers", None)
        counted = {"visits": shape[:1], "pulls": shape}
        self.counts: Any = None if agent.clock == "step" else np.zeros(counted[agent.clock], dtype=np.int64)

    def check(self, observation: Observation) -> None:
        """Refuse a clock or a memory per observation if observations are features instead of indices."""
        if isinstance(observation, int):
            return
        self._in_plain_rows = False
        for needs, what in ((self.counts is not None, f"the clock {self._clock!r}"), (self._remembers, "a memory")):
            if needs:
                raise TypeError(
                    f"{self.policy!r} is given {what}, which is kept for each observation by its index, but the "
                    "environment's observations are features: use the clock 'step' and a policy without memory"
                )

    @property
    def values(self) -> Floats:
        """The learner's values, live."""
        values: Floats = self.learner.values(self.state)
        return values

    def kept(self) -> tuple[Any, ...]:
        """What is saved, in the order of `KEPT`."""
        return self.state, self.action_rng, self.learner_rng, self.counts

    def restore(self, kept: Any, environments: int) -> None:
        """Continue where a player of the same agent and number of environments stopped; each part is checked."""
        state, action_rng, learner_rng, counts = kept
        check_like(state, self.state, "state")
        check_remembered(state, environments)
        for rng in (action_rng, learner_rng):
            if not isinstance(rng, np.random.Generator):
                raise ValueError(f"the random streams must be generators, got {rng!r:.60}")
        if (counts is None) != (self.counts is None):
            raise ValueError(f"only the clocks 'visits' and 'pulls' have counts, and this one is {self._clock!r}")
        self.counts = counts if counts is None else as_counts(counts, self.counts.shape, "counts")
        self.state, self.action_rng, self.learner_rng = state, action_rng, learner_rng

    def check_kept(self, *, anew: bool) -> None:
        """Refuse a learner's state that a file without code could not restore.

        Args:
            anew: Whether loading begins a new episode, so that the learner must be able to forget this one.
        """
        fresh = self.learner.start(self.shape, stream(self._seed, "learner"))
        check_like(self.state, fresh, "state")
        *_, innermost = map(learner_traits, layers_of(self.learner))
        if not anew or not is_filled(self.state, fresh) or innermost.forget:
            return
        if is_filled(forgotten(self.learner, copy.deepcopy(self.state)), fresh):
            raise ValueError(
                f"{self.learner!r} remembers what was empty at the start, perhaps of the unfinished episode, and has "
                "no forget(state) that returns the state without it"
            )

    def forget(self) -> None:
        """Let the learner forget the unfinished episodes."""
        self.state = forgotten(self.learner, self.state)

    def learn(self, transition: Transition) -> None:
        """Update the learner."""
        self.state = self.learner.update(self.state, transition, self.learner_rng)

    def count(self, here: Any, action: Any) -> None:
        """Advance the clock of an observation by one decision."""
        if self.counts is not None:
            self.counts[(here, action) if self._clock == "pulls" else here] += 1

    def choose(self, reading: Reading, step: int, rng: np.random.Generator) -> tuple[int, Floats | None]:
        """A decision, and the probabilities from which it was drawn if the learner takes them."""
        here: Any = reading.observation
        indexed = type(here) is int
        values = values_of(self.learner, self.state, here) if indexed else row(self.learner.values(self.state), here)
        if type(values) is UntriedFirst:
            values = np.asarray(values) if reading.available is None else mask(values, reading.available)
        now: Any = step if self.counts is None else self.counts[here]
        if self._clock == "visits":
            now = int(now)
        memory = memory_of(self.learner, self.state)[here] if self._remembers else None
        # The same decision as by act, without checking again what was checked already.
        if self._plain and (numbers := self._numbers or numbers_at(self.policy, now)) is not None:
            plain = values.tolist() if reading.available is None else few_values(values, reading.available)
            weights = None if plain is None else plain_weights(numbers, plain, memory=memory, learned=True)
            if weights is not None:
                chosen = pick(weights, rng.random())
                if not self._returns_probabilities:
                    return chosen, None
                total = sum(weights)
                return chosen, np.array([weight / total for weight in weights])
        action: int = act(self.policy, values, rng, step=now, available=reading.available, memory=memory, learned=True)
        if not self._returns_probabilities:
            return action, None
        if reading.available is not None:
            values = mask(values, reading.available)
        return action, probabilities(self.policy, values, now, memory)

    def choose_all(
        self, rows: list[int], readings: list[Any], latest: list[Reading], steps: list[int], rng: np.random.Generator
    ) -> list[tuple[int, Floats | None]]:
        """`choose` for some rows; each row has its own clock and draws its own uniform.

        Args:
            rows: The rows that decide.
            readings: Where they decide: a reading for each row, also for others, or None.
            latest: The latest reading of every row, for those without one.
            steps: The clock of every row.
            rng: The generator of the uniforms; only rows that decide draw from it.
        """
        if self._in_plain_rows and (decisions := self._choose_one_by_one(rows, readings, steps, rng)) is not None:
            return decisions
        seen = [now or was for now, was in zip(readings, latest, strict=True)]
        if self._ladder and len(rows) < len(seen):
            return self._choose_among(rows, seen, steps, rng)
        values, now, memory = self._seen([seen[row] for row in rows], np.array([steps[row] for row in rows]))
        try:
            actions = act(self.policy, values, rng, step=now, memory=memory, learned=True).tolist()
        except (TypeError, ValueError):  # before any draw: a user's parameters may be arrays with an entry per row
            if not self._differs_by_row or len(rows) == len(seen):
                raise
            return self._choose_among(rows, seen, steps, rng)
        p = probabilities(self.policy, values, now, memory) if self._returns_probabilities else [None] * len(actions)
        return list(zip(actions, p, strict=True))

    def _choose_one_by_one(
        self, rows: list[int], readings: list[Any], steps: list[int], rng: np.random.Generator
    ) -> list[tuple[int, Any]] | None:
        """`choose` for some rows without arrays; None, with nothing drawn, where only the array code can decide."""
        table, memory = self.learner.values(self.state), None
        if type(table) is not np.ndarray or table.dtype is not machine.FLOAT64:
            return None
        if self._remembers:
            memory = memory_of(self.learner, self.state)
        decide, kept, decisions = machine.decide, self._numbers, []
        draws = [rng.random()] if len(rows) == 1 else rng.random(len(rows)).tolist()
        for number, place in enumerate(rows):
            reading = readings[place]
            here, available = reading[0], reading[1]
            values = table[here]
            numbers, action = kept, -1
            if numbers is None:
                numbers = numbers_at(self.policy, steps[place] if self.counts is None else self.counts.item(here))
            if decide is not None and numbers is not None and (available is None or machine.is_mask(available)):
                action = decide(values, available, draws[number], False, numbers)[0]
            if action < 0:
                plain = values.tolist() if available is None else few_values(values, available)
                held = None if memory is None else memory[here]
                weights = plain and numbers and plain_weights(numbers, plain, memory=held, learned=True)
                if not weights:
                    back(rng, len(rows))
                    return None
                action = pick(weights, draws[number])
            decisions.append((action, None))
        return decisions

    def _choose_among(
        self, rows: list[int], readings: list[Reading], steps: Any, rng: np.random.Generator
    ) -> list[tuple[int, Floats | None]]:
        """Decisions of some rows by a policy that may have a parameter per row and so needs the values of all rows."""
        values, now, memory = self._seen(readings, np.array(steps))
        p = probabilities(self.policy, values, now, memory)
        uniforms = np.full(traits_of(self.policy).uniforms(values.shape), 0.5)
        uniforms[rows] = rng.random(uniforms[rows].shape)
        actions = decide(self.policy, p, values, now, uniforms, memory)
        return [(int(actions[row]), p[row] if self._returns_probabilities else None) for row in rows]

    def transition(
        self, step: int, before: Reading, decision: Any, ahead: Any, after: Reading, environment: int
    ) -> Transition:
        """The transition between two readings, with those probabilities that the learner takes.

        ``decision`` and ``ahead``, the next one or None, are as `choose` returns them.
        """
        there, available, reward, terminated, truncated = after
        (action, p), (next_action, next_p) = decision, ahead or (None, None)
        if not self._takes_probabilities:
            p = None
        if not self._takes_next_probabilities:
            next_p = None
        here = before[0]
        seen = step, here, action, reward, there, terminated, truncated, available, next_action, next_p, p, environment
        return _new(Transition, seen)

    def look(self, readings: list[Reading], steps: Any) -> Look:
        """What the policy would do in each row; it draws nothing and advances no clock."""
        values, now, memory = self._seen(readings, steps)
        p = probabilities(self.policy, values, now, memory)
        temperature: Any = None
        if (parameter := traits_of(self.policy).temperature) is not None:
            temperature = np.broadcast_to(temperature_at(parameter, values, now, memory=memory), len(p)).copy()
        with np.errstate(under="ignore"):
            greedy_share = np.where(greedy(values) > 0.0, p, 0.0).sum(axis=-1)
        return Look(values, p, temperature, entropy(p), effective_actions(p), greedy_share)

    def _seen(self, readings: list[Reading], steps: Any) -> tuple[Floats, Any, Any]:
        """The policy's arguments for several rows: masked values, clocks and memory."""
        table = self.learner.values(self.state)
        values: Any = np.stack([row(table, reading.observation) for reading in readings])
        if any(reading.available is not None for reading in readings):
            if isinstance(table, UntriedFirst):  # `mask` reads what is behind these values
                values = table[[reading.observation for reading in readings]]
            every = np.ones(values.shape[1], dtype=bool)
            values = mask(values, np.stack([every if one.available is None else one.available for one in readings]))
        if self.counts is None and not self._remembers:
            return values, steps, None
        here = [reading.observation for reading in readings]
        now = steps if self.counts is None else self.counts[here]
        return values, now, memory_of(self.learner, self.state)[here] if self._remembers else None
