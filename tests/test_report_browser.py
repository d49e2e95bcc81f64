"""The report in headless Chromium, with the keyboard, the pointer and axe-core."""

import pytest
from browsing import VIEWS, axe, in_a_browser, opened, texts, violations

import boltzmann_rl as brl
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


@pytest.fixture(params=[VIEWS[0], VIEWS[3]], ids=["wide and light", "narrow and dark"])
def page(browser, address, request):
    with opened(browser, address, *request.param) as found:
        yield found


def lines(page):
    """The number of lines of the first chart."""
    return page.locator("svg").first.locator(".line").count()


def steps(page):
    """The numbers below the first chart."""
    ticks = page.locator("svg").first.locator("text.tick[text-anchor=middle]").all_text_contents()
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
    assert page.locator("svg").nth(2).locator(".line").count() == 3
    box.check()
    assert lines(page) == 4


def test_the_keyboard_reads_all_charts_at_one_step_and_zooms_them(page):
    cursor = focus(page)
    assert max(steps(page)) == 300
    cursor.press("End")
    readings = [text for text in page.locator(".pair .reading").all_text_contents() if text]
    assert len(readings) == page.locator(".pair svg").count()
    assert all(text.startswith("step 299: ") for text in readings)
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
    assert chart.locator("output").text_content() == "0"
    assert chart.locator("svg").get_attribute("aria-label").endswith("at step 0")
    assert chart.locator(".line").count() == 4


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


def test_it_prints_on_few_pages_without_its_controls(browser, address):
    with opened(browser, address, *VIEWS[0]) as page:
        page.emulate_media(media="print")
        assert not page.locator(".controls").first.is_visible()
        pages = page.pdf(format="A4").count(b"/Type /Page\n")
        assert 1 <= pages <= 4
