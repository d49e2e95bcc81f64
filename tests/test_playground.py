"""The playground's page, its command, its links and its Python code."""

import base64
import colorsys
import dataclasses
import hashlib
import json
import re
import tempfile
import webbrowser
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import quote, unquote

import pytest
from cases import in_one_test
from contrasts import contrast
from javascript import WEB, evaluated, needs_node
from pages import run_python

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.reports import playground, scripts
from boltzmann_rl.reports.links import link_to_playground
from boltzmann_rl.reports.pages import page_of

PAGE = playground()


class Elements(HTMLParser):
    """The elements of a page, and the text of its scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.found, self.inline, self.inside = [], {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside in ("script", "style"):
            self.inline.setdefault(self.inside, []).append(data)


ELEMENTS = Elements(PAGE)


def policy():
    """The directives of the page's content-security policy."""
    content = next(a["content"] for _, a in ELEMENTS.found if a.get("http-equiv") == "Content-Security-Policy")
    return {words.split()[0]: words.split()[1:] for words in content.split("; ")}


# The page.


def test_the_policy_allows_the_pages_own_script_and_style_by_their_hashes_and_nothing_else():
    directives = policy()
    for kind in ("script", "style"):
        (text,) = ELEMENTS.inline[kind]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert directives[f"{kind}-src"] == [f"'sha256-{digest}'"]
    assert directives["default-src"] == ["'none'"]
    assert "unsafe" not in str(directives)


def test_the_page_loads_nothing():
    for tag, attributes in ELEMENTS.found:
        for name in ("src", "srcset", "data", "action", "href"):
            assert attributes.get(name, "data:").startswith("data:"), tag
    (script,) = ELEMENTS.inline["script"]
    code = re.sub(r"/\*.*?\*/", "", script, flags=re.DOTALL)
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|importScripts|import\()", code)
    assert not re.search(r"url\(|@import", "".join(ELEMENTS.inline["style"]))


def test_no_markup_or_code_is_made_from_text_and_no_chance_is_without_seed():
    (script,) = ELEMENTS.inline["script"]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", script)
    assert "Math.random" not in script


def test_no_element_has_an_inline_style_or_handler_which_the_policy_would_block():
    for tag, attributes in ELEMENTS.found:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag


def test_the_page_is_small():
    assert len(PAGE.encode()) < 150_000


COLOURS = dict(re.findall(r"--([\w-]+): light-dark\(([^)]+)\)", WEB.joinpath("theme.css").read_text("utf-8")))


@in_one_test("theme", [0, 1], ids=["light", "dark"])
@in_one_test("name", sorted(set(COLOURS) - {"ground", "raised", "rule"}))
def test_every_colour_of_text_has_enough_contrast_on_both_grounds(name, theme):
    colours = {one: pair.split(", ")[theme] for one, pair in COLOURS.items()}
    assert contrast(colours[name], colours["ground"]) >= 4.5
    assert contrast(colours[name], colours["raised"]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_agents_have_the_hues_of_figures(theme):
    """Vermilion, blue, reddish purple and bluish green of Okabe & Ito, which figures give to these rules."""
    hues = {"series-1": "#D55E00", "series-2": "#0072B2", "series-3": "#CC79A7", "series-4": "#009E73"}
    for name, hue in hues.items():
        assert hue_of(COLOURS[name].split(", ")[theme]) == pytest.approx(hue_of(hue), abs=0.02), name
    (agents,) = re.findall(r"AGENTS = .*?\(\[(.*?)\]\)", WEB.joinpath("declaration.js").read_text("utf-8"))
    assert agents == '"Boltzmann", "ε-greedy", "Boltzmann–Gumbel", "UCB"'


def hue_of(colour):
    return colorsys.rgb_to_hsv(*(int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)))[0]


def test_the_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_the_code_of_the_documentation_runs():
    assert run_python("playground.md")["page"] == PAGE


# Its assembly.


def test_a_script_holds_each_module_once_and_after_the_modules_that_it_imports():
    script = scripts.script_of("playground")
    names = re.findall(r"^const (\w+)_js = \(\(\) => \{$", script, flags=re.MULTILINE)
    assert len(names) == len(set(names)) > 20
    for match in re.finditer(r"^const \{ [\w, ]+ \} = (\w+)_js;$", script, flags=re.MULTILINE):
        assert script.index(f"const {match.group(1)}_js = ") < match.start()


