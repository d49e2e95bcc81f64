"""An agent: a learner and the policy that acts on its values."""

from typing import Any

from boltzmann_rl.arguments import LEARNER_METHODS, as_choice, as_learner, as_policy, shown
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.policies.parameters import CLOCKS, clock_of
from boltzmann_rl.protocols import Learner, Policy, remembering, traits_of


@dataclass(frozen=True)
class Agent:
    """A learner, the policy that acts on its values, and the clock of the policy.

    Every policy combines with every learner: sample averages + Boltzmann; gradient preferences + Boltzmann at
    temperature 1 (the gradient bandit); UCB1 indices + Greedy; Q-learning + ε-greedy.

    Args:
        learner: Has ``start``, ``values`` and ``update``; if its state holds unfinished episodes of environments, also
            ``forget(state)``, which returns the state without them (see `Training.save`).
        policy: Any callable ``(values, step) -> probabilities``.
        clock: What the policy's ``step`` counts: ``"step"``, decisions in the run; ``"pulls"``, decisions for each
            action (one per action); ``"visits"``, decisions in the current state (for bandits the same as
            ``"step"``). Default: the attribute ``clock`` of the policy or of a part of it, or ``"step"``.

    Raises:
        TypeError: A learner without these methods; a policy that is not callable; a policy with
            ``takes_memory = True`` (whose third argument is the learner's ``memory(state)``) with a learner without a
            memory, or with two of this package, of which the outer one would hide the other.
        ValueError: An unknown clock, or a clock that differs from that of the policy.

    Example:
        >>> from boltzmann_rl.learners import SampleAverage
        >>> from boltzmann_rl.policies import Boltzmann
        >>> Agent(SampleAverage(), Boltzmann(0.2))
        Agent(learner=SampleAverage(initial=0.0, count_initial=False), policy=Boltzmann(temperature=0.2), clock='step')
    """

    learner: Learner
    policy: Policy
    clock: str = ""

    def __post_init__(self) -> None:
        _check_learner(self.learner, self.policy)
        as_policy(self.policy)
        _check_memory(self.learner, self.policy)
        asked = clock_of(self.policy)
        clock = asked if isinstance(self.clock, str) and self.clock == "" else as_choice(self.clock, "clock", CLOCKS)
        if asked not in ("step", clock):
            raise ValueError(f"{self.policy!r} counts {asked}, got clock={clock!r}: leave clock out")
        object.__setattr__(self, "clock", clock)


def _check_memory(learner: Any, policy: Any) -> None:
    """Refuse a policy that takes a memory beside a learner with none, or with two: which is meant is not known."""
    if not traits_of(policy).takes_memory:
        return
    layers = remembering(learner)
    if not layers:
        hint = ": wrap it, NoiseEstimate(...)" if "RelativeToNoise(" in repr(policy) else ""
        raise TypeError(f"{policy!r} needs a learner with memory(state), got {learner!r}{hint}")
    own = [type(layer) for layer in layers if type(layer).__module__.startswith("boltzmann_rl.")]
    if len(own) > 1:  # learners of users may pass on the memory of those that they wrap
        outer, inner = (kind.__name__ for kind in own[:2])
        raise TypeError(
            f"{policy!r} takes one memory, but that of {outer} would hide that of {inner} in {learner!r}: leave the "
            "one out that the policy does not read"
        )


def _check_learner(learner: Any, policy: Any) -> None:
    try:
        as_learner(learner)
    except TypeError:
        if not isinstance(learner, type) and all(hasattr(policy, method) for method in LEARNER_METHODS):
            raise TypeError(f"Agent takes the learner first: write Agent({shown(policy)}, {shown(learner)})") from None
        raise
