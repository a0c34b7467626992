"""`zoo lint`: networks that are bad on purpose, each found by layer and operation; the zoo's own are clean."""

import json

import keras
import pytest
from keras import layers, ops

import zoo
from tests.export.networks import Digamma
from zoo.cli.main import app
from zoo.export.lint import lint


@keras.saving.register_keras_serializable("tests")
class Noise(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(1)

    def call(self, x):
        return x + keras.random.normal(ops.shape(x), seed=self.generator)


@keras.saving.register_keras_serializable("tests")
class Cubic(layers.Layer):
    def call(self, x):
        return ops.image.resize(x, (40, 40), interpolation="bicubic")


@keras.saving.register_keras_serializable("tests")
class FiveAxes(layers.Layer):
    def call(self, x):
        _, height, width, _ = ops.shape(x)
        return ops.mean(ops.transpose(ops.reshape(x, (-1, height, width, 3, 4)), (0, 1, 2, 4, 3)), axis=3)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:3], 3)


@keras.saving.register_keras_serializable("tests")
class FreeSize(layers.Layer):
    """Asks the runtime for a size that tracing knows, and so leaves a tensor without one."""

    def call(self, x):
        import tensorflow as tf

        bright = tf.boolean_mask(tf.reshape(x, (-1,)), tf.reshape(x, (-1,)) > 0.5)
        return x * ops.sum(bright)


def network(layer, side=None):
    image = layers.Input((side, side, 3), name="image")
    x = layer(layers.Conv2D(12, 3, padding="same", name="first")(image))
    return keras.Model({"image": image}, {"output_image": layers.Conv2D(3, 3, padding="same", name="last")(x)})


@pytest.mark.parametrize(
    ("bad", "layer", "operation", "file", "remedy"),
    [
        (layers.UpSampling2D(2, name="larger"), "larger", "FlexConv2D", "LiteRT, any size", "NearestUpsampling2D"),
        (layers.UpSampling2D(2, name="larger"), "larger", "RESHAPE of rank 5", "mobile GPU, 256x256", "four axes"),
        (Noise(name="noise"), "noise", "FlexStatelessRandomNormalV2", "LiteRT, any size", "input of inference_model"),
        (FiveAxes(name="five"), "five", "TRANSPOSE of rank 5", "mobile GPU, 256x256", "four axes"),
        (Digamma(name="odd"), "odd", "Digamma", "ONNX, any size", "keras.ops"),
    ],
)
def test_what_is_bad_is_found_with_its_layer_and_a_remedy(bad, layer, operation, file, remedy):
    findings = lint(network(bad))
    matching = [item for item in findings if item.operation == operation]
    assert [item.layer for item in matching] == [layer], findings
    assert file in matching[0].files and remedy in matching[0].remedy


def test_a_bicubic_resize_is_found_in_a_network_with_a_size_of_its_own():
    findings = lint(network(Cubic(name="cubic"), 20))
    assert {(item.layer, item.operation) for item in findings} == {("cubic", "FlexResizeBicubic")}
    assert "LiteRT, 20x20" in findings[0].files and "BicubicUpsampling2D" in findings[0].remedy


def test_a_tensor_of_a_free_size_is_found_in_the_fixed_file():
    findings = lint(network(FreeSize(name="free")))
    assert any("free size" in item.operation and item.layer == "free" for item in findings), findings
    assert all(item.remedy for item in findings)


@pytest.mark.parametrize("name", ["unet_inpainter", "vae"])
def test_the_families_are_clean(name):
    """All of them are held to the same by the contract tests, which export them."""
    assert lint(zoo.create(name, preset="tiny").inference_model()) == []


def run(capfd, *arguments):
    with pytest.raises(SystemExit) as left:
        app(["lint", *arguments])
    return left.value.code, capfd.readouterr()


def test_the_command_takes_a_family_with_settings_or_a_file(tmp_path, capfd):
    code, streams = run(capfd, "gan", "--preset", "tiny", "--json")
    assert code == 0 and json.loads(streams.out) == {"model": "gan", "findings": []}
    zoo.create("gan", preset="tiny").save(tmp_path / "model.keras")
    code, streams = run(capfd, str(tmp_path / "model.keras"))
    assert code == 0 and "nothing in the way" in streams.out


def test_the_command_names_what_it_finds(capfd, monkeypatch):
    bad = network(layers.UpSampling2D(2, name="larger"))
    monkeypatch.setattr(zoo.SuperResolution, "inference_model", lambda self: bad)
    code, streams = run(capfd, "super_resolution", "--preset", "tiny")
    assert code == 1 and "larger" in streams.out and "FlexConv2D" in streams.out and "NearestUpsampling2D" in streams.out
    code, streams = run(capfd, "super_resolution", "--preset", "tiny", "--json")
    assert code == 1 and {item["layer"] for item in json.loads(streams.out)["findings"]} == {"larger"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fast_stile",), "fast_stile"),
        (("gan", "--preset", "tinny"), "did you mean 'tiny'"),
        (("gan", "--set", "widht=3"), "no setting of gan 'widht'"),
        (("fast_style/wave", "--preset", "tiny"), "--preset and --set are for a family"),
        (("neural_style",), "there is nothing to export"),
    ],
)
def test_wrong_use_is_one_line(capfd, arguments, message):
    code, streams = run(capfd, *arguments)
    assert code == 2 and message in streams.err and streams.err.count("\n") == 1
