"""`make attack`: all of it, and the table of the counts in docs/security.md."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.attack import full_disks, kills, on_checkpoints, on_commands, on_files, on_pictures, over_grpc, over_http
from tests.attack.outcomes import Counts, table, written
from tests.export.served import make_directory

# How many inputs there are in all, and the share of them that `make test-long` sends.
INPUTS = {
    "http": (3000, 1000),
    "grpc": (300, 150),
    "files": (500, 150),
    "pictures": (3000, 3000),
    "checkpoints": (3000, 1000),
    "commands": (200, 60),
    "kills": (100, 12),
    "disks": (40, 8),
}
ON_FOLDERS: dict[str, Callable[[Path, int, int], Counts]] = {
    "files": on_files.attack,
    "pictures": on_pictures.attack,
    "checkpoints": on_checkpoints.attack,
    "commands": on_commands.attack,
    "kills": kills.attack,
    "disks": full_disks.attack,
}
ON_SERVERS = {"http": over_http.attack, "grpc": over_grpc.attack}


def attacked(what: str, count: int, seed: int) -> Counts:
    """One kind of attack, in a new folder."""
    with tempfile.TemporaryDirectory(prefix="zoo-attack-") as name:
        if what in ON_FOLDERS:
            return ON_FOLDERS[what](Path(name), count, seed)
        return ON_SERVERS[what](make_directory(Path(name)), count, seed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=[*INPUTS], help=f"among {', '.join(INPUTS)}")
    parser.add_argument("--times", type=float, default=1.0, help="so many times the inputs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="write the table into docs/security.md")
    arguments = parser.parse_args()
    results = []
    for what in arguments.what:
        begun = time.monotonic()
        results.append(attacked(what, round(INPUTS[what][0] * arguments.times), arguments.seed))
        print(f"{results[-1].row} {time.monotonic() - begun:.0f} s", flush=True)
        print(*results[-1].examples[:20], sep="\n", file=sys.stderr)
    if arguments.write:
        written(results, f"Seed {arguments.seed}:")
    else:
        print(table(results))
    return int(any(counts.faults for counts in results))


if __name__ == "__main__":
    sys.exit(main())
