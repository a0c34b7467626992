"""How a family trains: by the stock fit, every weight, the same on two replicas, and on from where it was interrupted."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from zoo.testing._subject import SETTING, STEPS, Subject, attempt, values

TOLERANCE = 1e-6


def check_losses(subject: Subject) -> None:
    """The stock `fit` logs the terms that `loss_names` lists; they are finite and add up to the loss."""
    model = subject.model()
    batch = subject.batch(model)
    model.compile()
    outputs = attempt(subject, f"call() fails on a batch of {', '.join(batch)}, as batch_spec says", lambda: model(batch))
    terms = attempt(subject, "loss_terms() fails on what call() gives", lambda: model.loss_terms(batch, outputs))
    subject.require(
        set(terms) == set(model.loss_names),
        f"loss_terms() gives {', '.join(terms)} and loss_names says {', '.join(model.loss_names)}: let both name the same",
    )
    _, history = attempt(subject, "the stock fit fails", lambda: subject.trained)
    subject.require(set(history) == {"loss", *model.loss_names}, f"fit logs {', '.join(history)}; loss_names says otherwise")
    for name, numbers in history.items():
        subject.require(np.isfinite(numbers).all(), f"{name!r} is not finite within {STEPS} steps")
    total = sum(np.array(history[name]) for name in model.loss_names)
    subject.require(
        np.allclose(history["loss"], total, rtol=1e-5), "the loss is not the sum of its terms: leave compute_loss alone"
    )


def check_weights_move(subject: Subject) -> None:
    """Every trainable weight has another value after a few steps."""
    model, _ = subject.trained
    fresh = subject.model()
    subject.require(model.trainable_variables, "has no trainable weights: assign its networks to attributes")
    subject.require(int(model.optimizer.iterations) == STEPS, "the optimizer counts other steps than fit: leave train_step alone")
    pairs = zip(model.trainable_variables, values(fresh.trainable_variables), values(model.trainable_variables), strict=True)
    for variable, before, after in pairs:
        subject.require(
            not np.array_equal(before, after),
            f"{variable.path} has not moved in {STEPS} steps: no term of loss_terms depends on it; drop it, or freeze it",
        )


def check_samples(subject: Subject) -> None:
    """`samples` gives pictures to look at."""
    model, _ = subject.trained
    batch = subject.batch(model)
    columns: dict[str, Any] = attempt(subject, "samples() fails on a batch", lambda: model.samples(batch))
    subject.require(columns, "samples() gives nothing to look at")
    for title, pictures in columns.items():
        array = np.asarray(pictures)
        subject.require(
            array.ndim == 4 and array.shape[-1] in (1, 3), f"samples() gives {title!r} as {array.shape}, not pictures"
        )
        subject.require(
            -TOLERANCE <= array.min() <= array.max() <= 1 + TOLERANCE, f"{title!r} of samples() leaves [0, 1]: clip it"
        )


def check_replicas(subject: Subject) -> None:
    """The same global batch on one device and on two gives the same weights, under SGD, whose update shows every error.

    One step: in a second one, a rounding of 1e-8 can fall on the other side of a kink (of L1, of ReLU) and flip a gradient.
    """
    import keras
    import tensorflow as tf

    def after_a_step(strategy: Any) -> Any:
        with strategy.scope():
            model = subject.model()
            model.compile(keras.optimizers.SGD(1e-2))
        subject.fit(model, 1)
        return model

    one, two = (after_a_step(strategy) for strategy in (tf.distribute.get_strategy(), subject.two_replicas))
    for variable, a, b in zip(one.variables, values(one.variables), values(two.variables), strict=True):
        subject.require(
            np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE),
            f"{variable.path} differs by {np.abs(a - b).max():.1e} between one replica and two: give terms one number an "
            "example, draw nothing outside of the batch, and synchronise batch normalisation",
        )


def _arrays(checkpoint: Path) -> dict[str, np.ndarray]:
    with np.load(checkpoint) as file:
        return {name: file[name] for name in file.files}


def check_resume(subject: Subject) -> None:
    """A run that loses its last checkpoint and its model goes on from the one before and ends with the same weights."""
    from zoo.training.pictures import write_picture
    from zoo.training.run import train

    write_picture(subject.folder / "setting.png", subject.picture(SETTING))
    counts = {setting: getattr(subject.model(), count) for setting, count in subject.cls.picture_settings.items()}
    arguments: dict[str, Any] = dict(
        config=dict(subject.cls.presets[subject.preset]),
        pictures={setting: [subject.folder / "setting.png"] * count for setting, count in counts.items() if count},
        data={source: subject.source for source in ("data", *subject.cls.source_settings)},
        steps=4,
        batch_size=2,
        checkpoint_every=2,
    )
    whole, cut = subject.folder / "whole", subject.folder / "cut"
    attempt(subject, "zoo train fails", lambda: train(subject.cls, out=whole, **arguments))
    shutil.copytree(whole, cut)
    (cut / "model.keras").unlink()
    newest = max((cut / "checkpoint").iterdir())
    newest.unlink()
    attempt(subject, "zoo train --resume fails", lambda: train(subject.cls, out=cut, resume=True, **arguments))
    first, second = (_arrays(run / "checkpoint" / newest.name) for run in (whole, cut))
    subject.require(set(first) == set(second), "a resumed run has other variables: make all of them in __init__")
    for name in first:
        before, after = first[name], second[name]
        # To the last bit in a process of its own; in one that has trained before, rounding shows in single precision.
        same = np.allclose(before, after, rtol=1e-5, atol=1e-6) if before.dtype.kind == "f" else np.array_equal(before, after)
        subject.require(
            same, f"{name} differs once a run was resumed: draw from the batch alone, and keep no state outside of variables"
        )
