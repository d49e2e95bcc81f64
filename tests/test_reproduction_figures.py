"""Figures of reproductions: what is published and what is ours, in the paper's order, with one unit on an axis."""

import re
import runpy
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from cases import in_one_test

from boltzmann_rl.figures.style import figure_bytes
from boltzmann_rl.reproduction.figure import plot_reproduction
from boltzmann_rl.reproduction.panels import panels_of
from boltzmann_rl.reproduction.targets import NOT_GIVEN, Measurement, Target, measure_targets

DECLARED = Path(__file__).parent.parent / "experiments" / "reproductions"
PAPERS = sorted(path.stem for path in DECLARED.glob("*.py"))


@dataclass(frozen=True)
class Known:
    """A study whose numbers are known."""

    values: tuple[float, ...]
    standard_error: float = 0.1
    runs: int = 101

    def measure(self, jobs: int | None = None) -> Measurement:
        error = np.full(len(self.values), self.standard_error)
        return Measurement(np.array(self.values), error, error * self.runs**0.5, self.runs)


def as_published(paper):
    """The rows of a paper, with numbers of ours that lie near the published ones."""
    targets = runpy.run_path(str(DECLARED / f"{paper}.py"))["TARGETS"]
    known = []
    for target in targets:
        expected = np.where(np.isnan(target.published), target.independent or np.nan, target.published)
        error = float(np.abs(expected).max()) / 200.0
        known.append(replace(target, study=Known(tuple(expected + error), error)))
    return measure_targets(known)


def rows(**fields):
    return measure_targets([Target(**{"id": "T", "source": "", "panel": "Table 1", **fields})])


def lines_at(ax, positions):
    """The lines of axes whose marks are at these positions."""
    return [line for line in ax.get_lines() if [*line.get_xdata()] == positions]


def test_published_marks_are_open_and_ours_are_filled_with_a_95_percent_interval():
    figure = plot_reproduction(rows(study=Known((1.0, 2.0)), published=(1.1, 2.2), x=("a", "b"), unit="regret"))
    left, right = figure.axes[:2]
    (published,) = lines_at(left, [1.1, 2.2])
    (ours,) = lines_at(left, [1.0, 2.0])
    assert published.get_markerfacecolor() == "none" != ours.get_markerfacecolor()
    (bars,) = left.collections
    low, high = bars.get_segments()[0][:, 0]
    assert (high - low) / 2.0 == pytest.approx(0.1 * 1.984, rel=1e-3)  # Student's t with 100 degrees of freedom
    # differences of −0.1 and −0.2 where 3.5 · 0.1 is allowed
    assert any(line.get_xdata() == pytest.approx([-0.1 / 0.35, -0.2 / 0.35]) for line in right.get_lines()[1:])


def test_categories_are_never_joined_by_lines_and_positions_are():
    by_name = plot_reproduction(rows(study=Known((1.0, 2.0)), published=(1.1, 2.2), x=("a", "b")))
    by_number = plot_reproduction(rows(study=Known((1.0, 2.0)), published=(1.1, 2.2), x=(0.1, 0.2)))
    assert all(line.get_linestyle() == "None" for line in by_name.axes[0].get_lines())
    assert any(line.get_linestyle() == "-" for line in by_number.axes[0].get_lines())


def test_numbers_in_different_units_have_axes_of_their_own():
    unit = ("probability", "value of the start")
    figure = plot_reproduction(rows(study=Known((0.5, -40.0)), published=(0.5, -41.0), x=("a", "b"), unit=unit))
    assert [ax.get_xlabel() for ax in figure.axes[::2]] == [*unit]
    assert [[point.x for point in panel.points] for panel in panels_of(rows(
        study=Known((0.5, -40.0)), published=(0.5, -41.0), x=("a", "b"), unit=unit))] == [["a"], ["b"]]  # fmt: skip


def test_all_panels_have_the_agents_in_the_order_of_the_paper():
    order = ["softmax", "ε-greedy", "reinforcement comparison", "UCB1", "UCB1-Tuned"]
    panels = [panel for panel in panels_of(as_published("kuleshov_precup")) if panel.categorical]
    assert len(panels) == 3
    for panel in panels:
        agents = [*dict.fromkeys(point.x for point in panel.points)]
        assert agents == [agent for agent in order if agent in agents]


def test_no_published_mark_is_promised_where_nothing_is_published():
    given = {"study": Known((1.0,), 0.0), "published": NOT_GIVEN, "x": ("a",)}
    figure = plot_reproduction(rows(**given, independent=1.0, independent_within=0.1))
    labels = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert not any("published" in label for label in labels)
    assert any("independent" in label for label in labels)


def test_a_number_far_outside_the_tolerance_is_drawn_outside_the_grey_band():
    figure = plot_reproduction(rows(study=Known((1.0,), 0.0), published=2.0, x=("a",)))
    right = figure.axes[1]
    (mark,) = (line for line in right.get_lines() if line.get_marker() == "o")
    assert mark.get_xdata()[0] < -1.0
    assert right.get_xlim()[0] <= mark.get_xdata()[0]
    assert "0 of 1 targets agree" in figure.get_suptitle()


@in_one_test("paper", PAPERS)
@in_one_test("width", [7.0, 3.3])
def test_no_text_of_a_shipped_figure_leaves_the_page(paper, width):
    figure = plot_reproduction(as_published(paper), "The *title* of a paper", width)
    figure.draw_without_rendering()
    page = figure.bbox
    texts = [figure._suptitle, *(text for legend in figure.legends for text in legend.get_texts())]
    for ax in figure.axes:
        texts += [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_yticklabels()]
    for text in filter(lambda text: text.get_text(), texts):
        box = text.get_window_extent()
        assert box.x0 >= page.x0 - 1.0, text
        assert box.x1 <= page.x1 + 1.0, text
    assert "title of a paper" in figure.get_suptitle()


@pytest.mark.skipif(shutil.which("pdffonts") is None, reason="pdffonts is missing")
@pytest.mark.pdf
def test_pdffonts_lists_embedded_truetype_only(tmp_path):
    file = tmp_path / "x.pdf"
    file.write_bytes(figure_bytes(plot_reproduction(as_published("exact"), "Softmax"))["pdf"])
    said = subprocess.run(["pdffonts", file], capture_output=True, text=True, check=True).stdout
    lines = said.splitlines()[2:]
    assert lines
    assert all("TrueType" in line and re.search(r"yes +yes", line) for line in lines), said
