"""The report: one page that needs nothing else, shows the numbers of the tables, and executes nothing of the labels."""

import base64
import colorsys
import dataclasses
import hashlib
import html
import html.parser
import json
import re
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from contrasts import contrast
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from pages import run_python

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.engines.metrics import BANDITS
from boltzmann_rl.results.report import page_of_results

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[[body]] [[data]] {{script}}",
    "<!--",
    "__proto__",
    "'\"&amp;`${alert(1)}",
]


def _results(labels=("cool", "warm"), problem=None, **more):
    agents = {
        label: brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1 * (1 + number))) for number, label in enumerate(labels)
    }
    settings = {"runs": 30, "steps": 60, "seed": 0} | more
    return brl.BanditExperiment("paper", problem or brl.GaussianBandit(arms=4), agents, **settings).run(progress=False)


@pytest.fixture(scope="module")
def results():
    return _results()


class _Page(html.parser.HTMLParser):
    """The elements of a page with their attributes, and the text of each kind of element."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text, self._open = [], {}, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        kind = self._open[-1] if self._open else ""
        self.text[kind] = [*self.text.get(kind, []), data]


def _data(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))


def test_a_page_loads_nothing_and_runs_only_its_own_script(results):
    page = page_of_results([results])
    [policy] = [found["content"] for tag, found in _Page(page).elements if found.get("http-equiv")]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    for kind, opening in (("script", '<script type="module">'), ("style", "<style>")):
        text = re.search(rf"{opening}(.*?)</{kind}>", page, re.S).group(1)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    loaded = [found.get(part) for _, found in _Page(page).elements for part in ("src", "href") if part in found]
    links = [found["href"] for tag, found in _Page(page).elements if tag == "a"]
    assert all(link.startswith("playground.html#") for link in links)  # followed only by a click
    assert {*loaded} - {*links} == {"data:,"}


def test_labels_are_text_wherever_they_stand():
    page = page_of_results([_results(HOSTILE, {HOSTILE[0]: brl.GaussianBandit(arms=4)})])
    plain = _Page(page_of_results([_results("abcdef", {"p": brl.GaussianBandit(arms=4)})]))
    found = _Page(page)
    assert [tag for tag, _ in found.elements] == [tag for tag, _ in plain.elements]
    assert not [found for _, found in found.elements if any(name.startswith("on") for name in found)]
    [data] = _data(page)
    assert data["agents"] == HOSTILE
    assert list(data["panels"][0]["lines"]) == HOSTILE
    for label in HOSTILE:
        assert label in "".join(found.text["td"])


def test_curves_are_those_of_the_table_at_some_steps(results):
    [data] = _data(page_of_results([results]))
    titles = {metric.title: metric.name for metric in BANDITS.metrics}
    for panel in data["panels"]:
        curves = results.curves[results.curves["metric"] == titles[panel["title"]]]
        for agent, line in panel["lines"].items():
            kept = curves[curves["agent"] == agent].set_index("step").loc[np.array(panel["x"]) - 1]
            for name in ("mean", "low", "high"):
                np.testing.assert_allclose(np.array(line[name], dtype=float), kept[name], rtol=1e-3)


def test_the_page_has_the_sentence_the_table_and_the_declaration(results):
    page = page_of_results([results])
    text = " ".join("".join(parts) for parts in _Page(page).text.values())
    assert results.sentence in text
    assert results.to_html() in page
    for code in results.manifest["declaration"]["agents"].values():
        assert code in text


def test_a_sample_of_steps_keeps_the_first_and_the_last():
    long = _results(steps=1000, runs=10)
    [data] = _data(page_of_results([long]))
    for panel in data["panels"]:
        assert (panel["x"][0], panel["x"][-1]) == (1, 1000)
        assert len(panel["x"]) <= 160
    assert data["ranks"][0]["steps"][-1] >= 990


def test_probabilities_of_the_ranks_are_distributions(results):
    [data] = _data(page_of_results([results]))
    [ranks] = data["ranks"]
    table = results.ranks
    for agent, rows in ranks["agents"].items():
        np.testing.assert_allclose(np.sum(rows, axis=1), 1.0, atol=2e-3)
        last = table[(table["agent"] == agent) & (table["step"] == ranks["steps"][-1] - 1)]
        np.testing.assert_allclose(rows[-1], last.sort_values("rank")["probability"], rtol=1e-3)


def test_many_arms_are_the_first_ranks_and_the_rest():
    [data] = _data(page_of_results([_results(problem=brl.GaussianBandit(arms=50), runs=10)]))
    rows = data["ranks"][0]["agents"]["cool"]
    assert {len(row) for row in rows} == {20}
    assert data["ranks"][0]["rest"]
    np.testing.assert_allclose(np.sum(rows, axis=1), 1.0, atol=2e-3)


def test_the_difference_is_of_the_best_agent_and_the_second(results):
    [data] = _data(page_of_results([results]))
    [difference] = data["differences"]
    best, second = results.summary["agent"]
    curve = results.difference_curve(best, second)
    assert (difference["first"], difference["second"]) == (best, second)
    np.testing.assert_allclose(difference["line"]["mean"], curve["difference"], rtol=1e-3, atol=1e-9)


def test_infinite_means_are_gaps_since_json_has_no_infinity():
    warm = {"range": brl.Agent(brl.SampleAverage(), brl.Boltzmann(brl.RelativeToRange(0.3)))}
    found = brl.BanditExperiment("ties", brl.GaussianBandit(arms=3), warm, runs=10, steps=20, seed=0).run(
        progress=False
    )
    [data] = _data(page_of_results([found]))
    [temperature] = [panel for panel in data["panels"] if panel["title"] == "Temperature"]
    assert temperature["lines"]["range"]["mean"][0] is None


def test_without_cells_there_are_curves_and_tables_only(results):
    bare = brl.Results(results.curves, results.summary, results.runs, results.manifest, comparisons=results.comparisons)
    [data] = _data(page_of_results([bare]))
    assert data["panels"]
    assert data["ranks"] == data["differences"] == []


def test_results_without_their_tables_are_refused(results, tmp_path):
    for lost in ("curves", "summary"):
        parts = {"curves": results.curves, "summary": results.summary} | {lost: pd.DataFrame()}
        with pytest.raises(FileNotFoundError, match=lost):
            brl.Results(**parts, runs=results.runs, manifest=results.manifest).report(tmp_path / "lost.html")
    assert not (tmp_path / "lost.html").exists()


def test_the_report_of_seven_agents_over_1000_steps_is_below_500_kilobytes():
    seven = _results(
        [f"Boltzmann, τ from {number} to 0.05" for number in range(7)], brl.GaussianBandit(), steps=1000, runs=20
    )
    assert len(page_of_results([seven]).encode()) < 500_000


def test_episodes_runs_made_elsewhere_and_one_run_have_reports():
    agents = {"cool": brl.Agent(brl.QLearning(0.5), brl.Boltzmann(0.1))}
    cliff = brl.Environment("CliffWalking-v1", max_episode_steps=50)
    episodes = brl.GymnasiumExperiment("cliff", cliff, agents, runs=1, episodes=5, seed=0).run(progress=False)
    rows = [(agent, seed, step, float(seed)) for agent in "ab" for seed in range(3) for step in range(4)]
    foreign = brl.Results.of_runs(pd.DataFrame(rows, columns=["agent", "seed", "step", "loss"]))
    page = page_of_results([episodes, foreign])
    data = _data(page)
    assert [one["axis"] for one in data] == ["episode", "step"]
    heads = [tag for tag, _ in _Page(page).elements if re.fullmatch(r"h\d", tag)]
    assert heads[:3] == ["h1", "h2", "h3"]
    assert heads.count("h1") == 1
    assert heads.count("h2") == 2


def test_the_method_and_the_command_write_the_page(results, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert results.report("page.html").read_text("utf-8") == page_of_results([results])
    with pytest.raises(ValueError, match=r"path must end in \.html, got 'page\.pdf'"):
        results.report("page.pdf")
    results.save()
    assert main(["report", "results/paper"]) == 0
    assert capsys.readouterr().out.endswith("report.html\n")
    [data] = _data((tmp_path / "results" / "paper" / "report.html").read_text("utf-8"))
    assert data["agents"] == ["cool", "warm"]
    assert main(["report", "results/paper", "results/paper", "--output", "both.html"]) == 0
    assert len(_data((tmp_path / "both.html").read_text("utf-8"))) == 2
    assert main(["report", "results/papre"]) == 2
    assert "did you mean results/paper?" in " ".join(capsys.readouterr().err.split())
    assert main(["report", "results/paper", "--output", "a.txt"]) == 2


def test_the_command_names_the_folder_that_is_incomplete_and_the_remedy(results, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    results.save("whole")
    results.save("shipped")
    (tmp_path / "shipped" / "paper" / "curves.csv").unlink()
    assert main(["report", "whole/paper", "shipped/paper"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "shipped/paper has no curves.csv, which a report needs: run the experiment again" in said
    assert not (tmp_path / "whole" / "paper" / "report.html").exists()


def test_the_same_results_give_the_same_bytes(results):
    assert page_of_results([results]) == page_of_results([results])


# How agents appear.

KNOWN = {
    "ε-greedy": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
    "τ = 0.1": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
    "τ = 1": brl.Agent(brl.SampleAverage(), brl.Boltzmann(1.0)),
    "greedy": brl.Agent(brl.SampleAverage(), brl.Greedy()),
    "UCB": brl.Agent(brl.UCB1(2.0), brl.Greedy()),
    "sparsemax": brl.Agent(brl.SampleAverage(), brl.Sparsemax(1.0)),
    "Gumbel": brl.Agent(brl.SampleAverage(), brl.BoltzmannGumbel(1.0)),
}


@pytest.fixture(scope="module")
def known():
    return brl.BanditExperiment("known", brl.GaussianBandit(arms=3), KNOWN, runs=20, steps=30).run(progress=False)


def _colours(page):
    """The colours of the agents' lines on a light and on a dark page, by their classes."""
    found = re.findall(r"^\.style-(\d+-\d+) \{ --series: light-dark\((#\w{6}), (#\w{6})\);", page, re.M)
    return {name: (light, dark) for name, light, dark in found}


