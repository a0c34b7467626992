"""What is written is whole or not there: links, neighbours, other writers, full disks, SIGTERM and kill -9, in real processes."""

import os
import resource
import signal
import subprocess
import sys
import threading

import pytest

from zoo.common.files import locked, new_directory, replacing

WRITER = """
import sys
from pathlib import Path
from zoo.common import files
with getattr(files, sys.argv[1])(Path(sys.argv[2])) as temporary:
    (temporary / "half" if temporary.is_dir() else temporary).write_text("half")
    print(temporary.name, flush=True)
    sys.stdin.read()
"""
KINDS = ("replacing", "new_directory")


@pytest.fixture
def writer():
    """Starts a process that is in the middle of writing, and says what its temporary file is called."""
    processes = []

    def start(kind, path):
        command = [sys.executable, "-c", WRITER, kind, str(path)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, text=True, **pipes)
        processes.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def write(kind, path, text="whole"):
    with (replacing if kind == "replacing" else new_directory)(path) as temporary:
        (temporary / "file" if kind == "new_directory" else temporary).write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_written_and_nothing_else_is_left(tmp_path, kind):
    path = tmp_path / ("out" if kind == "new_directory" else "out.json")
    write(kind, path)
    assert names(tmp_path) == [path.name]
    assert (path / "file" if path.is_dir() else path).read_text() == "whole"


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_leaves_what_was_there_before(tmp_path, kind):
    (tmp_path / "out.json").write_text("before")
    path = tmp_path / ("new" if kind == "new_directory" else "out.json")
    with pytest.raises(ValueError, match="mine"), (replacing if kind == "replacing" else new_directory)(path):
        raise ValueError("mine")
    assert names(tmp_path) == ["out.json"] and (tmp_path / "out.json").read_text() == "before"


def test_names_cannot_be_foretold_and_suffixes_are_kept(tmp_path):
    seen = set()
    for _ in range(5):
        with replacing(tmp_path / ("x" * 240 + ".keras")) as temporary:
            seen.add(temporary.name)
            assert temporary.parent == tmp_path and temporary.suffix == ".keras"
    assert len(seen) == 5


def test_a_link_at_the_place_is_replaced_and_never_followed(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "out.json").symlink_to(tmp_path / "mine.txt")
    write("replacing", tmp_path / "out.json")
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert not (tmp_path / "out.json").is_symlink() and (tmp_path / "out.json").read_text() == "whole"
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError, match="out exists already"):
        write("new_directory", tmp_path / "out")
    assert names(tmp_path) == ["mine.txt", "out", "out.json"]


