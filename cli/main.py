"""The `zoo` command. Every subcommand is a file beside this one; none imports anything heavy before it runs."""

import difflib
import logging
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from zoo.training.process import set_environment

set_environment()  # before any subcommand imports NumPy or TensorFlow

from zoo.cli.apply import apply
from zoo.cli.bench import bench
from zoo.cli.degrade import degrade
from zoo.cli.demo import demo
from zoo.cli.evaluate import evaluate
from zoo.cli.export import export
from zoo.cli.lint import lint
from zoo.cli.list import list_families
from zoo.cli.pack import pack
from zoo.cli.printable import Lines, printable
from zoo.cli.release import release
from zoo.cli.sample import sample
from zoo.cli.sbom import sbom
from zoo.cli.serve import serve
from zoo.cli.train import train
from zoo.cli.verify import verify
from zoo.common.text import one_line

INTERRUPTED = 130
if logging.lastResort:  # what writes warnings to stderr where nobody has set up a log
    logging.lastResort.setFormatter(Lines())


class OneLineErrors(click.Group):
    """A group that answers wrong use and bad input with one line on stderr and exit code 2; `--debug` adds the traceback."""

    def main(self, args: Sequence[str] | None = None, *unused: Any, **options: Any) -> Any:
        arguments = [*(sys.argv[1:] if args is None else args)]
        debug = "--debug" in arguments
        try:
            code = super().main([a for a in arguments if a != "--debug"], "zoo", standalone_mode=False, **options)
        except (click.exceptions.Abort, KeyboardInterrupt) as error:
            cause = error.__cause__ or error  # click hides what was raised behind an Abort
            fail(str(cause) or "interrupted", debug, getattr(cause, "exit_code", INTERRUPTED))
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else "zoo"
            fail(f"{error.format_message().rstrip('.')}; see {where} --help", debug)
        except click.ClickException as error:
            fail(error.format_message(), debug)
        except (ValueError, OSError) as error:
            fail(describe(error), debug)
        except Exception as error:
            fail(f"{type(error).__name__}: {describe(error)} (--debug shows where)", debug)
        sys.exit(code if isinstance(code, int) else 0)

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args and self.get_command(context, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.commands, 1, 0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(self.commands)}"
            raise click.UsageError(f"no command {args[0]!r}; {hint}", context)
        return super().resolve_command(context, args)


def describe(error: BaseException) -> str:
    """The error's message on one line."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return one_line(f"{error.filename}: {error.strerror}")
    return one_line(error) or type(error).__name__


def fail(message: str, debug: bool, code: int = 2) -> None:
    if debug:
        traceback.print_exc()
    click.echo(printable(f"zoo: {message}"), err=True)
    sys.exit(code)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keras-image-zoo")
def app() -> None:
    """From a folder of pictures to a picture model in a phone, behind TensorFlow Serving or in a browser tab.

    \b
    zoo demo                                                      the whole chain on pictures that come with the package
    zoo train fast_style --data folder:photos --set style=wave.jpg --out runs/wave
    zoo apply runs/wave photo.jpg --out wave.png
    zoo export runs/wave --out exports/wave                       SavedModel, LiteRT and ONNX, each verified
    """


COMMANDS = (list_families, pack, lint, train, apply, sample, evaluate, export, verify, bench, serve, release, sbom, degrade, demo)
for command in COMMANDS:
    app.add_command(command)

if __name__ == "__main__":
    app()
