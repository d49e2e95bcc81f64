"""Links of the pages of the documentation lead somewhere."""

import re
from pathlib import Path

from cases import in_one_test
from pages import DOCS, page

ROOT = DOCS.parent
PAGES = sorted(path.name for path in DOCS.glob("*.md"))


def anchors(name):
    """The anchors of a page's headings, as hosts of Markdown make them."""
    headings = re.findall(r"^#+ (.*)$", page(name), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@in_one_test("name", PAGES)
def test_links_lead_to_files_and_headings(name):
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page(name)):
        path, _, anchor = target.partition("#")
        assert (DOCS / path).exists(), target
        if anchor:
            assert anchor in anchors(path or name), target


@in_one_test("path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_every_image_is_described_by_a_sentence(path: Path):
    for said, _ in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", path.read_text("utf-8")):
        assert len(said.split()) >= 12, said


@in_one_test("path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_what_stands_around_a_figure_with_intervals_says_how_many_runs_and_which_interval(path: Path):
    text = path.read_text("utf-8")
    exact = (
        "fixed_points.png",
        "softmax_and_sigmoid.png",
        "speed.png",
        "stopping.png",
    )  # without intervals of confidence
    for found in re.finditer(r"!\[[^\]]*\]\(([^)]+\.png)\)", text):
        around = text[max(found.start() - 700, 0) : found.end() + 700]
        if found[1] not in exact:
            assert re.search(r"\d %", around), found[1]
            assert re.search(r"\d (paired )?(runs|seeds|bandits|simulated people)", around), found[1]