def test_links_at_the_names_that_were_used_before_are_left_alone(tmp_path):
    """`.part-NAME` and `.NAME.partial` could be foretold: what a link there led to was written over, or emptied."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "file.txt").write_text("mine")
    for name in (".part-out.json", ".part-out", ".out.partial"):
        (tmp_path / name).symlink_to(folder / "file.txt" if name.endswith("json") else folder)
    write("replacing", tmp_path / "out.json")
    write("new_directory", tmp_path / "out")
    assert names(folder) == ["file.txt"] and (folder / "file.txt").read_text() == "mine"


def test_a_link_at_the_lock_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / ".out.lock").symlink_to(tmp_path / "mine.txt")
    with pytest.raises(OSError, match=r"^cannot write .*out: .*symbolic links"):
        write("new_directory", tmp_path / "out")
    assert (tmp_path / "mine.txt").read_text() == "mine" and names(tmp_path) == [".out.lock", "mine.txt"]


def test_who_swaps_the_temporary_file_is_noticed(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OSError, match="somebody else changed it"), replacing(tmp_path / "out.json") as temporary:
        temporary.unlink()
        temporary.symlink_to(tmp_path / "mine.txt")
    assert names(tmp_path) == ["mine.txt"]


def test_what_is_there_is_kept_if_so_wished(tmp_path):
    refused = pytest.raises(FileExistsError, match=r"^cannot write .*out.json: File exists$")
    with refused, replacing(tmp_path / "out.json", overwrite=False):
        (tmp_path / "out.json").write_text("came meanwhile")
    assert (tmp_path / "out.json").read_text() == "came meanwhile" and names(tmp_path) == ["out.json"]
    with pytest.raises(FileExistsError, match="out exists already"), new_directory(tmp_path / "out"):
        (tmp_path / "out").mkdir()
    assert names(tmp_path) == ["out", "out.json"]


@pytest.mark.parametrize("kind", KINDS)
def test_errors_name_the_place_and_not_the_temporary_file(tmp_path, kind):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"^cannot write .*/out: File too large$"):
            write(kind, tmp_path / "out", "x" * 3000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not any(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match=r"^cannot write .*/file/out: Not a directory$"):
        write(kind, tmp_path / "file" / "out")


def test_the_error_of_a_file_that_was_read_meanwhile_is_its_own(tmp_path):
    for kind in (replacing, new_directory):
        with pytest.raises(FileNotFoundError) as caught, kind(tmp_path / "out"):
            (tmp_path / "elsewhere" / "picture.png").read_bytes()
        assert str(caught.value.filename).endswith("picture.png") and "cannot write" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path, kind, writer):
    process, left = writer(kind, tmp_path / "out")
    process.kill()
    process.wait()
    assert left in names(tmp_path) and not (tmp_path / "out").exists()
    write(kind, tmp_path / "out")
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("kind", KINDS)
def test_sigterm_leaves_nothing(tmp_path, kind, writer):
    process, left = writer(kind, tmp_path / "out")
    assert left in names(tmp_path)
    process.terminate()
    assert "stopped by SIGTERM" in process.communicate()[1]
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_a_handler_of_somebody_else_is_left_alone(tmp_path, kind):
    received = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    try:
        with (replacing if kind == "replacing" else new_directory)(tmp_path / "out"):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == [signal.SIGTERM] and names(tmp_path) == ["out"]
    write("replacing", tmp_path / "file")
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_a_living_process_writes_is_left_alone(tmp_path, writer):
    file, left = writer("replacing", tmp_path / "out.json")
    write("replacing", tmp_path / "out.json")
    assert names(tmp_path) == [left, "out.json"]
    directory, other = writer("new_directory", tmp_path / "one")
    write("new_directory", tmp_path / "two")
    assert {left, other} < set(names(tmp_path))
    for process in (file, directory):
        process.communicate("")
    assert (tmp_path / "out.json").read_text() == "half" and names(tmp_path) == ["one", "out.json", "two"]


def test_two_cannot_write_one_directory(tmp_path, writer):
    process, left = writer("new_directory", tmp_path / "out")
    with pytest.raises(BlockingIOError, match=r"^another process is writing .*/out; wait for it or choose another place$"):
        write("new_directory", tmp_path / "out")
    assert names(tmp_path) == [".out.lock", left]
    process.communicate("")
    assert names(tmp_path) == ["out"] and names(tmp_path / "out") == ["half"]


def test_only_what_is_ours_is_removed(tmp_path):
    """Neither links, nor what merely looks like it, nor what is behind a link."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "file").touch()
    (tmp_path / ".part-0123456789ab-link").symlink_to(folder)
    (tmp_path / ".part-short-x").touch()
    os.mkfifo(tmp_path / ".part-0123456789ab-fifo")
    (tmp_path / ".part-0123456789ab-old").touch()
    write("replacing", tmp_path / "out")
    assert names(tmp_path) == [".part-0123456789ab-fifo", ".part-0123456789ab-link", ".part-short-x", "mine", "out"]
    assert names(folder) == ["file"]


def test_many_threads_write_one_file(tmp_path):
    texts = {str(number) * 10_000 for number in range(8)}
    threads = [threading.Thread(target=write, args=("replacing", tmp_path / "out", text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "out").read_text() in texts and names(tmp_path) == ["out"]


def test_a_lock_is_held_by_one_and_goes_with_its_process(tmp_path):
    code = (
        "import sys; from pathlib import Path; from zoo.common.files import locked\n"
        "with locked(Path(sys.argv[1]), 'busy'): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lock")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError, match="^busy$"), locked(tmp_path / "lock", "busy"):
        pass
    process.kill()
    process.communicate()
    assert (tmp_path / "lock").exists()
    with locked(tmp_path / "lock", "busy", wait=5):
        pass
    assert not any(tmp_path.iterdir())
