"""Every policy against the laws of all policies, its own limits, and single decisions drawn from it."""

import copy
import dataclasses
import pickle
import warnings

import mpmath
import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

import boltzmann_rl as brl
from boltzmann_rl import schedules
from boltzmann_rl.decisions.act import act, probabilities
from boltzmann_rl.decisions.conformance import check_policy
from boltzmann_rl.policies.greedy import EpsilonGreedy, Greedy, Uniform
from boltzmann_rl.policies.softmax import Boltzmann, EpsilonBoltzmann, MaxBoltzmann
from boltzmann_rl.schedules import Constant, Cosine, Exponential, Linear, Logarithmic, Piecewise, Power

EPS = np.finfo(float).eps
INF = float("inf")
NINF = -INF
laws = settings(deadline=None, max_examples=30)

POLICIES = {
    "greedy": Greedy(),
    "uniform": Uniform(),
    "epsilon-greedy": EpsilonGreedy(0.1),
    "epsilon-greedy, 0": EpsilonGreedy(0.0),
    "epsilon-greedy, 1": EpsilonGreedy(1),
    "epsilon-greedy, falling": EpsilonGreedy(Linear(1.0, 0.0, steps=500)),
    "boltzmann": Boltzmann(1.0),
    "boltzmann, cold": Boltzmann(0.01),
    "boltzmann, denormal": Boltzmann(1e-310),
    "boltzmann, hot": Boltzmann(1e6),
    "boltzmann, 0": Boltzmann(0.0),
    "boltzmann, inf": Boltzmann(INF),
    "boltzmann, constant": Boltzmann(Constant(0.3)),
    "boltzmann, falling": Boltzmann(Exponential(1.0, 0.01, steps=500)),
    "boltzmann, to 0": Boltzmann(Cosine(1.0, 0.0, steps=500)),
    "boltzmann, rising": Boltzmann(Linear(0.1, 10.0, steps=500)),
    "boltzmann, in pieces": Boltzmann(Piecewise((1.0, 0.1, 0.0), boundaries=(5, 500))),
    "max-boltzmann": MaxBoltzmann(0.3, 0.5),
    "max-boltzmann, 0": MaxBoltzmann(0.0, 0.5),
    "max-boltzmann, 1": MaxBoltzmann(1.0, 0.5),
    "max-boltzmann, inf": MaxBoltzmann(0.1, INF),
    "max-boltzmann, both falling": MaxBoltzmann(Power(1.0), Logarithmic(0.5)),
    "epsilon-boltzmann": EpsilonBoltzmann(0.2, 0.5),
    "epsilon-boltzmann, 0": EpsilonBoltzmann(0.0, 0.5),
    "epsilon-boltzmann, 1": EpsilonBoltzmann(1.0, 0.5),
    "epsilon-boltzmann, cold": EpsilonBoltzmann(0.2, 0.0),
    "epsilon-boltzmann, both falling": EpsilonBoltzmann(Linear(1.0, 0.0, steps=9), Power(1.0)),
}
every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())

dyadic = st.integers(-(2**12), 2**12).map(lambda n: n / 64)
rows = st.lists(st.one_of(dyadic, st.just(NINF)), min_size=1, max_size=6).filter(lambda row: max(row) > NINF)
clocks = st.integers(0, 2000)


@st.composite
def batches(draw):
    values = draw(hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=4, max_side=4), elements=dyadic))
    hidden = draw(hnp.arrays(bool, values.shape))
    hidden[..., 0] = False
    return np.where(hidden, NINF, values)


# --- laws over all policies ---------------------------------------------------------------------------------


@every_policy
def test_every_policy_obeys_the_laws(policy):
    checked = check_policy(policy, seed=1)
    assert "draws follow the probabilities" in checked
    assert ("only the ratio to the temperature counts" in checked) == isinstance(
        getattr(policy, "temperature", None), float
    )


