"""Results as one reads them: a table that fits the screen, HTML, LaTeX, and what a notebook shows."""

import html.parser
import re

import numpy as np
import pandas as pd
import pytest

import boltzmann_rl as brl
from boltzmann_rl.results import notebooks
from boltzmann_rl.results.overview import latex, overview

NAUGHTY = '<script>alert("&")</script>_$'


def _results(problem=None, **more):
    greedy = brl.Agent(brl.SampleAverage(), brl.Greedy())
    cool = {one: brl.Agent(brl.SampleAverage(), brl.Boltzmann(one)) for one in (0.1, 0.4)}
    settings = {"runs": 30, "steps": 60, "seed": 0} | more
    problem = brl.GaussianBandit(arms=4) if problem is None else problem
    agents = {NAUGHTY: greedy, "τ": cool}
    return brl.BanditExperiment("overview", problem, agents, **settings).run(progress=False)


@pytest.fixture(scope="module")
def results():
    return _results()


def test_the_table_has_the_numbers_of_the_summary_with_two_digits_of_the_interval(results):
    table, summary = results.table(), results.summary
    assert list(table) == ["agent", "reward", "best_action [%]", "regret"]
    assert list(table["agent"]) == list(summary["agent"])
    for cell, row in zip(table["reward"], summary.to_dict("records"), strict=True):
        mean, half = map(float, cell.split(" ± "))
        assert mean == pytest.approx(row["reward"], abs=0.005)
        assert half == pytest.approx((row["reward_high"] - row["reward_low"]) / 2.0, abs=0.005)


def test_completion_offers_the_tables_before_they_are_made():
    assert set(dir(_results())) >= {"curves", "runs", "comparisons", "summary", "windows", "plot", "sentence"}


def test_the_html_table_has_heads_in_words(results):
    heads = re.findall("<th scope[^>]*>(.*?)</th>", results.to_html())
    assert heads == ["Agent", "Mean reward per step", "Best action chosen [%]", "Regret over the run"]


def test_intervals_that_are_not_symmetric_show_both_ends(results):
    summary = results.summary.assign(reward=1.0, reward_low=[0.5, 0.9, 0.9], reward_high=[1.1, 1.1, 1.1])
    cells = overview(summary, results.manifest, ["reward"])["reward"]
    assert list(cells) == ["1.00 [0.50, 1.10]", "1.00 [0.90, 1.10]", "1.00 [0.90, 1.10]"]


def test_one_run_has_no_intervals():
    alone = _results(runs=1)
    assert not alone.table()["reward"].str.contains("[±[]").any()
    assert "One run, which has no intervals." in alone.to_html()


def test_the_best_mean_of_each_metric_and_problem_is_bold():
    problems = {"easy": brl.GaussianBandit(means=(0.0, 3.0)), "hard": brl.GaussianBandit(means=(0.0, 0.1))}
    found = _results(problems)
    bold = re.findall(r"<tr>(.*?)</tr>", found.to_html())[1:]
    rows = found.summary.to_dict("records")
    for metric, better in (("reward", max), ("best_action", max), ("regret", min)):
        column = 2 + ["reward", "best_action", "regret"].index(metric)
        for line, row in zip(bold, rows, strict=True):
            cells = re.findall(r"<td>(.*?)</td>", line)
            best = better(one[metric] for one in rows if one["problem"] == row["problem"])
            assert cells[column].startswith("<strong>") == (row[metric] == best)
    assert found.to_latex().count(r"\textbf{") == 6


def test_chosen_metrics_are_shown_in_their_order_and_unknown_ones_are_refused(results):
    assert list(results.table(["regret", "reward"])) == ["agent", "regret", "reward"]
    for metrics, error in ((["reward", "regert"], ValueError), ("reward", TypeError), (["agent"], ValueError)):
        with pytest.raises(error, match="metrics must be"):
            results.to_latex(metrics)


def test_labels_are_text_in_html_and_in_latex(results):
    class Tags(html.parser.HTMLParser):
        seen, text = (), ""

        def handle_starttag(self, tag, attrs):
            self.seen = (*self.seen, tag)

        def handle_data(self, data):
            self.text += data

    for page in (results.to_html(), results._repr_html_()):
        tags = Tags()
        tags.feed(page)
        assert "script" not in tags.seen
        assert NAUGHTY in tags.text
    assert r"<script>alert(" in results.to_latex()
    assert r"\&" in results.to_latex()
    assert r"\_\$" in results.to_latex()


