"""The page that says which temperature to take, and the docstring of `recommended`, have the numbers of the tables."""

import inspect
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import page, run_python

import boltzmann_rl as brl

SHIPPED = Path(__file__).parents[1] / "results" / "shipped" / "atlas"
PAGE = page("which_temperature.md")
LOSS = "loss, constant or schedule"


def _losses(part, rule, constants=""):
    """The losses of a rule on the problems that judge."""
    table = pd.read_csv(SHIPPED / part / "regrets.csv.gz", dtype={"constants": str}, keep_default_na=False)
    found = table[(table["stage"] == 2) & (table["rule"] == rule) & (table["constants"] == constants)]
    assert not found.empty
    return found[LOSS].astype(float)


def _shown(losses, worst="{:.2g}"):
    return f"{losses.median():.2f} / {losses.quantile(0.9):.2f} / {worst.format(losses.max())}"


CASES = [
    ("bandits", "brl.recommended", "", "brl.recommended(actions, steps)`"),
    ("bandits", "Boltzmann–Gumbel, C = c·noise", "0.35", "brl.recommended(actions)`"),
    ("environments", "brl.recommended", "", "brl.recommended(actions, states=True))`"),
]


@pytest.mark.parametrize(("part", "rule", "constants", "code"), CASES)
def test_the_losses_of_what_is_recommended_are_those_of_the_tables(part, rule, constants, code):
    [row] = [line for line in PAGE.splitlines() if f"{code} |" in line]
    losses = _losses(part, rule, constants)
    assert row.endswith(f"| {_shown(losses)} |")
    docstring = " ".join(inspect.getdoc(brl.recommended).split())
    assert _shown(losses) in docstring
    assert f"{len(losses)} {'bandits' if part == 'bandits' else 'tables of states'}" in docstring


@pytest.mark.parametrize(
    ("rule", "start"), [("ε = 0.1", "ε = 0.1 has "), ("UCB1, √2", "UCB1 with √2 "), ("τ = 1", "τ = 1 ")]
)
def test_the_losses_of_other_rules_are_those_of_the_tables(rule, start):
    text = " ".join(PAGE.split())
    said = re.search(rf"{start}([\d.,]+) / ([\d.,]+) / ([\d.,]+)", text)
    numbers = [float(part.strip(".,").replace(",", "")) for part in said.groups()]
    losses = _losses("bandits", rule)
    expected = losses.median(), losses.quantile(0.9), losses.max()
    np.testing.assert_allclose(numbers, expected, rtol=0.04)


def test_the_recommended_agents_are_the_rules_that_were_measured():
    """The rules of the atlas are made by `recommended` itself, so only its case without steps has another name."""
    agent = brl.recommended(10)
    assert agent.policy == brl.BoltzmannGumbel(brl.RelativeToNoise(0.35))
    assert agent.learner == brl.NoiseEstimate(brl.SampleAverage())


def test_the_examples_and_the_agents_in_the_text_can_be_made(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    results = run_python("which_temperature.md")["results"]
    assert list(results.summary["agent"]) == ["recommended"]
    text = " ".join(PAGE.split())
    agents = [code for code in re.findall(r"`(brl\.[^`]+)`", text) if code.startswith("brl.Agent(") and "…" not in code]
    names = {"brl": brl, "actions": 4, "learner": brl.QLearning()}
    assert [type(eval(code, names)) for code in agents] == [brl.Agent] * 3
    policies = re.findall(r"`(brl\.Boltzmann\([^`]+)`", text)
    assert brl.act(eval(policies[0], names), [0.0, 1.0], np.random.default_rng(0), step=0) in (0, 1)


def test_rules_that_are_as_good_have_the_losses_of_the_tables():
    text = " ".join(PAGE.split())
    for rule, constants in (("UCB1, c·noise", "0.7"), ("Thompson, sd = c·noise", "0.7")):
        assert _shown(_losses("bandits", rule, constants)) in text
    assert _shown(_losses("environments", "greedy, every action first")) in text