@every_policy
@laws
@given(values=rows, step=clocks)
def test_probabilities_of_valid_values_are_a_distribution_without_floating_point_errors(policy, values, step):
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        p = policy(values, step)
    assert p.dtype == np.float64
    assert (p >= 0).all()
    assert abs(p.sum() - 1) <= 8 * EPS
    assert not p[np.isneginf(values)].any()
    np.testing.assert_array_equal(probabilities(policy, values, step), p)


@every_policy
@laws
@given(values=batches(), data=st.data())
def test_a_step_per_row_is_each_row_at_its_own_step(policy, values, data):
    steps = data.draw(hnp.arrays(np.int64, values.shape[:-1], elements=clocks))
    together = policy(values, steps)
    rows = zip(values.reshape(-1, values.shape[-1]), steps.flat, strict=True)
    alone = [policy(row, int(step)) for row, step in rows]
    # an ulp of the temperature moves exp(z) by |z| ulps, and |z| reaches 745
    np.testing.assert_allclose(together, np.reshape(alone, values.shape), rtol=1e-12, atol=1e-300)


@every_policy
@laws
@given(values=batches(), step=clocks)
def test_one_step_applies_to_all_rows(policy, values, step):
    shared = policy(values, step)
    np.testing.assert_allclose(shared, policy(values, np.full(values.shape[:-1], step)), rtol=1e-13)


@every_policy
def test_the_repr_of_a_policy_is_its_code_and_equal_policies_hash_equally(policy):
    known = {name: getattr(module, name) for module in (brl, schedules) for name in module.__all__}
    twin = eval(repr(policy), {"inf": INF} | known)
    for same in (twin, pickle.loads(pickle.dumps(policy)), copy.deepcopy(policy), dataclasses.replace(policy)):
        assert same == policy
        assert hash(same) == hash(policy)
        assert repr(same) == repr(policy)
        np.testing.assert_array_equal(same([0.0, 1.0, 1.0], 7), policy([0.0, 1.0, 1.0], 7))


@every_policy
def test_a_policy_gains_no_state(policy):
    before = repr(vars(policy))
    for step in (0, 5, 10**9):
        policy(np.zeros((2, 3)), step)
        act(policy, [0.0, 1.0], np.random.default_rng(0), step=step)
    assert repr(vars(policy)) == before
    for field in dataclasses.fields(policy):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(policy, field.name, 0.5)


def test_different_policies_are_different():
    assert len(set(POLICIES.values())) == len(POLICIES)


def test_parameters_are_converted_to_floats_so_that_equal_policies_print_equally():
    assert repr(Boltzmann(1)) == repr(Boltzmann(np.float32(1))) == repr(Boltzmann(1.0)) == "Boltzmann(temperature=1.0)"
    assert EpsilonGreedy(1) == EpsilonGreedy(1.0)


# --- numbers by hand ----------------------------------------------------------------------------------------


def softmax_to_50_digits(values, temperature):
    with mpmath.workdps(50):
        weights = [mpmath.exp(mpmath.mpf(v) / mpmath.mpf(temperature)) for v in values]
        return np.array([float(w / mpmath.fsum(weights)) for w in weights])


THREE = [0.0, 1.0, 0.5]
COLD_THREE = softmax_to_50_digits(THREE, 0.5)
BEST = np.array([0.0, 1.0, 0.0])


@in_one_test(
    ("policy", "step", "expected"),
    [
        (Greedy(), 0, BEST),
        (Uniform(), 0, [1 / 3] * 3),
        (EpsilonGreedy(0.3), 0, [0.1, 0.8, 0.1]),
        (EpsilonGreedy(Linear(1.0, 0.0, steps=10)), 7, [0.1, 0.8, 0.1]),
        (Boltzmann(0.5), 0, COLD_THREE),
        (Boltzmann(Exponential(1.0, 0.25, steps=2)), 1, COLD_THREE),
        (MaxBoltzmann(0.3, 0.5), 0, 0.3 * COLD_THREE + 0.7 * BEST),
        (MaxBoltzmann(Power(0.6), Power(1.0)), 1, 0.3 * COLD_THREE + 0.7 * BEST),
        (EpsilonBoltzmann(0.3, 0.5), 0, 0.7 * COLD_THREE + 0.1),
        (EpsilonBoltzmann(Power(0.6), Power(1.0)), 1, 0.7 * COLD_THREE + 0.1),
    ],
    ids=repr,
)
def test_policies_by_hand(policy, step, expected):
    np.testing.assert_allclose(policy(THREE, step), expected, rtol=1e-14)
    masked = policy([*THREE, NINF], step)
    np.testing.assert_allclose(masked, [*expected, 0.0], rtol=1e-14)


