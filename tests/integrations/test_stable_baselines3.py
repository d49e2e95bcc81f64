"""Stable-Baselines3's agents explore with the given policy: against SciPy, plain loops, and the real networks."""
# ruff: noqa: E402 - what follows the skip needs the library

import importlib.util
import math
import pickle
import sys

import gymnasium
import numpy as np
import pytest
from contexts import Contexts
from draws import FALSE_ALARM, assert_rows_draw_from, drawn
from scipy import special, stats

import boltzmann_rl as brl
from boltzmann_rl.schedules import Exponential
from boltzmann_rl.streams import stream

pytest.importorskip("stable_baselines3")
torch = pytest.importorskip("torch")
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import BaseCallback, EvalCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.logger import configure
from stable_baselines3.common.utils import LinearSchedule, set_random_seed

from boltzmann_rl.integrations import stable_baselines3 as integration
from boltzmann_rl.integrations.stable_baselines3 import ExploringDQN, Progress

torch.set_num_threads(1)  # the tests' own workers share the cores

ALGORITHMS = ["ExploringDQN", "ExploringQRDQN"]


class Recorder(BaseCallback):
    """Records the values, the clock and the actions of each decision after the warm-up."""

    def __init__(self):
        super().__init__()
        self.values, self.timesteps, self.actions, self.warm_up = [], [], [], []

    def _on_step(self):
        before = self.num_timesteps - self.model.n_envs
        if before < self.model.learning_starts:
            self.warm_up.append(self.locals["actions"])
            return True
        self.values.append(values_of(self.model, self.model._last_obs))
        self.timesteps.append(before)
        self.actions.append(self.locals["actions"])
        return True


def make(exploration, name="ExploringDQN", envs=1, contexts=3, **settings):
    """A small agent that by default explores at once and learns little."""
    algorithm = getattr(integration, name) if name == "ExploringDQN" else contrib(name)
    vector = make_vec_env(Contexts, n_envs=envs, env_kwargs={"contexts": contexts})
    settings = {"seed": 0, "learning_starts": 0, "buffer_size": 1000, "train_freq": 1, "device": "cpu", **settings}
    network = {"net_arch": [16]} if name == "ExploringDQN" else {"net_arch": [16], "n_quantiles": 20}
    return algorithm("MlpPolicy", vector, exploration=exploration, policy_kwargs=network, **settings)


def contrib(name):
    pytest.importorskip("sb3_contrib")
    return getattr(integration, name)


