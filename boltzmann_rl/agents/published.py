"""Named agents of the literature: the Exp3 family and Tsallis-INF."""

import math

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_integer, as_positive
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.learners.adversarial import GapEstimates, ImportanceWeightedLosses, ImportanceWeightedRewards
from boltzmann_rl.policies.feedback import Exp3PlusPlus
from boltzmann_rl.policies.softmax import Boltzmann, EpsilonBoltzmann
from boltzmann_rl.schedules import Power


@suggesting
def exp3(arms: int, gamma: float) -> Agent:
    """Exp3: exponential weights of importance-weighted rewards, with uniform exploration of probability γ.

    p_a = (1 − γ)·w_a/Σw + γ/K with w_a ← w_a·exp(γ r̂_a/K), for rewards in [0, 1]; others are refused.

    Args:
        arms: K, in [2, 2³¹].
        gamma: In (0, 1]; min(1, √(K ln K/((e − 1) T))) bounds the regret after T steps by 2.63·√(T K ln K).

    Example:
        >>> exp3(arms=10, gamma=0.1).policy
        EpsilonBoltzmann(epsilon=0.1, temperature=100.0)

    Source: Auer, Cesa-Bianchi, Freund & Schapire (2002), figure 1 and corollary 3.2.
    """
    arms, gamma = as_integer(arms, "arms", minimum=2, maximum=2**31), as_positive(gamma, "gamma", maximum=1.0)
    return Agent(ImportanceWeightedRewards(bounded=True), EpsilonBoltzmann(gamma, temperature=arms / gamma))


@suggesting
def exp3_ix(arms: int, steps: int) -> Agent:
    """Exp3-IX: exponential weights of losses over p + η/2; its regret bound holds with high probability.

    η = √(2 ln K/(K T)), for rewards in [0, 1].

    Args:
        arms: K, in [2, 2³¹].
        steps: T, the horizon, in [1, 2⁵³].

    Example:
        >>> exp3_ix(arms=10, steps=1000).learner
        ImportanceWeightedLosses(bias=0.0107...)

    Source: Neu (2015), *Explore No More*, theorem 1.
    """
    arms = as_integer(arms, "arms", minimum=2, maximum=2**31)
    steps = as_integer(steps, "steps", minimum=1, maximum=2**53)
    rate = math.sqrt(2.0 * math.log(arms) / (arms * steps))
    return Agent(ImportanceWeightedLosses(bias=rate / 2.0), Boltzmann(1.0 / rate))


def tsallis_inf() -> Agent:
    """Tsallis-INF: p_a = 4·(η_t (L̂_a − x))⁻² with η_t = 2/√t and x such that Σp = 1.

    Optimal without tuning for stochastic and for adversarial arms, with rewards in [0, 1]. The factor 4 is part of the
    Tsallis entropy with index ½, so the temperature is 1/η_t = √t/2.

    Example:
        >>> tsallis_inf().learner
        ImportanceWeightedLosses(bias=0.0)

    Source: Zimmert & Seldin (2021), *Journal of Machine Learning Research* 22(28), algorithm 1 and theorem 1.
    """
    from boltzmann_rl.policies.regularised import Tsallis

    return Agent(ImportanceWeightedLosses(), Tsallis(temperature=Power(0.5, exponent=-0.5), index=0.5))


@suggesting
def exp3_plus_plus(confidence: float = 3.0, exploration: float = 256.0) -> Agent:
    """Exp3++: exponential weights of losses, with an exploration of each arm that falls with its estimated gap.

    Args:
        confidence: α of `GapEstimates`.
        exploration: β of `Exp3PlusPlus`; the analysis uses 64·(α + 1).

    Example:
        >>> exp3_plus_plus().learner
        GapEstimates(confidence=3.0)

    Source: Seldin & Slivkins (2014), *One Practical Algorithm for Both Stochastic and Adversarial Bandits*; Seldin &
    Lugosi (2017), theorem 2.
    """
    return Agent(GapEstimates(confidence), Exp3PlusPlus(exploration))
