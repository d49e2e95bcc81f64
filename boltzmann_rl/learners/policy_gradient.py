"""Softmax in action preferences: learners whose values are preferences h, moved up the gradient of the return.

They are for the policy ``Boltzmann(1.0)``, π = softmax(h), over a table or over features, h(s,·) = Σ_i x_i·θ_i. The
gradient of ln π(a|s) by θ is x·(1[a] − π)ᵀ, with the probabilities that the action was drawn from. The gradient is
taken as it is: with n tilings, a rate of α/n moves a preference as one of α does in a table. Of the state values that
the return is held against, v̂(s) = Σ_i x_i·w_i, a rate is the share of the error that is corrected.
"""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_choice, as_finite, real_array, set_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.features import add, add_row, value
from boltzmann_rl.learners.transitions import checked, kept
from boltzmann_rl.protocols import Observation, Parameter, Transition
from boltzmann_rl.schedules import as_parameter
from boltzmann_rl.schedules.evaluation import value_at

__all__ = ["ActorCritic", "Reinforce"]


class Played(NamedTuple):
    """A step of an episode that is not over: where, 1[a] − π, and the reward."""

    observation: Observation
    score: Floats
    reward: float


class Episodes(NamedTuple):
    """Preferences ``(observations, A)``, state values ``(observations, 1)``, and the episode of each environment."""

    values: Floats
    baseline: Floats
    played: dict[int, list[Played]]


@dataclass(frozen=True)
class Reinforce:
    """REINFORCE with a baseline: at the end of an episode θ ← θ + learning_rate·γᵗ·(G_t − v̂(s_t))·∇ln π(a_t|s_t).

    G_t is the return that followed step t, and v̂ ← v̂ + baseline_rate·(G_t − v̂) in s_t. Steps are taken in the order
    in which they were played. Where an episode was truncated, v̂ of the last observation stands for what would have
    followed. Limit: a baseline rate of 0 is REINFORCE without baseline; a truncated episode then ends as if it had
    terminated.

    Args:
        learning_rate: Of the preferences, ≥ 0: a number, or a schedule of all steps taken.
        baseline_rate: Of the state values, in [0, 1]: likewise.
        discount: γ in [0, 1].
        initial: Preferences before the first update: one number, or one for each action; on features, of each weight.
        from_start: Whether γᵗ is there, which makes it the gradient of the return from the start of an episode. It is
            commonly dropped, and no gradient then unless γ = 1.

    Raises:
        ValueError: In ``update``: a transition without its probabilities.

    Example:
        >>> learner, rng = Reinforce(learning_rate=1.0, baseline_rate=0.5), np.random.default_rng(0)
        >>> state = learner.start((1, 2), rng)
        >>> for over in (False, True):
        ...     seen = Transition(0, 0, 1, -1.0, 0, over, truncated=False, probabilities=np.array([0.5, 0.5]))
        ...     state = learner.update(state, seen, rng)
        >>> learner.values(state), state.baseline  # the returns are -2 and -1; the baseline was 0, and then -1
        (array([[ 1., -1.]]), array([[-1.]]))

    Source: Williams (1992), *Machine Learning* 8; Sutton & Barto (2018), §13.3 and §13.4, p. 330.
    """

    learning_rate: Parameter
    baseline_rate: Parameter = 0.0
    discount: float = 1.0
    initial: Any = 0.0
    from_start: bool = True
    takes_probabilities = True  # those that the action was drawn from

    def __post_init__(self) -> None:
        _canonicalise(self, "baseline_rate")

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Episodes:
        """Preferences at ``initial`` and state values of 0; draws nothing."""
        return Episodes(*_start(shape, self.initial), {})

    def values(self, state: Episodes) -> Floats:
        """The preferences."""
        return state.values

    def forget(self, state: Episodes) -> Episodes:
        """Without the steps of unfinished episodes, which are not gone on with."""
        state.played.clear()
        return state

    def update(self, state: Episodes, transition: Transition, rng: np.random.Generator) -> Episodes:
        """Remember the step; at the end of an episode, learn from all of it."""
        transition = checked(transition, state.values.shape)
        over = transition.terminated or transition.truncated
        rates = self._rates(transition.step) if over else (0.0, 0.0)
        step = Played(kept(transition.observation), _score(transition), transition.reward)
        played = state.played.setdefault(transition.environment, [])
        played.append(step)
        if over:
            total = 0.0 if transition.terminated else value(state.baseline, transition.next_observation, 0)
            self._learn(state, _returns(played, total, self.discount), played, *rates)
            played.clear()
        return state

    def _rates(self, step: int) -> tuple[float, float]:
        """Of the preferences and of the baseline."""
        rate = value_at(self.learning_rate, "learning_rate", step)
        return rate, value_at(self.baseline_rate, "baseline_rate", step, maximum=1.0)

    def _learn(
        self, state: Episodes, returns: list[float], played: list[Played], rate: float, baseline_rate: float
    ) -> None:
        with np.errstate(under="ignore"):  # γᵗ fades to 0 in the end
            for (here, score, _), followed in zip(played, returns, strict=True):
                error = followed - value(state.baseline, here, 0)
                add(state.baseline, here, 0, baseline_rate * error)
                add_row(state.values, here, rate * error * score)
                rate *= self.discount if self.from_start else 1.0


