"""The playground in headless Chromium, with the keyboard, the pointer and axe-core."""

import json
import re
import shutil
from itertools import combinations
from urllib.parse import quote, unquote

import pytest
from browsing import VIEWS, axe, in_a_browser, opened, texts, until, violations
from pages import blocks

from boltzmann_rl.reports import playground

pytestmark = in_a_browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    file = tmp_path_factory.mktemp("playground") / "playground.html"
    file.write_text(playground(), "utf-8")
    return file.as_uri()


@pytest.fixture(params=[VIEWS[0], VIEWS[3]], ids=["wide and light", "narrow and dark"])
def page(browser, address, request):
    with opened(browser, address, *request.param) as found:
        yield found


@pytest.fixture
def one(browser, address):
    """The page in one view, where the view does not matter."""
    with opened(browser, address, *VIEWS[0]) as found:
        yield found


def slide(page, label, *keys):
    """Press keys on a slider."""
    control = page.get_by_label(label, exact=True).filter(visible=True)
    control.focus()
    for key in keys:
        control.press(key)


def declared(page):
    """What the address declares, once it has been written: the page does so after 300 ms."""
    page.evaluate("new Promise((done) => setTimeout(done, 350))")
    return json.loads(unquote(page.evaluate("location.hash.slice(1)")))


def sentence(page):
    return page.inner_text("#decision-sentence")


def wait_for_runs(page):
    until(page, "document.querySelector('#progress').textContent.startsWith('Regret over')")


# One decision.


def test_the_temperature_goes_from_greedy_to_uniform(page):
    slide(page, "Temperature τ", "Home")
    assert sentence(page).startswith("Boltzmann at τ = 0: expected regret 0, entropy 0 nats (1 effective actions)")
    slide(page, "Temperature τ", "End")
    assert "Boltzmann at τ = ∞" in sentence(page)
    assert "(10 effective actions)" in sentence(page)
    slide(page, "Temperature τ", "ArrowLeft")
    assert "τ = 10:" in sentence(page)
    assert declared(page)["agents"]["Boltzmann"]["policy"] == {"class": "Boltzmann", "temperature": 10}


def test_epsilon_goes_from_greedy_to_uniform(page):
    slide(page, "ε of ε-greedy", "Home")
    assert "ε = 0: expected regret 0, entropy 0 nats" in sentence(page)
    slide(page, "ε of ε-greedy", "End")
    assert "entropy 2.3 nats (10 effective actions)" in sentence(page)


def test_the_number_of_arms_adds_and_removes_rows(page):
    for key, arms in (("Home", 2), ("End", 20)):
        slide(page, "Arms", key)
        assert page.locator(".arm").count() == arms
        assert len(declared(page)["problem"]["means"]) == arms


def test_a_value_changes_the_probabilities_of_its_arm(page):
    bars = page.locator(".arm svg").nth(0)
    before = bars.get_attribute("aria-label")
    slide(page, "Arm 1", "End")
    assert page.locator(".arm output").nth(0).inner_text() == "3"
    assert before != bars.get_attribute("aria-label")
    assert re.match(r"Boltzmann 99\.7 %, ε-greedy 91 %", bars.get_attribute("aria-label"))


def test_the_buttons_draw_other_values_and_tie_the_best_two(page):
    before = declared(page)["problem"]["means"]
    page.get_by_role("button", name="Other values").click()
    after = declared(page)["problem"]["means"]
    assert len(after) == 10
    assert before != after
    page.get_by_role("button", name="Tie the best two").click()
    slide(page, "Temperature τ", "Home")
    assert "entropy 0.693 nats (2 effective actions)" in sentence(page)


# A temperature that changes.


