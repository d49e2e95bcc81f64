"""The classes of settings: ends of ranges are accepted, everything beyond and everything of another type is refused."""

import math

import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl import schedules
from boltzmann_rl.bandits.means import BetaMeans, UniformMeans

INF, NAN = math.inf, math.nan
LARGEST = float(np.finfo(float).max)
HUGE = 10**400

average, sarsa, half = brl.SampleAverage(), brl.SARSA(), schedules.Constant(0.5)

# The range of each argument: (class, all arguments, argument, least, greatest); an end in a list is excluded. They come
# from the docstrings, not from the code.
NUMBERS = [
    (brl.QLearning, {}, "learning_rate", 0.0, 1.0),
    (brl.QLearning, {}, "discount", 0.0, 1.0),
    (brl.QLearning, {}, "initial", -LARGEST, LARGEST),
    (brl.SARSA, {}, "learning_rate", 0.0, 1.0),
    (brl.ExpectedSARSA, {}, "learning_rate", 0.0, 1.0),
    (brl.DoubleQLearning, {}, "discount", 0.0, 1.0),
    (brl.EligibilityTraces, {"learner": sarsa}, "decay", 0.0, 1.0),
    (brl.Reinforce, {"learning_rate": 0.1}, "discount", 0.0, 1.0),
    (brl.ActorCritic, {"learning_rate": 0.1, "critic_rate": 0.1}, "discount", 0.0, 1.0),
    (brl.SampleAverage, {}, "initial", -LARGEST, LARGEST),
    (brl.ConstantStep, {}, "learning_rate", [0.0], 1.0),
    (brl.ConstantStep, {"learning_rate": 0.1}, "initial", -LARGEST, LARGEST),
    (brl.GradientPreferences, {}, "learning_rate", [0.0], LARGEST),
    (brl.UCB1, {}, "exploration", 0.0, LARGEST),
    (brl.BetaPosterior, {}, "a", 0.1, 1e6),
    (brl.BetaPosterior, {}, "b", 0.1, 1e6),
    (brl.GaussianPosterior, {}, "sd", [0.0], LARGEST),
    (brl.Boltzmann, {}, "temperature", 0.0, INF),
    (brl.MaxBoltzmann, {"temperature": 1.0}, "epsilon", 0.0, 1.0),
    (brl.MaxBoltzmann, {"epsilon": 0.1}, "temperature", 0.0, INF),
    (brl.EpsilonBoltzmann, {"temperature": 1.0}, "epsilon", 0.0, 1.0),
    (brl.EpsilonGreedy, {}, "epsilon", 0.0, 1.0),
    (brl.Sparsemax, {}, "temperature", 0.0, INF),
    (brl.BoltzmannGumbel, {}, "scale", [0.0], LARGEST),
    (brl.RelativeToRange, {}, "scale", 0.0, INF),
    (brl.RelativeToSpread, {}, "scale", 0.0, INF),
    (brl.TargetEntropy, {}, "nats", 0.0, INF),
    (brl.EffectiveActions, {}, "target", 1.0, INF),
    (brl.GreedyProbability, {}, "target", [0.0], 1.0),
    (brl.Odds, {"gap": 1.0}, "odds", [1.0], INF),
    (brl.GaussianBandit, {}, "sd", 0.0, LARGEST),
    (brl.GaussianBandit, {}, "drift", 0.0, LARGEST),
    (brl.BernoulliBandit, {}, "drift", 0.0, LARGEST),
    (brl.NormalMeans, {}, "mean", -LARGEST, LARGEST),
    (brl.NormalMeans, {}, "sd", 0.0, LARGEST),
    (UniformMeans, {"low": -1.0}, "high", -1.0, LARGEST),
    (BetaMeans, {}, "a", [0.0], LARGEST),
    (BetaMeans, {}, "b", [0.0], LARGEST),
    (brl.SwitchingBandit, {"bandit": brl.GaussianBandit()}, "change_probability", 0.0, 1.0),
    (brl.exp3, {"arms": 3}, "gamma", [0.0], 1.0),
    (schedules.Constant, {}, "value", 0.0, LARGEST),
    *((shape, {"end": 0.5, "steps": 3}, "start", 0.0, LARGEST) for shape in (schedules.Linear, schedules.Cosine)),
    *((shape, {"start": 0.5, "steps": 3}, "end", 0.0, LARGEST) for shape in (schedules.Linear, schedules.Cosine)),
    (schedules.Polynomial, {"start": 1.0, "end": 0.5, "steps": 3}, "power", [0.0], LARGEST),
    (schedules.Exponential, {"end": 0.5, "steps": 3}, "start", [0.0], LARGEST),
    (schedules.Exponential, {"start": 0.5, "steps": 3}, "end", [0.0], LARGEST),
    (schedules.Exponential, {"start": 0.5}, "decay", [0.0], [1.0]),
    (schedules.InverseTime, {"rate": 0.1}, "start", 0.0, LARGEST),
    (schedules.InverseTime, {"start": 1.0}, "rate", [0.0], LARGEST),
    (schedules.Power, {}, "start", 0.0, LARGEST),
    (schedules.Power, {"start": 1.0}, "exponent", -LARGEST, LARGEST),
    (schedules.Logarithmic, {}, "scale", 0.0, LARGEST),
    (schedules.Logarithmic, {"scale": 1.0}, "offset", [1.0], LARGEST),
    (schedules.Scaled, {"schedule": half}, "factor", 0.0, LARGEST),
    (schedules.Floor, {"schedule": half}, "minimum", 0.0, LARGEST),
    (schedules.Ceiling, {"schedule": half}, "maximum", 0.0, LARGEST),
    (schedules.WarmUp, {"schedule": half, "steps": 3}, "start", 0.0, LARGEST),
]

