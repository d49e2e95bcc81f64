"""The pages on speed are those that the benchmarks write of what was measured."""

import importlib
import json

import pytest
from pages import DOCS


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS.parent / "benchmarks"))
    return importlib.import_module


def table_of(rounds, **ratios):
    """Two rounds of a table whose ways take these times; their limits are 1.5."""
    taken = {way: [time, 2.0 * time] for way, time in ratios.items()}
    return rounds.Table("Some work", "base", taken, limits={way: 1.5 for way in ratios if way != "base"})


def test_the_pages_are_written_of_what_was_measured(benchmarks):
    speed_pages = benchmarks("speed_pages")
    tables = speed_pages.kept()
    assert (DOCS / "speed.md").read_text("utf-8") == speed_pages.summary(tables)
    assert (DOCS / "speed_tables.md").read_text("utf-8") == speed_pages.details(tables)


def test_the_first_page_fits_on_a_screen():
    lines = (DOCS / "speed.md").read_text("utf-8").splitlines()
    assert sum(line.startswith("|") for line in lines) <= 12, "ten rows below the head"
    assert len(lines) <= 20


def test_a_row_of_the_first_page_is_the_one_nearest_to_being_missed(benchmarks):
    speed_pages, rounds = benchmarks("speed_pages"), benchmarks("rounds")
    holding = speed_pages.Measured.of("some", table_of(rounds, base=1.0, near=1.25, far=0.5))
    text = speed_pages.summary([holding])
    assert "| [Some work](speed_tables.md#some-work) | near | base | 1.25 | ≤ 1.5 holds | 2 of 2 |" in text
    missing = speed_pages.Measured.of("some", table_of(rounds, base=1.0, near=1.25, above=2.0))
    text = speed_pages.summary([holding, missing, speed_pages.Measured.of("other", table_of(rounds, base=1.0))])
    assert "| [Some work](speed_tables.md#some-work) | above | base | 2 | ≤ 1.5 MISSED | 3 of 4 |" in text
    assert text.count("speed_tables.md#") == 1


def test_tables_of_one_benchmark_replace_only_their_own(benchmarks, tmp_path):
    speed_pages, rounds = benchmarks("speed_pages"), benchmarks("rounds")
    first, second = (speed_pages.Measured.of(name, table_of(rounds, base=1.0, way=1.0)) for name in "ab")
    anew = speed_pages.Measured.of("b", table_of(rounds, base=1.0, way=3.0))
    tables = speed_pages.renewed([second, first], {"b": [anew]}, order=("a", "b", "c"))
    assert tables == [first, anew]
    speed_pages.keep(tables, tmp_path / "kept.json")
    assert speed_pages.kept(tmp_path / "kept.json") == tables
    assert len(json.loads((tmp_path / "kept.json").read_text("utf-8"))) == 2
