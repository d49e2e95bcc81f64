"""Errors about unknown names suggest the name that was probably meant, wherever a name is given."""

import doctest
import inspect
import pickle

import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl import learners, numerics, policies, schedules
from boltzmann_rl.arguments.near_names import dataclass, nearest, suggesting

RNG = np.random.default_rng(0)


@in_one_test(
    ("package", "name", "meant"),
    [
        (brl, "Softmax", "softmax"),
        (brl, "softmin", "softmax"),
        (brl, "epsilon_greedy", "EpsilonGreedy"),
        (brl, "Qlearning", "QLearning"),
        (brl, "Sarsa", "SARSA"),
        (brl, "BoltzmanGumbel", "BoltzmannGumbel"),
        (brl, "Cosine", "schedules.Cosine"),
        (schedules, "Exponental", "Exponential"),
        (learners, "UCB", "UCB1"),
        (numerics, "log_soft_max", "log_softmax"),
        (policies, "Boltzman", "Boltzmann"),
    ],
)
def test_a_misspelt_name_of_a_package_is_corrected_in_the_error(package, name, meant):
    with pytest.raises(AttributeError) as caught:
        getattr(package, name)
    assert str(caught.value) == f"module {package.__name__!r} has no attribute {name!r}: did you mean {meant}?"


def test_an_unrelated_name_gets_no_suggestion():
    with pytest.raises(AttributeError, match=r"has no attribute 'quaternion'$"):
        _ = brl.quaternion


def test_private_names_that_tools_look_for_get_no_suggestion():
    with pytest.raises(AttributeError, match=r"has no attribute '__softmax__'$"):
        _ = brl.__softmax__


@in_one_test(
    ("call", "meant"),
    [
        (lambda: brl.QLearning(alpha=0.1), "learning_rate"),
        (lambda: brl.QLearning(gamma=0.9), "discount"),
        (lambda: brl.SARSA(lr=0.1), "learning_rate"),
        (lambda: brl.QLearning(learning_rates=0.1), "learning_rate"),
        (lambda: brl.ConstantStep(step_size=0.1), "learning_rate"),
        (lambda: brl.SampleAverage(q_init=1.0), "initial"),
        (lambda: brl.UCB1(c=2.0), "exploration"),
        (lambda: brl.EligibilityTraces(brl.SARSA(), lam=0.9), "decay"),
        (lambda: brl.NStep(brl.SARSA(), n_steps=4), "steps"),
        (lambda: brl.Boltzmann(tau=0.1), "temperature"),
        (lambda: brl.Boltzmann(T=0.1), "temperature"),
        (lambda: brl.Boltzmann(temprature=0.1), "temperature"),
        (lambda: brl.EpsilonGreedy(eps=0.1), "epsilon"),
        (lambda: schedules.Linear(1.0, 0.0, duration=10), "steps"),
        (lambda: schedules.Linear(1.0, 0.0, n_steps=10), "steps"),
        (lambda: schedules.Exponential(1.0, decay_rate=0.9), "decay"),
        (lambda: schedules.Cosine(1.0, final_value=0.0, steps=10), "end"),
        (lambda: brl.GaussianBandit(k=10), "arms"),
        (lambda: brl.GaussianBandit(sigma=1.0), "sd"),
        (lambda: brl.BanditExperiment(name="x", bandit=brl.GaussianBandit(), agents={}), "problem"),
        (lambda: brl.BanditExperiment(name="x", problem=brl.GaussianBandit(), agents={}, n_runs=10), "runs"),
        (lambda: brl.Explorer(brl.Greedy(), generator=RNG), "rng"),
        (lambda: brl.Training("env", "agent", random_state=0), "seed"),
        (lambda: brl.train("env", "agent", num_episodes=3, seed=0), "episodes"),
        (lambda: brl.act(brl.Greedy(), [0.0, 1.0], RNG, mask=[1, 0]), "available"),
        (lambda: brl.act(brl.Greedy(), [0.0, 1.0], RNG, action_mask=[1, 0]), "available"),
        (lambda: brl.act(brl.Greedy(), [0.0, 1.0], RNG, t=3), "step"),
        (lambda: brl.softmax([0.0, 1.0], tau=0.5), "temperature"),
        (lambda: brl.mask([0.0, 1.0], mask=[1, 0]), "available"),
        (lambda: brl.invert(probs=[1.0], u=0.5), "probabilities"),
        (lambda: brl.exp3(n_arms=3, gamma=0.1), "arms"),
        (lambda: brl.run("experiment", n_jobs=2), "jobs"),
    ],
)
def test_an_argument_name_of_another_package_is_translated_in_the_error(call, meant):
    with pytest.raises(TypeError, match=r"got an unexpected keyword argument '\w+': did you mean") as caught:
        call()
    assert f"did you mean {meant}=? It takes " in str(caught.value)


