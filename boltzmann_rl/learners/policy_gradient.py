"""Policy gradients of a softmax: learners whose values are preferences h, moved up the gradient of the return.

They are for the policy ``Boltzmann(1.0)``, π = softmax(h), over a table or over features, h(s,·) = Σ_i x_i·θ_i. The
gradient of ln π(a|s) with respect to θ is x·(1[a] − π)ᵀ, with the probabilities that the action was drawn from. It is
not normalised: with n tilings, a rate of α/n moves a preference as much as a rate of α does in a table. The rate of
the state values v̂(s) = Σ_i x_i·w_i is normalised: it is the fraction of the error that an update corrects.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_choice, as_finite, as_fraction, check_fields, real_array, set_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.features import add, add_row, value
from boltzmann_rl.learners.transitions import EpisodicLearner, checked, kept, returns_of
from boltzmann_rl.protocols import Observation, Parameter, Transition
from boltzmann_rl.schedules import as_parameter
from boltzmann_rl.schedules.evaluation import value_at


class Played(NamedTuple):
    """A step of an unfinished episode: the observation, 1[a] − π, and the reward."""

    observation: Observation
    score: Floats
    reward: float


class Episodes(NamedTuple):
    """Preferences ``(observations, A)``, state values ``(observations, 1)``, and the episode of each environment."""

    values: Floats
    baseline: Floats
    played: dict[int, list[Played]]


@dataclass(frozen=True)
class Reinforce(EpisodicLearner):
    """REINFORCE with a baseline: at the end of an episode θ ← θ + learning_rate·γᵗ·(G_t − v̂(s_t))·∇ln π(a_t|s_t).

    G_t is the return from step t on, and v̂(s_t) ← v̂(s_t) + baseline_rate·(G_t − v̂(s_t)), for the first step first.
    The return of a truncated episode bootstraps from v̂ of the last observation. Limit: a baseline rate of 0 is
    REINFORCE without baseline, and a truncated episode then counts as a terminated one.

    Args:
        learning_rate: Of the preferences, ≥ 0: a number, or a schedule of all steps taken.
        baseline_rate: Of the state values, in [0, 1]: a number or a schedule.
        discount: γ in [0, 1].
        initial: Preferences before the first update: one number, or one for each action; on features, of each weight.
        from_start: Whether to keep the factor γᵗ, with which this is the gradient of the return from the start of an
            episode. It is commonly dropped; unless γ = 1, the update is then not a gradient.

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
    takes_probabilities = True  # the whole distribution from which the action was drawn

    def __post_init__(self) -> None:
        _canonicalise(self, "baseline_rate")

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Episodes:
        """Preferences at ``initial`` and state values of 0; draws nothing."""
        return Episodes(*_start(shape, self.initial), {})

    def update(self, state: Episodes, transition: Transition, rng: "np.random.Generator") -> Episodes:
        """Store the step; at the end of an episode, learn from all its steps."""
        transition = checked(transition, state.values.shape)
        over, rate, baseline_rate = transition.terminated or transition.truncated, 0.0, 0.0
        if over:  # before the state changes, since schedules may raise
            rate = value_at(self.learning_rate, "learning_rate", transition.step)
            baseline_rate = value_at(self.baseline_rate, "baseline_rate", transition.step, maximum=1.0)
        step = Played(kept(transition.observation), _score(transition), transition.reward)
        played = state.played.setdefault(transition.environment, [])
        played.append(step)
        if not over:
            return state
        following = 0.0 if transition.terminated else value(state.baseline, transition.next_observation, 0)
        returns = returns_of([step.reward for step in played], following, self.discount)
        with np.errstate(under="ignore"):  # γᵗ may underflow to 0
            for (here, score, _), g in zip(played, returns, strict=True):
                error = g - value(state.baseline, here, 0)
                add(state.baseline, here, 0, baseline_rate * error)
                add_row(state.values, here, rate * error * score)
                rate *= self.discount if self.from_start else 1.0
        played.clear()
        return state


