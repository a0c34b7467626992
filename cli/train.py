"""`zoo train`: from pictures to a run directory."""

import os
from pathlib import Path

import click


@click.command()
@click.argument("model")
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
@click.option("--steps", default=2000, show_default=True, type=click.IntRange(1), help="Training steps in all.")
@click.option("--batch-size", default=4, show_default=True, type=click.IntRange(1), help="Pictures a step, over all replicas.")
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
    type=click.Choice(["auto", "single", "mirrored", "multiworker"]),
    help="How the work is spread over devices and machines.",
)
@click.option("--replicas", type=click.IntRange(1), help="Replicas for mirrored; virtual CPU replicas where there are no GPUs.")
@click.option("--jit", is_flag=True, help="Compile the step with XLA.")
@click.option(
    "--ema",
    type=click.FloatRange(0, 1, max_open=True),
    help="Deploy the moving average of the weights, with this decay.",
)
@click.option("--seed", default=0, show_default=True, type=int)
@click.option("--log-every", default=10, show_default=True, type=click.IntRange(1), help="Steps between lines of log.csv.")
@click.option("--checkpoint-every", default=500, show_default=True, type=click.IntRange(1), help="Steps between checkpoints.")
@click.option(
    "--max-bad",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of unreadable pictures to bear.",
)
@click.option("--resume", is_flag=True, help="Go on from the newest checkpoint; starts the run if there is none.")
def train(
    model: str,
    data: str,
    data_dir: str | None,
    out: Path,
    preset: str | None,
    settings: tuple[str, ...],
    feature_weights: str | None,
    steps: int,
    batch_size: int,
    size: int | None,
    precision: str,
    strategy: str,
    replicas: int | None,
    jit: bool,
    ema: float | None,
    seed: int,
    log_every: int,
    checkpoint_every: int,
    max_bad: float,
    resume: bool,
) -> None:
    """Trains MODEL and writes RUN/model.keras, config.json, log.csv, TensorBoard events, samples/ and checkpoint/.

    Killed at any moment, the same command with --resume ends with the same weights, bit for bit.

    Example: zoo train fast_style --data folder:photos --set style=wave.jpg --out runs/wave --steps 4000
    """
    from cli.quiet import import_tensorflow
    from cli.settings import parse_settings
    from training.run import train as run

    # One operation after the other, each on all cores: run side by side, their order shows in the last bits now and then.
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    import_tensorflow()
    config, pictures, sources = parse_settings(model, settings)
    if size is not None:
        config["size"] = size
    if feature_weights is not None:
        config["feature_weights"] = feature_weights
    run(
        model,
        preset=preset,
        config=config,
        pictures=pictures,
        data={"data": data, **sources},
        data_dir=data_dir,
        out=out,
        steps=steps,
        batch_size=batch_size,
        precision=precision,
        strategy=strategy,
        replicas=replicas,
        jit=jit,
        ema=ema,
        seed=seed,
        log_every=log_every,
        checkpoint_every=checkpoint_every,
        max_bad=max_bad,
        resume=resume,
    )
