"""Super-resolution: the bicubic picture it starts from, frames, and the terms of its objective."""

import keras
import numpy as np
import pytest

import zoo
from tests.models import batches, sample
from zoo.export.export import export_model
from zoo.export.runtimes import load
from zoo.layers import BicubicUpsampling2D
from zoo.training.degradations import downscale, downscaled_frames, resize_bicubic
from zoo.training.ship import lighten


def tiny(**config):
    keras.utils.set_random_seed(0)
    return zoo.create("super_resolution", preset="tiny", **config)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_the_layer_is_matlabs_enlargement(factor):
    picture = sample("astronaut", 32)[:17, :23]
    expected = resize_bicubic(picture, factor)
    np.testing.assert_allclose(BicubicUpsampling2D(factor)(picture[None])[0], expected, atol=1e-6)


@pytest.mark.parametrize("network", ["espcn", "srresnet", "span"])
@pytest.mark.parametrize("frames", [1, 3, 5])
def test_an_untrained_network_is_bicubic_in_the_middle_frame(network, frames):
    image = np.random.default_rng(0).random((2, 9, 12, 3 * frames), np.float32)
    model = tiny(network=network, frames=frames, factor=3, size=24)
    output = model.inference_model()({"image": image})["output_image"]
    middle = image[..., 3 * (frames // 2) :][..., :3]
    np.testing.assert_allclose(output[1], np.clip(resize_bicubic(middle[1], 3), 0, 1), atol=1e-6)


def test_the_target_has_no_margin():
    model = tiny(frames=3, motion=4)
    batch = batches(model)(0)
    assert batch["image"].shape == (4, 24, 24, 3) and batch["reduced"].shape == (4, 8, 8, 9)
    np.testing.assert_array_equal(batch["reduced"][0, ..., 3:6], downscale(batch["image"][0, 4:-4, 4:-4], 2))
    assert model(batch)["picture"].shape == (4, 16, 16, 3)
    still = downscaled_frames(batch["image"][0], 2, 1, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(still, batch["reduced"][0, ..., 3:6])


def test_span_is_deployed_as_plain_convolutions_that_give_the_same():
    model = tiny(network="span", residual_blocks=2, factor=3, size=24)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0, 0.1, weight.shape) for weight in model.weights])
    image = random.random((2, 13, 17, 3), np.float32)
    deployed = model.inference_model()
    expected = np.clip(model.enlarge(image), 0, 1)
    np.testing.assert_allclose(deployed({"image": image})["output_image"], expected, atol=2e-5)
    assert np.abs(expected - np.clip(BicubicUpsampling2D(3)(image), 0, 1)).max() > 0.05
    assert deployed.count_params() < model.count_params() / 2


def test_files_of_a_span_hold_the_folded_weights_and_give_what_the_branches_give(tmp_path):
    model = tiny(network="span", width=8)
    random = np.random.default_rng(0)
    model.enlarge.set_weights([random.normal(0, 0.1, weight.shape) for weight in model.enlarge.weights])
    pictures = [sample(name, 32) for name in ("astronaut", "chelsea", "coffee", "rocket")] * 2
    manifest = export_model(
        model,
        tmp_path / "out",
        name="span",
        formats=("litert", "onnx"),
        precisions=("float32", "dynamic_int8"),
        pictures=pictures,
    )
    assert {artifact.precision for artifact in manifest.artifacts} == {"float32", "dynamic_int8"} and manifest.passed
    image = pictures[0][None]
    for artifact in manifest.artifacts:
        if artifact.precision == "float32":
            file = tmp_path / "out" / artifact.path
            np.testing.assert_allclose(load(file)(image=image)["output_image"], np.clip(model.enlarge(image), 0, 1), atol=1e-4)
            assert file.stat().st_size < 4 * model.enlarge.count_params()


def test_a_shipped_span_keeps_its_branches():
    model = tiny(network="span", perceptual_weight=1.0, adversarial_weight=1e-3, size=32)
    image = np.random.default_rng(0).random((1, 9, 9, 3), np.float32)
    model.enlarge.set_weights([np.random.default_rng(0).normal(0, 0.1, weight.shape) for weight in model.enlarge.weights])
    before = model.inference_model()({"image": image})["output_image"].numpy()
    lighten(model, 12)
    np.testing.assert_allclose(model.inference_model()({"image": image})["output_image"], before, atol=2e-3)
    assert not any(weight.numpy().any() for weight in model.discriminator.trainable_weights)


def test_span_has_half_a_million_weights():
    assert zoo.create("super_resolution", preset="span").inference_model().count_params() <= 500_000


def test_photo_learns_from_files():
    model = zoo.create("super_resolution", preset="photo", size=32)
    batch = batches(model)(0)
    assert batch["reduced"].shape == (4, 8, 8, 3)
    assert any(
        np.abs(small - downscale(large, 4)).max() > 0.01 for small, large in zip(batch["reduced"], batch["image"], strict=True)
    )


def test_span_learns():
    model = tiny(network="span", width=8, size=32, learning_rate=3e-3)
    model.compile()
    batch = batches(model, batch_size=16)(0)
    before = float(model.loss_terms(batch, model(batch))["pixel"].numpy().mean())
    model.fit(batches(model, batch_size=16).dataset(), steps_per_epoch=80, verbose=0, shuffle=False)
    assert float(model.loss_terms(batch, model(batch))["pixel"].numpy().mean()) < 0.97 * before


def test_terms_follow_their_weights():
    model = tiny(pixel_weight=0.0, perceptual_weight=1.0, adversarial_weight=1e-3, size=32)
    assert model.loss_names == ("perceptual", "discriminator_real", "discriminator_fake", "adversarial")
    model.compile()
    history = model.fit(batches(model).dataset(), steps_per_epoch=1, verbose=0, shuffle=False).history
    assert set(history) == {"loss", *model.loss_names} and np.isfinite(list(history.values())).all()
    deployed = {variable.path for variable in model.inference_model().variables}
    assert not any("discriminator" in path for path in deployed)


def test_a_loaded_model_needs_no_feature_network(tmp_path):
    model = tiny(perceptual_weight=1.0, size=32)
    model.compile()
    model.save(tmp_path / "model.keras")
    loaded = zoo.load(str(tmp_path / "model.keras"))
    batch = batches(loaded)(0)
    with pytest.raises(ValueError, match=r"model\.prepare\(\)"):
        loaded.loss_terms(batch, loaded(batch))
    loaded.compile()
    assert "perceptual" in loaded.loss_terms(batch, loaded(batch))


@pytest.mark.parametrize(
    ("config", "hint"),
    [({"size": 30, "factor": 4}, "take 28"), ({"frames": 2}, "take 3"), ({"frames": 3, "damage": "web"}, "take 1 frame")],
)
def test_wrong_settings_say_what_to_do(config, hint):
    with pytest.raises(ValueError, match=hint):
        tiny(**config)
