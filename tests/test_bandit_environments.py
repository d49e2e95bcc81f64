"""Bandits as Gymnasium environments: Gymnasium's own checks, its own vector environment, and closed forms as oracles.

Every statistical test has a false-alarm rate of one in a million and a fixed seed.
"""

import copy
import importlib
import importlib.util
import itertools
import json
import math
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import DependencyNotInstalled, ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from scipy import stats

from boltzmann_rl import Agent, BernoulliBandit, Boltzmann, Environment, GaussianBandit, QLearning, act, softmax, train
from boltzmann_rl.bandit_environments.environments import BanditEnv, BanditVectorEnv
from boltzmann_rl.bandits.catalogue import PROBLEMS
from boltzmann_rl.bandits.contextual import ClassificationBandit, ContextualLinearBandit, _examples
from boltzmann_rl.bandits.moving import SwitchingBandit
from boltzmann_rl.learners.linear import LinearPreferences
from boltzmann_rl.schedules import InverseTime

FALSE_ALARM = 1e-6
MODULE = "boltzmann_rl.environments"
PLAIN = ("Adversarial", "Bernoulli", "Drifting", "Gaussian", "HeavyTailed", "NearTies", "Switching")
CONTEXTUAL = ("Classification", "ContextualLinear")
IDS = [f"boltzmann_rl/{name}Bandit-v0" for name in (*PLAIN, *CONTEXTUAL)]
MODES = [mode.value for mode in AutoresetMode]


def test_the_documentation_names_every_bandit_of_the_catalogue():
    documented = importlib.import_module("boltzmann_rl.bandit_environments").__doc__
    assert all(f"`{name}`" in documented for name in PROBLEMS)


def same(one, other):
    """Whether two results are equal in every part, dtype and shape."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if getattr(one, "dtype", None) == np.dtype(object):
        return one.shape == other.shape and all(map(np.array_equal, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return one == other


def arrays_of(answer):
    if isinstance(answer, dict):
        answer = tuple(answer.values())
    if isinstance(answer, tuple):
        return [array for part in answer for array in arrays_of(part)]
    return [answer] if isinstance(answer, np.ndarray) else []


@pytest.mark.parametrize("steps", [1, 2, 1000])
@pytest.mark.parametrize("name", IDS)
def test_gymnasium_finds_no_fault_with_any_environment(name, steps, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    check_env(gymnasium.make(name, steps=steps).unwrapped, skip_render_check=not importlib.util.find_spec("pygame"))


def test_an_id_with_its_module_is_enough_and_importing_the_package_registers_nothing():
    code = f"""if True:
        import sys, boltzmann_rl
        assert "gymnasium" not in sys.modules
        import gymnasium
        assert gymnasium.make("{MODULE}:boltzmann_rl/GaussianBandit-v0", arms=7).action_space.n == 7
        assert gymnasium.make_vec("{MODULE}:boltzmann_rl/BernoulliBandit-v0", num_envs=3).num_envs == 3
        assert not {{"sklearn", "pygame", "matplotlib", "pandas"}} & set(sys.modules)"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_every_problem_of_the_catalogue_is_registered():
    assert set(PROBLEMS) == {name.removeprefix("boltzmann_rl/").removesuffix("-v0") for name in IDS}


@pytest.mark.parametrize("name", IDS)
def test_the_spec_of_an_environment_survives_json(name):
    env = gymnasium.make(name, steps=5)
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.unwrapped.bandit == env.unwrapped.bandit
    assert again.unwrapped.steps == 5


@in_one_test(
    ("name", "options"),
    [
        ("Gaussian", {"means": [0.0, 1.0], "sd": 0.5}),
        ("Drifting", {"arms": 3, "drift": 0.5}),
        ("Switching", {"means": [0.0, 1.0], "permute": True, "change_probability": 0.5}),
        ("HeavyTailed", {"tail": "pareto", "tail_index": 1.5}),
        ("NearTies", {"arms": 30, "gap": 0.01}),
        ("Adversarial", {"rewards": [[1, 0], [0, 1]], "repeat_from": 0}),
        ("ContextualLinear", {"weights": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]}),
        ("Classification", {"dataset": "iris"}),
    ],
)
def test_the_parameters_of_a_problem_are_json(name, options):
    options = json.loads(json.dumps(options))
    name = f"boltzmann_rl/{name}Bandit-v0"
    single, many = gymnasium.make(name, **options), gymnasium.make_vec(name, num_envs=2, **options)
    assert single.unwrapped.bandit == many.bandit
    assert many.single_action_space == single.action_space
    assert many.single_observation_space == single.observation_space