@pytest.mark.parametrize("schedule", ["linear", "cosine", "exponential", "in inverse proportion to time"])
def test_a_schedule_can_be_shaped_and_read_at_any_step(one, schedule):
    assert not one.get_by_label("To τ").is_visible()
    one.get_by_label("Schedule", exact=True).select_option(label=schedule)
    slide(one, "From τ", "End")
    assert "τ = 10:" in sentence(one)
    halves = schedule == "in inverse proportion to time"
    if halves:
        assert not one.get_by_label("To τ").is_visible()
    else:
        slide(one, "To τ", "Home")
    slide(one, "Halved after steps" if halves else "In steps", "Home")
    slide(one, "Look at step", "ArrowRight")
    shown = "τ = 5:" if halves else "τ = 0.01:"
    assert shown in sentence(one)
    one.get_by_label("Schedule", exact=True).select_option(label="constant")
    assert not one.get_by_label("Look at step").is_visible()


def test_the_schedules_chart_reads_the_step_that_the_keyboard_selects(page):
    page.get_by_label("Schedule", exact=True).select_option(label="linear")
    chart = page.get_by_role("slider", name="Temperature against the step")
    chart.focus()
    chart.press("End")
    assert "step 500: τ = 0.05" in page.inner_text("#schedule-chart")
    assert "Boltzmann at τ = 0.05" in sentence(page)


@pytest.mark.parametrize("schedule", ["linear", "cosine", "exponential", "in inverse proportion to time"])
def test_epsilon_has_a_schedule_of_its_own(one, schedule):
    assert not one.get_by_label("From ε").is_visible()
    one.get_by_label("Schedule of ε").select_option(label=schedule)
    slide(one, "From ε", "End")
    assert "ε-greedy at ε = 1:" in sentence(one)
    halves = schedule == "in inverse proportion to time"
    if not halves:
        slide(one, "To ε", "Home")
    slide(one, "ε halved after steps" if halves else "ε in steps", "Home")
    slide(one, "ε at step", "ArrowRight")
    assert ("ε = 0.5:" if halves else "ε = 0.01:") in sentence(one)
    assert "τ = 0.25:" in sentence(one)
    shape = {"linear": "Linear", "cosine": "Cosine", "exponential": "Exponential"}.get(schedule, "InverseTime")
    assert declared(one)["agents"]["ε-greedy"]["policy"]["epsilon"]["class"] == shape
    chart = one.get_by_role("slider", name="ε against the step")
    chart.focus()
    chart.press("Home")
    assert "ε = 1" in one.inner_text("#epsilon-chart")
    one.get_by_label("Schedule of ε").select_option(label="constant")
    assert not one.get_by_label("ε at step").is_visible()


# Rewards.


def test_arms_may_pay_0_or_1_with_their_values_as_probabilities(page):
    page.get_by_label("Rewards", exact=True).select_option("BernoulliBandit")
    assert not page.get_by_label("Noise of rewards").is_visible()
    slide(page, "Arm 1", "End")
    assert page.locator(".arm output").nth(0).inner_text() == "1"
    slide(page, "Arm 2", "Home", "ArrowRight")
    problem = declared(page)["problem"]
    assert set(problem) == {"class", "means"}
    assert problem["means"][:3] == [1, 0.01, 0.82]
    assert "brl.BernoulliBandit(means=(1, 0.01, 0.82," in page.inner_text("#python")
    page.get_by_role("button", name="Other values").click()
    slide(page, "Arms", "End")
    assert all(0 <= mean <= 1 for mean in declared(page)["problem"]["means"])
    wait_for_runs(page)
    page.get_by_label("Rewards", exact=True).select_option("GaussianBandit")
    assert page.get_by_label("Noise of rewards").is_visible()
    assert set(declared(page)["problem"]) == {"class", "means", "sd"}


# Charts.


def test_charts_are_read_with_the_keyboard(page):
    chart = page.get_by_role("slider", name="Expected regret against the temperature")
    reading = page.locator("#regret-chart .reading")
    chart.focus()
    for key, start in {
        "Home": "Temperature τ 0.01:",
        "ArrowRight": "Temperature τ 0.0106:",
        "PageUp": "Temperature τ 0.0211:",
        "ArrowLeft": "Temperature τ 0.0199:",
        "End": "Temperature τ 10:",
    }.items():
        chart.press(key)
        assert reading.inner_text().startswith(start), key
        assert chart.get_attribute("aria-valuetext") == reading.inner_text()
    chart.press("Escape")
    assert reading.inner_text() == ""


