"""The `zoo` command without a process of its own."""

import pytest

from zoo.cli.main import app


def run(*arguments: object) -> int:
    """The exit code of `zoo` with these arguments."""
    with pytest.raises(SystemExit) as exit:
        app([str(argument) for argument in arguments])
    assert isinstance(exit.value.code, int)
    return exit.value.code
