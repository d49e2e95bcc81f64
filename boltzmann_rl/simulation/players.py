"""What every loop has in common: an agent at work, with its learner's state, its clocks and its streams of chance."""

import copy
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.agents import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.environments import Reading
from boltzmann_rl.features import Observation, row
from boltzmann_rl.learners import Transition
from boltzmann_rl.learners.remembered import check_remembered
from boltzmann_rl.learners.temporal_difference import forgotten
from boltzmann_rl.numerics import effective_actions, entropy, greedy, mask
from boltzmann_rl.policies import act, probabilities
from boltzmann_rl.policies.decision import decide
from boltzmann_rl.policies.few import FEW, few_values, pick
from boltzmann_rl.policies.parameters import differs_by_row, has_temperature, temperature_at
from boltzmann_rl.schedules.rows import rows_of
from boltzmann_rl.simulation.likeness import check_like, is_filled
from boltzmann_rl.simulation.restoring import as_counts
from boltzmann_rl.streams import stream

__all__ = ["KEPT", "Look", "Player"]

# The parts of an agent at work that are saved: the learner's state, the streams of decisions and learning, the clocks.
KEPT = ("state", "actions", "learning", "counts")


class Look(NamedTuple):
    """What a policy would do: of one environment arrays ``(A,)`` and numbers, of n of them ``(n, A)`` and ``(n,)``.

    Attributes:
        values: The learner's values of all actions, −inf where one is not available.
        probabilities: With which each action would be taken.
        temperature: None of a policy that has none.
        entropy: Of the probabilities, in nats.
        effective_actions: exp(entropy).
        greedy_share: The probability of taking an action of the highest value.
    """

    values: Floats
    probabilities: Floats
    temperature: Any
    entropy: Any
    effective_actions: Any
    greedy_share: Any