class Criticised(NamedTuple):
    """Preferences ``(observations, A)``, state values ``(observations, 1)``, and γᵗ in each environment."""

    values: Floats
    critic: Floats
    fading: dict[int, float]


@dataclass(frozen=True)
class ActorCritic:
    """One-step actor-critic: θ ← θ + learning_rate·γᵗ·δ·∇ln π(a|s), with δ = r + γ·v̂(s') − v̂(s).

    The critic moves v̂ ← v̂ + critic_rate·δ in s. Nothing follows a terminated step; a truncated one is bootstrapped as
    any other. Where several states look alike, δ is biased and so is the gradient, as that of `Reinforce` is not: in
    the short corridor with switched actions it leads to the policy that always goes right, and never arrives.

    Args:
        learning_rate: Of the preferences, ≥ 0: a number, or a schedule of all steps taken.
        critic_rate: Of the state values, in [0, 1]: likewise.
        discount: γ in [0, 1].
        initial: Preferences before the first update: one number, or one for each action; on features, of each weight.
        from_start: Whether γᵗ is there, t counted in the episode; commonly dropped, see `Reinforce`.

    Raises:
        ValueError: In ``update``: a transition without its probabilities.

    Example:
        >>> learner, rng = ActorCritic(learning_rate=1.0, critic_rate=0.5), np.random.default_rng(0)
        >>> state = learner.start((2, 2), rng)
        >>> seen = Transition(0, 0, 1, -1.0, 1, terminated=False, truncated=False, probabilities=np.array([0.5, 0.5]))
        >>> state = learner.update(state, seen, rng)
        >>> learner.values(state), state.critic.ravel()
        (array([[ 0.5, -0.5],
               [ 0. ,  0. ]]), array([-0.5,  0. ]))

    Source: Sutton & Barto (2018), §13.5, p. 332; Barto, Sutton & Anderson (1983), *Neuronlike Adaptive Elements*.
    """

    learning_rate: Parameter
    critic_rate: Parameter
    discount: float = 1.0
    initial: Any = 0.0
    from_start: bool = True
    takes_probabilities = True  # those that the action was drawn from

    def __post_init__(self) -> None:
        _canonicalise(self, "critic_rate")

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Criticised:
        """Preferences at ``initial`` and state values of 0; draws nothing."""
        return Criticised(*_start(shape, self.initial), {})

    def values(self, state: Criticised) -> Floats:
        """The preferences."""
        return state.values

    def forget(self, state: Criticised) -> Criticised:
        """As at the start of an episode: the unfinished ones are not gone on with."""
        state.fading.clear()
        return state

    def update(self, state: Criticised, transition: Transition, rng: np.random.Generator) -> Criticised:
        """Move critic and actor by the same error."""
        transition = checked(transition, state.values.shape)
        here, critic, fading = transition.observation, state.critic, state.fading
        score = _score(transition)
        following = 0.0 if transition.terminated else self.discount * value(critic, transition.next_observation, 0)
        error = transition.reward + following - value(critic, here, 0)
        weight = fading.get(transition.environment, 1.0)
        rate = value_at(self.learning_rate, "learning_rate", transition.step)
        add(critic, here, 0, value_at(self.critic_rate, "critic_rate", transition.step, maximum=1.0) * error)
        with np.errstate(under="ignore"):  # γᵗ fades to 0 in the end
            add_row(state.values, here, rate * weight * error * score)
        over = transition.terminated or transition.truncated or not self.from_start
        fading[transition.environment] = 1.0 if over else weight * self.discount
        return state


def _start(shape: tuple[int, int], initial: Any) -> tuple[Floats, Floats]:
    """Preferences and state values, both with a row an observation."""
    if np.ndim(initial) and len(initial) != shape[1]:
        raise ValueError(f"initial must be one number, or one for each of {shape[1]} actions, got {initial}")
    return np.full(shape, initial), np.zeros((shape[0], 1))


def _score(transition: Transition) -> Floats:
    """1[a] − π, the gradient of ln π(a) by the preferences."""
    if transition.probabilities is None:
        raise ValueError(f"a policy gradient needs the odds of the action, but {transition} has no probabilities")
    score: Floats = -transition.probabilities
    score[transition.action] += 1.0
    return score


def _returns(played: list[Played], total: float, discount: float) -> list[float]:
    """The return that followed each step, ``total`` after the last."""
    returns = []
    for step in reversed(played):
        total = step.reward + discount * total
        returns.append(total)
    return returns[::-1]


def _canonicalise(learner: Any, rate: str) -> None:
    initial = real_array(learner.initial, "initial")
    if initial.ndim > 1:
        raise ValueError(f"initial must be one number, or one for each action, got {learner.initial!r}")
    for preference in initial.flat:
        as_finite(float(preference), "initial")
    as_choice(learner.from_start, "from_start", (True, False))
    set_fields(
        learner,
        learning_rate=as_parameter(learner.learning_rate, "learning_rate"),
        discount=as_finite(learner.discount, "discount", minimum=0.0, maximum=1.0),
        initial=tuple(initial.tolist()) if initial.ndim else float(initial),
        **{rate: as_parameter(getattr(learner, rate), rate, maximum=1.0)},
    )
