"""Segments: what was synced is found again, and damage is noticed and costs one record."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from boltzmann_rl.storage import segments
from boltzmann_rl.storage.segments import ASIDE, Reader, Writer, read, set_aside

contents = st.lists(st.binary(max_size=200), min_size=1, max_size=8)


def key(number):
    return number.to_bytes(32, "big")


def written(folder, pieces):
    """The segment that holds these contents under the keys 0, 1 and so on."""
    with Writer(folder) as writer:
        for number, content in enumerate(pieces):
            writer.append(key(number), content)
    (path,) = folder.glob("*.cells")
    return path


def found(folder):
    return {int.from_bytes(key, "big"): read(key, record) for key, record in Reader(folder).records.items()}


@given(contents)
def test_every_record_is_found_with_its_content(pieces):
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), pieces)
        assert found(Path(folder)) == dict(enumerate(pieces))
        assert Reader(Path(folder)).damaged == {}


def test_a_folder_that_is_not_there_holds_no_records(tmp_path):
    assert Reader(tmp_path / "nowhere").records == {}


def test_a_file_cut_off_anywhere_holds_the_records_before_the_cut(tmp_path):
    pieces = [b"one", b"", b"three" * 9]
    path = written(tmp_path, pieces)
    whole, ends = path.read_bytes(), []
    for piece in pieces:
        ends.append((ends[-1] if ends else 0) + 80 + len(piece))
    assert ends[-1] == len(whole)
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        assert found(tmp_path) == {n: piece for n, piece in enumerate(pieces) if ends[n] <= length}
        assert Reader(tmp_path).damaged == {}  # a process may be writing it


def test_a_flipped_bit_in_any_byte_costs_at_most_one_record_and_is_noticed(tmp_path):
    pieces = [b"one", b"two" * 20, b"three"]
    path = written(tmp_path, pieces)
    whole, last = path.read_bytes(), 2
    begins_last = len(whole) - 80 - len(pieces[last])
    for byte in range(len(whole)):
        damaged = bytearray(whole)
        damaged[byte] ^= 1 << byte % 8
        path.write_bytes(damaged)
        left = found(tmp_path)
        assert left.items() <= dict(enumerate(pieces)).items()
        assert len(left) == 2
        # A last record that claims to be longer can't be told from one that is being written.
        assert Reader(tmp_path).damaged or (last not in left and byte in range(begins_last + 8, begins_last + 16))


def test_a_content_that_looks_like_a_record_is_not_taken_for_one(tmp_path):
    inner = written(tmp_path / "inner", [b"inner"]).read_bytes()
    written(tmp_path, [inner, b"behind"])
    assert found(tmp_path) == {0: inner, 1: b"behind"}


def test_a_file_of_something_else_is_reported_and_left_alone(tmp_path):
    (tmp_path / "foreign.cells").write_text("not ours")
    (tmp_path / "folder.cells").mkdir()
    written_path = tmp_path / "good"
    written(written_path, [b"good"]).rename(tmp_path / "good.cells")
    assert found(tmp_path) == {0: b"good"}
    assert list(Reader(tmp_path).damaged) == [tmp_path / "folder.cells", tmp_path / "foreign.cells"]
    assert (tmp_path / "foreign.cells").read_text() == "not ours"


def test_two_writers_in_one_folder_write_different_files(tmp_path):
    with Writer(tmp_path) as one, Writer(tmp_path) as other:
        one.append(key(1), b"one")
        other.append(key(2), b"two")
        one.append(key(3), b"three")
    assert found(tmp_path) == {1: b"one", 2: b"two", 3: b"three"}
    assert len(list(tmp_path.glob("*.cells"))) == 2


def test_large_contents_begin_new_segments(tmp_path, monkeypatch):
    monkeypatch.setattr(segments, "_LARGEST", 1000)
    pieces = [bytes(600), bytes(600), bytes(3000), b"small"]
    with Writer(tmp_path) as writer:
        for number, content in enumerate(pieces):
            writer.append(key(number), content)
    assert found(tmp_path) == dict(enumerate(pieces))
    assert len(list(tmp_path.glob("*.cells"))) == 4


def test_a_record_that_changes_after_the_scan_is_not_read(tmp_path):
    path = written(tmp_path, [b"before"])
    record = Reader(tmp_path).records[key(0)]
    path.write_bytes(path.read_bytes().replace(b"before", b"behind"))
    with pytest.raises(OSError, match="the record at byte 80 is damaged"):
        read(key(0), record)


ENDLESS = """
import sys
from pathlib import Path
from boltzmann_rl.storage.segments import Writer

with Writer(Path(sys.argv[1])) as writer:
    for number in range(10**9):
        writer.append(number.to_bytes(32, "big"), bytes(number % 977))
        writer.sync()
        print(number, flush=True)
"""


@pytest.mark.parametrize("after", [0, 1, 10, 100])
def test_what_was_synced_survives_a_killed_process(tmp_path, after):
    with subprocess.Popen([sys.executable, "-c", ENDLESS, tmp_path], stdout=subprocess.PIPE) as process:
        for _ in range(after):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        synced = after + len(process.stdout.read().splitlines())
    left = found(tmp_path)
    assert left.keys() >= set(range(synced))
    assert all(left[number] == bytes(number % 977) for number in left)
    assert Reader(tmp_path).damaged == {}


FULL = """
import resource, signal, sys
from pathlib import Path
from boltzmann_rl.storage.segments import Writer

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
writer = Writer(Path(sys.argv[1]))
writer.append(bytes(32), b"before")
try:
    writer.append(bytes(32), bytes(2000))
