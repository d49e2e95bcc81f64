"""Pages in headless Chromium: the long form of their tests, with Playwright, the system's Chromium and axe-core."""

import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

# BOLTZMANN_RL_BROWSER=long pytest tests/test_playground_browser.py
LONG = os.environ.get("BOLTZMANN_RL_BROWSER") == "long"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

in_a_browser = [
    pytest.mark.skipif(not LONG, reason="the long form: BOLTZMANN_RL_BROWSER=long"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

# Seconds to wait for what a page does, also on a machine that is busy otherwise.
PATIENCE = 120.0

# Wide and narrow, light and dark.
VIEWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]


@contextmanager
def chromium():
    """A browser, by Playwright."""
    api = pytest.importorskip("playwright.sync_api", exc_type=ImportError)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser, address, width, scheme, **options):
    """A page in a window of its own; at the end, neither the console nor a script may have complained."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(address)
    yield page
    context.close()
    assert complaints == []


def until(page, condition, argument=None, patience=PATIENCE):
    """Wait until JavaScript holds; Playwright's own waiting evaluates text in the page, which its policy forbids."""
    end = time.monotonic() + patience
    while not page.evaluate(condition, argument):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def axe():
    """The text of axe-core: of the file that AXE_JS names, or of node_modules in the project; None without it."""
    places = [os.environ.get("AXE_JS"), Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"]
    found = next((Path(place) for place in places if place and Path(place).is_file()), None)
    return None if found is None else found.read_text("utf-8")


def violations(page, axe_core):
    """What axe-core finds, each as a rule and the elements that break it; it goes in through the debugger."""
    session = page.context.new_cdp_session(page)  # the page's policy blocks script elements
    session.send("Runtime.evaluate", {"expression": axe_core})
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    session.detach()
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


# The text of all charts that are shown, each with its colours: its own, and those below it from the bottom up.
_TEXTS = """
() => [...document.querySelectorAll("svg text")].filter((text) => text.checkVisibility()).map((text) => {
  const style = (element) => getComputedStyle(element);
  const cell = text.closest(".cell");
  const below = [[style(document.body).backgroundColor, 1]];
  for (const rect of cell === null ? [] : cell.querySelectorAll("rect:not(.selected)")) {
    below.push([style(rect).fill, Number(style(rect).fillOpacity)]);
  }
  const edges = ({ left, top, right, bottom }) => [left, top, right, bottom];
  const chart = text.closest(".chart, .arm svg");
  return { text: text.textContent, colour: style(text).fill, below, box: edges(text.getBoundingClientRect()),
    chart: chart.getAttribute("aria-label"), frame: edges(chart.getBoundingClientRect()) };
})
"""


def texts(page):
    """The text of the charts: ``text``, ``chart``, ``box``, ``frame`` and ``contrast``."""
    found = page.evaluate(_TEXTS)
    for text in found:
        ground = [255.0, 255.0, 255.0]
        for colour, opacity in text["below"]:
            ground = [(1 - opacity) * old + opacity * new for old, new in zip(ground, _rgb(colour), strict=True)]
        low, high = sorted((_luminance(_rgb(text["colour"])), _luminance(ground)))
        text["contrast"] = (high + 0.05) / (low + 0.05)
    return found


def _rgb(colour):
    assert colour.startswith("rgb("), colour
    return [float(number) for number in colour[4:-1].split(",")]


def _luminance(rgb):
    """Relative luminance (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
