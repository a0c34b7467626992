"""`zoo train`: from pictures to a run directory."""

import difflib
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from zoo.cli.plan_options import asked_for, plan_options, start_backend
from zoo.cli.printable import printable
from zoo.training import recipes
from zoo.training.plan import options


def take_recipe(context: click.Context, _: click.Parameter, name: str | None) -> str | None:
    """Puts the recipe's settings in the place of the options' defaults, so that options on the command line win."""
    if name is not None:
        names = [module.name for module in pkgutil.iter_modules(recipes.__path__)]
        if name not in names:
            near = difflib.get_close_matches(name, names, 1, 0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
            raise click.UsageError(f"no recipe {name!r}; {hint}", context)
        recipe = importlib.import_module(f"zoo.training.recipes.{name}")
        context.default_map = {"model": recipe.MODEL, **recipe.SETTINGS}
        context.meta["settings"] = [f"{key}={value}" for key, value in getattr(recipe, "SET", {}).items()]
    return name


@click.command()
@click.argument("model", required=False)
@click.option(
    "--recipe",
    is_eager=True,
    expose_value=False,
    callback=take_recipe,
    metavar="NAME",
    help="Settings that were measured, from training/recipes; options beside it win. It names MODEL too.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the model; may be repeated.")
@click.option("--size", type=click.IntRange(8), help="Side of the training crops in pixels.")
@click.option("--feature-weights", type=click.Path(dir_okay=False), help="Weights file for features vgg16 or vgg19.")
@plan_options()
@click.option("--resume", is_flag=False, flag_value="", metavar="[RUN]", help=options()["resume"].says)
@click.pass_context
def train(
    context: click.Context,
    model: str | None,
    settings: tuple[str, ...],
    size: int | None,
    feature_weights: str | None,
    resume: str | None,
    **_: Any,
) -> None:
    """Trains MODEL and writes RUN/model.keras, config.json, log.csv, TensorBoard events, samples/ and checkpoint/.

    Killed at any moment, `zoo train --resume RUN` ends with the same weights, bit for bit. SIGTERM and Ctrl-C save first and exit
    with 143 and 130.

    Example: zoo train fast_style --data folder:photos --set style=wave.jpg --out runs/wave --steps 4000
    """
    from zoo._registry import choose, names
    from zoo.cli.settings import model_file, parse_settings
    from zoo.training.record import recorded

    asked = asked_for(context)
    if resume and "out" in asked and model is None:
        model = resume  # --resume stood before MODEL
    elif resume and Path(resume) != asked.setdefault("out", Path(resume)):
        raise click.UsageError(f"--resume {resume} and --out {asked['out']} are two runs", context)
    if "out" not in asked:
        raise click.UsageError("--out RUN says where to write; --resume RUN goes on with a run", context)
    before = recorded(asked["out"]) if resume is not None else {}
    name = model or before.get("model")
    if name is None:
        why = "" if resume is None else f"{asked['out']} holds no run to go on with; "
        raise click.UsageError(f"{why}name a MODEL to train", context)
    choose("model", name, names())
    start_backend(asked, before)
    spoken = {setting.partition("=")[0] for setting in settings}
    recipe = [setting for setting in context.meta.get("settings", ()) if setting.partition("=")[0] not in spoken]
    config, pictures, sources = parse_settings(name, [*recipe, *settings])
    if size is not None:
        config["size"] = size
    if feature_weights is not None:
        config["feature_weights"] = feature_weights
    if "start_from" in asked and Path(asked["start_from"]).is_dir():  # a name says more than where it lies
        asked["start_from"] = model_file(asked["start_from"])
    data = {"data": asked.pop("data")} if "data" in asked else {}

    from zoo.training.run import train as run

    file = run(model, config, pictures=pictures, data=data | sources, resume=resume is not None, **asked)
    for line in what_now(file):
        click.echo(printable(line))


def what_now(file: Path) -> Iterator[str]:
    """Where the model of a run and its last sheet are, and what to do with it."""
    import zoo
    from zoo.training.evaluate import makes_pictures

    model, run = zoo.load(str(file)), file.parent
    yield f"The model is {file}."
    if sheets := sorted((run / "samples").glob("step-*.png")):
        yield f"What it makes of eight examples: {sheets[-1]}"
    if model.deployable:
        yield "Try it, and take it elsewhere:"
        yield (
            f"  zoo sample {run} --out pictures.png" if makes_pictures(model) else f"  zoo apply {run} PHOTO.jpg --out result.png"
        )
        yield f"  zoo export {run} --out exports/{run.name}"