def test_charts_are_read_with_the_pointer(page):
    chart = page.get_by_role("slider", name="Effective actions against the temperature")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 10)
    assert page.inner_text("#actions-chart .reading").startswith("Temperature τ 9.") or "10:" in page.inner_text(
        "#actions-chart .reading"
    )
    page.mouse.move(0, 0)
    assert page.inner_text("#actions-chart .reading") == ""


# Runs.


def test_the_runs_end_with_a_sentence_and_bands(page):
    wait_for_runs(page)
    assert "over 200 runs" in page.inner_text("#progress")
    assert page.locator("#runs-chart path.band").count() == 4
    assert page.locator("#runs-chart text.label").count() == 4


def test_runs_steps_and_seed_are_the_readers(page):
    wait_for_runs(page)
    first = page.inner_text("#progress")
    slide(page, "Seed", "ArrowRight")
    wait_for_runs(page)
    until(page, "(first) => document.querySelector('#progress').textContent !== first", first)
    slide(page, "Runs", "Home")
    slide(page, "Steps", "Home")
    until(page, "document.querySelector('#progress').textContent.includes('over 10 runs')")
    until(page, "document.querySelector('#progress').textContent.startsWith('Regret over 50 steps')")
    found = declared(page)
    assert (found["runs"], found["steps"], found["seed"]) == (10, 50, 1)


def test_parameters_of_the_agents_change_their_declaration(page):
    slide(page, "C of Gumbel", "Home")
    slide(page, "c of UCB", "End")
    slide(page, "Noise of rewards", "Home")
    found = declared(page)
    assert found["agents"]["Boltzmann–Gumbel"]["policy"]["scale"] == 0.05
    assert found["agents"]["UCB"]["learner"]["exploration"] == 5
    assert found["problem"]["sd"] == 0


def test_agents_can_be_left_out_but_not_all(page):
    for label in ("Boltzmann", "ε-greedy", "Boltzmann–Gumbel", "UCB"):
        page.get_by_role("checkbox", name=label, exact=True).click()
    assert list(declared(page)["agents"]) == ["UCB"]
    assert page.get_by_role("checkbox", name="UCB").is_checked()
    page.get_by_role("checkbox", name="ε-greedy").press(" ")
    assert list(declared(page)["agents"]) == ["ε-greedy", "UCB"]


def test_curves_and_their_axes_can_be_chosen(page):
    wait_for_runs(page)
    drawn = {page.inner_html("#runs-chart")}
    for metric in ("regret", "best_action", "cumulative_regret"):
        page.get_by_label("Curve").select_option(metric)
        drawn.add(page.inner_html("#runs-chart"))
    for box in ("Logarithmic steps", "Logarithmic scale"):
        page.get_by_label(box).press(" ")
        drawn.add(page.inner_html("#runs-chart"))
    assert len(drawn) == 5


def test_runs_can_be_paused_and_continued(one):
    slide(one, "Runs", "End")
    slide(one, "Steps", "End")
    one.get_by_role("button", name="Pause").click()
    paused = one.inner_text("#progress")
    one.wait_for_timeout(300)
    assert one.inner_text("#progress") == paused
    assert "of 1000 runs" in paused
    one.get_by_role("button", name="Continue").click()
    until(one, "(paused) => document.querySelector('#progress').textContent !== paused", paused)
    one.get_by_role("button", name="Pause").click()


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_readers_who_prefer_stillness(browser, address, motion, moves):
    with opened(browser, address, *VIEWS[0], reduced_motion=motion) as page:
        wait_for_runs(page)
        page.evaluate("""() => {
          window.drawn = 0;
          const chart = document.querySelector("#runs-chart svg");
          new MutationObserver(() => window.drawn++).observe(chart, { childList: true });
        }""")
        slide(page, "Runs", "End")
        until(page, "document.querySelector('#progress').textContent.includes('over 1000 runs')", patience=900.0)
        wait_for_runs(page)
        drawn = page.evaluate("window.drawn")
        assert drawn > 2 if moves else drawn <= 2, drawn