def test_the_random_walk_starts_with_equal_arms():
    env = BanditEnv("DriftingBandit")
    env.reset(seed=0)
    assert env.step(0)[-1]["regret"] == 0.0
    assert env.step(0)[-1]["regret"] > 0.0


@in_one_test("name", IDS)
def test_the_same_seed_gives_the_same_pulls_and_another_seed_others(name):
    def pulls(seed):
        single, many = gymnasium.make(name, steps=4), gymnasium.make_vec(name, num_envs=3, steps=4)
        answers = [single.reset(seed=seed), many.reset(seed=seed)]
        for arm in (0, 1, 0, 1):
            answers += [single.step(arm), many.step(np.full(3, arm))]
        return (*answers, single.reset(), many.reset())

    assert same(pulls(3), pulls(3))
    assert same(pulls(3), pulls(4)) == ("Adversarial" in name)


def test_every_episode_draws_a_new_problem():
    env = BanditEnv(GaussianBandit(sd=0.0), steps=1)
    env.reset(seed=0)
    first = env.step(0)[1]
    env.reset()
    assert env.step(0)[1] != first


@in_one_test("name", IDS)
def test_observations_are_in_their_space_and_new_objects_at_every_call(name):
    single, many = gymnasium.make(name, steps=2), gymnasium.make_vec(name, num_envs=3, steps=2)
    answers = [single.reset(seed=0), many.reset(seed=0)]
    for _ in range(2):
        answers += [single.step(0), many.step(np.zeros(3, dtype=int))]
    for space, mine in ((single.observation_space, answers[::2]), (many.observation_space, answers[1::2])):
        assert all(answer[0] in space for answer in mine)
    for one, other in itertools.combinations(answers, 2):
        assert not any(np.shares_memory(a, b) for a in arrays_of(one) for b in arrays_of(other))
    assert all((answer[-1]["action_mask"] == 1).all() for answer in answers)
    assert {answer[-1]["action_mask"].dtype for answer in answers} == {np.dtype(np.int8)}


@in_one_test("name", IDS)
def test_writing_into_a_returned_array_changes_nothing_later(name):
    def rewards(spoil):
        envs = gymnasium.make_vec(name, num_envs=3, steps=3)
        answers, paid = envs.reset(seed=1), []
        for _ in range(7):
            if spoil:
                for array in arrays_of(answers):
                    array[...] = 1 if array.dtype == bool else -9
            answers = envs.step(np.zeros(3, dtype=int))
            paid.append(answers[1].tolist())
        return paid

    assert rewards(spoil=True) == rewards(spoil=False)


def test_observations_reveal_nothing_about_the_arms():
    def seen(means):
        env, envs = BanditEnv(GaussianBandit(means, sd=0.0)), BanditVectorEnv(GaussianBandit(means), 2)
        return env.reset(seed=0), env.step(0)[0], envs.reset(seed=0), envs.step(np.array([0, 1]))[0]

    assert same(seen((0.0, 1.0)), seen((1.0, 0.0)))
    assert seen((0.0, 1.0))[1] == 0


@pytest.mark.parametrize("name", CONTEXTUAL)
def test_the_context_is_the_only_observation_of_a_contextual_problem(name):
    observation, info = gymnasium.make(f"boltzmann_rl/{name}Bandit-v0").reset(seed=0)
    assert observation.shape == (64 if name == "Classification" else 5,)
    assert info.keys() == {"action_mask", "regret"}