def test_an_unrelated_argument_is_answered_with_all_arguments():
    with pytest.raises(TypeError, match=r"'banana': It takes learning_rate, discount, initial$"):
        brl.QLearning(banana=1)


def test_other_type_errors_of_a_call_are_pythons_own():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'epsilon'"):
        brl.EpsilonBoltzmann(temperature=1.0)
    with pytest.raises(TypeError, match="takes from 1 to 4 positional arguments but 5 were given"):
        brl.QLearning(0.1, 0.9, 0.0, 1.0)


def test_an_unexpected_argument_inside_a_function_is_not_attributed_to_its_caller():
    @suggesting
    def outer(learning_rate):
        return brl.Boltzmann(alpha=learning_rate)

    with pytest.raises(TypeError, match=r"^Boltzmann\(\)"):
        outer(learning_rate=1.0)


def test_an_argument_name_that_the_function_has_is_not_translated():
    assert nearest("alpah", ["alpha", "learning_rate"]) == "alpha"
    with pytest.raises(TypeError, match=r"'gama': did you mean gamma=\?"):
        brl.exp3(3, gama=0.1)


def test_the_suggesting_dataclass_otherwise_behaves_like_pythons():
    @dataclass(frozen=True)
    class Ours:
        width: float
        height: float = 2.0

    assert str(inspect.signature(Ours)) == "(width: float, height: float = 2.0) -> None"
    assert Ours(1.0) == Ours(width=1.0, height=2.0)
    assert repr(Ours(1.0)).endswith("Ours(width=1.0, height=2.0)")
    assert pickle.loads(pickle.dumps(brl.QLearning(0.1))) == brl.QLearning(0.1)


def test_every_public_class_of_settings_suggests():
    """New classes must import the dataclass of near_names."""
    found = {name: getattr(brl, name) for name in brl.__all__} | {n: getattr(schedules, n) for n in schedules.__all__}
    settings = [cls for cls in found.values() if isinstance(cls, type) and hasattr(cls, "__dataclass_fields__")]
    assert len(settings) > 50
    for cls in settings:
        if "options" not in inspect.signature(cls).parameters:  # an environment takes the options of its id
            with pytest.raises(TypeError, match=r"'zzz': It takes "):
                cls(zzz=1)


def test_examples_of_suggesting_functions_are_still_found_by_doctest():
    found = {test.name for test in doctest.DocTestFinder().find(inspect.getmodule(brl.softmax)) if test.examples}
    assert "boltzmann_rl.numerics.softmax.softmax" in found


def test_act_has_no_wrapper_that_would_slow_it_down():
    assert not hasattr(brl.act, "__wrapped__")


@pytest.mark.parametrize(
    ("attempt", "name", "remedy"),
    [
        (lambda: brl.Boltzmann(), "Boltzmann() needs temperature=", "boltzmann_rl.recommended(actions)"),
        (lambda: brl.EpsilonBoltzmann(0.1), "EpsilonBoltzmann() needs temperature=", "boltzmann_rl.tune"),
        (lambda: brl.Agent(brl.SampleAverage()), "Agent() needs policy=", "boltzmann_rl.recommended(actions)"),
        (lambda: brl.Explorer(rng=np.random.default_rng(0)), "Explorer() needs policy=", "RelativeToSpread"),
    ],
)
def test_a_missing_argument_that_has_no_default_names_the_remedy(attempt, name, remedy):
    with pytest.raises(TypeError) as caught:
        attempt()
    assert str(caught.value).startswith(name)
    assert remedy in str(caught.value)