# The grid world.


def test_tabs_follow_the_arrow_keys(page):
    page.get_by_role("tab", name="A bandit").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#world").is_visible()
    assert page.get_by_role("tab", name="A grid world").evaluate("(tab) => tab === document.activeElement")
    page.keyboard.press("Home")
    assert page.locator("#arms").is_visible()
    page.get_by_role("tab", name="A grid world").click()
    assert page.get_by_role("tab", name="A grid world").get_attribute("aria-selected") == "true"


def test_the_arrows_of_a_grid_world_move_with_the_temperature(page):
    page.get_by_role("tab", name="A grid world").click()
    temperature = page.locator("#world-controls").get_by_label("Temperature τ")
    temperature.press("End")
    assert "4 of 4 actions are effective" in page.inner_text("#world-sentence")
    hot = page.inner_html("#world")
    temperature.press("Home")
    assert "worth 0.18; the best policy's is worth 0.18" in page.inner_text("#world-sentence")
    assert page.inner_html("#world") != hot
    page.get_by_label("Discount γ").press("Home")
    assert declared(page)["discount"] == 0.5


def test_worlds_show_each_cell_in_words(page):
    page.get_by_role("tab", name="A grid world").click()
    drawn = set()
    for world, cells in {"FrozenLake, slippery": 16, "FrozenLake, not slippery": 16, "CliffWalking": 48}.items():
        page.get_by_label("World", exact=True).select_option(label=world)
        for marks in ("arrows", "wedges"):
            page.get_by_label("Probabilities as").select_option(marks)
            drawn.add(page.inner_html("#world"))
            every = "(all) => all.map((cell) => cell.getAttribute('aria-label'))"
            labels = page.get_by_role("gridcell").evaluate_all(every)
            assert len(labels) == len(set(labels)) == cells
            assert page.inner_text("#cell") in labels
            for label in labels:
                shares = [float(share) for share in re.findall(r"([\d.]+(?:e-\d+)?) %", label.replace("−", "-"))]
                assert not shares or sum(shares) == pytest.approx(100, abs=0.5)
    assert len(drawn) == 6


def test_cells_are_selected_with_keys_and_the_pointer(page):
    page.get_by_role("tab", name="A grid world").click()
    page.locator("[data-cell='0']").focus()
    for key, place in {
        "ArrowRight": "Row 1, column 2",
        "ArrowDown": "Row 2, column 2",
        "End": "Row 2, column 4",
        "ArrowUp": "Row 1, column 4",
        "ArrowLeft": "Row 1, column 3",
        "Home": "Row 1, column 1",
    }.items():
        page.keyboard.press(key)
        assert page.inner_text("#cell").startswith(place)
        focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert focused.startswith(place)
    page.locator("[data-cell='14']").click()
    assert page.inner_text("#cell").startswith("Row 4, column 3: value")


# Links and code.


def test_a_link_shows_the_same_again(one, browser, address):
    slide(one, "Temperature τ", "ArrowRight", "ArrowRight")
    slide(one, "Arm 3", "Home")
    one.get_by_label("Schedule", exact=True).select_option(label="cosine")
    declaration, said, code = declared(one), sentence(one), one.inner_text("#python")
    with opened(browser, one.url, *VIEWS[3]) as again:
        assert sentence(again) == said
        assert again.inner_text("#python") == code
        assert declared(again) == declaration
        assert again.inner_text("#message") == ""


def test_a_link_to_a_grid_world_opens_its_tab(one, browser):
    one.get_by_role("tab", name="A grid world").click()
    one.get_by_label("World", exact=True).select_option(label="CliffWalking")
    declared(one)
    with opened(browser, one.url, *VIEWS[0]) as again:
        assert again.get_by_role("gridcell").count() == 48


def test_an_address_that_changes_changes_the_page(one):
    declaration = {"boltzmann_rl": 1, "problem": {"means": [0, 1], "sd": 1}}
    one.evaluate("(hash) => { location.hash = hash; }", quote(json.dumps(declaration)))
    until(one, "document.querySelectorAll('.arm').length === 2")
    assert one.inner_text("#message").startswith("Some values in the link are missing")