def test_a_temperature_may_be_an_object_that_reads_the_values():
    @dataclasses.dataclass(frozen=True)
    class Relative:
        share: float

        def temperature(self, values, step):
            return self.share * (values.max(axis=-1) - values.min(axis=-1))

    policy = Boltzmann(Relative(0.5))
    np.testing.assert_allclose(policy([0.0, 2.0, 1.0], 0), COLD_THREE, rtol=1e-14)
    np.testing.assert_allclose(policy([[0.0, 2.0, 1.0], [0.0, 20.0, 10.0]], 0)[1], COLD_THREE, rtol=1e-14)
    check_policy(policy)


# --- limits -------------------------------------------------------------------------------------------------


@laws
@given(rows, clocks)
def test_boltzmann_lies_between_greedy_and_uniform(values, step):
    np.testing.assert_array_equal(Boltzmann(0.0)(values, step), Greedy()(values, step))
    np.testing.assert_array_equal(Boltzmann(5e-324)(values, step), Greedy()(values, step))
    np.testing.assert_array_equal(Boltzmann(INF)(values, step), Uniform()(values, step))
    np.testing.assert_allclose(Boltzmann(1e300)(values, step), Uniform()(values, step), rtol=4 * EPS)


@laws
@given(rows, st.floats(0.01, 100))
def test_max_boltzmann_lies_between_greedy_and_boltzmann(values, temperature):
    np.testing.assert_array_equal(MaxBoltzmann(0.0, temperature)(values, 0), Greedy()(values, 0))
    np.testing.assert_array_equal(MaxBoltzmann(1.0, temperature)(values, 0), Boltzmann(temperature)(values, 0))
    np.testing.assert_allclose(MaxBoltzmann(0.3, INF)(values, 0), EpsilonGreedy(0.3)(values, 0), rtol=1e-14)
    np.testing.assert_allclose(MaxBoltzmann(0.3, 0.0)(values, 0), Greedy()(values, 0), rtol=1e-14)


@laws
@given(rows, st.floats(0.01, 100), st.floats(0, 1))
def test_epsilon_boltzmann_lies_between_boltzmann_and_uniform_above_its_floor(values, temperature, epsilon):
    np.testing.assert_array_equal(EpsilonBoltzmann(0.0, temperature)(values, 0), Boltzmann(temperature)(values, 0))
    np.testing.assert_array_equal(EpsilonBoltzmann(1.0, temperature)(values, 0), Uniform()(values, 0))
    np.testing.assert_allclose(EpsilonBoltzmann(0.3, 0.0)(values, 0), EpsilonGreedy(0.3)(values, 0), rtol=1e-14)
    available = ~np.isneginf(values)
    floor = epsilon / available.sum()
    assert (EpsilonBoltzmann(epsilon, temperature)(values, 0)[available] >= floor * (1 - 2 * EPS)).all()


@laws
@given(rows)
def test_epsilon_greedy_lies_between_greedy_and_uniform(values):
    np.testing.assert_array_equal(EpsilonGreedy(0.0)(values, 0), Greedy()(values, 0))
    np.testing.assert_array_equal(EpsilonGreedy(1.0)(values, 0), Uniform()(values, 0))


# --- steps --------------------------------------------------------------------------------------------------

SCHEDULED = {name: policy for name, policy in POLICIES.items() if "falling" in name}