def test_agents_have_the_colours_dashes_and_markers_of_the_figures(known):
    page = page_of_results([known])
    [data] = _data(page)
    colours, figure = _colours(page), known.plot("expected_reward")
    drawn = {to_hex(line.get_color()) for line in figure.findobj(Line2D)}
    looks = dict(zip(data["agents"], data["looks"], strict=True))
    light = {agent: colours[look["style"]][0] for agent, look in looks.items()}
    assert {*light.values()} <= drawn
    usual = {"ε-greedy": "#0072b2", "greedy": "#000000"}
    assert {agent: light[agent] for agent in usual} == usual
    assert len({*light.values()}) == len(KNOWN)
    assert looks["τ = 0.1"]["marker"] == looks["τ = 1"]["marker"] != looks["greedy"]["marker"]
    dashed = re.findall(r"^\.line\.style-(\d+-\d+) \{ stroke-dasharray", page, re.M)
    assert dashed == [looks["τ = 1"]["style"]]  # of one family, the second


def test_colours_of_several_experiments_on_a_page_are_kept_apart(known, results):
    page = page_of_results([results, known])
    styles = [look["style"] for one in _data(page) for look in one["looks"]]
    assert len({*styles}) == len(styles) == len(_colours(page))


def test_colours_stand_out_from_both_grounds_with_the_same_hue(known):
    page = page_of_results([known])
    [(white, black)] = re.findall(r"--ground: light-dark\((#\w{6}), (#\w{6})\)", page)
    for light, dark in _colours(page).values():
        assert contrast(light, white) >= 2.95
        assert contrast(dark, black) >= 4.5
        hues = [colorsys.rgb_to_hsv(*(int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))) for colour in (light, dark)]
        if min(saturation for _, saturation, _ in hues) > 0.05:
            assert hues[0][0] == pytest.approx(hues[1][0], abs=0.02)


