"""kill -9 at any moment of a training, an export, a folder of pictures or a pack; then the same command again."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

from tests.attack.jobs import Job, cleared, fault_of, jobs_in, left_behind, said, timed
from tests.attack.outcomes import Counts, state_of

OF_A_HUNDRED = {"train": 4, "export": 4, "apply": 20, "pack": 20}  # kills of each job


def attack(folder: Path, count: int, seed: int) -> Counts:
    """`count` kills, spread evenly over the commands and their families; where they are few, over some, drawn by the seed.

    Lost is what was whole and is not, what is half written, what a command that is repeated refuses, and an end that is not the
    end of an undisturbed run, for trainings to the last bit.
    """
    inputs = folder / "inputs"
    inputs.mkdir()
    jobs = jobs_in(inputs)
    random.Random(f"{seed} kills").shuffle(jobs)
    counts, before = Counts("kill -9 while writing"), state_of(inputs)
    slots = [job.name for job in jobs for _ in range(OF_A_HUNDRED[job.name.partition(" ")[0]])]
    shares = Counter(slots[index * len(slots) // count] for index in range(count))
    for job in jobs:
        if share := shares[job.name]:
            place = folder / job.name.replace(" ", "-")
            place.mkdir()
            (place / "mine.txt").write_text("mine")
            _killed(job, place / "out", folder / "log.txt", share, random.Random(f"{seed} kills {job.name}"), counts)
            cleared(place / "out")
            if state_of(place).keys() != {"mine.txt"} or (place / "mine.txt").read_text() != "mine":
                counts.add("outside", f"{job.name}: {sorted(state_of(place))}")
            if state_of(inputs) != before:
                counts.add("outside", f"{job.name}: what it read has changed")
    return counts


def _killed(job: Job, out: Path, log: Path, share: int, chance: random.Random, counts: Counts) -> None:
    seconds, wanted = timed(job, out, log)
    latest, killed = 1.0, 0
    while killed < share:
        process = job.start(out, log)
        _wait(process, out, chance.uniform(0.1, latest) * seconds, while_writing=chance.random() < 0.5)
        process.kill()
        process.join()
        if process.exitcode == 0:  # too late; the next one comes earlier
            latest *= 0.8
            cleared(out)
            continue
        if process.exitcode != -9:
            counts.add("lost", f"{job.name}: it would not go on: {said(log)[-500:]}")
            cleared(out)
        else:
            fault = fault_of(lambda: job.whole(out))
            counts.add("lost" if fault else "clean", f"{job.name}: {fault}")
            if job.name.startswith("export") and out.exists():  # it was whole already
                cleared(out)
        killed += 1
    code = job.finish(out, log)
    words = said(log)
    if code != 0:
        counts.add("hung" if code is None else "lost", f"{job.name}: in the end: {words[-500:]}")
    elif (fault := fault_of(lambda: job.whole(out))) or not _same(job.content(out), wanted):
        counts.add("lost", f"{job.name}: {fault or 'another end than without a kill'}")
    elif left := left_behind(out):
        counts.add("outside", f"{job.name}: left behind: {left}")
    if "Traceback" in words:
        counts.add("raw", f"{job.name}: {words[-500:]}")


def _wait(process: Any, out: Path, seconds: float, *, while_writing: bool) -> None:
    """So long; and then, if wished, until something is being written beside the output or in it."""
    process.join(seconds)
    while while_writing and process.exitcode is None:
        if any(path.name.startswith(".part-") for path in (*out.parent.glob(".part-*"), *out.rglob(".part-*"))):
            return
        process.join(0.002)


def _same(first: Any, second: Any) -> bool:
    return bool(first == second)
