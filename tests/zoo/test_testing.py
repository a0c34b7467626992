"""`check_family` on families that break one promise each: it is caught, and the line says what to change."""

import importlib
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from zoo import _registry, testing
from zoo.specs import Picture, Uniform
from zoo.testing import _declared, _deployed, _trained

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial"


@pytest.fixture(scope="module")
def sharpener():
    """The family of the tutorial, which keeps every promise, and is forgotten afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        _registry.families()  # ours, which stay imported, stay registered
        patch.setattr(_registry, "_FAMILIES", dict(_registry._FAMILIES))
        patch.syspath_prepend(TUTORIAL)
        yield importlib.import_module("zoo_sharpener").Sharpener


def other_name(base):
    class Broken(base):
        loss_names = ("squared",)

    return Broken


def dead_weight(base):
    class Broken(base):
        def __init__(self, **config):
            super().__init__(**config)
            self.unused = self.add_weight(shape=(2,), name="unused")

    return Broken


def argument_not_kept(base):
    class Broken(base):
        def __init__(self, width=4, depth=1, size=16, learning_rate=1e-3, strength=1.0):
            super().__init__(width, depth, size, learning_rate)

    return Broken


def source_not_named(base):
    class Broken(base):
        batch_spec = {"image": Picture(16, source="target"), "blur": Uniform((1,))}

    return Broken


def key_not_in_batch(base):
    class Broken(base):
        batch_spec = {"image": Picture(16)}

    return Broken


def unclipped_samples(base):
    class Broken(base):
        def samples(self, batch):
            return {"picture": 2 * batch["image"] - 1}

    return Broken


def mean_of_the_batch(base):
    """One number for the batch in place of one an example is right; one for half of it is not."""

    class Broken(base):
        def loss_terms(self, batch, outputs):
            return {"absolute": ops.sum(ops.abs(outputs["picture"] - batch["image"]))}

    return Broken


def deploys_new_weights(base):
    class Broken(base):
        def inference_model(self):
            image = keras.Input((None, None, 3), name="image")
            fresh = keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid")(image)
            return keras.Model({"image": image}, {"output_image": fresh})

    return Broken


def looks_at_its_neighbours(base):
    class Broken(base):
        def inference_model(self):
            image = keras.Input((None, None, 3), name="image")
            shifted = image - ops.mean(image, axis=0, keepdims=True)
            return keras.Model({"image": image}, {"output_image": ops.clip(self.sharpen(image) + shifted, 0.0, 1.0)})

    return Broken


def other_output(base):
    class Broken(base):
        def inference_model(self):
            image = keras.Input((None, None, 3), name="image")
            return keras.Model({"image": image}, {"picture": self.sharpen(image)})

    return Broken


def fixed_batch(base):
    class Broken(base):
        def inference_model(self):
            image = keras.Input((None, None, 3), name="image")
            return keras.Model({"image": image}, {"output_image": ops.clip(ops.mean(self.sharpen(image), 0, True), 0.0, 1.0)})

    return Broken


@pytest.mark.parametrize(
    ("broken", "check", "line"),
    [
        (other_name, _trained.check_losses, "gives absolute and loss_names says squared: let both name the same"),
        (dead_weight, _trained.check_weights_move, "unused has not moved in 3 steps: no term of loss_terms depends on it"),
        (argument_not_kept, _declared.check_declared, "__init__ takes 'strength' and model.strength is not there"),
        (source_not_named, _declared.check_declared, "takes pictures from 'target': name it in source_settings"),
        (key_not_in_batch, _trained.check_losses, r"call\(\) fails on a batch of image, as batch_spec says"),
        (unclipped_samples, _trained.check_samples, r"'picture' of samples\(\) leaves \[0, 1\]: clip it"),
        (mean_of_the_batch, _trained.check_replicas, "between one replica and two: give terms one number an example"),
        (deploys_new_weights, _deployed.check_deployed_network, "is deployed and no weight of the model"),
        (looks_at_its_neighbours, _deployed.check_any_size, "answered otherwise beside others"),
        (other_output, _deployed.check_deployed_network, "it deploys picture: name it 'output_image'"),
        (fixed_batch, _deployed.check_any_size, "three pictures are answered by 1"),
    ],
)
def test_what_is_broken_is_named(sharpener, broken, check, line):
    with pytest.raises(AssertionError, match=f"^Broken: .*{line}") as error:
        testing.check_family(broken(sharpener), only=[check])
    assert "\n" not in str(error.value)


def test_what_keeps_its_promises_passes(sharpener):
    testing.check_family(
        sharpener, only=[check for check in testing.CHECKS if check not in (_trained.check_resume, _deployed.check_files)]
    )


def test_a_family_without_a_small_preset(sharpener):
    with pytest.raises(AssertionError, match="presets has no 'minute': add one"):
        testing.check_family(sharpener, preset="minute")


def test_a_state_outside_of_variables_is_caught_by_resuming(sharpener):
    counter = iter(np.linspace(1, 2, 1000))

    class Broken(sharpener):
        def loss_terms(self, batch, outputs):
            return {"absolute": next(counter) * super().loss_terms(batch, outputs)["absolute"]}

    with pytest.raises(AssertionError, match="differs once a run was resumed"):
        testing.check_family(Broken, only=[_trained.check_resume])
