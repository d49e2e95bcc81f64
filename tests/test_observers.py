"""Observers: what they write, and that observing changes nothing."""

import math
from itertools import islice

import gymnasium
import pytest

from boltzmann_rl import SARSA, Agent, Boltzmann, BoltzmannGumbel, Environment, QLearning, schedules
from boltzmann_rl.training.observers import logged
from boltzmann_rl.training.training import Training

COOLING = schedules.Exponential(2.0, 0.1, steps=200)


class Recorder:
    """A writer that records what it gets."""

    def __init__(self):
        self.scalars = {}

    def add_scalar(self, tag, value, step):
        assert type(value) in (int, float)
        self.scalars.setdefault(tag, []).append((step, value))


def single():
    return Environment("CliffWalking-v1", 30).make()


def vector():
    return gymnasium.make_vec("FrozenLake-v1", num_envs=3, vectorization_mode="sync")


@pytest.mark.parametrize("make", [single, vector])
@pytest.mark.parametrize("agent", [Agent(SARSA(0.3), Boltzmann(COOLING)), Agent(QLearning(0.3), BoltzmannGumbel(1.0))])
def test_logging_changes_no_byte_of_a_training(make, agent):
    plain, watched = Training(make(), agent, seed=0), Training(make(), agent, seed=0)
    for one, other in zip(islice(plain, 300), logged(watched, Recorder(), every=1), strict=False):
        assert str(one) == str(other)
    assert plain.values.tobytes() == watched.values.tobytes()


def test_exploration_is_logged_at_the_given_interval():
    recorder = Recorder()
    list(islice(logged(Training(single(), Agent(SARSA(0.3), Boltzmann(COOLING)), seed=0), recorder, every=20), 100))
    steps = [20, 40, 60, 80, 100]
    assert recorder.scalars["policy/temperature"] == [
        (step, pytest.approx(2.0 * 0.05 ** (step / 200))) for step in steps
    ]
    entropies, numbers = (dict(recorder.scalars[f"policy/{name}"]) for name in ("entropy", "effective_actions"))
    assert list(entropies) == list(numbers) == steps
    assert all(0.0 <= entropy <= math.log(4) for entropy in entropies.values())
    assert all(number == pytest.approx(math.exp(entropies[step])) for step, number in numbers.items())
    assert all(0.25 <= probability <= 1.0 for _, probability in recorder.scalars["policy/greedy_share"])


def test_every_episode_is_logged_when_it_ends():
    recorder, training = Recorder(), Training(vector(), Agent(QLearning(0.3), Boltzmann(1.0)), seed=0)
    returns, lengths, totals = [], [], [[0.0, 0] for _ in range(3)]
    for step, t in enumerate(islice(logged(training, recorder), 300), start=1):
        total = totals[t.environment]
        total[0], total[1] = total[0] + t.reward, total[1] + 1
        if t.terminated or t.truncated:
            returns.append((step, total[0]))
            lengths.append((step, total[1]))
            totals[t.environment] = [0.0, 0]
    assert len(returns) > 10
    assert recorder.scalars["episode/return"] == returns
    assert recorder.scalars["episode/length"] == lengths


def test_a_policy_without_a_temperature_logs_none():
    recorder = Recorder()
    list(islice(logged(Training(single(), Agent(QLearning(), BoltzmannGumbel(1.0)), seed=0), recorder, every=5), 10))
    assert set(recorder.scalars) == {"policy/entropy", "policy/effective_actions", "policy/greedy_share"}


def test_a_tensorboard_log_can_be_read_back(tmp_path):
    summary = pytest.importorskip("torch.utils.tensorboard")
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with summary.SummaryWriter(tmp_path) as writer:
        list(islice(logged(Training(single(), Agent(SARSA(0.3), Boltzmann(COOLING)), seed=0), writer), 200))
    events = accumulator.EventAccumulator(str(tmp_path)).Reload()
    found = [(event.step, event.value) for event in events.Scalars("policy/temperature")]
    assert found == [(100, pytest.approx(2.0 * 0.05**0.5)), (200, pytest.approx(0.1))]


def test_an_invalid_writer_or_interval_is_refused_at_once():
    training = Training(single(), Agent(QLearning(), Boltzmann(1.0)), seed=0)
    with pytest.raises(TypeError, match=r"writer must have add_scalar\(tag, value, step\)"):
        logged(training, [])
    with pytest.raises(ValueError, match="every must be 1 or more, got 0"):
        logged(training, Recorder(), every=0)
