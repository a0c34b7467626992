"""The options of `zoo train`, made from those of a plan."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from zoo.training.plan import Option, default, kind, options

BY_HAND = ("resume",)  # beside those that the command line names in other words
SAID = (ParameterSource.COMMANDLINE, ParameterSource.DEFAULT_MAP)  # by the person, or by a recipe that he named


def plan_options(*, without: Sequence[str] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: adds an option for every one of `Plan` that has a name of its own on the command line.

    Their values are checked by the plan. Which of them were said is for `asked_for` to tell.
    """

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for name, facts in reversed(options().items()):
            if facts.words is None and name not in (*BY_HAND, *without):
                command = _option(name, facts)(command)
        return command

    return decorated


def asked_for(context: click.Context) -> dict[str, Any]:
    """The options of a plan that were said, but for the model and `resume`."""
    return {
        name: context.params[name]
        for name in options()
        if name in context.params and name not in ("model", "resume") and context.get_parameter_source(name) in SAID
    }


def start_backend(asked: dict[str, Any], before: Mapping[str, Any]) -> None:
    """Imports the backend that is asked for, or else that of the run before, or else Keras' own; `asked` has it then.

    Raises:
        ValueError: nothing is trained on it.
    """
    from zoo.cli.quiet import import_tensorflow
    from zoo.common.stderr import silenced_stderr
    from zoo.training.backend import check_trainable, running, use

    if "backend" not in asked:
        with silenced_stderr():  # in which TensorFlow speaks, where Keras imports it
            # A run that does not say so is of a version that knew no other.
            asked["backend"] = before.get("backend") or ("tensorflow" if before else running())
    check_trainable(asked["backend"])
    use(asked["backend"])
    if asked["backend"] == "tensorflow":
        import_tensorflow()


def _option(name: str, facts: Option) -> Callable[..., Any]:
    flag = f"--{name.replace('_', '-')}"
    if kind(name) is bool:
        either = f"{flag}/--no-{flag[2:]}" if default(name) is None else flag
        return click.option(either, name, is_flag=True, default=default(name), show_default=facts.shown or False, help=facts.says)
    value = default(name) if kind(name) in (int, float, str) else None
    return click.option(
        flag,
        name,
        type=_type(name, facts),
        default=value,
        show_default=facts.shown or True,
        metavar=facts.metavar,
        help=facts.says,
    )


def _type(name: str, facts: Option) -> Any:
    if facts.among:
        return click.Choice(facts.among)
    return click.Path(path_type=Path) if kind(name) is Path else {int: int, float: float}.get(kind(name), str)
