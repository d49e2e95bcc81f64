"""`check_policy` finds known defects of other packages, names the law they break, and accepts every correct policy.

Each defect is planted in a few lines, modelled on the code of the package that has it.
"""

import dataclasses

import numpy as np
import pytest
import scipy.special

import boltzmann_rl as brl
from boltzmann_rl.decisions.conformance import BrokenLaw, check_policy
from boltzmann_rl.schedules import Exponential, Linear, Power

ROWS = "rows are distributions"
MASK = "masked actions are never taken"
READ = "reading changes nothing"
BATCH = "a batch is its rows"
BETTER = "better is not rarer"
NAMES = "names do not matter"
SHIFT = "only differences count"
RATIO = "only the ratio to the temperature counts"
EXTREMES = "extremes are finite"
MISTAKES = "mistakes are refused"
DRAWS = "draws follow the probabilities"


def checked(values):
    """Refuse values without a distribution, so that a planted policy has exactly one defect."""
    brl.softmax(values)
    return np.asarray(values, dtype=float)


def normalised(weights):
    with np.errstate(all="ignore"):
        return weights / weights.sum(axis=-1, keepdims=True)


# --- wrong distributions ------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class KerasRlClip:
    """exp(clip(q / τ, ±500)): a masked action keeps the weight exp(−500)."""

    tau: float

    def __call__(self, values, step):
        return normalised(np.exp(np.clip(checked(values) / self.tau, -500, 500)))


@dataclasses.dataclass(frozen=True)
class KerasRlClipMasked(KerasRlClip):
    """The same with a mask: low temperatures make it uniform, since all values are clipped to the same 500."""

    def __call__(self, values, step):
        weights = np.exp(np.clip(checked(values) / self.tau, -500, 500))
        return normalised(np.where(np.isneginf(values), 0.0, weights))


def keras_rl_one_row_only(values, step):
    """Assert q_values.ndim == 1."""
    if np.ndim(values) != 1:
        raise AssertionError("q_values.ndim == 1")
    return brl.softmax(values)


@dataclasses.dataclass(frozen=True)
class SmpyBanditsOverflow:
    """Trusts = exp(rewards / T) without max-subtraction, and 'bad values' set to 0: the best arm gets probability 0."""

    T: float

    def __call__(self, values, step):
        available = ~np.isneginf(checked(values))
        with np.errstate(all="ignore"):
            trusts = np.exp(np.asarray(values) / self.T)
        trusts = np.where(np.isfinite(trusts), trusts, 0.0)
        empty = trusts.sum(axis=-1, keepdims=True) < 1e-8
        return normalised(np.where(empty, available, trusts))


@dataclasses.dataclass(frozen=True)
class SmpyBanditsLastArm:
    """ε-greedy whose exploring draw is randint(0, K − 1), the upper bound excluded: the last arm is left out."""

    epsilon: float
    uniforms_per_action = True

    def __call__(self, values, step):
        return brl.EpsilonGreedy(self.epsilon)(values, step)

    def draw(self, values, step, uniforms):
        explored = (uniforms[..., 1] * (values.shape[-1] - 1)).astype(int)
        return np.where(uniforms[..., 0] < self.epsilon, explored, values.argmax(axis=-1))


@dataclasses.dataclass(frozen=True)
class MabWiserDirichlet:
    """Documents a softmax, but takes the argmax of a Dirichlet draw: another, greedier distribution."""

    tau: float
    uniforms_per_action = True

    def __call__(self, values, step):
        return brl.softmax(values, self.tau)

    def draw(self, values, step, uniforms):
        p = brl.softmax(values, self.tau)
        return np.argmax(np.where(p > 0, scipy.special.gammaincinv(np.maximum(p, 1e-300), uniforms), -1.0), axis=-1)


@dataclasses.dataclass(frozen=True)
class CatalystPrecedence:
    """softmax(q + EPS / τ): the temperature has no effect."""

    temperature: float

    def __call__(self, values, step):
        if not self.temperature > 0:
            raise ValueError("temperature")
        return brl.softmax(checked(values) + 1e-8 / self.temperature)


@dataclasses.dataclass(frozen=True)
class SimpleRlInverse:
    """A "temperature" that multiplies."""

    temperature: float

    def __call__(self, values, step):
        return brl.softmax(values, 1.0 / brl.Boltzmann(self.temperature).temperature)