# The same for integers: (class, other arguments, argument, least, greatest or None).
WHOLE_NUMBERS = [
    *((shape, {"start": 1.0, "end": 0.5}, "steps", 1, None) for shape in (schedules.Linear, schedules.Cosine)),
    (schedules.Polynomial, {"start": 1.0, "end": 0.5}, "steps", 1, None),
    (schedules.Exponential, {"start": 1.0, "end": 0.5}, "steps", 1, None),
    (schedules.WarmUp, {"schedule": half}, "steps", 1, None),
    (schedules.Restarts, {"schedule": half}, "period", 1, None),
    (brl.NStep, {"learner": sarsa}, "steps", 1, None),
    (brl.exp3, {"gamma": 0.1}, "arms", 2, 2**31),
    (brl.exp3_ix, {"steps": 10}, "arms", 2, 2**31),
    (brl.exp3_ix, {"arms": 2}, "steps", 1, 2**53),
    (brl.GaussianBandit, {}, "arms", 0, None),
]

NO_NUMBERS = [
    "0.1", b"1", None, {}, {1.0}, float, schedules.Linear, True, np.True_, 1j, object(), [], [[1], [1, 2]],
    np.array("1"), np.array([None]), np.ma.array([1.0], mask=[1]), brl.UCB1(), brl.Greedy(), np,
]  # fmt: skip


def titled(row):
    return f"{row[0].__name__}-{row[2]}"


def just_below(number):
    return math.nextafter(number, -INF) if number > -LARGEST else -INF


def just_above(number):
    return math.nextafter(number, INF) if number < INF else NAN


@in_one_test("row", NUMBERS, ids=titled)
def test_numbers_at_the_ends_of_their_range_are_accepted_and_beyond_it_refused_by_name(row):
    made, others, name, least, greatest = row
    inside, outside = [], [NAN, HUGE, -HUGE]
    for end, beyond, within in ((least, just_below, just_above), (greatest, just_above, just_below)):
        excluded = isinstance(end, list)
        end = end[0] if excluded else end
        (outside if excluded else inside).append(end)
        inside += [within(end)] if excluded else []
        outside += [beyond(end)]
    for number in inside:
        made(**others, **{name: number})
    for number in outside:
        with pytest.raises(ValueError, match=rf"\b{name}\b.* must be |{name} must"):
            made(**others, **{name: number})


