"""DIR/hub: the folder for Hugging Face, its front matter and weights read back, and the Space's app really run."""

import importlib.util

import numpy as np
import pytest
import yaml
from PIL import Image
from safetensors import safe_open

import zoo
from tests.export.networks import generator, pictures, stylise
from zoo.export.export import export_model, verify_directory
from zoo.export.runtimes import load

ABOUT = {"task": "style transfer", "licence": "Apache 2.0, as the package", "data": "eight pictures"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    out = tmp_path_factory.mktemp("hub") / "out"
    options = {"formats": ("hub", "litert"), "precisions": ("float32",), "pictures": pictures(), "about": ABOUT}
    return out, export_model(stylise(), out, name="stylise", **options)


def front_matter(file):
    empty, head, body = file.read_text().split("---\n", 2)
    assert empty == ""
    return yaml.safe_load(head), body


def app(folder):
    spec = importlib.util.spec_from_file_location("space_app", folder / "app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_front_matter_says_what_the_hub_asks(exported):
    facts, body = front_matter(exported[0] / "hub" / "README.md")
    assert facts == {
        "library_name": "keras",
        "pipeline_tag": "image-to-image",
        "tags": ["keras", "computer-vision", "onnx", "tflite"],
        "license": "apache-2.0",
    }
    assert "# stylise" in body and "eight pictures" in body
    pictures_shown = sorted(path.name for path in (exported[0] / "hub" / "examples").iterdir())
    assert pictures_shown == [f"{n}-{name}.png" for n in (1, 2, 3) for name in ("image", "output_image")]
    assert all(f"(examples/{name})" in body for name in pictures_shown)
    facts, _ = front_matter(exported[0] / "hub" / "space" / "README.md")
    assert facts["sdk"] == "gradio" and (exported[0] / "hub" / "space" / facts["app_file"]).is_file()


def test_the_files_of_the_card_are_there_and_verified(exported):
    out, manifest = exported
    for artifact in manifest.artifacts:
        assert (out / "hub" / artifact.path).read_bytes() == (out / artifact.path).read_bytes()
        assert manifest.files[f"hub/{artifact.path}"] == artifact.sha256
    assert verify_directory(out, pictures()).passed
    with (out / "hub" / "space" / "app.py").open("a") as stream:
        stream.write("\nimport os\n")
    assert any("hub/space/app.py: altered" in fault for fault in verify_directory(out, pictures()).faults)


def test_the_weights_read_back(exported):
    weights = load(exported[0] / "model.keras").network.weights
    with safe_open(exported[0] / "hub" / "model.safetensors", "numpy") as stored:
        assert stored.metadata() == {"weights_sha256": exported[1].weights_sha256}
        assert sorted(stored.keys()) == sorted(variable.path for variable in weights)
        for variable in weights:
            np.testing.assert_array_equal(stored.get_tensor(variable.path), variable.numpy())


def test_the_space_answers_as_the_model_does(exported):
    space = app(exported[0] / "hub" / "space")
    photo = Image.fromarray((255 * pictures()[0]).astype("uint8"))
    values = {"image": photo, "style_weights": space.MODEL["inputs"]["style_weights"]["names"][1], "strength": 0.5}
    answer = space.answer(*[values[name] for name in space.MODEL["inputs"]])
    inputs = {"image": np.asarray(photo, "float32")[None] / 255, "style_weights": np.eye(2)[1:], "strength": np.array([0.5])}
    expected = load(exported[0] / "model.keras")(**inputs)["output_image"][0]
    np.testing.assert_allclose(np.asarray(answer) / 255, expected, atol=0.51 / 255)
    large = photo.resize((3000, 2000))
    assert space.answer(*[{**values, "image": large}[name] for name in space.MODEL["inputs"]]).size == (1024, 683)
    with pytest.raises(ValueError, match="give the picture first"):
        space.answer(*[{**values, "image": None}[name] for name in space.MODEL["inputs"]])


def test_the_page_has_a_component_an_input(exported):
    gradio = pytest.importorskip("gradio")
    page = app(exported[0] / "hub" / "space").demo()
    assert isinstance(page, gradio.Interface) and len(page.input_components) == 3


def test_a_generator_draws_by_number_and_class(tmp_path):
    export_model(generator(), tmp_path / "out", name="g", formats=("hub",), precisions=("float32",), pictures=pictures())
    facts, _ = front_matter(tmp_path / "out" / "hub" / "README.md")
    assert facts["pipeline_tag"] == "unconditional-image-generation" and "license" not in facts
    space = app(tmp_path / "out" / "hub" / "space")
    values = {name: 7 if spec["component"] == "seed" else spec["names"][2] for name, spec in space.MODEL["inputs"].items()}
    assert space.answer(*values.values()).size == (20, 12)


def test_what_no_component_can_give_has_no_space(tmp_path):
    model = zoo.create("compositor", preset="tiny")
    export_model(model, tmp_path / "out", name="c", formats=("hub",), precisions=("float32",), pictures=pictures())
    assert (tmp_path / "out" / "hub" / "model.safetensors").is_file() and not (tmp_path / "out" / "hub" / "space").exists()