class Criticised(NamedTuple):
    """Preferences ``(observations, A)``, state values ``(observations, 1)``, and γᵗ in each environment."""

    values: Floats
    critic: Floats
    fading: dict[int, float]


@dataclass(frozen=True)
class ActorCritic(EpisodicLearner):
    """One-step actor-critic: θ ← θ + learning_rate·γᵗ·δ·∇ln π(a|s), with δ = r + γ·v̂(s') − v̂(s).

    The critic is v̂(s) ← v̂(s) + critic_rate·δ. After a terminated step δ = r − v̂(s); a truncated step bootstraps like
    any other. Where several states have the same observation, δ and the gradient are biased, unlike those of
    `Reinforce`: in the short corridor with switched actions the policy becomes always to go right, which never reaches
    the goal.

    Args:
        learning_rate: Of the preferences, ≥ 0: a number, or a schedule of all steps taken.
        critic_rate: Of the state values, in [0, 1]: a number or a schedule.
        discount: γ in [0, 1].
        initial: Preferences before the first update: one number, or one for each action; on features, of each weight.
        from_start: Whether to keep the factor γᵗ, t counted in the episode; commonly dropped, see `Reinforce`.

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
    takes_probabilities = True  # the whole distribution from which the action was drawn

    def __post_init__(self) -> None:
        _canonicalise(self, "critic_rate")

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Criticised:
        """Preferences at ``initial`` and state values of 0; draws nothing."""
        return Criticised(*_start(shape, self.initial), {})

    def update(self, state: Criticised, transition: Transition, rng: "np.random.Generator") -> Criticised:
        """Update critic and actor with the same TD error."""
        transition = checked(transition, state.values.shape)
        here, critic, fading = transition.observation, state.critic, state.fading
        score = _score(transition)
        following = 0.0 if transition.terminated else self.discount * value(critic, transition.next_observation, 0)
        error = transition.reward + following - value(critic, here, 0)
        weight = fading.get(transition.environment, 1.0)
        rate = value_at(self.learning_rate, "learning_rate", transition.step)
        add(critic, here, 0, value_at(self.critic_rate, "critic_rate", transition.step, maximum=1.0) * error)
        with np.errstate(under="ignore"):  # γᵗ may underflow to 0
            add_row(state.values, here, rate * weight * error * score)
        over = transition.terminated or transition.truncated or not self.from_start
        fading[transition.environment] = 1.0 if over else weight * self.discount
        return state


def _start(shape: tuple[int, int], initial: Any) -> tuple[Floats, Floats]:
    """Preferences ``(observations, A)`` and state values ``(observations, 1)``."""
    if np.ndim(initial) and len(initial) != shape[1]:
        raise ValueError(f"initial must be one number, or one for each of {shape[1]} actions, got {initial}")
    return np.full(shape, initial), np.zeros((shape[0], 1))


def _score(transition: Transition) -> Floats:
    """1[a] − π, the gradient of ln π(a) with respect to the preferences."""
    if transition.probabilities is None:
        raise ValueError(f"a policy gradient needs the action's probabilities, but {transition} has no probabilities")
    score: Floats = -transition.probabilities
    score[transition.action] += 1.0
    return score


def _canonicalise(learner: Any, rate: str) -> None:
    initial = real_array(learner.initial, "initial")
    if initial.ndim > 1:
        raise ValueError(f"initial must be one number, or one for each action, got {learner.initial!r}")
    for preference in initial.flat:
        as_finite(float(preference), "initial")
    as_choice(learner.from_start, "from_start", (True, False))
    set_fields(learner, initial=tuple(initial.tolist()) if initial.ndim else float(initial))
    rates: dict[str, Any] = {"learning_rate": as_parameter, rate: partial(as_parameter, maximum=1.0)}
    check_fields(learner, discount=as_fraction, **rates)
