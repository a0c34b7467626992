"""`zoo tune`: settings that are looked for."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zoo.cli.plan_options import asked_for, plan_options, start_backend
from zoo.cli.printable import printable

if TYPE_CHECKING:
    from zoo.training.tune import Space, Tuning

RANGE = re.compile(r"(.+)\.\.(.+)")
NOT_OF_A_PLAN = ("config", "pictures", "vary", "validation", "count", "figure", "data")  # of what a tuning was asked for


@click.command()
@click.argument("model", required=False)
@click.option(
    "--vary",
    "ways",
    multiple=True,
    metavar="KEY=LOW..HIGH",
    help="What to look for: a setting (as --set), or batch_size, ema, clip, ...; KEY=A,B,C names what to choose among. Repeated.",
)
@click.option("--validation", metavar="SOURCE", help="Held-out pictures, a source as --data, that the figure is taken of.")
@click.option("--trials", default=20, show_default=True, type=click.IntRange(1), help="Trainings, resumed ones counted in.")
@click.option("--figure", metavar="NAME", help="A figure of zoo evaluate; the family's own unless given.")
@click.option("-n", "count", default=200, show_default=True, type=click.IntRange(1), help="How many held-out examples.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting that stays as it is; may be repeated.")
@click.option("--resume", metavar="TUNING", help="Go on with a tuning as it was; --trials extends it.")
@click.option("--json", "as_json", is_flag=True, help="Print what came of all trials as JSON.")
@plan_options(without=("validation", "patience", "workers", "strategy", "wait"))
@click.pass_context
def tune(
    context: click.Context,
    model: str | None,
    ways: tuple[str, ...],
    validation: str | None,
    trials: int,
    figure: str | None,
    count: int,
    settings: tuple[str, ...],
    resume: str | None,
    as_json: bool,
    **_: Any,
) -> None:
    """Trains MODEL again and again, with settings that Optuna proposes, and prints the command of the best.

    --steps is that of each trial. Killed at any moment, `zoo tune --resume TUNING` ends with the same trials. The figure is PSNR
    of pictures restored, the negative log-likelihood of a vae, the Frechet distance of other generators, and else the objective.

    Example: zoo tune denoiser --data folder:photos --validation folder:others --vary learning_rate=1e-4..1e-2 --out tuning
    """
    from zoo._registry import choose, names
    from zoo.cli.settings import model_file, parse_settings
    from zoo.training.record import absolute
    from zoo.training.tune import recorded_tuning
    from zoo.training.tune import tune as run

    if resume is not None:
        said = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
        if more := [name for name in said if name not in ("resume", "trials", "as_json")]:
            raise click.UsageError(f"--resume goes on with a tuning as it was; beside --trials it takes no {more[0]}", context)
        asked, out = recorded_tuning(resume), Path(resume)
        name, before = asked.pop("model"), asked.pop("trials")
        trials = trials if "trials" in said else before
        start_backend(asked, {})
    else:
        asked = asked_for(context)
        if model is None or validation is None or not {"out", "data"} <= asked.keys():
            raise click.UsageError("a tuning takes MODEL, --data, --validation, --vary and --out", context)
        name, out = choose("model", model, names()), asked.pop("out")
        start_backend(asked, {})
        if "start_from" in asked and Path(asked["start_from"]).is_dir():
            asked["start_from"] = str(Path(model_file(asked["start_from"])).absolute())
        config, pictures, sources = parse_settings(name, settings)
        asked["data"] = {key: absolute(source) for key, source in {"data": asked["data"], **sources}.items()}
        asked["pictures"] = {key: [str(file.absolute()) for file in files] for key, files in pictures.items()}
        asked |= {"config": config, "vary": dict(_space(name, way) for way in ways)}
        asked |= {"validation": absolute(validation), "count": count, "figure": figure}
    try:
        tuning = run(name, out=out, trials=trials, resume=resume is not None, **asked)
    except KeyboardInterrupt as error:
        error.args = (f"stopped; what is trained is saved, and zoo tune --resume {out} goes on",)
        raise
    command = best_command(name, asked, tuning.best.settings)
    if as_json:
        click.echo(json.dumps(_summary(tuning, command), indent=2))
        return
    for line in _lines(tuning):
        click.echo(printable(line))
    click.echo("With the best settings, and more --steps if you like:")
    click.echo(printable(f"  {command}"))


def _space(name: str, way: str) -> tuple[str, "Space"]:
    """The key and the space of `KEY=LOW..HIGH`, or of `KEY=A,B,C`."""
    from zoo._registry import family, settings_of
    from zoo.cli.settings import parse_value
    from zoo.training.plan import default, kind
    from zoo.training.tune import check_varied

    key, equals, text = way.partition("=")
    if not equals:
        raise ValueError(f"--vary {way} is not KEY=LOW..HIGH or KEY=A,B,C")
    check_varied(name, key)
    arguments = settings_of(family(name))
    usual = arguments[key] if key in arguments else default(key)
    if usual is None and key not in arguments:
        usual = kind(key)()  # of the type of clip, ema and batch_size, which are numbers
    ends = RANGE.fullmatch(text)
    values = [parse_value(key, part, usual) for part in (ends.groups() if ends else text.split(","))]
    if not all(isinstance(value, str | int | float) for value in values):
        raise ValueError(f"--vary {way}: only numbers, words, true and false are varied")
    if ends is None:
        return key, values
    if any(isinstance(value, str | bool) for value in values):
        raise ValueError(f"--vary {way}: a range has numbers at its ends; name what to choose among, as {key}=A,B")
    return key, (values[0], values[1])


def best_command(name: str, asked: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    """The `zoo train` that begins a training as it was asked for, with the best settings."""
    from zoo._registry import family, settings_of

    cls = family(name)
    arguments = settings_of(cls)
    counted = {*cls.picture_settings.values(), *cls.name_settings.values()}  # which follow from the pictures
    data, *others = asked["data"].items()
    settings = [f"{key}={value}" for key, value in asked["config"].items() if key not in counted and key not in best]
    settings += [f"{key}={file}" for key, files in asked["pictures"].items() for file in files]
    settings += [f"{key}={source}" for key, source in others]
    settings += [f"{key}={value}" for key, value in best.items() if key in arguments]
    plan = {key: value for key, value in asked.items() if key not in NOT_OF_A_PLAN}
    plan |= {"data": data[1]} | {key: value for key, value in best.items() if key not in arguments}
    words = ["zoo", "train", name]
    for key, value in plan.items():
        flag = key.replace("_", "-")
        words += [f"--{flag}" if value else f"--no-{flag}"] if isinstance(value, bool) else [f"--{flag}", str(value)]
    for setting in settings:
        words += ["--set", setting]
    return shlex.join([*words, "--out", f"runs/{name}-tuned"])


def _lines(tuning: "Tuning") -> Iterator[str]:
    from zoo.training.tune import described

    for trial in tuning.trials:
        came_to = "failed" if trial.figure is None else f"{tuning.figure} {trial.figure:.4g}"
        mark = "  the best" if trial == tuning.best else ""
        yield f"{trial.run}  {described(trial.settings)}: {came_to}{mark}"


def _summary(tuning: "Tuning", command: str) -> dict[str, Any]:
    trials = [trial._asdict() | {"run": str(trial.run)} for trial in tuning.trials]
    return {"figure": tuning.figure, "higher": tuning.higher, "best": tuning.best.number, "trials": trials, "command": command}
