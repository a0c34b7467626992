"""A disk or its list of files that is full before a training, an export, a folder of pictures or a pack is done."""

import contextlib
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.attack.jobs import Job, fault_of, is_refusal, jobs_in, left_behind, said
from tests.attack.outcomes import Counts, state_of

LARGE = "256m,nr_inodes=100k"
PAGE = 4096


def attack(folder: Path, count: int, seed: int) -> Counts:
    """`count` disks that are too small, each of its own, in memory; then they grow, and the command is given again.

    Without the right to mount, files may only have so many bytes in place of it.
    """
    inputs, disk = folder / "inputs", folder / "disk"
    inputs.mkdir()
    disk.mkdir()
    jobs = jobs_in(inputs)
    # The first ones are of four kinds.
    jobs = [jobs[0], jobs[len(jobs) // 2], *jobs[-2:], *jobs[1 : len(jobs) // 2], *jobs[len(jobs) // 2 + 1 : -2]]
    counts, before = Counts("full disks and full inodes"), state_of(inputs)
    needs: dict[str, tuple[int, int, object]] = {}
    for index in range(count):
        job, chance = jobs[index // 2 % len(jobs)], random.Random(f"{seed} disks {index}")
        if job.name not in needs:
            with mounted(disk, LARGE):
                needs[job.name] = _needed(job, disk / "out", folder / "log.txt")
        _filled(job, disk, folder / "log.txt", index % 2 == 1, needs[job.name], chance, counts)
        if state_of(inputs) != before:
            counts.add("outside", f"{job.name}: what it read has changed")
    return counts


def _needed(job: Job, out: Path, log: Path) -> tuple[int, int, object]:
    """Bytes, files, and what is written."""
    assert job.finish(out, log) == 0, said(log)[-2000:]
    paths = [out, *out.rglob("*")]
    return sum(-(-path.stat().st_size // PAGE) * PAGE for path in paths if path.is_file()), len(paths), job.content(out)


def _filled(
    job: Job, disk: Path, log: Path, inodes: bool, needs: tuple[int, int, object], chance: random.Random, counts: Counts
) -> None:
    size, files, wanted = needs
    share = chance.uniform(0.05, 0.95)
    small = f"256m,nr_inodes={4 + round(share * files)}" if inodes else f"{2 * PAGE + round(share * size)},nr_inodes=100k"
    with mounted(disk, small) as bounded:
        (disk / "mine.txt").write_text("mine")
        out, what = disk / "out", f"{job.name} on {small}"
        code = job.finish(out, log, None if bounded else 1000 + round(share * size / 4))
        words = said(log)
        mine = (disk / "mine.txt").read_text() == "mine"
        if code is None:
            counts.add("hung", what)
        elif fault := fault_of(lambda: job.whole(out)):
            counts.add("lost", f"{what}: {fault}")
        elif code < 0:
            counts.add("crashed", f"{what}: {code} {words[-500:]}")
        elif code and not is_refusal(code, words):
            counts.add("raw", f"{what}: {code} {words[-800:]}")
        elif not mine or {path.name for path in disk.iterdir()} - {"mine.txt", "out"}:
            counts.add("outside", f"{what}: {sorted(path.name for path in disk.iterdir())}")
        else:
            counts.add("clean")
        if bounded:
            _mount("-o", f"remount,size={LARGE}", disk)
        if (code and job.finish(out, log)) or job.content(out) != wanted:
            counts.add("lost", f"{what}: with room it does not go on: {said(log)[-500:]}")
        elif left := left_behind(out):
            counts.add("outside", f"{what}: left behind: {left}")


@contextlib.contextmanager
def mounted(disk: Path, size: str) -> Iterator[bool]:
    """A disk of so many bytes and files in memory at an empty folder; gives whether it is one, which takes root."""
    if os.geteuid() or not _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk):
        yield False
        for path in sorted(disk.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def _mount(*arguments: object) -> bool:
    return subprocess.run(["mount", *map(str, arguments)], stderr=subprocess.DEVNULL, check=False).returncode == 0
