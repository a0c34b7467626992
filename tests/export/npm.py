"""Packages from npm's registry, for tests that take the real thing and keep it in pytest's cache."""

import contextlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def npm_package(name: str, version: str, missing: Callable[[str], None]) -> Iterator[tarfile.TarFile]:
    """The package as npm has it, everything below `package/`; where it cannot be had, `missing` is told why, and raises."""
    if not shutil.which("npm"):
        missing(f"no npm to fetch {name} with")
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{name}@{version}", "--pack-destination", folder, "--loglevel=error"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        packed = Path(folder) / f"{name}-{version}.tgz"
        if done.returncode or not packed.is_file():
            missing(f"npm could not fetch {name}: {done.stderr.strip()[-200:]}")
        with tarfile.open(packed) as archive:
            yield archive