def test_an_address_is_shown_also_if_the_page_remembers_the_one_before_at_that_moment(one):
    declaration = {"boltzmann_rl": 1, "problem": {"means": [0, 1], "sd": 1}}
    both = "([hash, before]) => { location.hash = hash; history.replaceState(null, '', before); }"
    one.evaluate(both, [quote(json.dumps(declaration)), one.url])
    until(one, "document.querySelectorAll('.arm').length === 2", patience=20.0)


@pytest.mark.parametrize(
    "hash",
    [
        "<img src=x onerror=alert(1)>",
        quote('{"boltzmann_rl":1,"problem":{"means":["<img src=x onerror=alert(1)>"]}}'),
        quote('{"boltzmann_rl":1,"agents":{"<script>alert(1)</script>":{}}}'),
        "%",
        "[" * 9000,
    ],
)
def test_a_hostile_link_shows_the_defaults_politely(browser, address, hash):
    with opened(browser, f"{address}#{hash}", *VIEWS[1]) as page:
        assert "link" in page.inner_text("#message")
        assert page.locator("img").count() == 0
        assert page.locator("script").count() == 1
        assert page.locator(".arm").count() == 10


def test_another_page_embeds_it_as_the_documentation_says(browser, address, tmp_path):
    [frame] = [text for language, text in blocks("playground.md") if language == "html"]
    shutil.copy(unquote(address.removeprefix("file://")), tmp_path / "playground.html")
    page = "<!doctype html><html lang='en'><title>A page</title><main><h1>A page</h1>{}</main></html>"
    (tmp_path / "site.html").write_text(page.format(frame), "utf-8")
    with opened(browser, (tmp_path / "site.html").as_uri(), *VIEWS[0]) as page:
        inside = page.frame_locator("iframe")
        inside.get_by_label("Temperature τ", exact=True).first.press("Home")
        assert "Boltzmann at τ = 0:" in inside.locator("#decision-sentence").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_code_and_link_are_copied(browser, address):
    with opened(browser, address, *VIEWS[0], permissions=["clipboard-read", "clipboard-write"]) as page:
        page.get_by_role("button", name="Copy the code").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == page.locator("#python").text_content()
        page.get_by_role("button", name="Copy the link").click()
        page.wait_for_timeout(400)
        assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_where_copying_is_refused_the_page_says_so(browser, address):
    with opened(browser, address, *VIEWS[0]) as page:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
        page.get_by_role("button", name="Copy the code").click()
        page.get_by_role("button", name="Copying is not allowed here: select the text").wait_for()


# For everyone.


def states(page):
    """States of the page, by name, one after the other."""
    wait_for_runs(page)
    yield "start"
    page.get_by_label("Schedule", exact=True).select_option(label="exponential")
    page.get_by_role("slider", name="Expected regret against the temperature").press("PageUp")
    yield "schedule and reading"
    page.get_by_label("Schedule", exact=True).select_option(label="constant")
    page.get_by_label("Rewards", exact=True).select_option("BernoulliBandit")
    page.get_by_label("Schedule of ε").select_option(label="linear")
    wait_for_runs(page)
    yield "rewards 0 or 1, schedule of ε"
    page.get_by_label("Rewards", exact=True).select_option("GaussianBandit")
    slide(page, "Temperature τ", "End")
    slide(page, "Arms", "End")
    wait_for_runs(page)
    yield "infinite temperature, many arms"
    slide(page, "Temperature τ", "Home")
    slide(page, "Arms", "Home")
    page.get_by_role("checkbox", name="UCB").press(" ")
    page.get_by_label("Logarithmic steps").press(" ")
    page.get_by_label("Logarithmic scale").press(" ")
    wait_for_runs(page)
    yield "temperature 0, two arms, logarithmic"
    page.evaluate("() => { location.hash = 'x'; }")
    until(page, "document.querySelector('#message').textContent !== ''")
    yield "message"
    page.get_by_role("tab", name="A grid world").click()
    yield "grid"
    page.get_by_label("World", exact=True).select_option(label="CliffWalking")
    page.get_by_label("Probabilities as").select_option("wedges")
    page.locator("[data-cell='12']").click()
    yield "cliff"


