"""What a `.keras` file would become in memory, found out before it is unpacked: a few bytes of it can stand for gigabytes."""

import zipfile
from pathlib import Path
from typing import Any

RATIO = 100  # weights that are all zeros, compressed by h5py, reach it; Keras itself compresses nothing
FREE_BYTES = 64 << 20  # nobody is hurt by so much
WEIGHTS = "model.weights.h5"


def check_archive(path: Path) -> None:
    """Raises ValueError, or what zipfile and h5py raise, for a file that is damaged, grows too much, or names other files."""
    import h5py

    with zipfile.ZipFile(path) as archive:
        most = max(FREE_BYTES, RATIO * path.stat().st_size)
        if sum(member.file_size for member in archive.infolist()) > most:
            raise ValueError(f"unpacked it would take more than {most >> 20} MB")
        if WEIGHTS in archive.namelist():
            with archive.open(WEIGHTS) as stream, h5py.File(stream, "r") as weights:
                if _bytes_of(weights) > most:
                    raise ValueError(f"its weights would take more than {most >> 20} MB")


def _bytes_of(group: Any, depth: int = 0) -> int:
    """What the arrays of an HDF5 group take in memory. Raises ValueError for parts that lie in other files, and for loops."""
    import h5py

    if depth > 64:
        raise ValueError("its weights are nested without end")
    total = 0
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError("its weights are links to elsewhere")
        part = group[name]
        if isinstance(part, h5py.Dataset):
            if part.external or part.is_virtual:
                raise ValueError("its weights lie in other files")
            total += part.nbytes
        elif isinstance(part, h5py.Group):
            total += _bytes_of(part, depth + 1)
    return total
