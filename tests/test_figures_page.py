"""The page on figures: its code runs, and its table has all figures."""

import re

from pages import page, run_python

from boltzmann_rl.results.figures import Figures


def test_the_code_of_the_page_runs_from_top_to_bottom():
    run_python("figures.md")


def test_the_table_names_every_figure():
    named = set(re.findall(r"^\| `results\.figures\.(\w+)\(", page("figures.md"), flags=re.MULTILINE))
    assert named == {name for name in vars(Figures) if not name.startswith("_")}
