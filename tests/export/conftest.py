"""What the tests of serving share: one directory and one running server."""

import pytest

from tests.export.served import Server, make_directory


@pytest.fixture(scope="session")
def serving_directory(tmp_path_factory):
    return make_directory(tmp_path_factory.mktemp("serving"))


@pytest.fixture(scope="session")
def server(serving_directory):
    running = Server(serving_directory, "--trust", "--max-requests", "64", "--max-body", "8", "--max-pixels", "0.5")
    yield running
    code, output, errors = running.stop()
    assert (code, output, errors) == (0, "Stopped.\n", "")  # nothing that the tests did was an error of the server's own
