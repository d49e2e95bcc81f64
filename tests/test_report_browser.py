"""The report in headless Chromium, with the keyboard, the pointer and axe-core."""

import dataclasses
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from browsing import VIEWS, axe, in_a_browser, opened, texts, violations

import boltzmann_rl as brl
from boltzmann_rl.cli.sources import experiments_in
from boltzmann_rl.reports import playground
from boltzmann_rl.results.report import page_of_results

pytestmark = in_a_browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    agents = {f"Boltzmann, τ = {τ}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(τ)) for τ in (0.1, 0.3, 1.0)}
    agents["<b>ε-greedy</b>"] = brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1))
    experiment = brl.BanditExperiment("seen", brl.GaussianBandit(arms=5), agents, runs=40, steps=300, seed=0)
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(page_of_results([experiment.run(progress=False)]), "utf-8")
    return file.as_uri()


# Labels that ask much of a page; there are more of them than a chart has room for labels.
HOSTILE = ["x" * 2000, "a long label of many words " * 10, "日本語" * 100, "<script>alert(1)</script>", "_a", "@SUM(1)"]
HOSTILE += [f"agent number {number}" for number in range(14)]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    agents = {label: brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1 * k)) for k, label in enumerate(HOSTILE)}
    problem = {"p" * 300: brl.GaussianBandit(arms=3)}
    experiment = brl.BanditExperiment("hostile", problem, agents, runs=1, steps=30, seed=0)
    file = tmp_path_factory.mktemp("hostile") / "report.html"
    file.write_text(page_of_results([experiment.run(progress=False)]), "utf-8")
    return file.as_uri()


@pytest.fixture(params=[VIEWS[0], VIEWS[3]], ids=["wide and light", "narrow and dark"])
def page(browser, address, request):
    with opened(browser, address, *request.param) as found:
        yield found


def lines(page):
    """The number of lines of the first chart."""
    return page.locator(".pair svg").first.locator(".line").count()


def steps(page):
    """The numbers below the first chart."""
    ticks = page.locator(".pair svg").first.locator("text.tick[text-anchor=middle]").all_text_contents()
    return [float(tick) for tick in ticks]


def focus(page):
    """The first chart, in focus."""
    cursor = page.locator(".cursor").first
    cursor.scroll_into_view_if_needed()
    cursor.focus()
    return cursor


def test_agents_are_switched_on_and_off_in_all_charts(page):
    assert lines(page) == 4
    box = page.get_by_label("<b>ε-greedy</b>", exact=True)
    box.uncheck()
    assert lines(page) == 3
    assert page.locator(".pair svg").nth(2).locator(".line").count() == 3
    box.check()
    assert lines(page) == 4


def test_the_keyboard_reads_all_charts_at_one_step_and_zooms_them(page):
    cursor = focus(page)
    assert max(steps(page)) == 300
    cursor.press("End")
    readings = [text for text in page.locator(".pair .reading").all_text_contents() if text]
    assert len(readings) == page.locator(".pair svg").count()
    assert all(text.startswith("step 300: ") for text in readings)
    assert "<b>ε-greedy</b>" in readings[0]
    cursor.press("+")
    assert min(steps(page)) >= 100
    assert page.locator(".pair svg").nth(1).locator("text.tick").all_text_contents()
    cursor.press("0")
    assert min(steps(page)) == 0
    cursor.press("Escape")
    assert page.locator(".pair .reading").first.text_content() == ""