@pytest.fixture
def modules(monkeypatch):
    """A dict that takes the place of the folder of JavaScript."""
    texts = {}
    monkeypatch.setattr(scripts, "web", texts.__getitem__)
    return texts


def test_names_that_a_module_does_not_export_stay_its_own(modules):
    modules["a.js"] = 'import { f } from "./b.js";\nconst hidden = 1;\nexport const answer = hidden + f();\n'
    modules["b.js"] = "const hidden = 41;\nexport function f() {\n  return hidden;\n}\n"
    assert scripts.script_of("a").count("const hidden") == 2
    assert "return { answer };" in scripts.script_of("a")


def test_modules_that_import_each_other_are_refused(modules):
    modules["a.js"] = 'import { b } from "./b.js";\nexport const a = 1;\n'
    modules["b.js"] = 'import { a } from "./a.js";\nexport const b = 1;\n'
    with pytest.raises(ValueError, match="import each other: a → b → a"):
        scripts.script_of("a")


@pytest.mark.parametrize("line", ['import x from "./b.js";', "export default 1;", "export { a };", 'import "./b.js";'])
def test_unknown_forms_of_imports_and_exports_are_refused(modules, line):
    modules["a.js"] = f"const a = 1;\n{line}\n"
    with pytest.raises(ValueError, match=r"a\.js has a line that is not understood"):
        scripts.script_of("a")


@pytest.mark.parametrize("text", ["</script>", "</SCRIPT >", "<!--"])
def test_a_script_that_would_end_its_element_is_refused(text):
    with pytest.raises(ValueError, match="the script must not contain"):
        page_of("{{script}}", "", f"let x = '{text}';")


def test_holes_in_a_style_or_script_are_not_filled():
    assert page_of("{{style}}|{{script}}", "{{script}}", "{{style}}") == "{{script}}|{{style}}"


# Its command.


@pytest.fixture
def opened(monkeypatch):
    """The addresses that a browser was asked to open."""
    addresses = []
    monkeypatch.setattr(webbrowser, "open", lambda address: addresses.append(address) is None)
    return addresses


def test_play_writes_the_page_and_opens_it(tmp_path, opened, capsys):
    file = tmp_path / "page.html"
    assert main(["play", "--output", str(file)]) == 0
    assert file.read_text("utf-8") == PAGE
    assert opened == [file.as_uri()]
    assert capsys.readouterr().out == f"{file}\n"


def test_play_without_a_file_writes_to_a_new_folder(opened, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["play"]) == 0
    assert main(["play"]) == 0
    assert len(set(opened)) == 2
    assert len(list(tmp_path.rglob("playground.html"))) == 2


def test_play_opens_nothing_if_told_so(tmp_path, opened):
    assert main(["play", "--output", str(tmp_path / "page.html"), "--no-browser"]) == 0
    assert opened == []