@pytest.mark.parametrize("policy", SCHEDULED.values(), ids=SCHEDULED.keys())
def test_a_step_per_action_is_refused_where_there_is_one_parameter_per_row(policy):
    with pytest.raises(ValueError, match=r"step has shape \(3,\), one per action"):
        policy([0.0, 1.0, 2.0], [0, 5, 10])
    with pytest.raises(ValueError, match=r"step has shape \(2, 3\), one per action"):
        policy(np.zeros((2, 3)), np.zeros((2, 3), int))


@pytest.mark.parametrize("policy", SCHEDULED.values(), ids=SCHEDULED.keys())
def test_a_step_that_does_not_fit_the_rows_is_refused(policy):
    with pytest.raises(ValueError, match=r"\(3,\)"):
        policy(np.zeros((2, 3)), [1, 2, 3])


@in_one_test("policy", SCHEDULED.values(), ids=SCHEDULED.keys())
@in_one_test(("step", "error"), [(-1, ValueError), (1.0, TypeError), (None, TypeError), ("1", TypeError)])
def test_a_step_that_is_not_a_count_is_refused(policy, step, error):
    with pytest.raises(error, match="step"):
        policy([0.0, 1.0], step)


# --- invalid parameters -------------------------------------------------------------------------------------

MADE = [
    (lambda x: EpsilonGreedy(x), "epsilon"),
    (lambda x: MaxBoltzmann(x, 1.0), "epsilon"),
    (lambda x: EpsilonBoltzmann(x, 1.0), "epsilon"),
    (lambda x: Boltzmann(x), "temperature"),
    (lambda x: MaxBoltzmann(0.1, x), "temperature"),
    (lambda x: EpsilonBoltzmann(0.1, x), "temperature"),
]


@in_one_test(("make", "name"), MADE)
@in_one_test("wrong", [-1.0, -5e-324, float("nan"), NINF, 10**400])
def test_a_parameter_out_of_range_is_refused_by_name(make, name, wrong):
    with pytest.raises(ValueError, match=name):
        make(wrong)


@in_one_test(("make", "name"), MADE)
@in_one_test("wrong", [True, "0.1", None, 1j, [None], ["0.1"], np.array([True]), {}], ids=repr)
def test_a_parameter_of_another_type_is_refused_by_name(make, name, wrong):
    with pytest.raises(TypeError, match=name):
        make(wrong)


@in_one_test(("make", "name"), MADE[:3])
@in_one_test("wrong", [1.0000000000000002, 2.0, INF])
def test_an_epsilon_above_one_is_refused_also_from_a_schedule(make, name, wrong):
    with pytest.raises(ValueError, match=name):
        make(wrong)
    for step in (0, np.zeros(2, int)):
        with pytest.raises(ValueError, match=name):
            make(lambda step: np.full(np.shape(step), wrong)[()])(np.zeros((2, 3)), step)


@in_one_test(("make", "name"), MADE)
@in_one_test("wrong", [-0.5, float("nan")])
def test_an_invalid_value_of_a_schedule_is_refused_when_it_occurs(make, name, wrong):
    policy = make(lambda step: np.where(np.asarray(step) < 5, 0.5, wrong)[()])
    policy([0.0, 1.0], 4)
    for values, step in (([0.0, 1.0], 5), (np.zeros((2, 2)), np.array([4, 5]))):
        with pytest.raises(ValueError, match=rf"{name}|step 5"):
            policy(values, step)


# --- one decision -------------------------------------------------------------------------------------------


@every_policy
@laws
@given(values=batches(), step=clocks, seed=st.integers(0, 2**32))
def test_a_batch_decides_like_its_rows_with_one_uniform_each(policy, values, step, seed):
    rng, twin, third = (np.random.default_rng(seed) for _ in range(3))
    actions, propensities = act(policy, values, rng, step=step, with_probability=True)
    uniforms = twin.random(values.shape[:-1])
    assert rng.bit_generator.state == twin.bit_generator.state, "exactly one uniform per row"
    assert actions.dtype == np.int64
    assert actions.shape == propensities.shape == values.shape[:-1]
    p = policy(values, step)
    np.testing.assert_array_equal(actions, brl.invert(p, uniforms))
    np.testing.assert_array_equal(propensities, np.take_along_axis(p, actions[..., np.newaxis], -1)[..., 0])
    assert (propensities > 0).all()
    alone = [act(policy, row, third, step=step) for row in values.reshape(-1, values.shape[-1])]
    assert alone == actions.ravel().tolist()


