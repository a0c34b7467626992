"""The benchmark of devices says where there is none, and what it cannot use."""

import sys

import pytest

from benchmarks import devices


@pytest.mark.long
def test_it_says_where_there_is_no_accelerator(capsys, monkeypatch):
    if devices.device() is not None:
        pytest.skip("there is one here")
    monkeypatch.setattr("sys.argv", ["devices"])
    devices.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("no accelerator is found here, and nothing was measured; --processor measures")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--pytorch", "/nowhere/python"], "/nowhere/python: no interpreter"),
        (["--plan", "--share", "0"], "--share lies above 0"),
        (["--plan", "--rate", "-1"], "--rate is above 0"),
    ],
)
def test_wrong_use_is_one_line(words, line, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["devices", *words])
    with pytest.raises(SystemExit) as left:
        devices.main()
    assert left.value.code == 2 and line in capsys.readouterr().err.splitlines()[-1]


def test_an_interpreter_without_pytorch_is_named(tmp_path):
    """The process that fails says why, and the benchmark goes on without it."""
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')  # -S: without the packages of this one
    bare.chmod(0o755)
    with pytest.raises(ValueError, match=r"torch_devices:step failed: ModuleNotFoundError: No module named"):
        devices.beside("DCGAN 64", str(bare))
