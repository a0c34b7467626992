"""The benchmark of devices says where there is none."""

import pytest

from benchmarks import devices

pytestmark = pytest.mark.long


def test_it_says_where_there_is_no_accelerator(capsys, monkeypatch):
    if devices.device() is not None:
        pytest.skip("there is one here")
    monkeypatch.setattr("sys.argv", ["devices"])
    devices.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("no accelerator is found here, and nothing was measured; --processor measures")
