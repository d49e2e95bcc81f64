"""The code of docs/estimates.md runs, from top to bottom, and the page names all columns."""

import re

import pytest
from pages import page, run_python

PAGE = page("estimates.md")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The variables of the page after its code has run."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        namespace = run_python("estimates.md")
    assert (folder / "difference.png").exists()
    return namespace


def test_the_page_names_all_columns_of_estimates(ran):
    named = re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)
    columns = [name for name in ran["estimates"] if not name.endswith(("_low", "_high"))]
    assert columns == ["experiment", "problem", "agent", "metric", "runs", *named, "warning"]
    assert {f"{name}_{end}" for name in named for end in ("low", "high")} <= set(ran["estimates"])


def test_the_ways_of_normalising_are_those_of_the_page(ran):
    ways = re.findall(r"^- `between=(.*?)`: ", PAGE, flags=re.MULTILINE)
    found = [ran["results"].aggregate(between=eval(way)) for way in ways]
    assert len(found) == 2
    assert ran["scores"].equals(found[0])


def test_the_figure_of_the_page_has_a_band_on_both_problems(ran):
    assert [len(ax.collections) for ax in ran["figure"].axes] == [1, 1]
    assert ran["curve"]["low"].notna().all()


def test_averages_of_the_page_agree_with_what_happened(ran):
    assert not ran["averaging"]["warning"].any()
    assert (ran["averaging"]["factor"] >= 1.0).all()