def test_one_row_gives_an_int_action_and_a_float_probability():
    rng = np.random.default_rng(0)
    assert type(act(Boltzmann(1.0), [0.0, 1.0], rng)) is int
    action, propensity = act(Boltzmann(1.0), [0.0, 1.0], rng, with_probability=True)
    assert (type(action), type(propensity)) == (int, float)
    assert propensity == Boltzmann(1.0)([0.0, 1.0], 0)[action]
    assert act(Boltzmann(1.0), np.zeros((0, 3)), rng).shape == (0,)
    assert act(Boltzmann(1.0), np.zeros((2, 0, 3)), rng).shape == (2, 0)
    assert act(Boltzmann(1.0), np.zeros((1, 3)), rng).shape == (1,)


@every_policy
@in_one_test("kind", [bool, np.int8, np.uint8, np.int64, list])
def test_a_masked_action_is_never_taken_nor_read(policy, kind):
    values = np.tile([np.nan, 0.0, np.inf, 1.0, NINF], (500, 1))
    available = np.tile([False, True, False, True, False], (500, 1))
    mask = available.tolist() if kind is list else available.astype(kind)
    rng = np.random.default_rng(3)
    actions, propensities = act(policy, values, rng, step=3, available=mask, with_probability=True)
    assert set(actions.tolist()) <= {1, 3}
    expected = policy([0.0, 1.0], 3)
    np.testing.assert_allclose(propensities, expected[np.where(actions == 1, 0, 1)], rtol=1e-14)
    again = np.random.default_rng(3)  # for one row: the first uniform, and so the first action of the batch
    assert act(policy, values[0], again, step=3, available=available[0].astype(np.int8)) == actions[0]


def test_rows_of_a_batch_explore_independently():
    """With one uniform for the whole batch all rows would explore, or none."""
    actions = act(EpsilonGreedy(0.5), np.tile([0.0] * 9 + [1.0], (1000, 1)), np.random.default_rng(0))
    explored = (actions != 9).mean()
    assert 0.35 < explored < 0.55


@in_one_test("name", [name for name, p in POLICIES.items() if not schedules.is_constant(p)])
def test_a_policy_that_depends_on_the_step_requires_one(name):
    with pytest.raises(TypeError, match="step"):
        act(POLICIES[name], [0.0, 1.0], np.random.default_rng(0))
    act(POLICIES[name], [0.0, 1.0], np.random.default_rng(0), step=0)


@in_one_test("name", [name for name, p in POLICIES.items() if schedules.is_constant(p)])
def test_a_constant_policy_needs_no_step(name):
    rngs = np.random.default_rng(0), np.random.default_rng(0)
    values = np.zeros((50, 4))
    np.testing.assert_array_equal(act(POLICIES[name], values, rngs[0]), act(POLICIES[name], values, rngs[1], step=1000))


def test_which_policies_are_constant():
    constant = {name for name, policy in POLICIES.items() if schedules.is_constant(policy)}
    assert {name for name in POLICIES if "falling" in name or "rising" in name or "to 0" in name}.isdisjoint(constant)
    assert {"greedy", "uniform", "boltzmann", "boltzmann, constant", "max-boltzmann"} <= constant


@in_one_test(
    "rng", [None, 0, "0", np.random, np.random.RandomState(0), np.random.PCG64(0)], ids=lambda rng: type(rng).__name__
)
def test_randomness_comes_from_a_generator_only(rng):
    with pytest.raises(TypeError, match=r"rng.*default_rng"):
        act(Greedy(), [0.0, 1.0], rng)


