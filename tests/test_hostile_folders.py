"""Results folders from someone else: read safely, or refused in one paragraph; nothing is written elsewhere."""

import json
import os
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest

from boltzmann_rl import (
    Agent,
    BanditExperiment,
    Boltzmann,
    GaussianBandit,
    GymnasiumExperiment,
    QLearning,
    SampleAverage,
    load,
    plot_schedule,
)
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.cli import main
from boltzmann_rl.figures import style
from boltzmann_rl.figures.style import figure_bytes

AGENTS = {"cool": Agent(SampleAverage(), Boltzmann(0.1)), "hot": Agent(SampleAverage(), Boltzmann(2.0))}


def declared(name="sent", agents=AGENTS, problem="three arms"):
    return BanditExperiment(name, {problem: GaussianBandit((0.0, 0.5, 1.0))}, agents, runs=4, steps=6)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder of tables alone; a sender who changes them would change or remove their hashes as well."""
    folder = declared().run(progress=False).save(tmp_path_factory.mktemp("results"))
    shutil.rmtree(folder / "cells")
    rewrite(folder, tables={})
    return folder


@pytest.fixture
def sent(saved, tmp_path, monkeypatch):
    """A folder three levels deep, so that a path that leaves it is detected."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(saved, tmp_path / "a" / "b" / "sent"))


def rewrite(folder, **changes):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    for key, value in changes.items():
        part, _, inner = key.partition("__")
        if inner:
            manifest[part][inner] = value
        else:
            manifest[part] = value
    path.write_text(json.dumps(manifest), "utf-8")