def test_tables_have_heads_in_words_minus_signs_and_even_digits():
    costs = brl.GaussianBandit((-3.0, -1.0, -2.0), sd=0.1)
    page = page_of_results([_results("abc", costs)])
    heads, cells = (re.findall(rf"<{tag}[^>]*>(.*?)</t[hd]>", page) for tag in ("th scope", "td"))
    assert {"Agent", "Mean reward per step", "Best action chosen [%]", "First agent", "p-value"} <= {*heads}
    assert not [head for head in heads if "_" in head]
    plain = [re.sub("<.*?>", "", cell) for cell in cells]
    assert [cell for cell in plain if re.match(r"−\d", cell)]
    assert not [cell for cell in plain if re.match(r"-\d", cell)]
    table = re.findall(r"<tr><td>.*?</tr>", page.split("Comparisons</h2>")[1].split("</table>")[0])
    assert len(table) == 3
    digits = {len(one.partition(".")[2]) for row in table for one in re.findall(r"'number'>([^<]*)<", row)[:3]}
    assert len(digits) == 1


# The configuration.


def _configuration(page):
    """The JSON that a page offers as a file."""
    [text] = re.findall(r"<details class='configuration'>.*?<pre[^>]*><code>(.*?)</code></pre>", page, re.S)
    return html.unescape(text)


def _study():
    """An experiment with a parameter study, infinite and hidden settings, and one agent that is no member of it."""
    members = {τ: brl.Agent(brl.SampleAverage(), brl.Boltzmann(τ)) for τ in (0.1, float("1e6"))}
    agents = {"Boltzmann, τ": members, "greedy": brl.Agent(brl.SampleAverage(float("5")), brl.Greedy())}
    return brl.BanditExperiment("study", brl.GaussianBandit((0.0, 1.0), sd=0.5), agents, runs=12, steps=15, seed=3)