except OSError as error:
    print(error)
writer.append((1).to_bytes(32, "big"), b"after")
writer.close()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of a file")
def test_a_disk_that_refuses_a_record_keeps_the_others(tmp_path):
    done = subprocess.run([sys.executable, "-c", FULL, tmp_path], capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout
    assert str(tmp_path) in done.stdout
    assert found(tmp_path) == {0: b"before", 1: b"after"}
    assert Reader(tmp_path).damaged == {}


def test_a_reader_finds_what_was_written_since(tmp_path):
    reader = Reader(tmp_path)
    with Writer(tmp_path) as writer:
        for number in range(5):
            writer.append(key(number), b"content")
            reader.refresh()
            assert reader.records.keys() == {key(n) for n in range(number + 1)}


def test_a_record_that_was_incomplete_is_found_when_it_is_complete(tmp_path):
    path = written(tmp_path, [b"one", b"two", b"three"])
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        reader = Reader(tmp_path)
        path.write_bytes(whole)
        reader.refresh()
        assert len(reader.records) == 3
        assert reader.damaged == {}


def test_an_empty_file_is_set_aside(tmp_path):
    (tmp_path / "empty.cells").touch()
    with Writer(tmp_path) as writer:
        assert set_aside(Reader(tmp_path), writer) == [
            f"{tmp_path / 'empty.cells'} is empty, or its first record is incomplete: set aside in {tmp_path / ASIDE}"
        ]


def test_a_damaged_segment_is_set_aside_and_its_good_records_are_kept(tmp_path):
    path = written(tmp_path, [b"one", b"two", b"three"])
    path.write_bytes(path.read_bytes().replace(b"two", b"tvo"))
    reader = Reader(tmp_path)
    with Writer(tmp_path) as writer:
        (said,) = set_aside(reader, writer)
    assert said == f"{path}: bytes 83 to 166 are damaged: set aside in {tmp_path / ASIDE}"
    assert {k: read(k, record) for k, record in reader.records.items()} == {key(0): b"one", key(2): b"three"}
    assert found(tmp_path) == {0: b"one", 2: b"three"}
    assert Reader(tmp_path).damaged == {}
    assert b"tvo" in (tmp_path / ASIDE / path.name).read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="Windows can't tell which segments are being written")
def test_a_damaged_segment_that_is_being_written_is_left_where_it_is(tmp_path):
    with Writer(tmp_path) as owner, Writer(tmp_path) as other:
        path = owner.append(key(0), b"one").path
        path.write_bytes(path.read_bytes().replace(b"one", b"own"))
        reader = Reader(tmp_path)
        assert set_aside(reader, other) == []
        assert list(reader.damaged) == [path]
    with Writer(tmp_path) as other:
        assert len(set_aside(Reader(tmp_path), other)) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows can't tell which segments are being written")
@pytest.mark.parametrize("kept", [1, 83, 84, 165])
def test_an_incomplete_record_that_nobody_writes_any_more_is_set_aside(tmp_path, kept):
    """Records of 3 bytes take 83: one or none is complete."""
    path = written(tmp_path, [b"one", b"two"])
    content = path.read_bytes()[:kept]
    path.write_bytes(content)
    os.utime(path, (0, 0))
    with Writer(tmp_path) as writer:
        said = set_aside(Reader(tmp_path), writer)
        assert set_aside(Reader(tmp_path), writer) == []
    incomplete = content[83:] if kept > 83 else content[:0] if kept == 83 else content
    assert len(said) == (kept != 83)
    assert [path.read_bytes() for path in tmp_path.glob(f"{ASIDE}/*")] == [incomplete] * (kept != 83)
    assert found(tmp_path) == ({0: b"one"} if kept >= 83 else {})


@pytest.mark.skipif(os.name == "nt", reason="Windows can't tell which segments are being written")
def test_an_incomplete_record_that_may_be_completed_is_left(tmp_path):
    path = written(tmp_path, [b"one", b"two"])
    content = path.read_bytes()
    path.write_bytes(content[:100])
    with Writer(tmp_path) as writer:
        reader = Reader(tmp_path)
        assert set_aside(reader, writer) == []
        path.write_bytes(content)
        assert set_aside(reader, writer) == []
    assert found(tmp_path) == {0: b"one", 1: b"two"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes with a path")
def test_a_pipe_and_a_folder_in_place_of_a_segment_are_reported(tmp_path):
    os.mkfifo(tmp_path / "pipe.cells")
    (tmp_path / "folder.cells").mkdir()
    assert Reader(tmp_path).damaged.keys() == {tmp_path / "pipe.cells", tmp_path / "folder.cells"}


def test_a_signal_while_a_segment_is_made_durable_leaves_the_writer_closed(tmp_path, monkeypatch):
    def interrupted(descriptor):
        raise KeyboardInterrupt

    with Writer(tmp_path) as writer:
        writer.append(b"k" * 32, b"measured")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", interrupted)
            with pytest.raises(KeyboardInterrupt):
                writer.close()
        writer.close()
        writer.append(bytes(32), b"later")
    assert len(Reader(tmp_path).records) == 2
