"""The comparison of explorations in docs/dqn.md says what the runs beside it say."""

import importlib.util
import re

import pandas as pd
from pages import DOCS, page

PAGE = page("dqn.md")


def comparison(name="dqn_comparison"):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_the_page_is_made_from_the_runs():
    module = comparison()
    assert module.table(module.judged()) in PAGE


def test_the_page_gives_the_number_of_seeds_of_the_sentence():
    needed = set(re.findall(r"about (\d+) runs would show it", comparison().judged().sentence))
    assert needed == set(re.findall(r"about (\d+) seeds would show", PAGE))


def test_the_means_are_those_of_the_runs():
    module = comparison()
    means = pd.read_csv(module.RUNS).groupby("agent")["return"].mean()
    summary = module.judged().summary.set_index("agent")["return"]
    for agent, mean in means.items():
        assert abs(summary[agent] - mean) < 1e-9
        assert f"| {agent} | {mean:.0f} [" in PAGE


def test_every_agent_has_the_eight_seeds_and_the_same_evaluations():
    runs = pd.read_csv(comparison().RUNS)
    assert runs.groupby("agent")["seed"].nunique().tolist() == [8, 8, 8]
    assert runs.groupby(["agent", "seed"])["step"].apply(list).map(tuple).nunique() == 1


def test_what_the_page_says_of_compiled_decisions_is_what_their_runs_say(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    (pair,) = comparison("dqn_compiled").judged().comparisons.itertuples()
    said = f"{-pair.difference:.0f} [{-pair.high:.0f}, {-pair.low:+.0f}] behind that of decisions outside".replace(
        "-", "−"
    )
    assert pair.first == "decisions inside torch.compile"
    assert said in PAGE
    assert f"(p = {pair.p_value:.2f})" in PAGE
