"""The options of `zoo train`, made from those of a plan."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from zoo.training.plan import Option, default, kind, options

BY_HAND = ("resume",)  # beside those that the command line names in other words


def plan_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: adds an option for every one of `Plan` that has a name of its own on the command line.

    Their values are checked by the plan. Which of them were said is for `context.get_parameter_source` to tell.
    """
    for name, facts in reversed(options().items()):
        if facts.words is None and name not in BY_HAND:
            command = _option(name, facts)(command)
    return command


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
