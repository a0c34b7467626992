"""`zoo.open`: one callable, whatever runs below, and the command line's names for styles."""

import numpy as np
import pytest
from PIL import Image

import zoo
from tests.cli.in_process import run
from zoo.cli.settings import distinct, parse_settings

PHOTO = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.fixture(scope="module")
def styles(tmp_path_factory):
    """A model of two named styles as `.keras` file and as ONNX file."""
    folder = tmp_path_factory.mktemp("styles")
    model = zoo.create("fast_style", preset="tiny", styles=2, style_names=("munch", "mosaic"))
    model.network.get_layer(index=-1)
    for variable in model.network.trainable_variables:
        if "gamma" in variable.path:
            variable.assign(np.random.default_rng(1).uniform(0.5, 2, variable.shape))
    for layer in model.network.layers:
        if "thin" in layer.name or "conv2d" in layer.name:
            kernel = layer.weights[0]
            kernel.assign(np.random.default_rng(2).normal(0, 0.2, kernel.shape))
    model.save(folder / "model.keras")
    arguments = ["--to", "onnx,savedmodel,litert", "--precision", "float32", "--sizes", "dynamic"]
    assert run("export", folder / "model.keras", "--out", folder / "export", *arguments) == 0
    return folder


def test_every_kind_of_file_gives_the_same_picture(styles, tmp_path):
    onnx = next((styles / "export/onnx").iterdir())
    tflite = next((styles / "export/litert").iterdir())
    saved_model = styles / "export/savedmodel/fast_style/1"
    models = {path.name: zoo.open(path) for path in (styles / "model.keras", onnx, tflite, saved_model)}
    first = models["model.keras"](PHOTO, style="munch", strength=0.5)
    assert first.shape == (20, 30, 3) and first.dtype == np.float32 and first.min() >= 0 and first.max() <= 1
    other = models["model.keras"](PHOTO, style="mosaic", strength=0.5)
    assert np.abs(first - other).max() > 1e-3
    for name, model in models.items():
        np.testing.assert_allclose(model(PHOTO, style="munch", strength=0.5), first, atol=1e-4, err_msg=name)
        np.testing.assert_allclose(model(PHOTO, style=1, strength=0.5), other, atol=1e-4, err_msg=name)
        assert model.signature.inputs["style_weights"].names == ("munch", "mosaic"), name
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    pictures = [tmp_path / "photo.png", Image.fromarray(PHOTO), PHOTO.astype("float32") / 255]
    for result in models["model.keras"](pictures, style="munch", strength=0.5):
        np.testing.assert_allclose(result, first, atol=1e-6)


def test_what_may_be_left_out_has_its_default(styles):
    runtime = zoo.open(next((styles / "export/onnx").iterdir())).runtime
    image = PHOTO[None].astype("float32") / 255
    everything = runtime(image=image, strength=np.ones(1, "float32"), style_weights=np.full((1, 2), 0.5, "float32"))
    np.testing.assert_array_equal(runtime(image=image)["output_image"], everything["output_image"])
    with pytest.raises(ValueError, match="takes image, style_weights, strength; given: strength"):
        runtime(strength=np.ones(1, "float32"))


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.zeros((3, 20, 30), "float32"), "channels come last"),
        (np.zeros((20, 30), "int64"), "uint8, or float in"),
        (np.full((20, 30, 3), 128.0), "divide by 255"),
        (np.full((20, 30, 3), np.nan), "values lie in"),
        (np.zeros((2, 20, 30, 3), "float32"), r"not \[2, 20, 30, 3\]"),
    ],
)
def test_a_wrong_picture_is_one_line(styles, picture, words):
    with pytest.raises(ValueError, match=words) as error:
        zoo.open(styles / "model.keras")(picture)
    assert "\n" not in str(error.value)


def test_wrong_styles_and_options_name_what_is_right(styles, tmp_path, capsys):
    model = zoo.open(styles / "model.keras")
    with pytest.raises(ValueError, match="did you mean 'munch'"):
        model(PHOTO, style="muncj")
    with pytest.raises(ValueError, match="munch, mosaic"):
        model(PHOTO, style=2)
    with pytest.raises(ValueError, match="mask=: this model has no such input"):
        model(PHOTO, mask=PHOTO[..., 0])
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    arguments = ["apply", styles / "model.keras", tmp_path / "photo.png", "--out", tmp_path / "out.png"]
    assert run(*arguments, "--style", "mosiac") == 2
    assert "did you mean 'mosaic'" in capsys.readouterr().err
    assert run(*arguments, "--style", "mosaic:0.7", "--style", "munch:0.3") == 0


def test_a_style_is_called_by_its_file_unless_it_is_named(tmp_path):
    for name in ("munch.png", "the wave.png"):
        Image.fromarray(PHOTO).save(tmp_path / name)
    settings = [
        f"style={tmp_path / 'munch.png'}",
        f"style=hokusai:{tmp_path / 'the wave.png'}",
        f"style={tmp_path / 'the wave.png'}",
    ]
    config, pictures, _ = parse_settings("fast_style", settings)
    assert config == {"styles": 3, "style_names": ("munch", "hokusai", "the_wave")}
    assert [file.name for file in pictures["style"]] == ["munch.png", "the wave.png", "the wave.png"]
    assert distinct(["a", "a", "a_2", "a"]) == ("a", "a_2", "a_2_2", "a_3")
    with pytest.raises(ValueError, match="no such picture"):
        parse_settings("fast_style", ["style=hokusai:nowhere.png"])
