"""Labels that mean something to HTML, Markdown, LaTeX, spreadsheets or Matplotlib are text everywhere."""

import csv
import dataclasses
import html
import html.parser
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from cases import in_one_test
from matplotlib.collections import PolyCollection

import boltzmann_rl as brl
from boltzmann_rl.results.report import page_of_results

LABELS = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onload="x',
    "attribute in single quotes": "' onmouseover='x",
    "entity": "&lt;b&gt;",
    "pipe": "a|b",
    "pipe behind a backslash": "a\\|b",
    "link": "[a](javascript:alert(1))",
    "emphasis": "*a* _b_ `c`",
    "formula": "=cmd|' /C calc'!A0",
    "formula with plus": "+1+1",
    "formula with minus": "-1",
    "formula with at": "@SUM(1)",
    "comma and quote": 'a,"b',
    "quote of a spreadsheet": "'=1",
    "mathematics": "$\\tau_0$",
    "one dollar": "$",
    "command": "\\input{/etc/passwd} % #1 & ^ ~",
    "underscore": "_a",
    "right to left": "שלום",
    "astral": "🧪 τ",
    "long": "x" * 2000,
    "long words": "word " * 199 + "end",
    "template": "[[body]] {{script}}",
}


def _results(agent, problem="p", runs=12):
    agents = {
        agent: brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
        "plain": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.5)),
    }
    problems = {problem: brl.GaussianBandit((-2.0, -1.0), sd=0.1)}
    return brl.BanditExperiment("hostile", problems, agents, runs=runs, steps=10, seed=0).run(progress=False)


@pytest.fixture(scope="module", params=LABELS.values(), ids=LABELS)
def label(request):
    return request.param


@pytest.fixture(scope="module")
def results(label):
    return _results(label, label)


@pytest.fixture(scope="module")
def plain():
    """The same results with plain labels."""
    return _results("cool", "p")


class _Elements(html.parser.HTMLParser):
    """The elements of a page without their attributes' values, and all text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, sorted(name for name, _ in attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def plain_page(plain):
    return _Elements(page_of_results([plain]))


def test_a_page_has_the_elements_and_attributes_that_plain_labels_give_it(results, label, plain_page):
    found = _Elements(page_of_results([results]))
    assert found.found == plain_page.found
    assert label in found.text


def test_an_html_table_has_the_label_as_text(results, label, plain):
    found = _Elements(results.to_html())
    assert found.found == _Elements(plain.to_html()).found
    assert label in found.text


def _cells(row):
    """The cells of a row as GitHub splits it: at bars that no backslash escapes."""
    cells = re.findall(r"((?:\\.|[^|\\])*)\|", row)[1:]
    return [re.sub(r"\\(.)", r"\1", cell.strip().strip("*") if "**" in cell[:3] else cell.strip()) for cell in cells]


def test_a_markdown_table_has_one_row_for_each_agent_and_the_label_in_its_cell(results, label):
    head, rule, *rows = results.to_markdown().split("\n\n")[0].split("\n")
    assert len(rows) == 2
    assert {len(_cells(row)) for row in (head, rule, *rows)} == {len(results.table().columns)}
    assert {_cells(row)[0] for row in rows} == {label.strip(), "plain"}
    bare = re.sub(r"\\.", "", "".join(rows)).replace("**", "")
    assert not set("<>`[]*_&$") & set(bare)


def test_a_latex_table_has_no_command_of_a_label(results):
    rows = results.to_latex().split("\\midrule\n")[1].split("\\bottomrule")[0].strip().split("\n")
    columns = len(results.table().columns)
    known = r"\\(textbf|textbackslash|textasciicircum|textasciitilde|[a-z]+\$|surd|infty|pm|[&%$#_{}\\])"
    for row in rows:
        assert len(re.findall(r"(?<!\\)&", row)) == columns - 1
        assert not re.search(r"\\", re.sub(known, "", row))


def test_text_cells_of_a_csv_are_no_formulas_and_numbers_are_as_they_were(results, label, tmp_path):
    folder = results.save(tmp_path)
    for name in ("curves", "summary", "runs", "comparisons"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for column, cell in row.items():
                if column in ("problem", "agent", "first_agent"):
                    assert cell in (label, f"'{label}", "plain")
                    assert not re.match(r"[=+\-@\t\r]", cell)
        if name == "runs":
            assert [float(row["reward"]) for row in rows] == [*results.runs["reward"]]
            assert rows[0]["reward"].startswith("-")
    again = brl.load(folder)
    assert [*again.summary["agent"]] == [*results.summary["agent"]]
    np.testing.assert_array_equal(again.runs["reward"], results.runs["reward"])


def test_a_figure_names_the_agent_and_shortens_a_long_label(results, label):
    figure = results.plot()
    figure.canvas.draw()
    texts = [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]
    if len(label) <= 20:
        assert any(label.strip() in text for text in texts)
    assert max(max(map(len, text.split("\n"))) for text in texts) <= 200


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_a_figure_of_all_labels_is_saved(kind, tmp_path):
    agents = {label: brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)) for label in LABELS.values()}
    problems = {label: brl.GaussianBandit((-2.0, -1.0)) for label in ("$\\tau_0$", LABELS["command"], LABELS["script"])}
    results = brl.BanditExperiment("hostile", problems, agents, runs=2, steps=10, seed=0).run(progress=False)
    path = tmp_path / f"figure.{kind}"
    results.plot().savefig(path)
    if kind == "svg":
        texts = {"".join(text.itertext()) for text in ElementTree.parse(path).iter() if text.tag.endswith("text")}
        assert {" ".join(label.split()) for label in LABELS.values() if len(label) < 15} <= texts


@in_one_test("label", ["a\nb", "a\rb", "a\x00b", "\u202ea", "a\u2028b", "x" * 5001])
def test_labels_of_several_lines_or_without_end_are_refused_where_they_are_declared(label):
    with pytest.raises(ValueError, match="the labels of agents must"):
        _results(label)


def test_a_line_break_from_elsewhere_makes_no_new_row(results):
    broken = dataclasses.replace(results, summary=results.summary.assign(agent=["a\nb", "c\r\n| d"]))
    rows = broken.to_markdown().split("\n\n")[0].split("\n")
    assert len(rows) == 4
    assert "a\\\\nb" in "".join(rows)
    assert len(broken.to_latex().split("\\midrule\n")[1].split("\\bottomrule")[0].strip().split("\n")) == 2


def test_one_run_has_no_interval_anywhere_and_this_is_said():
    results = _results("1 seed", runs=1)
    page = page_of_results([results])
    assert page.count("One run, which has no intervals.") >= 2  # beside the curves, and in the table
    assert "±" not in results.to_markdown()
    assert "One run, which has no intervals." in results.to_markdown()
    assert not re.search(r'"low":\[(?!null)', page.split('"differences"')[0].split('id="data">')[1])
    figure = results.plot()
    assert not figure.findobj(PolyCollection)
    assert any(
        "1 run, which has no intervals" in text.get_text() for text in figure.findobj(lambda p: hasattr(p, "get_text"))
    )
