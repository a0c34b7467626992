"""The `zoo` command. Every subcommand is a file beside this one; none imports anything heavy before it runs."""

import difflib
import importlib
import logging
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Any

import click

from zoo import __version__
from zoo.training.process import set_environment

set_environment()  # before any subcommand imports NumPy or TensorFlow

from zoo.cli.lacking import install_line
from zoo.cli.printable import Lines, printable
from zoo.common.text import one_line

INTERRUPTED = 130
if logging.lastResort:  # what writes warnings to stderr where nobody has set up a log
    logging.lastResort.setFormatter(Lines())
# Each in the module of its name beside this one, imported when it is asked for.
COMMANDS = (
    *("list", "pack", "lint", "train", "tune", "apply", "sample", "evaluate"),
    *("export", "verify", "bench", "serve", "release", "sbom", "degrade", "demo"),
)
CALLED_ELSE = {"list": "list_families"}  # in Python, where the command's own name is taken


class OneLineErrors(click.Group):
    """A group that answers wrong use and bad input with one line on stderr and exit code 2; `--debug` adds the traceback."""

    def main(self, args: Sequence[str] | None = None, *unused: Any, **options: Any) -> Any:
        arguments = [*(sys.argv[1:] if args is None else args)]
        debug = "--debug" in arguments
        # Pillow finds fault with a camera's EXIF, in two lines of source, where the picture is none the worse.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
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
        except ModuleNotFoundError as error:
            fail(install_line(error), debug)
        except Exception as error:
            fail(f"{type(error).__name__}: {describe(error)} (--debug shows where)", debug)
        sys.exit(code if isinstance(code, int) else 0)

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return getattr(importlib.import_module(f"zoo.cli.{name}"), CALLED_ELSE.get(name, name))

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args and self.get_command(context, args[0]) is None:
            near = difflib.get_close_matches(args[0], COMMANDS, 1, 0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(COMMANDS)}"
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
@click.version_option(__version__, package_name="keras-image-zoo")
def app() -> None:
    """From a folder of pictures to a picture model in a phone, behind TensorFlow Serving or in a browser tab.

    \b
    zoo demo                                                      the whole chain on pictures that come with the package
    zoo train fast_style --data folder:photos --set style=wave.jpg --out runs/wave
    zoo apply runs/wave photo.jpg --out wave.png
    zoo export runs/wave --out exports/wave                       SavedModel, LiteRT and ONNX, each verified
    """


if __name__ == "__main__":
    app()