@dataclasses.dataclass(frozen=True)
class MabWiserNegative:
    """Accepts a temperature below 0, which prefers the worst arm."""

    temperature: float

    def __call__(self, values, step):
        return brl.softmax(values, abs(self.temperature))


def open_spiel_illegal_actions(values, step):
    """A softmax over all actions of the table, in which an illegal action has its initial value 0."""
    return brl.softmax(np.where(np.isneginf(checked(values)), 0.0, values), 0.5)


def sb3_contrib_fill(values, step):
    """Masks with the fill value −1e8, which does not mask if other values are below it."""
    p = brl.softmax(np.where(np.isneginf(checked(values)), -100.0, values))
    return normalised(np.where(p < 1e-40, 0.0, p))


def open_spiel_raw_exp(values, step):
    """Exponentials without max-subtraction at τ = 0.01: inf / inf."""
    with np.errstate(all="ignore"):
        return normalised(np.exp(checked(values) / 0.01))


def bandits_book_raw_exp(values, step):
    """The same at τ = 10, which is right for typical values and wrong for large ones."""
    with np.errstate(all="ignore"):
        return normalised(np.exp(checked(values) / 10.0))


def coach_last_action_is_the_rest(values, step):
    """probabilities[-1] = 1 − sum(probabilities[:-1]): rounding leaves ±1e-16 where 0 is right."""
    p = brl.softmax(values, 0.1)
    p[..., -1] = 1.0 - p[..., :-1].sum(axis=-1)
    return p


class TfAgentsUnpulled:
    """Boltzmann-Gumbel with C / √n, where 0 / 0 is 0: an arm never pulled has no noise, and ties go to arm 0."""

    clock = "pulls"

    def __call__(self, values, step):
        spread = np.divide(1.0, np.sqrt(step), out=np.zeros(np.shape(step)), where=np.asarray(step) > 0)
        if (spread == 0.0).all():
            return np.eye(np.shape(values)[-1])[brl.argmax(values)]
        return brl.softmax(values, spread)


def reagent_inverted_log_prob(values, step):
    """Lp = 0, lp[greedy] = −inf: the greedy action gets nothing, the others everything."""
    available = ~np.isneginf(checked(values))
    others = available & (brl.greedy(values) == 0)
    return normalised(np.where(others.any(axis=-1, keepdims=True), others, available))


def reagent_epsilon_by_batch_size(values, step):
    """Divides ε by len(scores), the size of the batch, instead of the number of actions."""
    n = len(np.atleast_2d(values))
    return 0.1 / n + 0.9 * brl.greedy(values)


def distrax_wrong_axis(values, step):
    """Normalised over the rows of the batch instead of over the actions, once there is a batch of them."""
    axis = -1 if np.ndim(values) == 1 else -2
    weights = np.exp(checked(values) - np.max(values, axis=axis, keepdims=True))
    return normalised(np.where(np.isneginf(values), 0.0, weights))


def distrax_zero_temperature(values, step):
    """Divides by a temperature that has cooled to exactly 0: nan."""
    with np.errstate(all="ignore"):
        z = checked(values) / Linear(1.0, 0.0, steps=500)(step)
        return normalised(np.exp(z - z.max(axis=-1, keepdims=True)))


def coax_transformed_values(values, step):
    """Value-transformed q as logits: the effect of a temperature depends on an offset of the values."""
    values = checked(values)
    with np.errstate(invalid="ignore"):
        return brl.softmax(np.where(np.isneginf(values), values, np.sign(values) * np.log1p(np.abs(values))))


def first_argmax_breaks_ties(values, step):
    """Greedy by argmax: of equal arms always the first."""
    return np.eye(np.shape(values)[-1])[brl.argmax(values)]


def contextualbandits_hides_nan(values, step):
    """Replaces NaN by a number silently."""
    values = np.asarray(values, dtype=float)
    if values.size and (np.isposinf(values).any() or np.isneginf(values).all(axis=-1).any()):
        raise ValueError("values")
    return brl.softmax(np.where(np.isnan(values), 0.0, values))


def distrax_samples_minus_one(values, step):
    """Returns the last action for rows of NaN instead of an error."""
    values = np.asarray(values, dtype=float)
    if values.shape[-1:] == (0,) or np.isnan(values).any() or np.isposinf(values).any():
        raise ValueError("values")
    return brl.uniform(values) if not np.isneginf(values).all() else np.eye(values.shape[-1])[-1]


# --- schedules and state ------------------------------------------------------------------------------------