def test_the_values_of_the_caller_are_not_changed():
    values, available = np.array([[0.0, 1.0, 2.0]]), np.array([[1, 0, 1]], np.int8)
    for array in (values, available):
        array.setflags(write=False)
    act(Boltzmann(1.0), values, np.random.default_rng(0), available=available)


# --- a user's own policy ------------------------------------------------------------------------------------


def test_a_lambda_is_a_policy():
    rng = np.random.default_rng(0)
    assert act(lambda values, step: [0.0, 1.0], [5.0, 3.0], rng, step=0) == 1
    actions = act(
        lambda values, step: np.eye(3)[values.argmin(axis=-1)], [[2.0, 1.0, 3.0], [0.0, 1.0, 2.0]], rng, step=0
    )
    assert actions.tolist() == [1, 0]
    check_policy(lambda values, step: brl.softmax(values, 1.0 + step))
    with pytest.raises(TypeError, match="step"):
        act(lambda values, step: [0.5, 0.5], [0.0, 1.0], rng)


def test_a_lambda_sees_float_values_with_the_mask_in_them_and_the_step_as_given():
    seen = []

    def policy(values, step):
        seen.append((values, step))
        return brl.uniform(values)

    act(policy, [1, 2, 3], np.random.default_rng(0), step=5, available=[1, 0, 1])
    assert seen[0][0].dtype == np.float64
    assert seen[0][0].tolist() == [1.0, NINF, 3.0]
    assert seen[0][1] == 5


@in_one_test(
    "policy", [brl.Boltzmann(1.0), brl.Greedy(), brl.EpsilonGreedy(0.1), brl.Tsallis(1.0), brl.Sparsemax(1.0)], ids=repr
)
def test_a_policy_that_takes_no_memory_refuses_one(policy):
    with pytest.raises(TypeError, match=r"positional argument|takes no memory"):
        policy([0.0, 1.0], 0, "memory")
    with pytest.raises(TypeError, match=r"positional argument|takes no memory"):
        act(policy, [0.0, 1.0], np.random.default_rng(0), step=0, memory=0.5)


def test_the_memory_of_a_learner_is_passed_as_third_argument():
    def policy(values, step, memory):
        return brl.softmax(values, memory)

    rng = np.random.default_rng(0)
    assert act(policy, [0.0, 1.0], rng, step=0, memory=1e-9) == 1
    np.testing.assert_array_equal(probabilities(policy, [0.0, 1.0], 0, 2.0), brl.softmax([0.0, 1.0], 2.0))


@in_one_test(
    ("answer", "said"),
    [
        ([0.5, 0.6], "sum"),
        ([1.5, -0.5], r"\[1\].*-0.5"),
        ([float("nan"), 1.0], r"\[0\].*nan"),
        ([1.0], "shape"),
        ([[0.5, 0.5]], "shape"),
        ([0.5, 0.25, 0.25], "shape"),
        ([], "empty"),
        (1.0, "probabilities"),
    ],
)
def test_a_result_that_is_not_a_distribution_is_refused(answer, said):
    with pytest.raises(ValueError, match=said):
        act(lambda values, step: answer, [0.0, 1.0], np.random.default_rng(0), step=0)


@pytest.mark.parametrize("policy", [None, 0.5, "greedy", [0.5, 0.5]])
def test_a_policy_that_is_not_callable_is_refused(policy):
    with pytest.raises(TypeError, match="policy must be callable"):
        act(policy, [0.0, 1.0], np.random.default_rng(0), step=0)
    with pytest.raises(TypeError, match="policy must be callable"):
        check_policy(policy)


@dataclasses.dataclass(frozen=True)
class GumbelBoltzmann:
    """Boltzmann exploration by perturbation: argmax of value + temperature · Gumbel, one uniform per action."""

    temperature: float
    uniforms_per_action = True

    def __call__(self, values, step):
        return brl.softmax(values, self.temperature)

    def draw(self, values, step, uniforms):
        with np.errstate(divide="ignore"):
            return np.argmax(values - self.temperature * np.log(-np.log(uniforms)), axis=-1)


