"""Files of figures: embedded TrueType, text that is text, and the same bytes."""

import re
import shutil
import subprocess
import warnings
import zlib

import matplotlib as mpl
import pytest

import boltzmann_rl as brl
from boltzmann_rl.figures.style import figure_bytes

pytestmark = pytest.mark.pdf

LABELS = ("τ = 0.1", "日本 🙂")


@pytest.fixture(scope="module")
def results():
    agents = {label: brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t, label in enumerate(LABELS, 1)}
    return brl.BanditExperiment("x", brl.GaussianBandit(arms=3), agents, runs=30, steps=20).run(progress=False)


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    """Of the results, saved under the settings of a user who has no LaTeX."""
    settings = {"text.usetex": True, "pdf.fonttype": 3, "svg.fonttype": "path"}
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("error")
        return results.save(tmp_path_factory.mktemp("results"))


def plain(pdf):
    """The content of a PDF with its streams unpacked."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, flags=re.DOTALL)
    unpacked = []
    for stream in streams:
        try:
            unpacked.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return pdf + b"".join(unpacked)


def test_an_experiment_has_its_figure_as_png_svg_and_pdf(folder):
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".png", ".svg", ".pdf"}


def test_a_pdf_embeds_truetype_fonts_and_no_others(folder):
    content = plain((folder / "figures" / "x.pdf").read_bytes())
    assert b"/Type3" not in content
    assert b"/FontFile2" in content


@pytest.mark.skipif(shutil.which("pdffonts") is None, reason="pdffonts is missing")
def test_pdffonts_lists_embedded_truetype_only(folder):
    said = subprocess.run(["pdffonts", folder / "figures" / "x.pdf"], capture_output=True, text=True, check=True).stdout
    lines = said.splitlines()[2:]
    assert lines
    assert all("TrueType" in line and re.search(r"yes +yes", line) for line in lines), said


def test_the_text_of_an_svg_is_text(folder):
    content = (folder / "figures" / "x.svg").read_text("utf-8")
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", content)
    assert {*LABELS, "step"} <= set(texts)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_figure_has_the_same_bytes(results, folder, kind):
    assert figure_bytes(results.plot())[kind] == (folder / "figures" / f"x.{kind}").read_bytes()


def test_a_file_that_the_user_saves_has_the_same_fonts(results, tmp_path):
    with mpl.rc_context({"pdf.fonttype": 3, "text.usetex": True}):
        results.plot().savefig(tmp_path / "mine.pdf")
    content = plain((tmp_path / "mine.pdf").read_bytes())
    assert b"/Type3" not in content
    assert b"/FontFile2" in content