def everything_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(folder, capsys, message):
    """Assert that loading and drawing are refused with one printable paragraph, and that no file is written."""
    before = everything_in(Path.cwd())
    with pytest.raises(ValueError, match=message):
        load(folder)
    assert main(["plot", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("boltzmann-rl:")  # a long path starts on a new line
    assert "\n\n" not in err.strip()
    assert "Traceback" not in err
    assert len(err) < 2000
    assert all(line.isprintable() for line in err.split("\n"))
    assert everything_in(Path.cwd()) == before


NAMES = ["../../../victim", "/tmp/victim", "..", ".", "", "a/b", "a\\b", "C:", "C:\\x", "NUL", "com1.txt", "x ", "-x",
         "a\0b", "\x1b[31mred", "x" * 200, "a\u202eb", 7, None, True, ["x"], {"x": 1}]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_that_could_not_be_declared_is_refused_on_reading(sent, capsys, name):
    rewrite(sent, name=name)
    refused(sent, capsys, "name must be")


LABELS = ["a\r=1+1", "a\nb", "a\tb", "\x1b[2J", "\x07", "a\x00", "\x9b31m", "\u202eabc", "a\u200bb", "\u2066x",
          "\ufeffx", "a\u2028b", "a\u2029b", "a\x85b", "\ufffe", "\U000e0041x", "", "  ", "x" * 5001]  # fmt: skip
every_label = pytest.mark.parametrize("label", LABELS, ids=lambda label: ascii(label)[:12])


@every_label
def test_a_label_that_may_not_be_declared_is_refused_on_reading(sent, capsys, label):
    rewrite(sent, declaration__agents={"cool": "x", label: "y"})
    refused(sent, capsys, "labels of agents must")
    rewrite(sent, declaration__agents={"cool": "x", "hot": "x"}, declaration__problem={label: "y"})
    refused(sent, capsys, "labels of problem must")
    rewrite(sent, declaration__problem={"three arms": "y"}, study={"cool": [label, 1.0]})
    refused(sent, capsys, "labels of agents must")


@every_label
def test_a_label_that_is_refused_on_reading_cannot_be_declared(label):
    for change in ({"problem": label}, {"agents": {label: AGENTS["cool"]}}, {"agents": {label: {0.1: AGENTS["cool"]}}}):
        with pytest.raises((TypeError, ValueError), match=r"the labels of (agents|problem) must"):
            declared(**change)
    with pytest.raises((TypeError, ValueError), match="the labels of agents must"):
        GymnasiumExperiment("x", "CliffWalking-v1", {label: Agent(QLearning(0.5), Boltzmann(0.1))})


WRITTEN = ["نمی‌خواهم", "👩‍🔬", "é", "日本", "a  b", "=1+1", "＝1", " =1", "'", '"', "<&>", "$x$", "x" * 5000]


def test_labels_in_every_script_are_declared_saved_drawn_and_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(style, "FORMATS", {"svg": style.FORMATS["svg"]})  # the only one that is looked at
    results = declared(agents={**dict.fromkeys(WRITTEN, AGENTS["cool"]), "other": AGENTS["hot"]}).run(progress=False)
    again = load(results.save(tmp_path))
    assert set(again.summary["agent"]) == set(again.curves["agent"]) == {*WRITTEN, "other"}
    drawn = ElementTree.fromstring(figure_bytes(again.plot())["svg"])
    assert drawn.tag.endswith("svg")
    texts = {"".join(text.itertext()) for text in drawn.iter() if text.tag.endswith("text")}
    for label in WRITTEN[:-1]:
        assert visible(" ".join(label.split())) in texts, label  # characters without a picture are escaped


CELL = {"problem": "three arms", "agent": "cool", "engine": "reference", "identity": "0" * 64}

MANIFESTS = {
    "kind": ({"declaration__kind": "os.system"}, "kind must be one of"),
    "kind of another type": ({"declaration__kind": []}, "kind must be one of"),
    "axis": ({"axis": "episode"}, "axis and primary"),
    "primary": ({"primary": ["reward"]}, "axis and primary"),
    "runs as text": ({"runs": "many"}, "runs must be an integer"),
    "runs below 1": ({"runs": 0}, r"runs must be in \[1, "),
    "runs as truth": ({"runs": True}, "runs must be an integer"),
    "runs beyond": ({"runs": 10**30}, r"runs must be in \[1, "),
    "a last part": ({"declaration__last": 1e9}, r"last must be in \[0, 1"),
    "no steps": ({"declaration__steps": None}, "steps must be an integer"),
    "seed": ({"declaration__seed": -1}, r"seed must be in \[0, "),
    "no agents": ({"declaration__agents": {}}, "agents must have at least one entry"),
    "agents as a list": ({"declaration__agents": ["a"]}, "agents must be a mapping"),
    "agent of another type": ({"declaration__agents": {"cool": 3}}, "must be a string"),
    "problem": ({"declaration__problem": None}, "problem must be a mapping"),
    "declaration": ({"declaration": "x"}, "declaration must be a mapping"),
    "identity": ({"identity": 3}, "identity must be a string"),
    "study": ({"study": [1]}, "study must be a mapping"),
    "study of a stranger": ({"study": {"stranger": ["a", 1.0]}}, "not declared"),
    "study without a number": ({"study": {"cool": ["a", "1"]}}, "must be a number"),
    "study with too large a number": ({"study": {"cool": ["a", 10**400]}}, "must be"),
    "study too long": ({"study": {"cool": ["a", 1.0, 2.0]}}, "a family and a number"),
    "format": ({"format": "1"}, "format must be an integer"),
    "later format": ({"format": 10**400, "versions": {"boltzmann_rl": "\x1b[31m" * 99}}, "upgrade it"),
    "later format without versions": (
        {"format": 3, "versions": None},
        r"boltzmann_rl \(version unknown\); .*upgrade it",
    ),
    "agents of other cells": ({"declaration__agents": {"someone": "x"}}, "cells name an agent that is not declared"),
    "no cells": ({"cells": []}, "cells must be a list with at least one entry"),
    "cells of another type": ({"cells": [["cool"]]}, "an entry of cells must be a mapping"),
    "cells without an identity": ({"cells": [{"problem": "three arms"}]}, "must have problem, agent, engine and ident"),
    "an identity that is no hash": ({"cells": [{**CELL, "identity": "../" * 20}]}, "must be the hash of a cell"),
    "an engine that is none": ({"cells": [{**CELL, "engine": "rm"}]}, "engine must be reference or compiled"),
    "no windows": ({"windows": None}, "windows must be an integer"),
    "hashes of another type": ({"tables": {"curves.csv": 3}}, "must be a hash"),
    "more steps left out than there are": ({"declaration__uncounted_steps": 6}, "uncounted_steps must be"),
    "name of other tables": ({"name": "other"}, "is not the one in the manifest"),
    "fewer agents than in the tables": ({"cells": [CELL]}, "one row"),
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_a_forged_manifest_is_refused_with_the_reason(sent, capsys, case):
    change, message = MANIFESTS[case]
    rewrite(sent, **change)
    refused(sent, capsys, message)


TEXTS = {
    "nothing": "",
    "not JSON": "{'a': 1}",
    "deep": "[" * 100_000,
    "deep mapping": '{"a":' * 100_000,
    "not a number": '{"runs": NaN}',
    "infinite": '{"runs": -Infinity}',
    "endless integer": '{"runs": ' + "9" * 10_000 + "}",
    "a list": "[1]",
    "a number": "3",
    "keys missing": "{}",
    "not UTF-8": b"\xff\xfe",
    "escapes": "\x1b[31m",
}


@pytest.mark.parametrize("case", TEXTS)
def test_an_invalid_manifest_file_is_refused(sent, capsys, case):
    content = TEXTS[case]
    (sent / "manifest.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(sent, capsys, "is damaged|is not a manifest")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("file", ["manifest.json", "curves.csv"])
def test_a_pipe_in_place_of_a_file_is_refused_without_waiting(sent, capsys, file):
    (sent / file).unlink()
    os.mkfifo(sent / file)
    with pytest.raises(ValueError, match=r"must be a file|not a file"):
        load(sent)


def test_a_manifest_of_gigabytes_is_not_read(sent, capsys):
    with (sent / "manifest.json").open("ab") as file:
        file.truncate(3_000_000_000)
    with pytest.raises(ValueError, match="at most"):
        load(sent)


def edited(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new).encode())


TABLES = {
    "a column gone": (("curves.csv", ",low,", ",lower,"), "no column low"),
    "a column of the summary gone": (("summary.csv", ",reward_low,", ",x,"), "no column reward_low"),
    "another agent": (("curves.csv", ",hot,", ",cold,"), "its agent 'cold' is not the one"),
    "a run twice": (("runs.csv", "hot,3,", "hot,2,"), "hot on three arms has run 2 twice"),
    "a run that another agent lacks": (("runs.csv", "hot,3,", "hot,7,"), "hot on three arms lacks run 3, which cool"),
    "another problem": (("runs.csv", "three arms", "four arms"), "its problem"),
    "a control character": (("summary.csv", "hot", "hot\x1b[31m"), "its agent"),
    "a row behind a return": (("curves.csv", ",hot,", ",a\r=1+1,"), "is damaged"),
    "text for numbers": (("curves.csv", "three arms,cool,0,reward,", "three arms,cool,0,reward,x"), "damaged"),
    "steps below 0": (("curves.csv", ",cool,0,reward,", ",cool,-1,reward,"), "step must be integers"),
    "steps beyond": (("curves.csv", ",cool,0,reward,", f",cool,{10**30},reward,"), "step must be integers"),
    "an agent twice": (("summary.csv", ",cool,", ",hot,"), "one row for each agent"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_that_does_not_belong_to_the_manifest_is_refused(sent, capsys, case):
    (file, old, new), message = TABLES[case]
    edited(sent / file, old, new)
    refused(sent, capsys, message)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"experiment,problem\n", b"\x00\x01", b"\xff", b'"', b"a,b\n1\n1,2,3,4\n"]
)
@pytest.mark.parametrize("table", ["curves", "summary", "runs"])
def test_an_invalid_table_file_is_refused_by_name(sent, capsys, table, content):
    (sent / f"{table}.csv").write_bytes(content)
    refused(sent, capsys, f"{table}.csv is damaged")


def test_a_missing_table_is_named_when_it_is_needed(sent, capsys, tmp_path):
    (sent / "curves.csv").unlink()
    assert "had the highest mean reward" in load(sent).sentence
    for attempt in (load(sent).plot, lambda: load(sent).save(tmp_path / "copy")):
        with pytest.raises(FileNotFoundError, match=r"curves\.csv is missing"):
            attempt()
    assert not (tmp_path / "copy").exists()
    assert main(["plot", str(sent)]) == 1
    assert "curves.csv is missing" in " ".join(capsys.readouterr().err.split())
    (sent / "summary.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"summary\.csv is missing"):
        _ = load(sent).sentence


def test_tables_with_windows_line_ends_read_the_same(sent, saved):
    for path in sent.glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    for table in ("curves", "summary", "runs"):
        pd.testing.assert_frame_equal(getattr(load(sent), table), getattr(load(saved), table))


def test_nothing_is_drawn_through_a_link(sent, capsys, tmp_path):
    victim = tmp_path / "victim"
    shutil.move(sent / "figures", victim)
    before = everything_in(victim)
    (sent / "figures").symlink_to(victim, target_is_directory=True)
    assert main(["plot", str(sent)]) == 1
    assert "is a link to another folder" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(FileExistsError, match="is a link"):
        load(sent).save(sent.parent)
    assert everything_in(victim) == before


@pytest.mark.pdf
def test_files_that_are_links_are_replaced_and_not_written_through(sent, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    results = load(sent)
    written = [*sent.glob("*.csv"), *(sent / "figures").iterdir()]
    for path in written:
        path.unlink()
        path.symlink_to(victim)
    results.save(sent.parent)
    assert main(["plot", str(sent)]) == 0
    assert victim.read_text() == "mine"
    assert not any(path.is_symlink() for path in written)


@pytest.mark.figures
def test_figures_are_redrawn_if_their_folder_is_missing(sent):
    shutil.rmtree(sent / "figures")
    assert main(["plot", str(sent)]) == 0
    assert (sent / "figures" / "sent.svg").stat().st_size > 1000


def test_nothing_in_a_folder_is_executed(sent, tmp_path):
    ran = tmp_path / "ran"
    code = f"__import__('pathlib').Path({str(ran)!r}).touch()"
    rewrite(sent, declaration__agents={"cool": code, "hot": code}, declaration__problem={"three arms": code})
    (sent / "__init__.py").write_text(code)
    (sent / "conftest.py").write_text(code)
    assert main(["plot", str(sent)]) == 0
    assert load(sent).sentence
    assert not ran.exists()


@pytest.mark.parametrize("place", ["", "/inner"])
def test_a_file_in_place_of_the_results_folder_is_refused_before_the_run(tmp_path, monkeypatch, capsys, place):
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "x.py").write_text(
        "import boltzmann_rl as brl\nEXPERIMENT = brl.BanditExperiment('x', brl.GaussianBandit(), "
        "{'a': brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}, runs=2, steps=3)\n"
    )
    monkeypatch.setattr("boltzmann_rl.BanditExperiment.run", lambda *_, **__: pytest.fail("the work was done in vain"))
    assert main(["run", str(tmp_path / "x.py"), "--results", f"{tmp_path}/taken{place}"]) == 1
    assert "is a file where results need a folder" in " ".join(capsys.readouterr().err.split())


def test_a_difference_from_another_declaration_is_shown_as_text_without_effect(sent):
    rewrite(sent, identity="0", declaration__agents={"cool": "\x1b[31m" + "x" * 5000, "hot": "\u202e"})
    with pytest.warns(UserWarning, match="held results of another declaration") as told:
        declared().run(progress=False).save(sent.parent)
    (message,) = (str(warning.message) for warning in told)
    assert message.isprintable()
    assert "\\x1b[31m" in message
    assert len(message) < 3000


STRANGE = "\x1b]0;title\x07\x9b1m\u202e\u200b\rover"


def test_docstrings_messages_and_arguments_reach_the_terminal_as_text(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    experiment = (
        "import boltzmann_rl as brl\nEXPERIMENT = brl.BanditExperiment('x', brl.GaussianBandit(), "
        "{'a': brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}, runs=2, steps=3)\n"
    )
    Path("good.py").write_text(f"{visible(STRANGE)!r}\n".replace("\\\\", "\\") + experiment)
    Path("bad.py").write_text(f"raise RuntimeError({STRANGE!r})")
    Path("odd\x1b[31m.py").write_text(experiment)
    for call in (["list", "."], ["run", "bad.py"], ["run", "bad.py", "--debug"], ["plot", STRANGE],
                 ["check", STRANGE], ["check", f"{STRANGE}:X"], ["reproduce", STRANGE]):  # fmt: skip
        assert main(call) in (1, 2)
    for call in (["list", ".", STRANGE], [STRANGE], ["run", "good.py", "--runs", STRANGE]):
        with pytest.raises(SystemExit):
            main(call)
    out, err = capsys.readouterr()
    assert "\\x1b]0;title" in out
    assert "\\x1b]0;title" in err
    assert all(line.isprintable() for line in (out + err).split("\n"))


def test_a_figure_with_control_characters_is_still_xml():
    figure = plot_schedule({STRANGE: 1.0, "\x00\ufffe": 2.0}, label=STRANGE)
    assert ElementTree.fromstring(figure_bytes(figure)["svg"]).tag.endswith("svg")
