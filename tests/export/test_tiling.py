"""Large pictures by tiles: the picture of the whole pass, at bounded memory, or one line."""

import keras
import numpy as np
import pytest

import zoo
from tests.models import sample
from zoo.export.export import export_model
from zoo.export.graph import Graph
from zoo.export.runtimes import load
from zoo.export.tiling import run_by_tiles


class Area:
    """An array as `run_by_tiles` reads it, which notes the largest window."""

    def __init__(self, array):
        self.array, self.shape, self.largest = array, array.shape, 0

    def __getitem__(self, window):
        part = self.array[window]
        self.largest = max(self.largest, *part.shape[:2])
        return part


def picture(height, width):
    return np.tile(sample("astronaut", 256), (3, 3, 1))[:height, :width]


def runtime(tmp_path, name, **config):
    """A small model whose every weight counts."""
    keras.utils.set_random_seed(0)
    model = zoo.create(name, preset="tiny", **config)
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + 0.05 * random.standard_normal(variable.shape))
    model.save(tmp_path / "model.keras")
    return load(tmp_path / "model.keras")


def inputs_of(runtime, height, width):
    """The pictures and the constant inputs of a network."""
    mask = np.zeros((height, width, 1), "float32")
    mask[height // 3 : height // 2, width // 5 : width // 2] = 1
    pictures = {"image": picture(height, width), "mask": mask}
    constants = {
        "strength": np.array([0.8], "float32"),
        "style": sample("coffee", 90)[None, :70],
        "style_weights": np.array([[0.3, 0.7]], "float32"),
    }
    wanted = runtime.signature.inputs
    return {n: Area(x) for n, x in pictures.items() if n in wanted}, {n: x for n, x in constants.items() if n in wanted}


def difference(runtime, height, width, tile, folder):
    """The largest difference to the whole pass, of 255."""
    pictures, constants = inputs_of(runtime, height, width)
    whole = runtime(**{name: area.array[None] for name, area in pictures.items()}, **constants)["output_image"][0]
    seen = []
    result = run_by_tiles(runtime, pictures, constants, tile, folder, report=lambda *counts: seen.append(counts))
    assert result.shape == whole.shape
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1)) and seen[-1][1] == len(seen)
    by_tiles = np.array(result.array(), "float32")
    result.close()
    return np.abs(by_tiles - 255 * np.clip(whole, 0, 1)).max(), max(area.largest for area in pictures.values())


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("fast_style", {}),
        ("fast_style", {"styles": 2}),
        ("fast_style", {"architecture": "light"}),
        ("adain", {}),
        ("cyclegan", {}),
        ("denoiser", {}),
        ("super_resolution", {}),
        ("super_resolution", {"network": "span"}),
        ("unet_inpainter", {"pyramid_fill": True}),
    ],
)
def test_tiles_give_the_picture_of_the_whole_pass(name, config, tmp_path):
    """Half a step is the rounding to 8 bits."""
    error, largest = difference(runtime(tmp_path, name, **config), 203, 301, 64, tmp_path)
    assert error < 0.6
    assert largest < 301 or name == "unet_inpainter"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.keras"]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 2), (64, 65)])
def test_small_and_narrow_pictures(size, tmp_path):
    assert difference(runtime(tmp_path, "fast_style"), *size, 64, tmp_path)[0] < 0.6


def test_a_residual_network_is_cut_where_it_must_be_and_nothing_is_computed_twice(tmp_path):
    from zoo.export.tiling import Network

    network = runtime(tmp_path, "fast_style", residual_blocks=2)
    plan = Network(network, *inputs_of(network, 128, 128))
    norms = 1 + 2 + 2 * 2 + 2
    assert len(plan.kept) == norms + 2 + 1  # their inputs, the two skips, the result
    computed = [index for number in plan.kept for index in plan.cone(number, set(plan.kept))[0]]
    assert sorted(computed) == list(range(len(plan.steps)))


def test_the_graph_computes_what_the_network_computes(tmp_path):
    network = runtime(tmp_path, "adain")
    inputs = {"image": picture(40, 50)[None], "style": picture(33, 47)[None], "strength": np.array([0.5], "float32")}
    graph = Graph(network.network, {name: x.shape for name, x in inputs.items()})
    values = {graph.inputs[name]: x for name, x in inputs.items()}
    for step in graph.steps:
        step.run(values, {})
    np.testing.assert_array_equal(values[graph.output], network(**inputs)["output_image"])


def exported(name, form, tmp_path):
    pictures = [sample(name, 64) for name in ("astronaut", "chelsea", "coffee", "rocket")] * 2
    options = dict(formats=(form,), precisions=("float32",), sizes=("dynamic",), pictures=pictures)
    export_model(zoo.create(name, preset="tiny"), tmp_path / "out", name=name, **options)
    return load(next(file for file in (tmp_path / "out").rglob("*") if file.suffix in (".onnx", ".tflite")))


def test_a_file_that_looks_at_surroundings_is_tiled(tmp_path):
    assert difference(exported("denoiser", "litert", tmp_path), 150, 330, 64, tmp_path)[0] < 0.6


def test_a_file_that_looks_at_the_whole_picture_is_refused(tmp_path):
    with pytest.raises(ValueError, match="looks at the whole picture.*with --tile give the run directory"):
        difference(exported("fast_style", "onnx", tmp_path), 100, 100, 64, tmp_path)


def test_a_network_of_one_size_is_refused(tmp_path):
    with pytest.raises(ValueError, match="takes pictures of 32 x 32 alone"):
        run_by_tiles(runtime(tmp_path, "context_encoder"), {}, {}, 64, tmp_path)


def test_no_room_is_said_in_one_line(tmp_path):
    network = runtime(tmp_path, "fast_style")
    pictures, constants = inputs_of(network, 64, 64)
    with pytest.raises(OSError, match="--tile needs"):
        run_by_tiles(network, pictures, constants, 64, tmp_path / "nowhere")