@in_one_test("row", WHOLE_NUMBERS, ids=titled)
def test_integers_at_the_ends_of_their_range_are_accepted_and_beyond_it_refused_by_name(row):
    made, others, name, least, greatest = row
    for number in (least, np.int64(least), *([] if greatest is None else [greatest])):
        made(**others, **{name: number})
    for number in (least - 1, *([] if greatest is None else [greatest + 1])):
        with pytest.raises(ValueError, match=rf"{name} must be"):
            made(**others, **{name: number})
    for number in (1.0, 2.5, NAN, np.float64(3)):
        with pytest.raises(TypeError, match=rf"{name} must be an integer"):
            made(**others, **{name: number})


@in_one_test("row", [*NUMBERS, *WHOLE_NUMBERS], ids=titled)
def test_a_setting_that_is_not_a_number_is_refused_by_name_and_not_by_pythons_message(row):
    made, others, name, *_ = row
    for wrong in NO_NUMBERS:
        if made is schedules.Exponential and name in ("steps", "decay") and wrong is None:
            continue  # not given
        with pytest.raises((TypeError, ValueError)) as caught:
            made(**others, **{name: wrong})
        assert name in str(caught.value), (wrong, str(caught.value))


@in_one_test(
    ("made", "name", "right"),
    [
        (lambda flag: brl.SampleAverage(count_initial=flag), "count_initial", [True, False]),
        (lambda flag: brl.Reinforce(0.1, from_start=flag), "from_start", [True, False]),
        (lambda flag: brl.SwitchingBandit(brl.GaussianBandit(), 0.1, permute=flag), "permute", [True, False]),
        (lambda kind: brl.EligibilityTraces(sarsa, 0.5, kind), "kind", ["accumulating", "replacing"]),
        (lambda clock: brl.Agent(average, brl.Greedy(), clock), "clock", ["step", "pulls", "visits"]),
    ],
)
def test_a_choice_among_words_accepts_only_these_words(made, name, right):
    for word in right:
        made(word)
    for wrong in ("no", 1, 0, None, np.array([1.0, 2.0]), np.array([]), "True", [True], {}, 10**5000):
        with pytest.raises((TypeError, ValueError), match=f"{name} must be "):
            made(wrong)


@in_one_test(
    ("made", "name"),
    [
        (lambda parts: schedules.Joined(parts, boundaries=(3,)), "schedules"),
        (lambda parts: schedules.Joined((1.0, half), boundaries=parts), "boundaries"),
        (lambda parts: schedules.Piecewise(parts, boundaries=(3,)), "values"),
        (lambda parts: schedules.Piecewise((1.0, 0.5), boundaries=parts), "boundaries"),
        (lambda means: brl.GaussianBandit(means=means), "means"),
        (lambda means: brl.BernoulliBandit(means=means), "means"),
    ],
)
def test_a_setting_that_is_not_a_sequence_is_refused_by_name(made, name):
    wrong = (None, 3, 0.5, True, "01", b"01", {}, {1.0}, np.array("1"), np.ma.array([1.0], mask=[1]), [[1], [1, 2]])
    for parts in (*wrong, [], (None,), object(), 10**5000):
        with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
            made(parts)


@in_one_test(
    ("learner", "policy", "message"),
    [
        (
            brl.Boltzmann(1.0),
            brl.QLearning(),
            r"learner first: write Agent\(QLearning\(.*, Boltzmann\(",
        ),
        (3, "no", "learner must have .* got 3 without start, values, update"),
        (brl.Greedy(), brl.Greedy(), r"learner must have .* got Greedy\(\) without start"),
        (brl.QLearning, brl.Greedy(), r"learner must be an instance, such as QLearning\("),
        (brl.QLearning(), brl.Greedy, r"policy must be an instance, such as Greedy\("),
        (brl.QLearning(), "no", "policy must be callable as .* got 'no'"),
        (brl.QLearning(), brl.SARSA(), "policy must be callable .* got a learner"),
    ],
)
def test_an_agent_of_the_wrong_parts_or_in_the_wrong_order_is_refused_at_once(learner, policy, message):
    with pytest.raises(TypeError, match=message):
        brl.Agent(learner, policy)


def one_step(step, **how):
    ending = {"terminated": True, "truncated": False, "probabilities": np.array([0.5, 0.5])}
    return brl.learners.Transition(step, 0, 1, 1.0, 1, **{**ending, **how})