def test_a_policy_that_perturbs_values_draws_one_uniform_per_action():
    check_policy(GumbelBoltzmann(0.7))
    rng, twin = np.random.default_rng(5), np.random.default_rng(5)
    values = np.tile([0.0, 1.0, NINF], (4, 1))
    actions, propensities = act(GumbelBoltzmann(0.7), values, rng, step=0, with_probability=True)
    uniforms = twin.random((4, 3))
    assert rng.bit_generator.state == twin.bit_generator.state
    np.testing.assert_array_equal(actions, GumbelBoltzmann(0.7).draw(values, 0, uniforms))
    np.testing.assert_array_equal(propensities, brl.softmax(values[0], 0.7)[actions])
    assert type(act(GumbelBoltzmann(0.7), values[0], rng, step=0)) is int


@in_one_test("policy", [Boltzmann(0.5), Boltzmann(Linear(1.0, 0.1, steps=10))], ids=["constant", "cooled"])
@in_one_test(
    ("shape", "step"), [((4, 3), [0, 1]), ((4, 3), [0, 1, 2, 3, 4]), ((4, 3), np.zeros((2, 3), int)), ((3,), [0, 1])]
)
def test_a_step_with_another_number_of_rows_or_actions_is_refused(policy, shape, step):
    with pytest.raises(ValueError, match="step"):
        act(policy, np.zeros(shape), np.random.default_rng(0), step=step)


@in_one_test(
    "use",
    [
        lambda: act(Boltzmann, np.zeros(2), np.random.default_rng(0)),
        lambda: act(Boltzmann, np.zeros((3, 2)), np.random.default_rng(0)),
        lambda: act(Boltzmann, [0.0, 1.0], np.random.default_rng(0), step=3),
        lambda: check_policy(Boltzmann),
        lambda: brl.Agent(brl.QLearning(), Boltzmann),
    ],
)
def test_a_class_in_place_of_a_policy_is_refused_with_the_remedy(use):
    with pytest.raises(TypeError, match=r"policy must be an instance, such as Boltzmann\(\.\.\.\), got the class"):
        use()


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: brl.Agent(brl.QLearning, Boltzmann(1.0)), r"learner must be an instance, such as QLearning\(\.\.\.\)"),
        (lambda: Boltzmann(Linear), r"temperature must be a number or a schedule, such as Linear\(\.\.\.\)"),
        (lambda: brl.Agent(brl.SampleAverage(), brl.UCB1(2.0)), r"a learner: Agent\(UCB1\(.*\), Greedy\(\)\)\?"),
    ],
)
def test_other_common_mistakes_are_named_in_the_error(use, message):
    with pytest.raises(TypeError, match=message):
        use()


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros((2, 3))])
def test_a_policy_that_takes_an_unavailable_action_is_refused(values):
    """For example a function that ignores −∞; nothing is drawn."""
    rng = np.random.default_rng(0)
    available = np.broadcast_to([True, False, True], values.shape)
    with pytest.raises(ValueError, match=r"gives probability 0\.333 to an action that is not available"):
        act(lambda values, step: np.full(np.shape(values), 1 / 3), values, rng, step=0, available=available)
    assert rng.random() == np.random.default_rng(0).random()


@in_one_test(
    ("policy", "kept"),
    [
        (Greedy(), (0.0, 0.0, 1.0, 1.0)),
        (Uniform(), (1.0, 0.0, 0.0, 1.0)),
        (EpsilonGreedy(0.25), (0.25, 0.0, 0.75, 1.0)),
        (Boltzmann(0.5), (0.0, 1.0, 0.0, 0.5)),
        (MaxBoltzmann(0.25, 0.5), (0.0, 0.25, 0.75, 0.5)),
        (EpsilonBoltzmann(0.25, 0.5), (0.25, 0.75, 0.0, 0.5)),
        (EpsilonGreedy(Linear(1.0, 0.0, steps=9)), None),
    ],
)
def test_a_policy_without_schedules_makes_its_mixture_once(policy, kept):
    assert getattr(dataclasses.replace(policy), "kept_mixture", None) == kept
