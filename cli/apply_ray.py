"""`zoo apply --engine ray`: pictures spread over the processes and machines of a Ray cluster, by Ray Data."""

import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

import click

from zoo.cli.printable import printable


def apply_on_ray(what: str, jobs: list[tuple[Path, Path]], options: dict[str, Any]) -> None:
    """Runs WHAT on every picture whose result is not there yet, and names the bad ones.

    Args:
        what: as for `zoo apply`, at the same path on all machines.
        jobs: every picture, and the file that it becomes.
        options: `asked`, `preserve_color`, `threads`, `trust`, `marked`, `strip`, `writing`: see `zoo apply`.

    Raises:
        ValueError: the extra `cluster` is not installed, or some pictures could not be read.
    """
    from zoo.cli.jobs import missing
    from zoo.training.ray_train import connected

    left = [{"source": str(source), "target": str(target)} for source, target in missing(jobs)]
    if not left:
        return
    Worker(str(Path.cwd()), what, options)  # a wrong option is found here, in one line
    faults = 0
    with connected("--engine ray") as ray:
        from ray.data import ActorPoolStrategy, DataContext

        DataContext.get_current().enable_progress_bars = sys.stderr.isatty()
        threads = options["threads"] or 1
        processes = max(1, min(int(ray.cluster_resources().get("CPU", 1)) // threads, len(left)))
        rows = ray.data.from_items(left, override_num_blocks=min(len(left), 8 * processes)).map(
            Worker,
            fn_constructor_args=(str(Path.cwd()), what, options),
            compute=ActorPoolStrategy(size=processes),
            num_cpus=threads,
        )
        for row in rows.iter_rows():
            if row["fault"]:
                faults += 1
                click.echo(printable(f"skipped: {row['fault']}"), err=True)
    folder = Path(left[0]["target"]).parent
    click.echo(printable(f"{len(left) - faults} of {len(jobs)} pictures written to {folder}"))
    if faults:
        raise ValueError(f"{faults} of {len(jobs)} pictures could not be read or written; they are named above")


class Worker:
    """A process that has the model in memory and takes one picture after the other."""

    def __init__(self, folder: str, what: str, options: dict[str, Any]) -> None:
        from zoo.cli.making import Made
        from zoo.cli.provenance import provenance_of
        from zoo.cli.runtime import open_runtime
        from zoo.cli.transform import files_transformed, frames_of, is_styled

        os.chdir(folder)
        runtime = open_runtime(what, options["threads"] or 1, options["trust"])
        if frames_of(runtime.signature) > 1:
            raise ValueError("--engine ray takes single pictures; this model looks at neighbouring frames")
        transform = files_transformed(runtime, options["asked"], options["preserve_color"])
        writing = dataclasses.replace(options["writing"], marks=provenance_of(what, runtime, options["marked"]))
        self.make = Made(transform, is_styled(runtime.signature), options["strip"], writing)

    def __call__(self, row: dict[str, str]) -> dict[str, str]:
        """The row with its `fault`, "" if there is none."""
        from zoo.cli.jobs import fault_of

        source, target = Path(row["source"]), Path(row["target"])
        fault = ""
        try:
            if not target.exists():  # a picture of a process that died is given out again
                self.make(source, target)
        except (ValueError, OSError, MemoryError) as error:
            fault = fault_of(source, error)
        return {**row, "fault": fault}