def wrong_at_the_third_step(answer):
    return lambda step: answer if step == 2 else 0.5


LEARNERS = [
    *((f"{cls.__name__}", "learning_rate", cls) for cls in (brl.QLearning, brl.SARSA, brl.ExpectedSARSA)),
    ("DoubleQLearning", "learning_rate", brl.DoubleQLearning),
    ("NStep", "learning_rate", lambda rate: brl.NStep(brl.SARSA(rate), steps=1)),
    ("EligibilityTraces", "learning_rate", lambda rate: brl.EligibilityTraces(brl.SARSA(rate), decay=0.5)),
    ("Reinforce", "learning_rate", brl.Reinforce),
    ("Reinforce", "baseline_rate", lambda rate: brl.Reinforce(0.1, baseline_rate=rate)),
    ("ActorCritic", "learning_rate", lambda rate: brl.ActorCritic(rate, 0.1)),
    ("ActorCritic", "critic_rate", lambda rate: brl.ActorCritic(0.1, rate)),
]


@in_one_test("answer", [None, "0.5", NAN, -0.5, [0.1, 0.2], 1j, True], ids=repr)
@in_one_test(("learner", "name", "made"), LEARNERS, ids=lambda part: part if isinstance(part, str) else "")
def test_a_learning_rate_that_is_invalid_at_one_step_is_refused_there_with_step_and_value(learner, name, made, answer):
    learner, rng = made(wrong_at_the_third_step(answer)), np.random.default_rng(0)
    state = learner.start((2, 2), rng)
    for step in (0, 1):
        state = learner.update(state, one_step(step), rng)
    with pytest.raises((TypeError, ValueError), match=rf"^{name} = <function .* at step 2 must be "):
        learner.update(state, one_step(2), rng)


@in_one_test(("learner", "name", "made"), LEARNERS, ids=lambda part: part if isinstance(part, str) else "")
def test_an_averaging_learning_rate_is_at_most_1_at_every_step(learner, name, made):
    if (learner, name) in (("Reinforce", "learning_rate"), ("ActorCritic", "learning_rate")):
        return  # a gradient step may have any size
    learner, rng = made(schedules.Linear(1.0, 3.0, steps=2)), np.random.default_rng(0)
    state = learner.update(learner.start((2, 2), rng), one_step(0), rng)
    with pytest.raises(ValueError, match=rf"^{name} = Linear\(.*\) at step 1 must be in \[0, 1\], got 2.0"):
        learner.update(state, one_step(1), rng)


@in_one_test("answer", [None, "0.5", NAN, -0.5, 1j, True], ids=repr)
@in_one_test(
    ("name", "made"),
    [
        ("temperature", brl.Boltzmann),
        ("epsilon", brl.EpsilonGreedy),
        ("epsilon", lambda epsilon: brl.MaxBoltzmann(epsilon, 1.0)),
        ("temperature", lambda temperature: brl.EpsilonBoltzmann(0.1, temperature)),
    ],
)
def test_a_policys_schedule_that_is_invalid_at_one_step_is_refused_there_by_name(name, made, answer):
    policy, values, rng = made(wrong_at_the_third_step(answer)), np.array([0.0, 1.0]), np.random.default_rng(0)
    for ask in (lambda step: policy(values, step), lambda step: brl.act(policy, values, rng, step=step)):
        ask(1)
        with pytest.raises((TypeError, ValueError), match=rf"^{name} "):
            ask(2)


def test_a_schedule_with_more_parameters_than_the_step_is_refused_at_once():
    for wrong in (brl.Greedy(), lambda: 0.1, lambda step, values: 0.1):
        with pytest.raises(TypeError, match="learning_rate must be a number or a schedule, called with the step"):
            brl.QLearning(wrong)


def test_no_class_of_settings_can_be_changed_after_it_was_made():
    public = [getattr(brl, name) for name in brl.__all__] + [getattr(schedules, name) for name in schedules.__all__]
    made = [cls for cls in public if isinstance(cls, type) and hasattr(cls, "__dataclass_params__")]
    assert len(made) > 50
    assert not [cls.__name__ for cls in made if not cls.__dataclass_params__.frozen]
