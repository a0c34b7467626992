"""What JAX has compiled is kept for the processes that follow."""

import os

import pytest


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return os.environ.get("JAX_COMPILATION_CACHE_DIR") or tmp_path_factory.mktemp("compiled")