def test_labels_of_ones_own_are_written_as_the_language_reads_them_in_tables(results):
    label = next(label for label in results.summary["agent"] if label.startswith("τ = 0.1"))
    named = {label: r"$\tau=\frac{1}{10}$ \emph{(cold)}"}
    assert f"\n{named[label]} & " in results.to_latex(labels=named)
    assert f"\n| {named[label]} | " in results.to_markdown(labels=named)
    plain, changed = (results.to_latex(**more).splitlines() for more in ({}, {"labels": named}))
    assert sum(a != b for a, b in zip(plain, changed, strict=True)) == 1
    with pytest.raises(ValueError, match=r"keys of labels must be among .*, got 'cold'"):
        results.to_latex(labels={"cold": "x"})
    with pytest.raises(TypeError, match="labels must map"):
        results.to_markdown(labels=["x"])


def test_the_label_of_a_family_begins_those_of_its_agents_in_tables(results):
    rows = results.to_latex(labels={"τ": r"$T$", "τ = 0.4": r"\emph{warm}"}).splitlines()
    assert sorted(row.split(" & ")[0] for row in rows if "emph" in row or "$T$" in row) == ["$T$ = 0.1", r"\emph{warm}"]


def test_a_problem_can_have_a_label_of_ones_own_in_tables():
    found = _results({"easy": brl.GaussianBandit(means=(0.0, 3.0)), "hard": brl.GaussianBandit(means=(0.0, 0.1))})
    assert found.to_latex(labels={"easy": "$\\Delta=3$"}).count("\n$\\Delta=3$ & ") == 3


def test_a_latex_table_has_as_many_cells_in_each_row_as_columns(results):
    text = results.to_latex()
    columns = re.search(r"\\begin{tabular}{([lr]+)}", text).group(1)
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 1 + len(results.summary)
    assert {len(re.split(r"(?<!\\)&", row)) for row in rows} == {len(columns)}
    assert text.startswith("% Means of 30 runs with 95 % confidence intervals.")


def test_latex_writes_signs_that_it_reads_as_commands():
    assert latex(r"a_b \ {c} ~^") == r"a\_b \textbackslash{} \{c\} \textasciitilde{}\textasciicircum{}"


def test_a_notebook_shows_the_sentence_the_table_and_one_figure(results):
    page = results._repr_html_()
    assert html.escape(results.sentence) in page
    assert results.to_html() in page
    assert page.count("data:image/png;base64,") == 1


def test_a_figure_that_cannot_be_drawn_costs_neither_sentence_nor_table(results, monkeypatch):
    def fail(self):
        raise RuntimeError("latex <was> not found")

    monkeypatch.setattr(notebooks, "drawn", fail)
    page = results._repr_html_()
    assert results.to_html() in page
    assert "RuntimeError: latex &lt;was&gt; not found" in page


def test_results_without_a_summary_say_so_everywhere(results):
    bare = brl.Results(results.curves, pd.DataFrame(), results.runs, results.manifest)
    for told in (str(bare), bare._repr_html_()):
        assert "summary" in told
    with pytest.raises(FileNotFoundError, match="summary"):
        bare.table()


def test_the_repr_is_one_line_and_printing_adds_the_sentence_and_the_table(results):
    assert repr(results) == "<Results 'overview': 3 agents, GaussianBandit, 30 runs>"
    assert str(results).splitlines()[:2] == [repr(results), results.sentence]
    assert results.table().to_string(index=False) in str(results)
    assert max(map(len, results.table().to_string(index=False).splitlines())) <= 120


def test_metrics_of_runs_made_elsewhere_are_better_as_they_were_declared():
    rows = [(agent, seed, 0, 1.0 + k + seed) for k, agent in enumerate("ab") for seed in range(4)]
    table = pd.DataFrame(rows, columns=["agent", "seed", "step", "loss"])
    loss = brl.Metric("loss", higher_is_better=False)
    found = brl.Results.of_runs(table, metrics=[loss])
    assert re.search(r"<td>a</td><td><strong>", found.to_html())
    assert "<td>b</td><td><strong>" not in found.to_html()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e10, 1e300])
def test_numbers_of_any_size_keep_two_digits_of_their_interval(scale):
    found = _results(brl.RescaledBandit(brl.GaussianBandit(arms=4), factor=scale))
    head, cells = list(found.table(["reward"]).items())[-1]
    assert (head == "reward") == (scale == 1.0)
    unit = 1.0 if scale == 1.0 else float(re.fullmatch(r"reward \[(1e-?\d+)\]", head).group(1))
    assert scale == 1.0 or 1.0 <= np.abs(found.summary["reward"] / unit).max() < 1000.0
    for cell, row in zip(cells, found.summary.to_dict("records"), strict=True):
        mean, half = map(float, cell.split(" ± "))
        width = row["reward_high"] / 2.0 - row["reward_low"] / 2.0
        assert abs(mean - row["reward"] / unit) <= 0.1 * width / unit
        assert np.isclose(half, width / unit, rtol=0.1)