@pytest.fixture(scope="module", params=VIEWS, ids=[f"{width} {scheme}" for width, scheme in VIEWS])
def seen(request, browser, address):
    """What there is to see in each state of the page."""
    core = axe()
    with opened(browser, address, *request.param) as page:
        return {
            state: {
                "violations": violations(page, core) if core else None,
                "texts": texts(page),
                "width": page.evaluate("document.documentElement.scrollWidth - window.innerWidth"),
                "positions": page.evaluate(
                    "[...document.querySelectorAll('*')].map((e) => getComputedStyle(e).position)"
                ),
            }
            for state in states(page)
        }


def test_axe_finds_no_violation_in_any_state(seen):
    if any(found["violations"] is None for found in seen.values()):
        pytest.skip("axe-core is not installed: npm install axe-core, or AXE_JS=…/axe.min.js")
    assert {state: found["violations"] for state, found in seen.items() if found["violations"]} == {}


def test_the_text_of_charts_has_contrast(seen):
    for state, found in seen.items():
        assert len(found["texts"]) > 10, state
        assert min(text["contrast"] for text in found["texts"]) >= 4.5, state


def test_the_text_of_charts_stays_inside_and_does_not_overlap(seen):
    for state, found in seen.items():
        for text in found["texts"]:
            left, top, right, bottom = text["box"]
            assert left >= text["frame"][0] - 1, (state, text)
            assert right <= text["frame"][2] + 1, (state, text)
            assert top >= text["frame"][1] - 1, (state, text)
            assert bottom <= text["frame"][3] + 1, (state, text)
        for one, other in combinations(found["texts"], 2):
            if one["frame"] == other["frame"]:
                assert not overlap(one["box"], other["box"]), (state, one["text"], other["text"])


def overlap(one, other):
    """Whether two boxes share more than a line's leading."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1 and down > 4


def test_nothing_sticks_and_nothing_is_wider_than_the_page(seen):
    for state, found in seen.items():
        assert found["width"] <= 0, state
        assert not {"fixed", "sticky"} & set(found["positions"]), state


def test_every_control_has_focus_in_turn_that_can_be_seen(page):
    wait_for_runs(page)
    wanted = page.evaluate("""() => [...document.querySelectorAll("input, select, button, [tabindex='0']")]
      .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex === 0).length""")
    page.evaluate("document.activeElement.blur()")
    seen = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("""() => {
              const e = document.activeElement;
              e.dataset.order ??= String(document.querySelectorAll("[data-order]").length);
              return [e.dataset.order, e.tagName, getComputedStyle(e).outlineStyle];
            }""")
        )
    assert [int(order) for order, *_ in seen] == list(range(wanted))
    assert {outline for *_, outline in seen} == {"solid"}


def test_changes_are_announced_once_the_reader_stops(one):
    slide(one, "Temperature τ", "Home")
    until(one, "document.querySelector('#announcements').textContent.includes('τ = 0:')")
    assert one.locator("#announcements").get_attribute("role") == "status"
    one.get_by_role("tab", name="A grid world").click()
    until(one, "document.querySelector('#announcements').textContent.includes('return from the start')")


def test_the_theme_is_the_systems_or_the_readers(browser, address):
    grounds = {}
    for scheme in ("light", "dark"):
        with opened(browser, address, 1280, scheme) as page:
            for theme in ("system", "light", "dark"):
                page.get_by_label("Theme").select_option(theme)
                grounds[scheme, theme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds["light", "system"] == grounds["light", "light"] == grounds["dark", "light"]
    assert grounds["dark", "system"] == grounds["dark", "dark"] == grounds["light", "dark"]
    assert grounds["light", "light"] != grounds["dark", "dark"]


def test_print_is_light_and_without_buttons(page):
    wait_for_runs(page)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("button:visible").count() == 0
    assert page.locator("#runs-chart svg").is_visible()
