"""`zoo evaluate`: how good a trained model is."""

import json

import click

from zoo.cli.printable import printable


@click.command()
@click.argument("what")
@click.option(
    "--data",
    required=True,
    metavar="SOURCE",
    help="Pictures that it was not trained on: folder:PATH, tfds:NAME[:SPLIT], tfrecord:FOLDER, or samples:.",
)
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where the data sets of tfds: lie, or are downloaded to.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A picture or source that its objective needs.")
@click.option("-n", "count", default=1000, show_default=True, type=click.IntRange(1), help="How many examples.")
@click.option("--batch-size", default=8, show_default=True, type=click.IntRange(1), help="Examples at a time.")
@click.option("--seed", default=0, show_default=True, type=int, help="Of crops, masks, noise and latents.")
@click.option(
    "--features",
    default="compact",
    show_default=True,
    type=click.Choice(["compact", "deep", "vgg16", "vgg19", "inception"]),
    help="Network that generated pictures are compared in.",
)
@click.option("--feature-weights", type=click.Path(dir_okay=False), help="Weights file for the features.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(
    what: str,
    data: str,
    data_dir: str | None,
    settings: tuple[str, ...],
    count: int,
    batch_size: int,
    seed: int,
    features: str,
    feature_weights: str | None,
    as_json: bool,
) -> None:
    """Measures WHAT (a run directory, a .keras file or a shipped weight) on the pictures of SOURCE.

    Every model gives the terms of its objective; one that restores pictures PSNR and SSIM, a generator Frechet and kernel
    distance, precision, recall and diversity, a vae its negative log-likelihood in nats.

    Example: zoo evaluate runs/digits --data tfds:mnist:test -n 10000
    """
    from zoo.cli.quiet import import_tensorflow
    from zoo.cli.settings import model_file, parse_settings

    file = model_file(what)
    import_tensorflow()
    import zoo
    from zoo._registry import name_of
    from zoo.training.evaluate import evaluate as measure
    from zoo.training.evaluate import makes_pictures
    from zoo.training.metrics import extractor
    from zoo.training.pictures import read_picture
    from zoo.training.sources import open_source

    model = zoo.load(file)
    _, pictures, sources = parse_settings(name_of(type(model)), settings)
    for name, number in model.picture_settings.items():
        if getattr(model, number) and name not in {**pictures, **model.pictures}:
            raise ValueError(f"the objective of {what} needs the picture that it was trained with: --set {name}=PICTURE")
    if pictures:
        arrays = {name: [read_picture(file).rgb for file in files] for name, files in pictures.items()}
        model.adapt(**{**model.pictures, **arrays})
    figures = measure(
        model,
        {name: open_source(text, data_dir=data_dir) for name, text in {"data": data, **sources}.items()},
        count=count,
        batch_size=batch_size,
        seed=seed,
        extract=extractor(features, feature_weights) if makes_pictures(model) else None,
    )
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        click.echo(printable(f"{name:26}{value:12.4f}"))