def test_play_says_so_where_there_is_no_browser(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert main(["play", "--output", str(tmp_path / "page.html")]) == 0
    assert "open the file in any browser" in capsys.readouterr().out


def test_play_replaces_a_file_only_if_told_so(tmp_path, opened, capsys):
    file = tmp_path / "page.html"
    file.write_text("mine", "utf-8")
    assert main(["play", "--output", str(file)]) == 2
    assert file.read_text("utf-8") == "mine"
    assert "--overwrite" in capsys.readouterr().err
    assert main(["play", "--output", str(file), "--overwrite"]) == 0
    assert file.read_text("utf-8") == PAGE


@pytest.mark.parametrize(
    ("name", "message"), [("page.txt", "must end in .html"), ("no/page.html", "there is no folder")]
)
def test_play_refuses_other_files(tmp_path, opened, capsys, name, message):
    assert main(["play", "--output", str(tmp_path / name)]) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert opened == []


# Its links.

READ = 'import { readLink } from "./declaration.js";; return data.map((hash) => readLink(hash));'
UNREADABLE = "The link could not be read, so the defaults are shown."
CORRECTED = "Some values in the link are missing or out of range. The nearest allowed ones are shown."


def link(declaration):
    return f"#{quote(json.dumps({'boltzmann_rl': 1, **declaration}))}"


@needs_node
def test_an_address_without_a_declaration_shows_the_defaults_without_a_message():
    assert evaluated(READ, ["", "#"]) == [{"message": ""}] * 2


@needs_node
@pytest.mark.parametrize(
    "hash",
    [
        "#<img src=x onerror=alert(1)>",
        "#%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "#%",
        "#%ff%fe",
        "#null",
        "#1",
        "#[]",
        "#{}",
        "#" + quote('{"boltzmann_rl": 2, "class": "BanditExperiment"}'),
        "#" + quote('{"boltzmann_rl": "1"}'),
        "#" + quote('{"__proto__": {"boltzmann_rl": 1}}'),
        "#" + "[" * 10_000,
        "#" + "x" * 100_000,
    ],
)
def test_a_hash_that_is_no_declaration_gives_the_defaults_and_a_message(hash):
    assert evaluated(READ, [hash]) == [{"message": UNREADABLE}]


HOSTILE = [
    {"problem": "x", "agents": "x", "runs": "x"},
    {"problem": {"means": ["<b>", None, {}, 1e999], "sd": -5}, "runs": 1e99, "steps": -1, "seed": 0.5},
    {
        "problem": {"means": [1e308] * 1000, "sd": "1"},
        "agents": {"<img>": {}, "UCB": {"learner": {"exploration": "a"}}},
    },
    {"agents": {"Boltzmann": {"policy": {"temperature": {"class": "constructor", "start": 0, "end": -1, "steps": 0}}}}},
    {"agents": {"Boltzmann": {"policy": {"temperature": {"class": "InverseTime", "start": 1, "rate": 0}}}}},
    {"agents": {"Boltzmann": None, "ε-greedy": [], "Boltzmann–Gumbel": 3}},
    {"environment": {"id": "<svg onload=alert(1)>"}, "discount": 1, "policy": {"temperature": -3}},
    {"environment": None, "discount": "nan", "policy": []},
]


def numbers_in(part):
    if isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from numbers_in(inner)
    elif not isinstance(part, str | bool):
        yield part


@needs_node
@pytest.mark.parametrize("declaration", HOSTILE)
def test_a_hostile_declaration_is_clamped_with_a_message_and_its_text_is_gone(declaration):
    (found,) = evaluated(READ, [link(declaration).replace("Infinity", "1e999")])
    assert found["message"] == CORRECTED
    assert "<" not in json.dumps(found)
    assert all(isinstance(number, int | float) for number in numbers_in(found))  # NaN and ∞ would be null
    experiment = found.get("experiment", {}).get("experiment")
    if experiment is None:
        assert found["plan"]["environment"]["id"] == "FrozenLake-v1"
        assert 0.5 <= found["plan"]["discount"] <= 0.99
        assert found["plan"]["policy"]["temperature"] >= 0
    else:
        assert 2 <= len(experiment["problem"]["means"]) <= 20
        low, high = (0, 1) if experiment["problem"]["class"] == "BernoulliBandit" else (-3, 3)
        assert all(low <= mean <= high for mean in experiment["problem"]["means"])
        assert 10 <= experiment["runs"] <= 1000
        assert 50 <= experiment["steps"] <= 2000
        assert set(experiment["agents"]) == {"Boltzmann", "ε-greedy", "Boltzmann–Gumbel", "UCB"}


AGAIN = """
import { linkTo, readLink } from "./declaration.js";;
const { experiment, shown } = readLink(data).experiment;
const agents = Object.fromEntries(shown.map((label) => [label, experiment.agents[label]]));
return [readLink(data).message, linkTo({ ...experiment, agents })];
"""


@needs_node
@pytest.mark.parametrize(
    "temperature",
    [
        0.123456789,
        0,
        {"class": "float", "value": "inf"},
        {"class": "Linear", "start": 2, "end": 0.5, "steps": 30},
        {"class": "Cosine", "start": 0.5, "end": 2, "steps": 2000},
        {"class": "Exponential", "start": 1, "end": 0.05, "steps": 500},
        {"class": "InverseTime", "start": 1, "rate": 0.02},
    ],
)
def test_a_link_repeats_its_declaration(temperature):
    declaration = {
        "class": "BanditExperiment",
        "name": "playground",
        "problem": {"class": "GaussianBandit", "means": [0.1, -2.5, 3], "sd": 0.5},
        "agents": {
            "Boltzmann": {
                "class": "Agent",
                "learner": {"class": "SampleAverage"},
                "policy": {"class": "Boltzmann", "temperature": temperature},
            },
            "UCB": {
                "class": "Agent",
                "learner": {"class": "UCB1", "exploration": 0.7},
                "policy": {"class": "Greedy"},
            },
        },
        "runs": 50,
        "steps": 100,
        "seed": 12,
    }
    message, again = evaluated(AGAIN, link(declaration))
    assert message == ""
    assert json.loads(unquote(again[1:])) == {"boltzmann_rl": 1, **declaration}


@needs_node
@pytest.mark.parametrize("schedule", [0.3, {"class": "Linear", "start": 1, "end": 0.05, "steps": 80}])
def test_a_link_may_declare_rewards_of_0_or_1_and_a_schedule_of_epsilon(schedule):
    agent = brl.Agent(
        brl.SampleAverage(), brl.EpsilonGreedy(schedule if schedule == 0.3 else brl.schedules.Linear(1.0, 0.05, 80))
    )
    declared = brl.BanditExperiment("mine", brl.BernoulliBandit((0.25, 0.75)), {"ε-greedy": agent}, runs=20, steps=90)
    written = brl.to_dict(declared) | {"problem": brl.to_dict(brl.BernoulliBandit((0.25, 0.75)))}
    message, again = evaluated(AGAIN, link(written))
    assert message == ""
    found = brl.from_dict(json.loads(unquote(again[1:])))
    assert found == dataclasses.replace(declared, name="playground")


@needs_node
def test_links_of_a_report_show_its_agents():
    agents = {
        "cooling": brl.Agent(brl.SampleAverage(), brl.Boltzmann(brl.schedules.Exponential(1.0, 0.05, steps=200))),
        "index": brl.Agent(brl.UCB1(0.7), brl.Greedy()),
    }
    written = brl.to_dict(brl.BanditExperiment("drawn", brl.GaussianBandit(), agents, runs=200, steps=400, seed=9))
    for label, shown in {"cooling": "Boltzmann", "index": "UCB"}.items():
        address = link_to_playground(written, written["agents"][label])
        message, again = evaluated(AGAIN, address.removeprefix("playground.html"))
        assert message == ""
        found = brl.from_dict(json.loads(unquote(again[1:])))
        assert found.agents == {shown: agents[label]}
        assert (found.runs, found.steps, found.seed) == (200, 400, 9)


# Its Python code.

CODE = """
import { defaultExperiment, defaultPlan } from "./declaration.js";
import { experimentAsPython, planAsPython } from "./python.js";;
const experiment = defaultExperiment();
experiment.problem.means = [-0.5, 1.25];
experiment.agents.Boltzmann.policy.temperature = data[0];
if (data[0] === "inf") experiment.agents.Boltzmann.policy.temperature = Infinity;
const plan = defaultPlan();
return [experimentAsPython(experiment), planAsPython(plan)];
"""


@needs_node
@pytest.mark.parametrize(
    ("declared", "temperature"),
    [
        (0.25, 0.25),
        ("inf", float("inf")),
        (
            {"class": "Exponential", "start": 1, "end": 0.05, "steps": 500},
            brl.schedules.Exponential(1.0, 0.05, steps=500),
        ),
        ({"class": "InverseTime", "start": 1, "rate": 0.02}, brl.schedules.InverseTime(1.0, rate=0.02)),
    ],
)
def test_the_code_of_a_bandit_declares_what_the_page_shows(declared, temperature):
    code, _ = evaluated(CODE, [declared])
    namespace = {}
    exec(compile(code.split("results = ")[0], "playground", "exec"), namespace)
    assert namespace["experiment"] == brl.BanditExperiment(
        name="playground",
        problem=brl.GaussianBandit((-0.5, 1.25), sd=1.0),
        agents={
            "Boltzmann": brl.Agent(brl.SampleAverage(), brl.Boltzmann(temperature)),
            "ε-greedy": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
            "Boltzmann–Gumbel": brl.Agent(brl.SampleAverage(), brl.BoltzmannGumbel(1.0)),
            "UCB": brl.Agent(brl.UCB1(1.0), brl.Greedy()),
        },
        runs=200,
        steps=500,
        seed=0,
    )


@needs_node
@pytest.mark.parametrize("temperature", [0.25, "inf", {"class": "Cosine", "start": 1, "end": 0.05, "steps": 500}])
def test_a_link_of_the_bandit_tab_is_a_declaration_of_the_package(temperature):
    code, link = evaluated(
        """
        import { defaultExperiment, linkTo } from "./declaration.js";
        import { experimentAsPython } from "./python.js";;
        const experiment = defaultExperiment();
        experiment.agents.Boltzmann.policy.temperature = data === "inf" ? Infinity : data;
        return [experimentAsPython(experiment), linkTo(experiment)];
        """,
        temperature,
    )
    namespace = {}
    exec(compile(code.split("results = ")[0], "playground", "exec"), namespace)
    assert brl.from_dict(json.loads(unquote(link[1:]))) == namespace["experiment"]


@needs_node
def test_the_code_of_a_bandit_runs():
    code, _ = evaluated(CODE, [0.5])
    namespace = {}
    exec(compile(code.replace("runs=200", "runs=5").replace("results.plot()\n", ""), "playground", "exec"), namespace)
    assert set(namespace["results"].summary["agent"]) == {"Boltzmann", "ε-greedy", "Boltzmann–Gumbel", "UCB"}


@needs_node
def test_the_code_of_a_grid_world_prints_the_values_that_the_page_shows(capsys):
    _, code = evaluated(CODE, [0.5])
    exec(compile(code, "playground", "exec"), {})
    printed = [float(word) for word in capsys.readouterr().out.split()]
    show = """
    import { defaultPlan } from "./declaration.js";
    import { solve } from "./world.js";;
    const { values, best, world } = solve(defaultPlan());
    return [values[world.start], best];
    """
    assert printed == pytest.approx(evaluated(show), rel=1e-9)


# Its charts.


@needs_node
@pytest.mark.parametrize(
    ("scale", "domain", "labels"),
    [
        ("linear", [1, 1000], ["200", "400", "600", "800", "1000"]),
        ("linear", [0, 0.3], ["0", "0.1", "0.2", "0.3"]),
        ("linear", [-2, 2], ["−2", "−1", "0", "1", "2"]),
        ("logarithmic", [0.01, 10], ["0.01", "0.1", "1", "10"]),
        ("logarithmic", [1, 1000], ["1", "10", "100", "1000"]),
        ("logarithmic", [2, 30], ["2", "5", "10", "20"]),
    ],
)
def test_ticks_are_round_and_reach_the_ends(scale, domain, labels):
    code = (
        f'import {{ {scale} }} from "./scales.js";; return {scale}(data, [0, 100], 5).ticks.map((tick) => tick.label);'
    )
    assert evaluated(code, domain) == labels


@needs_node
@pytest.mark.parametrize("scale", ["linear", "logarithmic"])
def test_a_scale_maps_its_domain_to_its_range_and_back(scale):
    code = f"""
    import {{ {scale} }} from "./scales.js";;
    const s = {scale}([2, 50], [10, 90]);
    return [s.at(2), s.at(50), s.back(10), s.back(90), s.back(s.at(7))];
    """
    assert evaluated(code) == pytest.approx([10, 90, 2, 50, 7])


@needs_node
def test_labels_move_apart_keep_their_order_and_stay_inside():
    code = 'import { apart } from "./labels.js";; return data.map((wanted) => apart(wanted, 10, 0, 100));'
    cases = [[50, 50, 50], [0, 1, 99, 100], [100, 100, 100], [10, 90, 40], [-20, 300]]
    for wanted, found in zip(cases, evaluated(code, cases), strict=True):
        order = sorted(range(len(wanted)), key=lambda k: (wanted[k], k))
        placed = [found[k] for k in order]
        assert all(after - before >= 10 - 1e-9 for before, after in pairwise(placed))
        assert placed[0] >= 0
        assert placed[-1] <= 100
    assert evaluated(code, [[10, 90, 40]]) == [[10, 90, 40]]


@needs_node
@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.1 + 0.2, "0.3"),
        (-1.5, "−1.5"),
        (123456, "123000"),
        (1e-7, "1e−7"),
        (1.25e9, "1.25e9"),
        ("Infinity", "∞"),
    ],
)
def test_numbers_are_short(number, text):
    assert evaluated('import { shown } from "./numbers.js";; return shown(data);', number) == text