@pytest.mark.parametrize("arm", [0, 1, 2])
def test_regret_is_the_difference_of_the_means_of_the_best_and_the_pulled_arm(arm):
    bandit = GaussianBandit((0.5, -1.0, 2.0), sd=3.0)
    env, envs = BanditEnv(bandit), BanditVectorEnv(bandit, 4)
    assert env.reset(seed=0)[1]["regret"] == 0.0
    assert envs.reset(seed=0)[1]["regret"].tolist() == [0.0] * 4
    assert env.step(arm)[-1]["regret"] == (1.5, 3.0, 0.0)[arm]
    assert envs.step(np.full(4, arm))[-1]["regret"].tolist() == [(1.5, 3.0, 0.0)[arm]] * 4


def test_regret_is_that_of_the_last_pull_also_if_the_means_drift():
    env = BanditEnv("AdversarialBandit", rewards=[[3, 0], [0, 5], [0, 7]])
    env.reset(seed=0)
    assert [env.step(0)[-1]["regret"] for _ in range(4)] == [0.0, 5.0, 7.0, 0.0]


def test_regret_and_reward_belong_to_the_context_observed_before():
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]])
    envs = BanditVectorEnv(ContextualLinearBandit(weights, sd=0.0), 50)
    contexts, _ = envs.reset(seed=0)
    for arm in (0, 1, 2):
        means = contexts @ weights.T
        contexts, reward, *_, info = envs.step(np.full(50, arm))
        np.testing.assert_allclose(reward, means[:, arm], atol=1e-15)
        np.testing.assert_allclose(info["regret"], means.max(axis=1) - means[:, arm], atol=1e-15)


@pytest.mark.parametrize("dataset", ["breast_cancer", "digits", "iris", "wine"])
def test_the_right_class_pays_one_and_the_others_nothing(dataset):
    datasets = pytest.importorskip("sklearn.datasets")
    features, classes = getattr(datasets, f"load_{dataset}")(return_X_y=True)
    low, span = features.min(axis=0), np.ptp(features, axis=0)
    label_of = {tuple(x): label for x, label in zip(features, classes, strict=True)}
    envs = BanditVectorEnv("ClassificationBandit", 40, dataset=dataset)
    contexts, _ = envs.reset(seed=0)
    found = [tuple(features[np.abs((features - low) - x * span).sum(axis=1).argmin()]) for x in contexts]
    right = np.array([label_of[x] for x in found])
    assert (envs.step(right)[1] == 1.0).all()
    envs.reset(seed=0)
    _, reward, *_, info = envs.step((right + 1) % envs.bandit.arms)
    assert (reward == 0.0).all()
    assert (info["regret"] == 1.0).all()


