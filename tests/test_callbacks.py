"""The examples of docs/callbacks.md run, and log the means of the simulated runs."""

import dataclasses
import re
import sys
import types
from pathlib import Path

import pytest

from boltzmann_rl import UCB1, Agent, BanditExperiment, Boltzmann, GaussianBandit, Greedy, SampleAverage

PAGE = (Path(__file__).parents[1] / "docs" / "callbacks.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^## ([^\n]+)\n.*?^```python\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE))

AGENTS = {"τ = 0.2": Agent(SampleAverage(), Boltzmann(0.2)), "UCB": Agent(UCB1(), Greedy())}
EXPERIMENT = BanditExperiment("watched", GaussianBandit((0.0, 1.0)), AGENTS, runs=15, steps=8, seed=3)


class Fails:
    """A policy that can't be evaluated."""

    def __repr__(self):
        return "Fails()"

    def __call__(self, values, step):
        raise ValueError("on purpose")


class Experiment:
    """Runs the experiment, of which one agent fails, and keeps the means that a callback sees."""

    def __init__(self):
        self.means = {}

    def run(self, results, on_cell):
        def watched(done):
            on_cell(done)
            for metric, totals in done.block.totals.items() if done.block else ():
                mean = sum(totals.tolist()) / done.cell.runs / done.cell.length
                self.means[f"{done.problem}/{done.agent}/{metric}", done.state.cells] = pytest.approx(mean)

        agents = {**AGENTS, "fails": Agent(SampleAverage(), Fails())}
        with pytest.warns(UserWarning, match="on purpose"):
            dataclasses.replace(EXPERIMENT, agents=agents).run(progress=False, results=results, on_cell=watched)


def run(example, monkeypatch, tmp_path, **modules):
    """Run an example in an empty folder, with modules that stand in for others; returns the means of all cells."""
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.chdir(tmp_path)
    experiment = Experiment()
    exec(compile(EXAMPLES[example], "callbacks.md", "exec"), {"experiment": experiment})
    assert len(experiment.means) >= 2
    return experiment.means


def test_the_page_has_an_example_for_each_board_whose_function_has_at_most_five_lines():
    assert list(EXAMPLES) == ["Weights & Biases", "MLflow", "TensorBoard"]
    for example in EXAMPLES.values():
        function = re.search(r"^def log.*?(?=\n\S)", example, flags=re.DOTALL | re.MULTILINE).group()
        assert len(function.strip().splitlines()) <= 5


def test_the_example_for_weights_and_biases_logs_the_means(monkeypatch, tmp_path):
    logged = {}

    def log(values, step):
        logged.update({(name, step): value for name, value in values.items()})

    board = types.SimpleNamespace(log=log)
    wandb = types.SimpleNamespace(init=lambda project, config: board)
    assert run("Weights & Biases", monkeypatch, tmp_path, wandb=wandb) == logged


def test_the_example_for_mlflow_logs_the_means_under_names_that_mlflow_takes(monkeypatch, tmp_path):
    logged = {}

    def log_metric(key, value, step):
        assert re.fullmatch(r"[/\w.\- ]*", key)  # the rule of mlflow.utils.validation
        logged[key, step] = value

    mlflow = types.SimpleNamespace(set_experiment=lambda name: None, log_metric=log_metric)
    means = run("MLflow", monkeypatch, tmp_path, mlflow=mlflow)
    assert {(name.replace("=", "_"), step): mean for (name, step), mean in means.items()} == logged


def test_the_example_for_tensorboard_writes_a_log_that_can_be_read_back(monkeypatch, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    means = run("TensorBoard", monkeypatch, tmp_path)
    events = EventAccumulator(str(tmp_path / "runs")).Reload()
    found = {
        (tag, event.step): float(make_ndarray(event.tensor_proto))
        for tag in events.Tags()["tensors"]
        for event in events.Tensors(tag)
    }
    assert found.keys() == means.keys()
    for key, mean in means.items():
        assert found[key] == pytest.approx(mean.expected, rel=1e-6)  # TensorBoard keeps float32
