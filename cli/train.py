"""`zoo train`: from pictures to a run directory."""

import difflib
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import click

from zoo.training import recipes


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
@click.argument("model")
@click.option(
    "--recipe",
    is_eager=True,
    expose_value=False,
    callback=take_recipe,
    metavar="NAME",
    help="Settings that were measured, from training/recipes; options beside it win. It names MODEL too.",
)
@click.option(
    "--data",
    required=True,
    metavar="SOURCE",
    help="folder:PATH, tfds:NAME[:SPLIT], tfrecord:FOLDER, or samples: for pictures that come with the package.",
)
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where the data sets of tfds: lie, or are downloaded to.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="RUN", help="Run directory to write.")
@click.option("--preset", help="A preset of the family; see zoo list.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the model; may be repeated.")
@click.option("--feature-weights", type=click.Path(dir_okay=False), help="Weights file for features vgg16 or vgg19.")
@click.option("--start-from", metavar="WEIGHTS", help="Begin with the weights of a run, a .keras file or a shipped weight.")
@click.option("--steps", default=2000, show_default=True, type=click.IntRange(1), help="Training steps in all.")
@click.option("--batch-size", show_default="the model's own", type=click.IntRange(1), help="Pictures a step, over all replicas.")
@click.option("--size", type=click.IntRange(8), help="Side of the training crops in pixels.")
@click.option(
    "--precision",
    default="float32",
    show_default=True,
    type=click.Choice(["float32", "mixed_bfloat16", "mixed_float16"]),
    help="mixed_bfloat16 is fastest on processors with bf16 instructions.",
)
@click.option(
    "--strategy",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "single", "mirrored", "multiworker", "ray"]),
    help="How the work is spread over devices and machines.",
)
@click.option("--workers", type=click.IntRange(1), help="Workers for ray.")
@click.option("--wait", default=600.0, show_default=True, help="Seconds that multiworker waits for the other workers.")
@click.option("--replicas", type=click.IntRange(1), help="Replicas for mirrored; virtual CPU replicas where there are no GPUs.")
@click.option("--jit", is_flag=True, help="Compile the step with XLA.")
@click.option(
    "--ema",
    type=click.FloatRange(0, 1, max_open=True),
    help="Deploy the moving average of the weights, with this decay.",
)
@click.option("--clip", type=click.FloatRange(0, min_open=True), help="Largest norm of a batch's gradient, all weights together.")
@click.option("--accumulate", default=1, show_default=True, type=click.IntRange(1), help="Batches that make one update.")
@click.option(
    "--schedule",
    type=click.Choice(["constant", "cosine"]),
    help="Learning rate over the steps, in place of the family's own; --set learning_rate=R is its height.",
)
@click.option("--warm-up", default=0, show_default=True, type=click.IntRange(0), help="Updates over which the rate rises.")
@click.option(
    "--steps-per-execution",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Steps between two returns to Python; divides --steps, --log-every and --checkpoint-every.",
)
@click.option("--seed", default=0, show_default=True, type=int)
@click.option("--log-every", default=10, show_default=True, type=click.IntRange(1), help="Steps between lines of log.csv.")
@click.option("--checkpoint-every", default=500, show_default=True, type=click.IntRange(1), help="Steps between checkpoints.")
@click.option(
    "--metrics-every",
    default=0,
    show_default="never",
    type=click.IntRange(0),
    help="Steps between comparisons of a generator's pictures with real ones, in metrics.csv.",
)
@click.option("--keep", default=2, show_default=True, type=click.IntRange(1), help="Checkpoints to keep.")
@click.option(
    "--max-bad",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of unreadable pictures to bear.",
)
@click.option("--max-pixels", type=click.IntRange(1), help="Pictures with more pixels count as bad; by default 100 million.")
@click.option("--resume", is_flag=True, help="Go on from the newest checkpoint; starts the run if there is none.")
@click.pass_context
def train(
    context: click.Context,
    model: str,
    data: str,
    settings: tuple[str, ...],
    feature_weights: str | None,
    start_from: str | None,
    size: int | None,
    strategy: str,
    workers: int | None,
    **options: Any,
) -> None:
    """Trains MODEL and writes RUN/model.keras, config.json, log.csv, TensorBoard events, samples/ and checkpoint/.

    Killed at any moment, the same command with --resume ends with the same weights, bit for bit. SIGTERM and Ctrl-C save first
    and exit with 143 and 130.

    Example: zoo train fast_style --data folder:photos --set style=wave.jpg --out runs/wave --steps 4000
    """
    from zoo._registry import choose, names
    from zoo.cli.quiet import import_tensorflow
    from zoo.cli.settings import model_file, parse_settings

    if (workers is None) == (strategy == "ray"):
        raise ValueError("--strategy ray and --workers N belong together")
    choose("model", model, names())
    import_tensorflow()
    given = {setting.partition("=")[0] for setting in settings}
    recipe = [setting for setting in context.meta.get("settings", ()) if setting.partition("=")[0] not in given]
    config, pictures, sources = parse_settings(model, [*recipe, *settings])
    if size is not None:
        config["size"] = size
    if feature_weights is not None:
        config["feature_weights"] = feature_weights
    if start_from is not None:
        options["start_from"] = model_file(start_from)
    arguments = {"config": config, "pictures": pictures, "data": {"data": data, **sources}, **options}
    if workers is not None:
        from zoo.training.ray_train import train_on_ray

        train_on_ray(model, workers, **arguments)
    else:
        from zoo.training.run import train as run

        run(model, strategy=strategy, **arguments)
