"""Links of the pages of the documentation lead somewhere."""

import re

import pytest
from pages import DOCS, page

PAGES = sorted(path.name for path in DOCS.glob("*.md"))


def anchors(name):
    """The anchors of a page's headings, as hosts of Markdown make them."""
    headings = re.findall(r"^#+ (.*)$", page(name), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files_and_headings(name):
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page(name)):
        path, _, anchor = target.partition("#")
        assert (DOCS / path).exists(), target
        if anchor:
            assert anchor in anchors(path or name), target