def test_dragging_zooms_and_a_button_shows_everything_again(page):
    box = focus(page).bounding_box()
    at = [box["x"] + share * box["width"] for share in (0.4, 0.8)]
    page.mouse.move(at[0], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(at[1], box["y"] + 50, steps=8)
    page.mouse.up()
    assert min(steps(page)) >= 100
    assert max(steps(page)) <= 260
    page.get_by_role("button", name="Show all steps").click()
    assert (min(steps(page)), max(steps(page))) == (0, 300)


def test_both_axes_can_be_logarithmic(page):
    page.get_by_label("Logarithmic steps").check()
    assert steps(page)[:2] == [1, 10]
    page.get_by_label("Logarithmic values").check()
    assert lines(page) == 4
    page.get_by_label("Logarithmic steps").uncheck()
    page.get_by_label("Logarithmic values").uncheck()
    assert max(steps(page)) == 300


def test_the_slider_shows_the_probabilities_at_a_step(page):
    chart = page.locator("figure", has=page.get_by_label("Step", exact=True))
    slider = chart.get_by_label("Step", exact=True)
    slider.focus()
    slider.press("Home")
    assert chart.locator("output").text_content() == "1"
    assert chart.locator("svg").get_attribute("aria-label").endswith("at step 1")
    assert chart.locator(".line").count() == 4
    assert chart.locator("svg.chart .mark").count() == 4 * 5
    assert chart.locator("text.tick[text-anchor=middle]").all_text_contents() == ["1", "2", "3", "4", "5"]


def test_lines_have_marks_and_usual_labels_are_whole_also_on_a_phone(page):
    first = page.locator(".pair svg").first
    labels = first.locator("text.label").all_text_contents()
    assert sorted(labels) == ["<b>ε-greedy</b>", "Boltzmann, τ = 0.1", "Boltzmann, τ = 0.3", "Boltzmann, τ = 1.0"]
    shapes = {mark.get_attribute("d") for mark in first.locator(".mark").all()}
    assert len(shapes) == 2  # one for each family


def test_the_theme_can_be_chosen(page):
    page.get_by_label("Theme").select_option("dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Theme").select_option("light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)" != dark


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_pages_are_accessible_as_wide_as_their_window_and_nothing_sticks(browser, address, view):
    with opened(browser, address, *view) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= view[0]
        fixed = "[...document.querySelectorAll('*')].some((e) => /sticky|fixed/.test(getComputedStyle(e).position))"
        assert not page.evaluate(fixed)
        assert min(text["contrast"] for text in texts(page)) >= 4.5
        if (core := axe()) is not None:
            assert violations(page, core) == []
            page.get_by_label("Logarithmic values").check()
            focus(page).press("End")
            assert violations(page, core) == []


def printed(page):
    """The number of pages on paper."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


# Of A4 without its margins, in pixels.
PAPER = 703


@pytest.mark.parametrize("view", [VIEWS[0], VIEWS[3]], ids=["wide and light", "narrow and dark"])
def test_the_shipped_testbed_prints_on_two_pages(browser, tmp_path, view):
    [testbed] = experiments_in(Path(__file__).parents[1] / "experiments" / "ten_armed_testbed.py")
    results = dataclasses.replace(testbed, runs=100).run(progress=False)
    file = tmp_path / "report.html"
    file.write_text(page_of_results([results]), "utf-8")
    with opened(browser, file.as_uri(), *view) as page:
        assert printed(page) == 2


def test_paper_has_a_legend_of_the_agents_that_are_shown_and_no_controls(browser, address):
    with opened(browser, address, *VIEWS[0]) as page:
        page.get_by_label("Boltzmann, τ = 0.3", exact=True).uncheck()
        page.emulate_media(media="print")
        boxes = page.locator("[aria-label=Agents] label").all()
        shown = [box.text_content() for box in boxes if box.is_visible()]
        assert shown == ["Boltzmann, τ = 0.1", "Boltzmann, τ = 1.0", "<b>ε-greedy</b>"]
        for control in page.locator("input, select, button").all():
            assert not control.is_visible()


def test_charts_on_paper_are_drawn_for_its_columns_and_afterwards_for_the_screen(browser, address):
    with opened(browser, address, *VIEWS[0]) as page:
        before = page.locator("figure svg").first.get_attribute("viewBox")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        boxes = [svg.get_attribute("viewBox").split() for svg in page.locator("figure svg").all()]
        assert {width for _, _, width, _ in boxes} == {"460"}
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("figure svg").first.get_attribute("viewBox") == before


def test_nothing_is_cut_on_paper(browser, hostile):
    with opened(browser, hostile, PAPER, "light") as page:
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
        wider = "(e) => getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth"
        assert not page.evaluate(f"[...document.querySelectorAll('main div, main pre')].some({wider})")
        outside = [text for text in texts(page) if not within(text["box"], text["frame"])]
        assert outside == []


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_long_and_hostile_labels_fit_into_the_window(browser, hostile, view):
    with opened(browser, hostile, *view) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= view[0]
        assert [text for text in texts(page) if not within(text["box"], text["frame"])] == []
        assert page.locator(".pair svg").first.locator(".line").count() == len(HOSTILE)


def within(box, frame):
    """Whether a box lies in a frame, but for a pixel that is rounded."""
    left, top, right, bottom = (a - b for a, b in zip(box, frame, strict=True))
    return left >= -1 and top >= -1 and right <= 1 and bottom <= 1


@pytest.mark.parametrize("view", [VIEWS[0], VIEWS[3]], ids=["wide and light", "narrow and dark"])
def test_the_configuration_opens_by_the_keyboard_is_copied_and_is_printed(browser, address, view):
    with opened(browser, address, *view, permissions=["clipboard-read", "clipboard-write"]) as page:
        code = page.locator(".configuration code").last
        assert not code.is_visible()
        page.locator("summary").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Copy the configuration").click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert brl.from_dict(json.loads(copied)).name == "seen"
        assert page.evaluate("document.documentElement.scrollWidth") <= view[0]
        if (core := axe()) is not None:
            assert violations(page, core) == []
        page.emulate_media(media="print")
        assert code.is_visible()


def test_a_link_opens_the_playground_that_lies_beside_the_report(browser, address):
    beside = Path(unquote(address.removeprefix("file://"))).with_name("playground.html")
    beside.write_text(playground(), "utf-8")
    with opened(browser, address, *VIEWS[0]) as page:
        page.get_by_role("link", name="Boltzmann, τ = 0.3").click()
        page.get_by_text("Boltzmann at τ = 0.3:").wait_for()
        assert page.locator("#message").text_content() == ""
        assert page.locator("#agent-controls input:checked").count() == 1
