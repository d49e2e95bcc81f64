"""Figures are known to pyplot, a notebook shows them once, and saving leaves none open."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import gymnasium
import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

import boltzmann_rl as brl
from boltzmann_rl.figures.style import STYLE, in_style_of_the_user, styled

DECLARED = """
import boltzmann_rl as brl
agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}
results = brl.BanditExperiment("x", brl.GaussianBandit(arms=3), agents, runs=30, steps=20).run(progress=False)
"""


@pytest.fixture(scope="module")
def results():
    parts: dict = {}
    exec(DECLARED, parts)
    return parts["results"]


DRAWN = {
    "results.plot": lambda results: results.plot(),
    "results.plot_difference": lambda results: results.plot_difference("τ = 0.1", "τ = 1.0"),
    "plot_schedule": lambda results: brl.plot_schedule(brl.schedules.Linear(1, 0, steps=10)),
    "plot_probabilities": lambda results: brl.plot_probabilities(brl.Boltzmann(0.2), [0.0, 1.0]),
    "plot_action_values": lambda results: brl.plot_action_values([[0.0, 1.0]]),
    "plot_grid": lambda results: brl.plot_grid(gymnasium.make("FrozenLake-v1"), [[0.0, 1.0, 2.0, 3.0]] * 16),
    "plot_simplex": lambda results: brl.plot_simplex(brl.Boltzmann(0.2), [0.0, 0.5, 1.0]),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_that_is_asked_for_is_the_current_one_of_pyplot(results, name):
    figure = DRAWN[name](results)
    assert plt.gcf() is figure
    assert plt.fignum_exists(figure.number)


def test_functions_of_pyplot_change_the_figure(results):
    figure = results.plot()
    plt.suptitle("mine")
    plt.title("my panel")
    assert figure.get_suptitle() == "mine"
    assert plt.gca() in figure.axes
    assert plt.gca().get_title() == "my panel"


@pytest.mark.figures
def test_saving_leaves_no_figure_open(results, tmp_path):
    results.save(tmp_path)
    assert plt.get_fignums() == []


def test_two_threads_that_draw_leave_the_settings_of_the_user():
    before, first_is_in, second_is_in, first_is_out = dict(mpl.rcParams), Event(), Event(), Event()

    def first():
        with styled():
            first_is_in.set()
            second_is_in.wait(0.3)  # it has to wait for the first; else the first leaves while the second draws
        first_is_out.set()

    def second():
        first_is_in.wait(10)
        with styled():
            second_is_in.set()
            first_is_out.wait(10)

    with ThreadPoolExecutor(2) as threads:
        for drawn in [threads.submit(first), threads.submit(second)]:
            drawn.result()
    assert dict(mpl.rcParams) == before


def test_axes_of_the_user_have_the_settings_of_the_user_while_another_thread_draws():
    drawing, drawn = Event(), Event()

    def other():
        with styled():
            drawing.set()
            drawn.wait(0.3)

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(other)
        drawing.wait(10)
        with in_style_of_the_user():
            size = mpl.rcParams["font.size"]
        drawn.set()
        done.result()
    assert size == mpl.rcParams["font.size"] != STYLE["font.size"]


FORKED = """
import os, signal, threading
from boltzmann_rl.figures.style import styled
drawing, drawn = threading.Event(), threading.Event()
def draw():
    with styled():
        drawing.set()
        drawn.wait(10)
thread = threading.Thread(target=draw)
thread.start()
drawing.wait(10)
child = os.fork()
if not child:
    signal.alarm(5)
    with styled():
        os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
drawn.set()
thread.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks")
def test_a_process_that_was_forked_while_another_thread_drew_can_draw():
    assert run(FORKED, "-W", "ignore").strip() == "0"


def run(code, *options):
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True).stdout


def test_saving_does_not_import_pyplot(tmp_path):
    code = f"{DECLARED}\nresults.save({str(tmp_path)!r})\nimport sys\nprint('matplotlib.pyplot' in sys.modules)"
    assert run(code, "-W", "error").strip() == "False"


BACKEND = """
import sys, types
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backend_bases import FigureManagerBase

class Manager(FigureManagerBase):
    def show(self):
        print("shown", self.num)

    @classmethod
    def start_main_loop(cls):
        print("until closed")

class Canvas(FigureCanvasAgg):
    manager_class, required_interactive_framework = Manager, None

sys.modules["windows"] = types.SimpleNamespace(FigureCanvas=Canvas)
"""


def test_a_script_shows_every_figure_with_one_call_of_show():
    draw = "import matplotlib\nmatplotlib.use('module://windows')\nresults.plot(), brl.plot_schedule(1.0)"
    said = run(f"{BACKEND}{DECLARED}{draw}\nimport matplotlib.pyplot as plt\nplt.show()")
    assert said.splitlines() == ["shown 1", "shown 2", "until closed"]


def test_without_a_display_for_the_window_asked_for_a_figure_can_be_saved(results, monkeypatch, tmp_path):
    def refuse(**_):
        raise ImportError("Cannot load backend 'QtAgg' which requires the 'qt' interactive framework")

    monkeypatch.setattr(plt, "figure", refuse)
    results.plot().savefig(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 1000


CELLS = {
    "as the last line": ["results.plot()"],
    "with a name": ["figure = results.plot()"],
    "with a title of pyplot": ["import matplotlib.pyplot as plt\nresults.plot()\nplt.title('x')\nNone"],
    "shown by pyplot": ["import matplotlib.pyplot as plt\nresults.plot()\nplt.show()"],
    "by display": ["display(results.plot())"],
    "a difference": ["results.plot_difference('τ = 0.1', 'τ = 1.0')"],
}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The outputs of cells in a notebook, by the names of `CELLS`."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("matplotlib_inline")
    pytest.importorskip("ipykernel")
    cells = [DECLARED, *("\n".join(lines) for lines in CELLS.values()), "figure"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    shown = [sum("image/png" in output.get("data", {}) for output in cell["outputs"]) for cell in book.cells[1:]]
    return dict(zip([*CELLS, "again in a later cell"], shown, strict=True))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_notebook_shows_a_figure_once(book):
    assert book == dict.fromkeys([*CELLS, "again in a later cell"], 1)


def test_a_figure_keeps_its_style_under_other_settings(results):
    figure = results.plot()
    with mpl.rc_context({"text.usetex": True, "pdf.fonttype": 3, "xtick.labelsize": 30, "font.size": 30}):
        figure.canvas.draw()
    sizes = {text.get_fontsize() for ax in figure.axes for text in ax.findobj(mpl.text.Text) if text.get_text()}
    assert max(sizes) <= 9