@pytest.mark.parametrize(
    "experiment",
    [
        _study(),
        brl.GymnasiumExperiment(
            "cliff",
            brl.Environment("CliffWalking-v1", max_episode_steps=20),
            {"cool": brl.Agent(brl.QLearning(0.5), brl.Boltzmann(0.1))},
            runs=2,
            episodes=2,
        ),
        brl.Sweep("swept", _study(), over={"seed": (0, 1)}),
    ],
    ids=lambda experiment: experiment.name,
)
def test_the_page_offers_the_experiment_as_a_file_that_runs_it(experiment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = experiment.run(progress=False)
    page = page_of_results([results])
    assert brl.from_dict(json.loads(_configuration(page))) == experiment
    name = f"{experiment.name}.json"
    (tmp_path / name).write_text(_configuration(page), "utf-8")
    assert f"boltzmann-rl run {name}" in page
    assert main(["run", name, "--quiet"]) == 0
    again = brl.load(f"results/{experiment.name}")
    pd.testing.assert_frame_equal(again.runs, results.runs)
    assert _configuration(page_of_results([again])) == _configuration(page)


@dataclasses.dataclass(frozen=True)
class Sawtooth:
    """A schedule of one's own."""

    high: float

    def __call__(self, step):
        return self.high * (1 - step % 50 / 50)


def test_a_page_says_so_if_no_file_can_hold_the_experiment(results):
    agents = {"own": brl.Agent(brl.SampleAverage(), brl.Boltzmann(Sawtooth(1.0)))}
    own = brl.BanditExperiment("own", brl.GaussianBandit(arms=2), agents, runs=5, steps=5).run(progress=False)
    older = dataclasses.replace(results, manifest={k: v for k, v in results.manifest.items() if k != "configuration"})
    for without in (own, older):
        page = page_of_results([without])
        assert "configuration" not in without.manifest
        assert "<details" not in page
        assert "This experiment has no configuration: it uses classes" in page


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"boltzmann_rl": 1, "class": "Boltzmann", "temperature": 0.1},
        {"boltzmann_rl": 1, "class": "os.system", "name": "paper"},
        {"boltzmann_rl": 99, "class": "BanditExperiment", "name": "paper"},
        {"boltzmann_rl": 1, "class": "BanditExperiment", "name": "another", "problem": {"class": "GaussianBandit"},
         "agents": {"a": {"class": "Agent", "learner": {"class": "SampleAverage"}, "policy": {"class": "Greedy"}}}},
    ],
)  # fmt: skip
def test_a_configuration_from_a_folder_is_left_out_if_it_declares_no_such_experiment(results, configuration):
    page = page_of_results([dataclasses.replace(results, manifest=results.manifest | {"configuration": configuration})])
    assert "<details" not in page


def _links(page):
    """What the links of a page declare, by their text."""
    found = re.findall(r'<a href="playground.html#([^"]*)">(.*?)</a>', page)
    return {html.unescape(text): json.loads(unquote(address)) for address, text in found}


def test_links_declare_the_agents_that_the_playground_knows():
    schedule = brl.schedules.Cosine(1.0, 0.1, steps=40)
    agents = {
        "<cool>": brl.Agent(brl.SampleAverage(), brl.Boltzmann(schedule)),
        "ε": {0.1: brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1))},
        "ucb": brl.Agent(brl.UCB1(1.5), brl.Greedy()),
        "slow": brl.Agent(brl.ConstantStep(0.1), brl.Boltzmann(0.1)),
        "optimist": brl.Agent(brl.SampleAverage(5.0), brl.Boltzmann(0.1)),
        "power": brl.Agent(brl.SampleAverage(), brl.Boltzmann(brl.schedules.Power(1.0, 0.5))),
    }
    fixed = brl.BanditExperiment(
        "known", brl.GaussianBandit((0.0, 1.0, 0.5), sd=0.3), agents, runs=10, steps=60, seed=7
    )
    links = _links(page_of_results([fixed.run(progress=False)]))
    assert [*links] == ["<cool>", "ε = 0.1", "ucb"]
    shown = brl.from_dict(links["<cool>"])
    assert shown.agents == {"Boltzmann": agents["<cool>"]}
    assert [*shown.problem.values()] == [brl.GaussianBandit((0.0, 1.0, 0.5), sd=0.3)]
    assert (shown.runs, shown.steps, shown.seed) == (10, 60, 7)
    assert "problem" not in _links(page_of_results([_results()]))["cool"]  # its means are drawn anew in each run


def test_the_code_of_the_page_on_reports_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_python("report.md")
    assert (tmp_path / "two_temperatures.html").stat().st_size > 50_000


@pytest.mark.parametrize("change", [{"runs": 999}, {"seed": 5}, {"steps": 7}, {"agents": {}}], ids=repr)
def test_a_configuration_that_contradicts_its_results_is_not_shown(change):
    results = _results()
    results.manifest["configuration"] |= change
    assert "boltzmann-rl run paper.json" not in page_of_results([results])
    assert "boltzmann-rl run paper.json" in page_of_results([_results()])
