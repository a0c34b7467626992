"""`make attack`: more of the same than the tests send, and the table of the counts in docs/security.md."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.attack import on_files, over_grpc, over_http
from tests.attack.outcomes import Counts, table, written
from tests.export.served import make_directory

INPUTS = {"http": 3000, "grpc": 300, "files": 500}  # what `make test-long` sends


def attacked(what: str, count: int, seed: int) -> Counts:
    """One kind of attack, in a new folder."""
    with tempfile.TemporaryDirectory(prefix="zoo-attack-") as name:
        if what == "files":
            return on_files.attack(Path(name), count, seed)
        attack = over_http.attack if what == "http" else over_grpc.attack
        return attack(make_directory(Path(name)), count, seed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=[*INPUTS], help=f"among {', '.join(INPUTS)}")
    parser.add_argument("--times", type=float, default=1.0, help="so many times the inputs of the tests")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="write the table into docs/security.md")
    arguments = parser.parse_args()
    found, started = [], time.monotonic()
    for what in arguments.what:
        found.append(attacked(what, round(INPUTS[what] * arguments.times), arguments.seed))
        print(found[-1].row, flush=True)
        print(*found[-1].examples[:20], sep="\n", file=sys.stderr)
    if arguments.write:
        minutes = (time.monotonic() - started) / 60
        written(found, f"Seed {arguments.seed}, {arguments.times:g} times the inputs of the tests, {minutes:.0f} minutes:")
    else:
        print(table(found))
    return int(any(counts.faults for counts in found))


if __name__ == "__main__":
    sys.exit(main())