class MushroomAdvances:
    """Reading β counts a visit: asking for probabilities advances the schedule."""

    def __init__(self):
        self.visits = 0

    def __call__(self, values, step):
        self.visits += 1
        return brl.softmax(values, 1.0 / np.sqrt(self.visits))


class ContextualBanditsSharpens:
    """A multiplier that grows by 1.0004 with every predicted row."""

    def __init__(self):
        self.multiplier = 1.0

    def __call__(self, values, step):
        p = brl.softmax(values, 1.0 / self.multiplier)
        self.multiplier *= 1.0004 ** (np.size(values) // np.shape(values)[-1])
        return p


@dataclasses.dataclass
class KerasRlPokedAttribute:
    """LinearAnnealedPolicy sets the value of this step as an attribute of the policy that it wraps."""

    tau: float = 1.0

    def __call__(self, values, step):
        self.tau = float(Power(1.0)(step))
        return brl.softmax(values, self.tau)


def reinforcement_learning_jl_overwrites(values, step):
    """values[.!mask] .= typemin(T), and the shift as well: in the caller's own array."""
    p = brl.softmax(values)
    values -= values.max(axis=-1, keepdims=True)
    return p


def slm_lab_divides_in_place(values, step):
    """Pdparam /= tau, in place: the next call gets values that were already divided."""
    p = brl.softmax(values, 0.5)
    values /= 0.5
    return p


@dataclasses.dataclass(frozen=True)
class RllibUnevaluatedSchedule:
    """Passes the schedule itself as the temperature and never evaluates it."""

    schedule: Exponential

    def __call__(self, values, step):
        return normalised(np.exp(checked(values) / self.schedule))


@dataclasses.dataclass(frozen=True)
class Sb3OneUniform:
    """One uniform for the whole vector of environments: all explore, or none does."""

    epsilon: float

    def __call__(self, values, step):
        return brl.EpsilonGreedy(self.epsilon)(values, step)

    def draw(self, values, step, uniforms):
        u = np.ravel(uniforms)[0]
        return brl.invert(brl.uniform(values) if u < self.epsilon else brl.greedy(values), uniforms)


DEFECTS = {
    "keras-rl clips at ±500, masked": (KerasRlClip(0.001), MASK),
    "keras-rl clips at ±500": (KerasRlClipMasked(0.001), SHIFT),
    "keras-rl takes one row only": (keras_rl_one_row_only, BATCH),
    "SMPyBandits sets overflow to 0": (SmpyBanditsOverflow(0.1), BETTER),
    "SMPyBandits never explores the last arm": (SmpyBanditsLastArm(0.3), DRAWS),
    "mabwiser draws a Dirichlet": (MabWiserDirichlet(1.0), DRAWS),
    "catalyst's temperature has no effect": (CatalystPrecedence(1.0), RATIO),
    "simple_rl's temperature is inverse": (SimpleRlInverse(0.2), RATIO),
    "a negative temperature is accepted": (MabWiserNegative(1.0), RATIO),
    "open_spiel takes illegal actions": (open_spiel_illegal_actions, MASK),
    "sb3-contrib masks by a fill value": (sb3_contrib_fill, MASK),
    "open_spiel's exponentials overflow": (open_spiel_raw_exp, ROWS),
    "BanditsBook's exponentials overflow": (bandits_book_raw_exp, EXTREMES),
    "coach's last probability is the rounding of the rest": (coach_last_action_is_the_rest, MASK),
    "tf-agents has no noise for a new arm": (TfAgentsUnpulled(), NAMES),
    "ReAgent's greedy log-probability is inverted": (reagent_inverted_log_prob, BETTER),
    "ReAgent divides by the batch size": (reagent_epsilon_by_batch_size, ROWS),
    "distrax broadcasts over the wrong axis": (distrax_wrong_axis, BATCH),
    "distrax divides by a temperature of 0": (distrax_zero_temperature, ROWS),
    "coax transforms the values": (coax_transformed_values, SHIFT),
    "argmax breaks ties by order": (first_argmax_breaks_ties, NAMES),
    "contextualbandits hides nan": (contextualbandits_hides_nan, MISTAKES),
    "distrax answers where nothing is available": (distrax_samples_minus_one, MISTAKES),
    "mushroom-rl advances when it is read": (MushroomAdvances(), READ),
    "contextualbandits sharpens with every row": (ContextualBanditsSharpens(), READ),
    "keras-rl pokes an attribute": (KerasRlPokedAttribute(), READ),
    "ReinforcementLearning.jl overwrites the values": (reinforcement_learning_jl_overwrites, READ),
    "SLM-Lab divides in place": (slm_lab_divides_in_place, READ),
    "RLlib never evaluates the schedule": (RllibUnevaluatedSchedule(Exponential(1.0, 0.1, steps=9)), ROWS),
    "SB3 draws one uniform for the batch": (Sb3OneUniform(0.3), DRAWS),
}


@pytest.mark.parametrize(("policy", "law"), DEFECTS.values(), ids=DEFECTS.keys())
def test_a_planted_defect_breaks_the_expected_law(policy, law):
    with pytest.raises(BrokenLaw) as caught:
        check_policy(policy)
    assert caught.value.law == law
    assert str(caught.value).startswith(f"the law {law!r} is broken: for values ")


def test_every_law_is_broken_by_a_defect():
    assert {law for _, law in DEFECTS.values()} == set(check_policy(brl.Boltzmann(0.5)))


def test_the_laws_are_found_broken_under_any_seed():
    for seed in range(1, 6):
        for name in ("SMPyBandits sets overflow to 0", "keras-rl clips at ±500", "SB3 draws one uniform for the batch"):
            policy, law = DEFECTS[name]
            with pytest.raises(BrokenLaw) as caught:
                check_policy(policy, seed=seed)
            assert caught.value.law == law, name


def test_a_broken_law_is_an_assertion_error_that_test_frameworks_show():
    assert issubclass(BrokenLaw, AssertionError)
    with pytest.raises(AssertionError, match=r"\[0\., 1\.\].*step 0"):
        check_policy(lambda values, step: np.where(values == values.max(axis=-1, keepdims=True), 1.0, 0.25))


# --- correct policies, however unusual ----------------------------------------------------------------------


def by_rank(values, step):
    """Probabilities depend only on the rank of the actions: ½, ¼, …; ties have equal probabilities."""
    values = checked(values)
    above = (values[..., np.newaxis, :] > values[..., :, np.newaxis]).sum(axis=-1)
    return normalised(np.where(np.isneginf(values), 0.0, 0.5**above))


def inverse_gap(values, step):
    """SquareCB: 1 / (K + γ gap) for all but the best actions, which divide the rest equally."""
    values = checked(values)
    available = ~np.isneginf(values)
    count = available.sum(axis=-1, keepdims=True)
    with np.errstate(over="ignore"):
        gap = np.where(available, values.max(axis=-1, keepdims=True) - values, np.inf)
    best = gap == 0.0
    others = np.where(best, 0.0, 1.0 / (count + 5.0 * (1 + step) * gap))
    return np.where(best, (1.0 - others.sum(axis=-1, keepdims=True)) / best.sum(axis=-1, keepdims=True), others)


@dataclasses.dataclass(frozen=True)
class Sparsemax:
    temperature: float

    def __call__(self, values, step):
        return brl.sparsemax(values, self.temperature)


class ReadsItsPulls:
    """Gumbel noise that shrinks with each action's own pulls, from one uniform per action."""

    clock = "pulls"
    uniforms_per_action = True

    def __call__(self, values, step):
        return brl.gumbel_propensities(values, 1.0 / np.sqrt(1.0 + np.broadcast_to(step, np.shape(values))))

    def draw(self, values, step, uniforms):
        with np.errstate(divide="ignore"):
            return np.argmax(values - np.log(-np.log(uniforms)) / np.sqrt(1.0 + np.asarray(step)), axis=-1)


class StatesASoftmaxAtUnequalClocks(ReadsItsPulls):
    """A tempting mistake: with a temperature per action the perturbed maximum is not distributed as the softmax."""

    def __call__(self, values, step):
        return brl.softmax(values, 1.0 / np.sqrt(1.0 + np.asarray(step)))


def test_the_argmax_under_unequal_gumbel_noise_is_not_softmax_distributed():
    with pytest.raises(BrokenLaw, match="draws follow the probabilities"):
        check_policy(StatesASoftmaxAtUnequalClocks())


class LogitsOfAHeight:
    """Depends on a common offset of the values, and declares it."""

    shift_invariant = False

    def __call__(self, values, step):
        return coax_transformed_values(values, step)


@dataclasses.dataclass
class Mutable:
    """Not frozen, but reading its probabilities changes nothing."""

    temperature: float = 0.5

    def __call__(self, values, step):
        return brl.softmax(values, self.temperature + 0.0)


HONEST = {
    "a lambda": lambda values, step: brl.softmax(values, 0.7),
    "a lambda with a clock": lambda values, step: brl.softmax(values, 1.0 / (1 + step)),
    "a lambda that grows hotter": lambda values, step: brl.softmax(values, 0.1 + step),
    "a policy that answers lists": lambda values, step: brl.softmax(values, 0.7).tolist(),
    "a constant": lambda values, step: brl.uniform(values),
    "greedy": brl.Greedy(),
    "a mixture of three": lambda values, step: (brl.greedy(values) + brl.uniform(values) + brl.softmax(values)) / 3,
    "by rank": by_rank,
    "inverse gap weighting": inverse_gap,
    "sparsemax": Sparsemax(2.0),
    "sparsemax, cold": Sparsemax(0.0),
    "a clock per action": ReadsItsPulls(),
    "not frozen": Mutable(),
    "an optional memory": lambda values, step, memory=None: brl.softmax(values, 0.3 if memory is None else memory),
    "without shift invariance, by attribute": LogitsOfAHeight(),
    "a bound method": brl.Boltzmann(0.4).__call__,
}


@pytest.mark.parametrize("policy", HONEST.values(), ids=HONEST.keys())
def test_a_correct_policy_is_not_refused(policy):
    check_policy(policy, seed=1)


def in_format(dtype, temperature):
    """A correct softmax that computes and answers in a format of its own."""

    def policy(values, step):
        values = checked(values).astype(dtype)
        return normalised(np.exp((values - values.max(axis=-1, keepdims=True)) / dtype(temperature)))

    return policy


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("temperature", [0.05, 0.7, 3.0, 100.0])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_correct_policy_in_a_shorter_format_is_not_refused(dtype, temperature):
    check_policy(in_format(dtype, temperature))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(
    ("law", "wrong"),
    [
        (ROWS, lambda values: values * values.dtype.type(0.98)),
        (MASK, lambda p: normalised(np.where(p == 0.0, p.dtype.type(0.01), p))),
        (BATCH, lambda p: p if p.ndim == 1 else np.roll(p, 1, axis=0)),
        (NAMES, lambda p: normalised(np.where(p[..., :1] == p.max(axis=-1, keepdims=True), p * p, p))),
    ],
)
def test_a_wrong_policy_in_a_shorter_format_is_named(dtype, law, wrong):
    right = in_format(dtype, 0.7)
    with pytest.raises(BrokenLaw) as caught:
        check_policy(lambda values, step: wrong(right(values, step)))
    assert caught.value.law == law


@dataclasses.dataclass(frozen=True)
class NanWhenCold:
    """distrax's softmax: values / temperature, which is NaN at temperature 0."""

    temperature: float

    def __call__(self, values, step):
        if not brl.Boltzmann(self.temperature).temperature >= 0.0:
            raise ValueError("temperature")
        with np.errstate(all="ignore"):
            values = checked(values)
            z = (values - values.max(axis=-1, keepdims=True)) / self.temperature
            return normalised(np.exp(z))


def test_a_policy_that_is_nan_at_temperature_0_is_named():
    with pytest.raises(BrokenLaw, match=r"'extremes are finite'.*at temperature 0 the probabilities \[nan"):
        check_policy(NanWhenCold(0.5))


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="backend must be 'numpy', 'jax' or 'torch', got 'cupy'"):
        check_policy(brl.Greedy(), backend="cupy")


def test_laws_that_a_policy_does_not_claim_are_not_checked():
    with pytest.raises(BrokenLaw):
        check_policy(coax_transformed_values)
    assert SHIFT not in check_policy(coax_transformed_values, shift_invariant=False)
    assert SHIFT not in check_policy(LogitsOfAHeight())
    assert RATIO not in check_policy(brl.Greedy())
    assert RATIO in check_policy(brl.Boltzmann(0.0))


def test_the_check_changes_neither_global_random_state_nor_numpy_settings():
    before = np.geterr()
    state = repr(np.random.get_state())  # noqa: NPY002 - the global state that must not be touched
    check_policy(brl.EpsilonBoltzmann(0.1, 0.5))
    assert np.geterr() == before
    assert repr(np.random.get_state()) == state  # noqa: NPY002


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (1.0, TypeError), (True, TypeError), ("0", TypeError)])
def test_an_invalid_seed_of_the_check_is_refused(seed, error):
    with pytest.raises(error, match="seed"):
        check_policy(brl.Greedy(), seed=seed)
