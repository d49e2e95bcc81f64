"""Progress: the time left, and what terminals, notebooks, logs and broken streams show of it."""

import contextlib
import errno
import heapq
import io
import os
import random
import struct
import subprocess
import sys
import threading
import types
import unicodedata

import pytest
from cases import in_one_test

from boltzmann_rl.arguments.labels import columns, cut
from boltzmann_rl.runs.progress import Progress, State, bar_of, counts_of, time_left


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves: ``clock.now += 1.0``."""
    clock = types.SimpleNamespace(now=1000.0)
    monkeypatch.setattr("boltzmann_rl.runs.progress.time", types.SimpleNamespace(monotonic=lambda: clock.now))
    return clock


# --- the time left ----------------------------------------------------------------------------------------------------


def test_before_anything_is_measured_the_estimate_is_shared_by_the_workers():
    assert time_left(90.0, 0.0, 0.0) == 90.0
    assert time_left(90.0, 0.0, 0.0, workers=3) == 30.0


def test_without_an_estimate_nothing_is_known_at_the_beginning_and_the_pace_is_the_measured_one_after_it():
    assert time_left(90.0, 0.0, 0.0, estimated=False) is None
    assert time_left(30.0, 60.0, 20.0, estimated=False) == pytest.approx(10.0)


def test_the_weight_of_the_estimate_is_two_percent_of_the_work():
    assert time_left(99.0, 1.0, 3.0) == pytest.approx(99.0 * (3.0 + 2.0) / (1.0 + 2.0))
    assert time_left(50.0, 50.0, 150.0) == pytest.approx(50.0 * (150.0 + 2.0) / (50.0 + 2.0))


def test_with_several_workers_the_estimate_holds_until_batches_in_flight_cannot_explain_the_difference():
    # Two workers, batches of 10 of 1000. After 10 s one batch is done: the other may be nearly done as well.
    assert time_left(990.0, 10.0, 10.0, workers=2, batch=10.0) == pytest.approx(495.0)
    # After 200 s there should be 400; with at most 210, the pace is at least (200 + 10) / (200 + 10 + 20) > 1 / 2.
    assert time_left(800.0, 200.0, 200.0, workers=2, batch=10.0) == pytest.approx(800.0 * 210.0 / 230.0)
    # After 50 s there should be 100; there are 300, so the pace is at most (50 + 10) / (300 + 20).
    assert time_left(700.0, 300.0, 50.0, workers=2, batch=10.0) == pytest.approx(700.0 * 60.0 / 320.0)


def test_nothing_is_left_at_the_end():
    assert time_left(0.0, 10.0, 20.0) == 0.0
    assert time_left(-1e-9, 10.0, 20.0, workers=4, batch=5.0) == 0.0
    assert time_left(0.0, 0.0, 0.0, estimated=False) == 0.0


def batches(order, longest):
    """The seconds of batches of cells of ten agents, whose costs are from 1 to 30 units."""
    costs = [1.0, 1.2, 1.5, 2.0, 3.0, 4.5, 8.0, 12.0, 20.0, 30.0]
    work = [longest * cost / 30.0 for cost in costs for _ in range(40)]
    if order == "falling":
        work.reverse()
    if order == "shuffled":
        random.Random(0).shuffle(work)
    return work


def schedule(work, workers):
    """Simulate workers that take the next batch when they are free: moments at which each batch ends."""
    free, ends = [0.0] * workers, []
    for seconds in work:
        end = heapq.heappop(free) + seconds
        heapq.heappush(free, end)
        ends.append((end, seconds))
    return sorted(ends)


@in_one_test("longest", [0.2, 60.0], ids=["short batches", "long batches"])
@in_one_test("workers", [1, 2, 8])
@in_one_test("order", ["rising", "falling", "shuffled"])
def test_the_time_left_is_within_a_quarter_from_the_start_for_cells_of_very_different_cost(order, workers, longest):
    work = batches(order, longest)
    ends = schedule(work, workers)
    done, batch = 0.0, 0.0
    for now, seconds in [(0.0, 0.0), *ends]:
        done, batch = done + seconds, max(batch, seconds)
        told = time_left(sum(work) - done, done, now, workers=workers, batch=batch)
        left = ends[-1][0] - now
        assert abs(told - left) <= 0.25 * left + batch


@in_one_test("slower", [0.5, 2.0])
@in_one_test("workers", [1, 2])
@in_one_test("order", ["rising", "falling", "shuffled"])
def test_an_estimate_that_is_wrong_by_a_factor_is_corrected_within_a_tenth_of_the_work(order, workers, slower):
    work, done = batches(order, 0.2), 0.0
    ends = schedule([seconds * slower for seconds in work], workers)
    for now, seconds in ends:
        done += seconds / slower
        if done >= 0.1 * sum(work):
            told = time_left(sum(work) - done, done, now, workers=workers, batch=0.2)
            left = ends[-1][0] - now
            assert abs(told - left) <= 0.25 * left + 0.2 * slower


def test_a_run_tells_the_time_left_from_its_first_second_also_during_a_cell(clock):
    work = [30.0, 1.0, 1.0, 30.0, 4.0, 1.0] * 20
    random.Random(1).shuffle(work)
    with Progress("x", len(work), shown=False) as progress:
        clock.now += 40.0  # the probe, which is not simulation
        progress.expect(sum(work))
        end = clock.now + sum(work)
        for seconds in work:
            for _ in range(10):
                clock.now += seconds / 10
                assert progress.state.left == pytest.approx(end - clock.now, rel=0.01, abs=0.2)
            progress.advance(work=seconds)
        assert progress.state.left == 0.0


def test_cells_of_the_store_are_done_but_count_neither_as_time_nor_as_rate(clock):
    with Progress("x", 100, work=50.0, shown=False) as progress:
        clock.now += 7.0  # reading the store
        progress.found(60, work=30.0)
        progress.expect(100.0)  # the unit is half of what it was
        assert progress.state == State(60, 100, 0, 0.0, 0.0, 40.0, "", 0.6)
        for _ in range(10):
            clock.now += 2.0
            progress.advance(work=1.0)
        state = progress.state
    assert (state.cells, state.rate, state.seconds, state.fraction) == (70, 0.5, 20.0, 0.7)
    assert state.left == pytest.approx(30.0 * (20.0 + 0.8) / (10.0 + 0.8))  # 2 % of 40


def test_failures_are_counted_and_percent_are_of_the_work_not_of_the_cells(clock):
    with Progress("x", 4, work=100.0, shown=False) as progress:
        progress.running("a on b")
        progress.advance(2, work=90.0, failed=1)
        assert progress.state[:3] == (2, 4, 1)
        assert progress.state.fraction == pytest.approx(0.9)
        assert progress.state.running == "a on b"


def test_a_run_without_cells_is_done():
    with Progress("x", 0, shown=False) as progress:
        assert (progress.state.fraction, progress.state.left) == (1.0, 0.0)


# --- terminals --------------------------------------------------------------------------------------------------------

WIDE, MARKS = "日本語", "e\u0301"  # each character of the first needs 2 columns; the mark of the second needs none


def screen(output, width):
    """What a terminal of this width shows: its lines. No line may wrap."""
    lines, column = [""], 0
    for character in output:
        if character == "\r":
            column, line = 0, []
            continue
        if character == "\n":
            lines.append("")
            continue
        assert character.isprintable(), repr(character)
        if column == 0:
            line = []
        size = 0 if unicodedata.combining(character) else 2 if character in WIDE else 1
        line.append(character)
        column += size
        assert column < width, "the last column stays free: some terminals wrap after it"
        lines[-1] = "".join(line)
    return lines


@pytest.fixture
def terminal(monkeypatch):
    """``terminal(columns)`` makes standard error a terminal of this size; ``terminal.output()`` ends and reads it."""
    if os.name != "posix":
        pytest.skip("pseudo-terminals of POSIX")
    import fcntl
    import pty
    import termios

    master, slave = pty.openpty()
    stream = os.fdopen(slave, "w", encoding="utf-8")

    def begin(columns):
        monkeypatch.setattr(sys, "stderr", stream)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    parts = []

    def read():
        with contextlib.suppress(OSError):  # Linux ends a pseudo-terminal with an error
            while part := os.read(master, 65536):
                parts.append(part)

    reader = threading.Thread(target=read)
    reader.start()

    def output():
        stream.close()
        reader.join()
        return b"".join(parts).decode()

    begin.output = output
    yield begin
    output()
    os.close(master)


@pytest.mark.parametrize("width", [0, 40, 80, 200])
def test_a_terminal_shows_one_line_that_fits_its_width(terminal, clock, monkeypatch, width):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_, **__: os.terminal_size((80, 24)))
    terminal(width)
    with Progress(f"{WIDE * 9}", 1000, work=1000.0) as progress:
        for cell in range(1000):
            progress.running(f"{MARKS * cell} on {WIDE * cell}")
            clock.now += 1.0
            progress.advance(work=1.0, failed=cell % 2)
    output = terminal.output()
    lines = screen(output, width or 80)
    assert len(lines) == 2
    assert not lines[-1]
    assert lines[0].startswith("日本")
    assert "100%" in lines[0]
    if width != 40:
        assert "1000 of 1000 cells in 16:40, 1/s, 500 failed" in lines[0]
        assert "500 of 1000 cells, 1/s, 08:20 left, 250 failed" in output


def test_a_bar_names_what_runs_and_has_room_for_everything(terminal, clock):
    terminal(100)
    with Progress("lake", 40) as progress:
        progress.expect(80.0)
        progress.found(10, work=20.0)
        clock.now += 10.0
        progress.advance(5, work=10.0)
        clock.now += 1.0
        progress.running("UCB on FrozenLake-v1")
    shown = terminal.output().split("\r")[-3]  # the last line but one; each line ends in \r\n
    assert shown.startswith("lake:  37%|")
    assert "| 15 of 40 cells, 0.455/s, 00:49 left: UCB on FrozenLake-v1" in shown
    assert shown.count("█") == 7  # 37.5 % of 20


def test_a_shorter_line_covers_the_longer_one_before_it(terminal, clock):
    terminal(80)
    with Progress("x", 10) as progress:
        for label in ("a label that is quite long", "short"):
            clock.now += 1.0
            progress.running(label)
    lines = terminal.output().split("\r")
    assert len(lines[3]) == len(lines[2])
    assert lines[3].rstrip().endswith(": short")


def test_a_terminal_that_has_no_block_characters_gets_a_bar_of_ascii(monkeypatch, clock):
    shown = _terminal_of(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", shown)
    with Progress("τ-test", 2) as progress:
        clock.now += 1.0
        progress.advance()
    text = shown.buffer.getvalue().decode("ascii")
    assert "?-test:  50%|####" in text


def _terminal_of(buffer, encoding):
    stream = io.TextIOWrapper(buffer, encoding=encoding)
    stream.isatty = lambda: True
    return stream


def test_a_bar_is_updated_at_most_twenty_times_a_second(terminal, clock):
    terminal(80)
    with Progress("x", 10_000) as progress:
        for _ in range(10_000):
            clock.now += 0.001
            progress.running("y")
            progress.advance()
    assert 150 <= terminal.output().count("\r") <= 202


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\u202egnirts", "\\u202egnirts"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("{bar} %s <b>", "{bar} %s <b>"),
    ],
)
def test_control_characters_of_labels_are_escaped(terminal, clock, label, shown):
    terminal(200)
    with Progress(label, 3) as progress:
        clock.now += 1.0
        progress.running(label)
        assert progress.state.running == shown
    first, *others = terminal.output().strip().split("\r")
    assert all(line.startswith(f"{shown}:") for line in (first, *others))
    assert others[0].rstrip().endswith(f": {shown}")


@in_one_test("width", range(0, 130, 7))
@in_one_test("last", [False, True])
def test_a_bar_is_never_wider_than_asked(width, last):
    for cells, label in ((0, ""), (77, "UCB"), (10**9, WIDE * 20), (5, MARKS * 50)):
        state = State(cells, 10**9, cells, 1234.5, 1e9, 1e9, label, cells / 1e9)
        assert columns(bar_of(label, state, "cells", width, last=last)) <= width


@in_one_test(
    ("text", "wide"),  # counted by hand, after Unicode Standard Annex 11
    [("", 0), ("abc", 3), ("τ = 0.2", 7), (WIDE, 6), (MARKS, 1), ("ｆ", 2), ("😀", 2), ("한", 2), ("a\u20dd", 1)],
)
def test_columns_count_wide_characters_twice_and_combining_marks_not_at_all(text, wide):
    assert columns(text) == wide
    assert cut(text, wide) == text


def test_text_is_cut_between_characters_and_keeps_their_marks():
    assert cut(MARKS * 5, 3) == f"{MARKS}{MARKS}…"
    assert cut(WIDE, 5) == "日本…"
    assert cut(WIDE, 4) == "日…"
    assert cut(WIDE, 1) == "…"
    assert cut(WIDE, 0) == cut(WIDE, -3) == ""


# --- logs -------------------------------------------------------------------------------------------------------------


def test_a_log_gets_a_line_at_the_start_one_every_ten_seconds_and_one_at_the_end(tmp_path, monkeypatch, clock):
    with open(tmp_path / "log", "w+", encoding="utf-8") as log:
        monkeypatch.setattr(sys, "stderr", log)
        with Progress("lake", 400) as progress:
            progress.expect(25.0)
            for cell in range(400):
                progress.running("UCB on lake")
                clock.now += 0.0625  # exact in binary
                progress.advance(work=0.0625, failed=cell % 50 == 0)
        log.seek(0)
        assert log.read().splitlines() == [
            "lake: 0 of 400 cells",
            "lake: 160 of 400 cells, 16/s, 00:15 left, 4 failed",
            "lake: 320 of 400 cells, 16/s, 00:05 left, 7 failed",
            "lake: 400 of 400 cells in 00:25, 16/s, 8 failed",
        ]


def test_an_interrupted_run_says_how_far_it_came(tmp_path, monkeypatch, clock):
    with open(tmp_path / "log", "w+", encoding="utf-8") as log:
        monkeypatch.setattr(sys, "stderr", log)
        with contextlib.suppress(KeyboardInterrupt), Progress("lake", 5) as progress:
            clock.now += 4.0
            progress.advance(2)
            raise KeyboardInterrupt
        log.seek(0)
        assert log.read().splitlines()[-1] == "lake: 2 of 5 cells in 00:04, 0.5/s"


def test_standard_error_may_be_replaced_during_the_run(tmp_path, monkeypatch, clock, terminal):
    terminal(80)
    with open(tmp_path / "log", "w+", encoding="utf-8") as log, Progress("x", 3) as progress:
        clock.now += 20.0
        monkeypatch.setattr(sys, "stderr", log)
        progress.advance()
        monkeypatch.setattr(sys, "stderr", None)
        clock.now += 20.0
        progress.advance()
        monkeypatch.setattr(sys, "stderr", log)
        clock.now += 20.0
        progress.advance()
        log.seek(0)
        assert [line.split(",")[0] for line in log.read().splitlines()] == ["x: 1 of 3 cells", "x: 3 of 3 cells"]


# --- streams that cannot be written to --------------------------------------------------------------------------------


class Stream:
    """A stream of a logger; ``without`` names what it lacks, ``error`` is what writing raises."""

    encoding = "utf-8"

    def __init__(self, without=(), error=None):
        self.error, self.writes = error, 0
        for name in {"write", "flush", "isatty", "fileno"} - set(without):
            setattr(self, name, getattr(self, f"_{name}"))

    def _write(self, text):
        self.writes += 1
        if self.error is not None:
            raise self.error

    def _flush(self):
        pass

    def _isatty(self):
        return False

    def _fileno(self):
        raise OSError


def work_on(stream, monkeypatch, clock):
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("x", 5, work=50.0) as progress:
        for _ in range(5):
            clock.now += 10.0
            progress.running("a")
            progress.advance(work=10.0)
    monkeypatch.undo()
    assert progress.state[:3] == (5, 5, 0)


@pytest.mark.parametrize("without", ["write", "flush", "isatty", "fileno"])
def test_an_incomplete_stream_gets_nothing_and_the_work_goes_on(monkeypatch, clock, without):
    stream = Stream(without=[without])
    work_on(stream, monkeypatch, clock)
    assert stream.writes == 0


@pytest.mark.parametrize(
    "error",
    [BrokenPipeError(), OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "gone"), ValueError(), RuntimeError()],
    ids=repr,
)
def test_after_a_failed_write_nothing_more_is_written_and_the_work_goes_on(monkeypatch, clock, error):
    stream = Stream(error=error)
    work_on(stream, monkeypatch, clock)
    assert stream.writes == 1


def test_without_a_stream_or_with_a_closed_one_the_work_goes_on(monkeypatch, clock, tmp_path):
    work_on(None, monkeypatch, clock)
    closed = open(tmp_path / "log", "w", encoding="utf-8")  # noqa: SIM115 - it must be closed here
    closed.close()
    work_on(closed, monkeypatch, clock)


def test_nothing_is_written_if_progress_is_not_shown(monkeypatch, clock, capsys):
    with Progress("x", 5, shown=False) as progress:
        clock.now += 20.0
        progress.advance(5)
    assert capsys.readouterr() == ("", "")


WORK = (
    "from boltzmann_rl.runs.progress import Progress\n"
    "with Progress('x', 100) as progress:\n    for _ in range(100):\n        progress.advance()\n"
    "print(progress.state.cells)"
)


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
@pytest.mark.parametrize("broken", ["reader gone", "disk full", "closed"])
def test_a_process_whose_standard_error_is_broken_does_all_its_work_and_exits_with_status_0(broken):
    reader, writer = os.pipe()
    os.close(reader)
    if broken == "disk full":
        os.close(writer)
        writer = os.open("/dev/full", os.O_WRONLY)
    command = [sys.executable, "-W", "error", "-c", WORK]
    if broken == "closed":
        command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=writer, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, "100\n")


# --- notebooks --------------------------------------------------------------------------------------------------------


def test_a_notebook_without_widgets_gets_a_bar_of_text(monkeypatch, clock):
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr("tqdm.notebook.IProgress", None)
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    with Progress("lake", 2) as progress:
        clock.now += 1.0
        progress.advance()
    assert "\rlake:  50%|█" in out.getvalue()


def test_a_session_of_ipython_on_a_terminal_is_no_notebook(monkeypatch, clock, terminal):
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: types.SimpleNamespace()))
    terminal(80)
    with Progress("lake", 2):
        pass
    assert terminal.output().startswith("\rlake:   0%|")


def test_a_notebook_with_widgets_gets_the_bar_of_a_notebook():
    pytest.importorskip("ipykernel")
    pytest.importorskip("ipywidgets")
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    code = (
        "import warnings; warnings.simplefilter('error')\n"
        "from boltzmann_rl.runs.progress import Progress\n"
        "with Progress('<b>{bar}</b>', 4) as progress:\n"
        "    progress.running('UCB {n} on lake')\n"
        "    progress.advance(3)\n"
        "    progress._due = 0.0\n"
        "    progress.running('UCB {n} on lake')\n"
        "    during = [part.value for part in progress._widget.container.children]\n"
        "    progress.advance(failed=1)\n"
        "during, [part.value for part in progress._widget.container.children]"
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(book, timeout=60, kernel_name="python3").execute()
    shown, value = book.cells[0].outputs
    assert "application/vnd.jupyter.widget-view+json" in shown["data"]
    during, after = eval(value["data"]["text/plain"])
    name = "&lt;b&gt;{bar}&lt;/b&gt;:"
    assert during[:2] == [f"{name}\u2007\u200775%", 0.75]
    assert "3\u2007of\u20074\u2007cells" in during[2]
    assert during[2].endswith("left:\u2007UCB\u2007{n}\u2007on\u2007lake")
    assert after[:2] == [f"{name}\u2007100%", 1.0]
    assert after[2].replace("\u2007", " ").strip().startswith("4 of 4 cells in 00:00")
    assert after[2].endswith("1\u2007failed")


def test_progress_adds_the_cells_of_a_next_stage_and_names_the_stage():
    with Progress("example", cells=4, shown=False) as progress:
        progress.found(1)
        progress.advance(3)
        assert progress.state.fraction == 1.0
        progress.grow(6, "look at 38 runs, 1 of 3 pairs open")
        progress.advance(1)
        state = progress.state
        assert (state.cells, state.total, state.fraction) == (5, 10, 0.5)
        said = counts_of(state._replace(rate=0.0, left=None), "cells")
        assert said == "5 of 10 cells, look at 38 runs, 1 of 3 pairs open"
        progress.advance(5)
        progress.grow(0, "look at 38 runs, 0 of 3 pairs open")
        assert progress.state.fraction == 1.0