class Player:
    """An agent at work.

    A decision draws one uniform (of a policy that perturbs, one an action) from the stream ``(seed, "action")``
    (``(seed, "perturbation")``), the learner what it draws from ``(seed, "learner")``.

    Args:
        agent: A learner for environments and any policy.
        shape: Of the learner's values, ``(observations, actions)``.
        seed: In [0, 2⁶³).
    """

    def __init__(self, agent: Agent, shape: tuple[int, int], seed: int) -> None:
        self.policy, self.learner, self._clock = agent.policy, agent.learner, agent.clock
        self.shape, self._seed = shape, seed
        perturbs = getattr(agent.policy, "uniforms_per_action", False)
        self.coins, self.learning = stream(seed, "perturbation" if perturbs else "action"), stream(seed, "learner")
        self.state = agent.learner.start(shape, self.learning)
        self._remembers = getattr(agent.policy, "takes_memory", False)
        self._ladder, self._differs_by_row = rows_of(agent.policy), differs_by_row(agent.policy)
        wrapped = _unwrapped(agent.learner)
        self.takes_next: str | None = getattr(wrapped, "takes_next", None)
        self.takes_outlook = self.takes_next == "probabilities"
        self.takes_probabilities = bool(getattr(wrapped, "takes_probabilities", False))
        self._weighs = self.takes_outlook or self.takes_probabilities
        plain = "_few_weights" in vars(type(agent.policy)) and shape[1] <= FEW
        self._plain = plain and not self._remembers and agent.clock != "pulls"
        of_what = {"visits": shape[:1], "pulls": shape}
        self._counts: Any = None if agent.clock == "step" else np.zeros(of_what[agent.clock], dtype=np.int64)
        self.counts = self._counts is not None

    def check(self, observation: Observation) -> None:
        """Refuse what counts or remembers by the observation where that is no index."""
        if isinstance(observation, int):
            return
        for needs, what in ((self._counts is not None, f"the clock {self._clock!r}"), (self._remembers, "a memory")):
            if needs:
                raise TypeError(
                    f"{self.policy!r} is given {what}, which is kept for each observation by its index, but the "
                    "environment's observations are features: use the clock 'step' and a policy without memory"
                )

    @property
    def values(self) -> Floats:
        """What the learner holds, live."""
        values: Floats = self.learner.values(self.state)
        return values

    def kept(self) -> tuple[Any, ...]:
        """What the agent has learned, its streams and its clocks, each by its name in `KEPT`."""
        return self.state, self.coins, self.learning, self._counts

    def restore(self, kept: Any, environments: int) -> None:
        """Take the place of a player of the same agent in as many environments; each part is checked."""
        state, coins, learning, counts = kept
        check_like(state, self.state, "state")
        check_remembered(state, environments)
        for rng in (coins, learning):
            if not isinstance(rng, np.random.Generator):
                raise ValueError(f"the streams must be generators, got {rng!r:.60}")
        if (counts is None) != (self._counts is None):
            raise ValueError("there are counts where there is no such clock, or none where there is one")
        self._counts = counts if counts is None else as_counts(counts, self._counts.shape, "counts")
        self.state, self.coins, self.learning = state, coins, learning

    def check_kept(self, *, anew: bool) -> None:
        """Refuse a learner's state that no file without code could give back.

        Args:
            anew: Whether a new episode begins when it is loaded, so that the learner must be able to forget this one.
        """
        fresh = self.learner.start(self.shape, stream(self._seed, "learner"))
        check_like(self.state, fresh, "state")
        if not anew or not is_filled(self.state, fresh) or hasattr(_unwrapped(self.learner), "forget"):
            return
        if is_filled(forgotten(self.learner, copy.deepcopy(self.state)), fresh):
            raise ValueError(
                f"{self.learner!r} remembers what was empty at the start, which may be of the unfinished episode, and "
                "has no forget(state) that answers the state without it"
            )

    def forget(self) -> None:
        """Let the learner forget the unfinished episodes."""
        self.state = forgotten(self.learner, self.state)

    def learn(self, transition: Transition) -> None:
        """Let the learner learn."""
        self.state = self.learner.update(self.state, transition, self.learning)

    def count(self, here: Any, action: Any) -> None:
        """Let the clock of an observation go on by a decision."""
        if self.counts:
            self._counts[(here, action) if self._clock == "pulls" else here] += 1

    def choose(self, reading: Reading, step: int, rng: np.random.Generator) -> tuple[int, Floats | None]:
        """A decision, and for learners that take them the probabilities that it was drawn from."""
        here = reading.observation
        table = self.learner.values(self.state)
        values = table[here] if type(here) is int else row(table, here)
        now = step if self._counts is None else self._now(here)
        if self._plain:  # what act comes to, without its checks of what is known here
            plain = values.tolist() if reading.available is None else few_values(values, reading.available)
            weights = None if plain is None else self.policy._few_weights(plain, now)
            if weights is not None:
                chosen = pick(weights, rng.random())
                if not self._weighs:
                    return chosen, None
                total = sum(weights)
                return chosen, np.array([weight / total for weight in weights])
        memory = self.learner.memory(self.state)[here] if self._remembers else None
        action: int = act(self.policy, values, rng, step=now, available=reading.available, memory=memory, learned=True)
        if not self._weighs:
            return action, None
        if reading.available is not None:
            values = mask(values, reading.available)
        return action, probabilities(self.policy, values, now, memory)

    def choose_all(
        self, rows: list[int], readings: list[Reading], steps: Any, rng: np.random.Generator
    ) -> list[tuple[int, Floats | None]]:
        """`choose` for some rows by one call of the policy; each row has its own clock, and its own uniform in turn.

        Args:
            rows: The rows that decide.
            readings: Of every row, where it stands, or stood last.
            steps: Of every row.
            rng: The generator of the uniforms, which rows that do not decide take none of.
        """
        if self._ladder and len(rows) < len(readings):
            return self._choose_among(rows, readings, steps, rng)
        values, now, memory = self._seen([readings[row] for row in rows], steps[rows])
        try:
            actions = act(self.policy, values, rng, step=now, memory=memory, learned=True).tolist()
        except (TypeError, ValueError):  # nothing is drawn yet: a ladder of somebody's own fits all rows, not some
            if not self._differs_by_row or len(rows) == len(readings):
                raise
            return self._choose_among(rows, readings, steps, rng)
        weights = list(probabilities(self.policy, values, now, memory)) if self._weighs else [None] * len(actions)
        return list(zip(actions, weights, strict=True))

    def _choose_among(
        self, rows: list[int], readings: list[Reading], steps: Any, rng: np.random.Generator
    ) -> list[tuple[int, Floats | None]]:
        """Decisions of some rows by a policy that may have parameters for each of all of them, and so is shown all."""
        values, now, memory = self._seen(readings, steps)
        p = probabilities(self.policy, values, now, memory)
        uniforms = np.full(values.shape if getattr(self.policy, "uniforms_per_action", False) else len(values), 0.5)
        uniforms[rows] = rng.random(uniforms[rows].shape)
        actions = decide(self.policy, p, values, now, uniforms, memory)
        return [(int(actions[row]), p[row] if self._weighs else None) for row in rows]

    def look(self, readings: list[Reading], steps: Any) -> Look:
        """What the policy would do in each row; draws nothing, and no clock goes on."""
        values, now, memory = self._seen(readings, steps)
        p = probabilities(self.policy, values, now, memory)
        temperature: Any = None
        if has_temperature(self.policy):
            temperature = np.broadcast_to(temperature_at(self.policy.temperature, values, now), len(p)).copy()
        with np.errstate(under="ignore"):
            share = np.where(greedy(values) > 0.0, p, 0.0).sum(axis=-1)
        return Look(values, p, temperature, entropy(p), effective_actions(p), share)

    def _seen(self, readings: list[Reading], steps: Any) -> tuple[Floats, Any, Any]:
        """What the policy is shown of many rows: values with the masks in them, clocks, and memory."""
        table = self.learner.values(self.state)
        values = np.stack([row(table, reading.observation) for reading in readings])
        if any(reading.available is not None for reading in readings):
            everything = np.ones(values.shape[1], dtype=bool)
            available = [everything if reading.available is None else reading.available for reading in readings]
            values = mask(values, np.stack(available))
        if self._counts is None and not self._remembers:
            return values, steps, None
        here = [reading.observation for reading in readings]
        now = steps if self._counts is None else self._counts[here]
        return values, now, self.learner.memory(self.state)[here] if self._remembers else None

    def _now(self, here: Any) -> Any:
        return self._counts[here] if self._clock == "pulls" else int(self._counts[here])


def _unwrapped(learner: Any) -> Any:
    """What a learner around another one wraps: it learns from the same transitions."""
    while hasattr(learner, "learner"):
        learner = learner.learner
    return learner