def values_of(model, observations):
    """Action values from the network's own weights, by matrix products in NumPy; quantiles are averaged."""
    net = model.q_net.q_net if hasattr(model, "q_net") else model.quantile_net.quantile_net
    weights = [parameter.detach().numpy().astype(float) for parameter in net.parameters()]
    hidden = np.maximum(np.asarray(observations, dtype=float) @ weights[0].T + weights[1], 0.0)
    out = hidden @ weights[2].T + weights[3]
    return out.reshape(len(out), -1, 3).mean(axis=1)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_explores_with_the_softmax_of_the_network_s_values_and_one_uniform_per_row(name):
    model = make(brl.Boltzmann(0.3), name, learning_rate=3e-3).learn(200)
    observations = np.tile(np.eye(3, dtype=np.float32), (10_000, 1))
    actions, _ = model.predict(observations)
    p = special.softmax(values_of(model, np.eye(3)) / 0.3, axis=-1)
    assert p.min() > 1e-3
    assert p.max() < 0.99
    assert_rows_draw_from(p, actions)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_collects_with_one_uniform_for_each_environment_at_the_clock_of_each(name):
    schedule, recorder = Exponential(1.0, 0.01, steps=30), Recorder()
    make(brl.Boltzmann(schedule), name, envs=3, learning_starts=30, seed=7).learn(150, callback=recorder)
    expected_rng = stream(7, "exploration")
    assert len(recorder.warm_up) == 10  # decisions for three environments, none of which draws a uniform
    assert recorder.timesteps == list(range(30, 150, 3))
    for values, timesteps, actions in zip(recorder.values, recorder.timesteps, recorder.actions, strict=True):
        temperature = max(0.01, 0.01 ** (timesteps // 3 / 30))
        assert list(actions) == drawn(special.softmax(values / temperature, axis=-1), expected_rng.random(3))


def test_actions_before_learning_starts_are_uniform_whatever_the_policy():
    recorder = Recorder()
    make(brl.Greedy(), learning_starts=3000, gradient_steps=0).learn(3000, callback=recorder)
    assert not recorder.actions
    assert stats.chisquare(np.bincount(np.ravel(recorder.warm_up), minlength=3)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("seed", [0, None])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_training_saved_loaded_and_continued_explores_as_if_uninterrupted(name, seed, tmp_path):
    policy = brl.Boltzmann(Exponential(1.0, 0.1, steps=100))
    model = make(policy, name, contexts=1, gradient_steps=0, seed=seed, envs=2).learn(40)  # the values never change
    model.save(tmp_path / "model")
    env = make_vec_env(Contexts, n_envs=2, env_kwargs={"contexts": 1})
    loaded = type(model).load(tmp_path / "model", env=env, device="cpu")
    assert loaded.exploration == policy
    recorders = []
    for each in (model, loaded):
        recorders.append(Recorder())
        each.learn(60, callback=recorders[-1], reset_num_timesteps=False)
    assert recorders[0].timesteps == recorders[1].timesteps == list(range(40, 100, 2))
    assert np.array_equal(recorders[0].actions, recorders[1].actions)
    assert pickle.dumps(model.exploration_rng) == pickle.dumps(loaded.exploration_rng)


def loaded(model, path, envs):
    """The model after saving, and loading with another number of environments."""
    model.save(path / "model")
    env = make_vec_env(Contexts, n_envs=envs, env_kwargs={"contexts": 1})
    return type(model).load(path / "model", env=env, device="cpu")


def temperatures(model, steps, **settings):
    """The distinct steps at which the policy's schedule is evaluated during learning."""
    asked = []
    model.exploration = brl.Boltzmann(lambda step: asked.append(step) or 1.0)
    model.learn(steps, **settings)
    return list(dict.fromkeys(asked))  # for the decision and for the log


@pytest.mark.parametrize(("first", "then"), [(4, 1), (1, 4), (3, 2)])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_clock_counts_decisions_of_each_environment_whatever_their_number(name, first, then, tmp_path):
    model = make(brl.Boltzmann(1.0), name, envs=first, learning_starts=6 * first).learn(20 * first)
    assert (model.clock, model.num_timesteps) == (20, 20 * first)
    model = loaded(model, tmp_path, then)
    assert (model.clock, model.num_timesteps) == (20, 20 * first)  # its meaning in Stable-Baselines3
    assert temperatures(model, 5 * then, reset_num_timesteps=False) == [20, 21, 22, 23, 24]
    model.predict(np.zeros((7, 3), dtype=np.float32))
    evaluate_policy(model, model.env, n_eval_episodes=5, deterministic=False, warn=False)
    assert model.clock == 25
    assert loaded(model, tmp_path, first).clock == 25


def test_a_new_training_restarts_the_clock():
    model = make(brl.Boltzmann(1.0), envs=2).learn(20)
    assert temperatures(model, 6) == [0, 1, 2]
    assert temperatures(model, 6, reset_num_timesteps=False) == [3, 4, 5]


def test_a_file_without_a_clock_derives_it_from_timesteps_and_number_of_environments(tmp_path):
    model = make(brl.Boltzmann(1.0), envs=4).learn(80)
    model.save(tmp_path / "old", exclude=["clock"])
    env = make_vec_env(Contexts, n_envs=1)
    assert ExploringDQN.load(tmp_path / "old", env=env, device="cpu").clock == 20


@pytest.mark.parametrize("name", ALGORITHMS)
def test_each_environment_explores_by_its_own_value(name):
    recorder, epsilons = Recorder(), [0.0, 1.0, 1.0]
    model = make(brl.EpsilonGreedy(epsilons), name, envs=3, contexts=1, gradient_steps=0).learn(1500, callback=recorder)
    fractions = (np.array(recorder.actions) == np.argmax(recorder.values, axis=-1)).mean(axis=0)
    np.testing.assert_allclose(fractions, [1.0, 1 / 3, 1 / 3], atol=0.11)  # 5 standard errors of 500 decisions
    progress = brl.Boltzmann([Progress(LinearSchedule(1.0, 0.1, 1.0)), 0.5])
    assert make(progress, name, envs=2).learn(20, log_interval=None).num_timesteps == 20
    with pytest.raises(ValueError, match="epsilon has a value for each row"):
        make(brl.EpsilonGreedy(epsilons), name, envs=2)
    with pytest.raises(ValueError, match="epsilon has a value for each row"):
        model.predict(np.zeros((2, 3), dtype=np.float32))


@pytest.mark.parametrize("start", [1, -1])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_actions_that_do_not_begin_at_0_are_refused_and_work_in_the_wrapper_that_is_named(name, start):
    class Shifted(Contexts):
        action_space, sent = gymnasium.spaces.Discrete(3, start=start), set()

        def step(self, action):
            self.sent.add(int(action))
            return super().step(action - start)

    algorithm = getattr(integration, name) if name == "ExploringDQN" else contrib(name)
    with pytest.raises(ValueError, match=rf"Discrete\(3, start={start}\), but .* lambda action: action \+ {start}, "):
        algorithm("MlpPolicy", Shifted(), exploration=brl.Uniform())
    env = gymnasium.wrappers.TransformAction(Shifted(), lambda action: action + start, gymnasium.spaces.Discrete(3))
    algorithm("MlpPolicy", env, exploration=brl.Uniform(), buffer_size=100, learning_starts=20, seed=0).learn(60)
    assert Shifted.sent == {start, start + 1, start + 2}


def test_without_a_policy_the_arguments_of_epsilon_mean_the_same_as_in_stable_baselines3():
    settings = {"exploration_fraction": 0.5, "exploration_initial_eps": 0.9, "exploration_final_eps": 0.1}
    ours, rates = make(None, envs=2, **settings), []
    theirs = DQN("MlpPolicy", make_vec_env(Contexts, n_envs=2), learning_starts=0, buffer_size=100, **settings)

    class Rates(BaseCallback):
        def _on_step(self):
            share = ours.logger.name_to_value["rollout/greedy_share"]
            rates.append((theirs.exploration_schedule(1.0 - (self.num_timesteps - 2) / 80), share))
            ours.logger.name_to_value.clear()
            ours.logger.name_to_count.clear()
            return True

    ours.learn(80, callback=Rates())
    assert len(rates) == 40
    for rate, share in rates:
        assert share == pytest.approx(1.0 - rate * 2 / 3)  # of three actions, the best is explored too
    given = make(None, exploration_final_eps=0.2).exploration
    assert repr(given) == repr(brl.EpsilonGreedy(Progress(LinearSchedule(1.0, 0.2, 0.1))))


def test_a_policy_or_a_seed_given_to_load_takes_effect(tmp_path):
    make(brl.Greedy()).learn(10).save(tmp_path / "model")
    observations = np.zeros((200, 3), dtype=np.float32)
    greedy, _ = ExploringDQN.load(tmp_path / "model").predict(observations)
    assert len(set(greedy)) == 1
    one, other = (ExploringDQN.load(tmp_path / "model", exploration=brl.Uniform(), seed=seed) for seed in (5, 6))
    assert list(one.predict(observations)[0]) == drawn(np.full((200, 3), 1 / 3), stream(5, "exploration").random(200))
    assert list(one.predict(observations)[0]) != list(other.predict(observations)[0])
    with pytest.raises(TypeError, match="exploration_final_eps has no effect"):
        ExploringDQN.load(tmp_path / "model", exploration_final_eps=0.1)


def test_every_seed_of_stable_baselines3_seeds_the_exploration():
    observations = np.zeros((100, 3), dtype=np.float32)

    def actions(seed=None, common=None, later=None):
        set_random_seed(common or 0)
        model = make(brl.Uniform(), seed=seed)
        model.set_random_seed(later)
        return model.predict(observations)[0].tolist()

    assert actions(seed=1) == actions(seed=1, common=2) == actions(seed=3, later=1)
    assert actions(seed=1) != actions(seed=2)
    assert actions(common=1) == actions(common=1)
    assert actions(common=1) != actions(common=2)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_learns_and_is_evaluated_greedily_without_drawing(name, tmp_path):
    policy = brl.Boltzmann(brl.RelativeToSpread(Exponential(4.0, 0.1, steps=500)))
    settings = {"learning_rate": 1e-2, "target_update_interval": 50, "batch_size": 64}
    env = make_vec_env(Contexts)
    callback = EvalCallback(env, eval_freq=300, log_path=str(tmp_path), verbose=0, warn=False)
    model = make(policy, name, **settings).learn(600, callback=callback)
    before = pickle.dumps(model.exploration_rng)
    assert evaluate_policy(model, env, n_eval_episodes=50, warn=False) == (1.0, 0.0)
    assert model.predict(np.eye(3, dtype=np.float32), deterministic=True)[0].tolist() == [0, 1, 2]
    assert pickle.dumps(model.exploration_rng) == before
    assert np.load(tmp_path / "evaluations.npz")["timesteps"].tolist() == [300, 600]
    assert evaluate_policy(model, env, n_eval_episodes=20, deterministic=False, warn=False)[0] > 0.5
    assert pickle.dumps(model.exploration_rng) != before


def test_logs_means_of_temperature_entropy_and_greedy_probability(tmp_path):
    recorder, temperature = Recorder(), 0.2
    model = make(brl.Boltzmann(temperature), envs=2, learning_starts=20, learning_rate=1e-2)
    model.set_logger(configure(str(tmp_path), ["csv"]))
    model.learn(80, callback=recorder, log_interval=None)
    logged = {key: value for key, value in model.logger.name_to_value.items() if key.startswith("rollout/")}
    p = special.softmax(np.array(recorder.values) / temperature, axis=-1)
    nats = stats.entropy(p, axis=-1)
    assert logged == pytest.approx({
        "rollout/temperature": temperature,
        "rollout/entropy": nats.mean(),
        "rollout/effective_actions": np.exp(nats).mean(),
        "rollout/greedy_share": p.max(axis=-1).mean(),
    }, rel=1e-5)  # fmt: skip
    model.dump_logs()
    model.logger.close()
    header = (tmp_path / "progress.csv").read_text().splitlines()[0].split(",")
    assert set(logged) < set(header)


def test_the_temperature_of_each_row_is_logged_and_a_policy_without_one_logs_none():
    recorder = Recorder()
    model = make(brl.Boltzmann(brl.RelativeToSpread(0.5)), envs=2).learn(20, callback=recorder, log_interval=None)
    expected = 0.5 * np.std(recorder.values, axis=-1).mean()
    assert model.logger.name_to_value["rollout/temperature"] == pytest.approx(expected, rel=1e-5)
    model = make(brl.EpsilonGreedy(0.3)).learn(20, log_interval=None)
    assert "rollout/temperature" not in model.logger.name_to_value
    assert model.logger.name_to_value["rollout/greedy_share"] == pytest.approx(0.8)  # 0.7 + 0.3 / 3


def test_a_schedule_of_the_progress_is_evaluated_at_each_decision_also_in_continued_training():
    linear, read = LinearSchedule(1.0, 0.1, end_fraction=0.5), []

    def schedule(progress):
        read.append(progress)
        return linear(progress)

    model, expected_rng = make(brl.Boltzmann(brl.RelativeToSpread(Progress(schedule)))), stream(0, "exploration")
    for total, since, settings in ((40, 0, {}), (100, 40, {"reset_num_timesteps": False})):
        read.clear()
        recorder = Recorder()
        model.learn(total - since, callback=recorder, **settings)
        assert read == [1.0 - timesteps / total for timesteps in range(since, total)]
        for values, timesteps, actions in zip(recorder.values, recorder.timesteps, recorder.actions, strict=True):
            temperature = max(0.1, 1.0 - 0.9 * (timesteps / total) / 0.5) * values.std()
            assert list(actions) == drawn(special.softmax(values / temperature, axis=-1), expected_rng.random(1))


def test_the_progress_is_clamped_where_the_last_rollout_runs_past_the_end():
    model = make(brl.Boltzmann(Progress(math.sqrt)), envs=3, train_freq=4)
    assert model.num_timesteps == 0
    model.learn(20)  # the square root of less than 0 would be refused
    assert model.num_timesteps == 24
    with pytest.raises(TypeError, match="follows the training's progress"):
        brl.Boltzmann(Progress(math.sqrt))([0.0, 1.0], step=0)


def test_observations_of_all_forms_of_stable_baselines3_are_accepted():
    model = make(brl.Boltzmann(1.0))
    model.policy.set_training_mode(True)
    action, state = model.predict(np.zeros(3, dtype=np.float32))
    assert (action.shape, action.dtype.kind, state) == ((), "i", None)
    assert not model.q_net.training  # dropout and batch statistics are for training
    space = gymnasium.spaces.Dict({"left": Contexts.observation_space, "right": Contexts.observation_space})
    wrapped = gymnasium.wrappers.TransformObservation(Contexts(), lambda seen: {"left": seen, "right": seen}, space)
    model = ExploringDQN("MultiInputPolicy", wrapped, exploration=brl.Boltzmann(1.0), buffer_size=100, device="cpu")
    assert model.learn(120).num_timesteps == 120


@pytest.mark.parametrize(
    ("error", "exploration", "settings", "message"),
    [
        (TypeError, None, {}, "exploration= is missing"),
        (TypeError, "boltzmann", {}, "exploration must be a policy, got the string 'boltzmann'.*--conf-file"),
        (TypeError, 0.1, {}, "exploration must be callable"),
        (ValueError, brl.Boltzmann(brl.GLIE()), {}, "counts visits, but only the decisions of each environment"),
        (ValueError, brl.MaxBoltzmann(0.1, brl.GLIE()), {}, "counts visits"),
        (ValueError, brl.BoltzmannGumbel(1.0), {}, "counts pulls"),
        (TypeError, brl.AdaptiveEpsilonGreedy(), {}, "a network does not have: take RelativeToSpread"),
        (ValueError, brl.Boltzmann(brl.EffectiveActions(5.0)), {}, "with 3 available actions"),
        (ValueError, brl.Boltzmann(Progress(lambda progress: -1.0)), {}, "temperature must be 0 or more"),
        *((TypeError, brl.Greedy(), {name: 0.5}, f"{name} has no effect") for name in integration._EPSILON),
        (TypeError, brl.Greedy(), {"explotation": 1}, "unexpected keyword argument 'explotation'"),
    ],
)
def test_invalid_arguments_are_refused_at_once(error, exploration, settings, message):
    with pytest.raises(error, match=message):
        make(exploration, **settings)


def test_an_epsilon_by_position_is_refused_as_well():
    names = list(DQN.__init__.__annotations__)
    args = (1e-4, 1000, 100, 32, 1.0, 0.99, 4, 1, None, None, False, 1, 10_000, 0.1)
    assert names[2 : 2 + len(args)][-1] == "exploration_fraction"
    with pytest.raises(TypeError, match="exploration_fraction has no effect"):
        ExploringDQN("MlpPolicy", Contexts(), *args, exploration=brl.Greedy())


def test_an_absent_library_is_named_with_the_command_that_installs_it(monkeypatch):
    def fresh():
        spec = importlib.util.spec_from_file_location("fresh", integration.__file__)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "fresh", module)
        spec.loader.exec_module(module)
        return module

    monkeypatch.setitem(sys.modules, "sb3_contrib", None)
    assert fresh().ExploringDQN
    with pytest.raises(ImportError, match=r"sb3-contrib.* pip install 'boltzmann-rl\[sb3\]'"):
        _ = fresh().ExploringQRDQN
    with pytest.raises(AttributeError, match="no attribute 'Exploring'"):
        _ = fresh().Exploring
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    with pytest.raises(ImportError, match=r"Stable-Baselines3 is not .* pip install 'boltzmann-rl\[sb3\]'"):
        fresh()