def test_examples_are_drawn_uniformly():
    envs = BanditVectorEnv("ClassificationBandit", 20_000, dataset="iris")
    seen = envs.reset(seed=0)[0]
    examples, times = np.unique(_examples("iris")[0], axis=0, return_counts=True)
    counts = [(np.abs(seen - example).max(axis=1) == 0.0).sum() for example in examples]
    assert stats.chisquare(counts, times / times.sum() * len(seen)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("features", [1, 3])
def test_contexts_are_uniform_and_weights_have_their_distribution(features):
    envs = BanditVectorEnv("ContextualLinearBandit", 20_000, arms=1, features=features, sd=0.0)
    contexts, _ = envs.reset(seed=0)
    assert stats.kstest(contexts.ravel(), stats.uniform(-1.0, 2.0).cdf).pvalue > FALSE_ALARM
    scale = np.sqrt((contexts**2).sum(axis=1))  # a sum of x·w with standard normal w is normal with variance Σ x²
    assert stats.kstest(envs.step(np.zeros(20_000, dtype=int))[1] / scale, stats.norm.cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    ("name", "law"),
    [("Gaussian", stats.norm(0.0, math.sqrt(2.0))), ("Drifting", stats.norm(0.0, math.sqrt(1.0 + 3 * 0.5**2)))],
)
@pytest.mark.parametrize("many", [False, True])
def test_rewards_have_their_distribution_in_single_and_vector_environments(name, law, many):
    options = {"drift": 0.5} if name == "Drifting" else {}
    name = f"boltzmann_rl/{name}Bandit-v0"
    if many:
        envs = gymnasium.make_vec(name, num_envs=50_000, **options)
        envs.reset(seed=0)
        rewards = [envs.step(np.zeros(50_000, dtype=int))[1] for _ in range(4)][-1]
    else:
        env, rewards = gymnasium.make(name, steps=4, **options), []
        env.reset(seed=0)
        for _ in range(3000):
            rewards.append([env.step(0)[1] for _ in range(4)][-1])
            env.reset()
    assert stats.kstest(rewards, law.cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("name", IDS)
def test_rows_have_the_distribution_of_single_environments(name):
    """Rewards and regrets at the third of three pulls; two-sample tests, conservative where there are ties."""
    single, many = BanditEnv(name[13:-3], steps=3), BanditVectorEnv(name[13:-3], 2000, steps=3)
    single.reset(seed=5)
    alone = []
    for _ in range(2000):
        alone.append([single.step(0) for _ in range(3)][-1])
        single.reset()
    many.reset(seed=6)
    *_, (_, rewards, _, _, info) = (many.step(np.zeros(2000, dtype=int)) for _ in range(3))
    assert stats.ks_2samp([answer[1] for answer in alone], rewards).pvalue > FALSE_ALARM
    assert stats.ks_2samp([answer[-1]["regret"] for answer in alone], info["regret"]).pvalue > FALSE_ALARM


def test_rows_are_independent_of_each_other():
    envs = BanditVectorEnv("GaussianBandit", 100_000, arms=2)
    envs.reset(seed=0)
    rewards = np.array([envs.step(np.zeros(100_000, dtype=int))[1] for _ in range(2)])
    bound = stats.norm.isf(FALSE_ALARM / 2) / math.sqrt(100_000)
    assert abs(np.corrcoef(rewards[0, 1:], rewards[0, :-1])[0, 1]) < bound
    assert abs(np.corrcoef(rewards)[0, 1] - 0.5) < bound  # of one row: means of variance 1, reward noise of variance 1


def adversaries(mode, steps):
    """Two deterministic vector environments: Gymnasium's own of single ones, and ours."""
    rows = [[1, 0, 3], [0, 1, 5], [4, 4, 0], [2, 8, 1]]
    single = lambda: BanditEnv("AdversarialBandit", steps=steps, rewards=rows)  # noqa: E731 - said once, made thrice
    theirs = SyncVectorEnv([single] * 3, autoreset_mode=AutoresetMode(mode))
    return theirs, BanditVectorEnv("AdversarialBandit", 3, steps=steps, rewards=rows, autoreset_mode=mode)


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize("mode", MODES)
def test_every_result_is_that_of_gymnasiums_own_vector_environment(mode, steps):
    theirs, ours = adversaries(mode, steps)
    assert same(theirs.reset(seed=0), ours.reset(seed=0))
    rng = np.random.default_rng(0)
    for step in range(23):
        actions = rng.integers(3, size=3)
        expected, got = theirs.step(actions), ours.step(actions)
        assert same(expected, got)
        over = got[2] | got[3]
        if mode == "Disabled" and over.any():
            assert same(*(env.reset(options={"reset_mask": over.copy()}) for env in (theirs, ours)))
        elif step % 4 == 1:  # from now on the rows end at different times
            mask = np.array([True, False, step % 8 == 1])
            assert same(*(env.reset(options={"reset_mask": mask.copy()}) for env in (theirs, ours)))
    assert ours.metadata["autoreset_mode"] is AutoresetMode(mode)


def test_the_final_context_of_an_episode_is_in_the_info():
    envs = BanditVectorEnv("ContextualLinearBandit", 3, steps=2, autoreset_mode=AutoresetMode.SAME_STEP)
    envs.reset(seed=0)
    assert "final_obs" not in envs.step(np.zeros(3, dtype=int))[-1]
    observation, *_, truncated, info = envs.step(np.zeros(3, dtype=int))
    assert truncated.all()
    assert [final.shape for final in info["final_obs"]] == [(5,)] * 3
    assert not any((final == row).all() for final, row in zip(info["final_obs"], observation, strict=True))
    assert (info["final_info"]["regret"] > 0.0).any()
    assert (info["regret"] == 0.0).all()


@pytest.mark.parametrize(("steps", "ends"), [(1, (True, False)), (2, (False, True)), (7, (False, True))])
def test_one_pull_terminates_and_longer_episodes_are_truncated(steps, ends):
    env = BanditEnv("BernoulliBandit", steps=steps)
    env.reset(seed=0)
    *before, last = (env.step(0)[2:4] for _ in range(steps))
    assert before == [(False, False)] * (steps - 1)
    assert last == ends
    assert {type(flag) for flag in last} == {bool}


def test_a_pull_before_a_reset_or_after_the_end_is_refused():
    env, envs = BanditEnv("GaussianBandit", steps=2), BanditVectorEnv("GaussianBandit", 2, autoreset_mode="Disabled")
    for step in (lambda: env.step(0), lambda: envs.step(np.zeros(2, dtype=int))):
        with pytest.raises(ResetNeeded, match=r"call reset\(\) before step\(\)"):
            step()
    env.reset(seed=0)
    env.step(0), env.step(0)
    with pytest.raises(ResetNeeded, match="the episode is over"):
        env.step(0)


def test_a_copy_continues_as_the_original_does():
    env = BanditEnv(SwitchingBandit(change_probability=0.5))
    env.reset(seed=0)
    other = copy.deepcopy(env)
    assert same(tuple(env.step(1) for _ in range(9)), tuple(other.step(1) for _ in range(9)))


class Steps:
    """A user's bandit: arm a always pays a, and the same array is returned each time."""

    arms = 3
    means = np.array([[0.0, 1.0, 2.0]])

    def start(self, runs, rng):
        return np.broadcast_to(self.means, (runs, 3))

    def noise(self, runs, rng):
        return np.zeros(runs)

    def reward(self, means, noise):
        return means

    def move(self, means, rng):
        return means


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_a_users_bandit_becomes_an_environment_and_its_arrays_are_not_changed(mode):
    env, envs = BanditEnv(Steps()), BanditVectorEnv(Steps(), 2, steps=2, autoreset_mode=mode)
    env.reset(seed=0)
    assert env.step(2)[1] == 2.0
    envs.reset(seed=0)
    paid = [envs.step(np.array([0, 1]))[1].tolist() for _ in range(6)]
    assert paid == ([[0.0, 1.0]] * 2 + [[0.0, 0.0]]) * 2 if mode == "NextStep" else [[0.0, 1.0]] * 6
    assert Steps.means.tolist() == [[0.0, 1.0, 2.0]]


def test_a_tabular_agent_learns_the_best_arm_and_the_means():
    options = {"means": [0.0, 1.0, 0.5], "steps": 5000}
    env = Environment(f"{MODULE}:boltzmann_rl/GaussianBandit-v0", options=options).make()
    agent = Agent(QLearning(learning_rate=InverseTime(1.0, rate=0.001), discount=0.0), Boltzmann(0.2))
    *_, last = train(env, agent, episodes=2, seed=0)
    assert last.length == 5000
    assert not last.terminated
    assert last.values.shape == (1, 3)
    assert last.values[0].argmax() == 1
    assert last.total_reward / 5000 > 0.85  # π = softmax(means/0.2) would be paid 0.96; a uniform policy 0.5


def learned(envs, learner, steps):
    """Mean regret over the last tenth of the steps, with one set of weights for all rows."""
    rng = np.random.default_rng(0)
    contexts, _ = envs.reset(seed=0)
    state, policy, regret = learner.start((envs.bandit.features, envs.bandit.arms), rng), Boltzmann(1.0), []
    for _ in range(steps):
        values = learner.values(state, contexts)
        action = act(policy, values, rng)
        following, reward, *_, info = envs.step(action)
        state = learner.update(state, contexts, action, reward, policy(values, 0), rng)
        contexts = following
        regret.append(info["regret"].mean())
    return np.mean(regret[-steps // 10 :])


def test_linear_preferences_learn_the_arms_of_a_linear_problem():
    """The best of the four arms has a mean of E max_a |x_a| = ⅔ and the arms average 0, so uniform pulls regret ⅔."""
    weights = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
    envs = BanditVectorEnv("ContextualLinearBandit", 64, weights=weights, sd=0.1, steps=10_000)
    assert learned(envs, LinearPreferences(1.0), 1500) < 0.05


def test_linear_preferences_learn_to_read_digits():
    envs = BanditVectorEnv("ClassificationBandit", 64, steps=10_000)
    assert learned(envs, LinearPreferences(1.0), 1500) < 0.2  # uniform pulls: 0.9


BLUE, GREEN, ORANGE, GREY, WHITE = (0, 114, 178), (0, 158, 115), (230, 159, 0), (160, 160, 160), (255, 255, 255)


def coloured(image, colour):
    """The fraction of each of three arms' columns that has a colour."""
    hit = (image == colour).all(axis=2)
    return [float(part.mean().round(2)) for part in np.array_split(hit, 3, axis=1)]


def test_a_picture_has_a_bar_for_every_mean_and_one_for_every_probability():
    env = BanditEnv(GaussianBandit((0.5, 1.0, -1.0)), render_mode="rgb_array")
    env.reset(seed=0)
    image = env.render()
    assert image.shape == (320, 480, 3)
    assert image.dtype == np.uint8
    full = 0.84 / 2.32  # of the width that a bar takes, and of the height that 1 takes with its margins
    np.testing.assert_allclose(coloured(image, BLUE), [full / 2, 0.0, full], atol=0.02)
    np.testing.assert_allclose(coloured(image, GREEN), [0.0, full, 0.0], atol=0.02)
    assert coloured(image, ORANGE) == [0.0, 0.0, 0.0]
    env.step(2)
    assert coloured(env.render(), (0, 0, 0)) == [0.0, 0.0, 0.01]
    env.show([0.0, 0.25, 0.75])
    height = 120 / 320 * 0.84 / 1.1
    np.testing.assert_allclose(coloured(env.render(), ORANGE), [0.0, height / 4, height * 0.75], atol=0.02)


@in_one_test("arms", [1, 2, 10, 480, 1000])
@in_one_test("mean", [0.0, -1.0, 1e300, 1e-300])
def test_any_number_of_arms_and_any_means_can_be_rendered(arms, mean):
    env = BanditEnv(GaussianBandit((mean,) * arms, sd=0.0), render_mode="rgb_array")
    env.reset(seed=0)
    env.show(np.full(arms, 1.0 / arms))
    assert env.render().shape == (320, 480, 3)


def test_a_vector_renders_a_picture_for_every_row():
    envs = BanditVectorEnv("GaussianBandit", 2, arms=3, render_mode="rgb_array")
    envs.reset(seed=0)
    one, other = envs.render()
    assert (one != other).any()
    envs.show(softmax(np.zeros((2, 3))))
    envs.step(np.array([0, 2]))
    assert coloured(envs.render()[0], ORANGE) == coloured(envs.render()[1], ORANGE) != [0.0, 0.0, 0.0]


def test_rendering_without_a_mode_warns_and_before_a_reset_raises_an_error():
    for env in (BanditEnv("GaussianBandit"), BanditVectorEnv("GaussianBandit")):
        with pytest.warns(UserWarning, match="render_mode"):
            assert env.render() is None
    for env in (BanditEnv(Steps(), render_mode="rgb_array"), BanditVectorEnv(Steps(), render_mode="rgb_array")):
        with pytest.raises(ResetNeeded, match=r"call reset\(\) before render\(\)"):
            env.render()


def test_a_window_needs_pygame_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(DependencyNotInstalled, match="pip install pygame"):
        BanditEnv("GaussianBandit", render_mode="human").reset(seed=0)


def test_a_data_set_needs_scikit_learn_and_says_so(monkeypatch):
    _examples.cache_clear()
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="'wine' comes with scikit-learn: pip install scikit-learn"):
        gymnasium.make("boltzmann_rl/ClassificationBandit-v0", dataset="wine")


GAUSSIAN = "boltzmann_rl/GaussianBandit-v0"


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: gymnasium.make(GAUSSIAN, arm=3),
            TypeError,
            "unexpected keyword argument 'arm': it takes means",
        ),
        (
            lambda: gymnasium.make_vec(GAUSSIAN, arm=3),
            TypeError,
            "unexpected keyword argument 'arm': it takes means",
        ),
        (lambda: gymnasium.make(GAUSSIAN, arms=2.5), TypeError, "arms must be an integer, got 2.5"),
        (lambda: gymnasium.make(GAUSSIAN, means=[0.0, math.nan]), ValueError, r"means\[1\] must be .*got nan"),
        (lambda: gymnasium.make(GAUSSIAN, steps=0), ValueError, "steps must be 1 or more, got 0"),
        (
            lambda: BanditEnv("Gaussian"),
            ValueError,
            "bandit must be a bandit or one of AdversarialBandit, .*'Gaussian'",
        ),
        (
            lambda: BanditEnv(GaussianBandit(), arms=3),
            TypeError,
            "argument 'arms': a bandit instance",
        ),
        (lambda: BanditEnv(3), TypeError, "bandit must be a bandit or the name of one, got 3 without arms"),
        (lambda: BanditEnv("GaussianBandit", render_mode="ansi"), ValueError, "render_mode must be .*, got 'ansi'"),
        (lambda: BanditVectorEnv(Steps(), render_mode="human"), ValueError, "render_mode must be .*, got 'human'"),
        (lambda: BanditVectorEnv(Steps(), 0), ValueError, "num_envs must be 1 or more, got 0"),
        (lambda: BanditVectorEnv(Steps(), autoreset_mode="Now"), ValueError, "must be one of NextStep, .*got 'Now'"),
        (lambda: ContextualLinearBandit([[1.0], [1.0, 2.0]]), TypeError, "weights must be rows of numbers"),
        (lambda: ContextualLinearBandit([[1.0]], features=2), ValueError, r"those of the weights, \[1, 1\].*\[0, 2\]"),
        (lambda: ContextualLinearBandit(sd=-1.0), ValueError, "sd must be .*got -1"),
        (lambda: ClassificationBandit("mnist"), ValueError, "dataset must be one of breast_cancer, .*got 'mnist'"),
    ],
)
def test_invalid_environments_are_refused_by_name(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@in_one_test(
    ("do", "kind", "message"),
    [
        (lambda env, envs: env.step(2), ValueError, r"action must be in \[0, 1\], got 2"),
        (lambda env, envs: env.step(-1), ValueError, r"action must be in \[0, 1\], got -1"),
        (lambda env, envs: env.step(1.0), TypeError, "action must be an integer, got 1.0"),
        (lambda env, envs: envs.step(np.array([0, 2, 1])), ValueError, r"actions must be in \[0, 1\]"),
        (lambda env, envs: envs.step(np.array([0, 1])), TypeError, "actions must be 3 integers, one per row"),
        (lambda env, envs: envs.step(np.zeros(3)), TypeError, "actions must be 3 integers, one per row"),
        (lambda env, envs: envs.step(0), TypeError, "actions must be 3 integers, one per row, got 0"),
        (lambda env, envs: envs.reset(options={"reset_mask": np.zeros(3, dtype=bool)}), ValueError, "reset_mask.*bool"),
        (lambda env, envs: envs.reset(options={"reset_mask": [True] * 3}), ValueError, "reset_mask.*bool array"),
        (lambda env, envs: env.show([0.5, 0.25, 0.25]), ValueError, r"shape \(2,\), got \(3,\)"),
        (lambda env, envs: env.show([0.5, 0.6]), ValueError, "probabilities"),
        (lambda env, envs: envs.show([0.5, 0.5]), ValueError, r"shape \(3, 2\), got \(2,\)"),
    ],
)
def test_invalid_calls_are_refused_by_name(do, kind, message):
    env, envs = BanditEnv(BernoulliBandit((0.0, 1.0))), BanditVectorEnv(BernoulliBandit((0.0, 1.0)), 3)
    env.reset(seed=0)
    envs.reset(seed=0)
    with pytest.raises(kind, match=message):
        do(env, envs)
