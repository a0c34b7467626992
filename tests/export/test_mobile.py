"""DIR/mobile: files of phone sizes, sources for every signature, an estimate of memory; manifests edited by hand."""

import dataclasses
import hashlib
import json
import re

import pytest
from ai_edge_litert.interpreter import Interpreter

import zoo
from tests.export.networks import generator, pictures, stylise
from zoo import roles
from zoo._registry import family
from zoo.cli.main import app
from zoo.export import mobile
from zoo.export.export import export_model, verify_directory
from zoo.export.litert import gpu_obstacles
from zoo.export.litert_graph import Operation, Tensor, arena_bytes
from zoo.export.manifest import read_manifest
from zoo.export.phone_code import kotlin, swift
from zoo.roles import Signature

DEPLOYABLE = [name for name in zoo.list_models() if family(name).deployable]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A style network in two small sizes."""
    out = tmp_path_factory.mktemp("mobile") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mobile, "SIZES", ((48, 64), (64, 64)))
        return out, export_model(stylise(), out, name="stained_glass", formats=("mobile",), pictures=pictures())


def test_fixed_files_of_batch_1_for_the_gpu_and_the_processor(exported):
    out, manifest = exported
    assert manifest.passed and mobile.PRECISIONS == ("float16", "dynamic_int8")
    made = {(a.shape, a.precision): a for a in manifest.artifacts}
    assert set(made) == {(shape, precision) for shape in ("48x64", "64x64") for precision in mobile.PRECISIONS}
    for artifact in manifest.artifacts:
        content = (out / artifact.path).read_bytes()
        shapes = [detail["shape_signature"] for detail in Interpreter(model_content=content).get_input_details()]
        assert all(shape[0] == 1 and min(shape) > 0 for shape in shapes)
        if artifact.gpu_ready:
            assert artifact.precision == "float16" and gpu_obstacles(content) == []


def test_the_sizes_are_those_of_the_contract():
    assert mobile.SIZES == ((256, 256), (384, 384), (512, 512))


def test_model_json_says_everything(exported):
    out, manifest = exported
    facts = json.loads((out / "mobile" / "model.json").read_text())
    assert facts["inputs"]["strength"] == {"type": "float32", "shape": ["batch"], "values": "0 to 1"}
    assert len(facts["files"]) == len(manifest.artifacts) == 4
    for file in facts["files"]:
        content = (out / "mobile" / file["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"] and len(content) == file["bytes"]
        assert file["memory_bytes_at_least"] > file["bytes"] + 2 * 4 * 48 * 64 * 24  # two maps of the widest layer


def test_sources_hold_the_signature(exported):
    out, manifest = exported
    kotlin = (out / "mobile" / "StainedGlassModel.kt").read_text()
    swift = (out / "mobile" / "StainedGlassModel.swift").read_text()
    readme = (out / "mobile" / "README.md").read_text()
    for text in (kotlin, swift, readme):
        assert "${" not in text and "$name" not in text and all(line == line.rstrip() for line in text.splitlines())
    for text in (kotlin, swift):
        assert all(f'"{name}"' in text for name in (*manifest.signature.inputs, *manifest.signature.outputs))
        assert "stained_glass-48x64-dynamic_int8" in text
    assert "catch (error: LiteRtException)" in kotlin and "guard engine.onGpu" in swift  # the processor goes on
    assert "placed(image, size)" in kotlin and "Self.placed(image, size)" in swift
    assert "strength: Float = 1.0f" in kotlin and "strength: Float32 = 1.0" in swift
    assert "not run on a phone" in readme


def test_the_float16_file_is_the_one_for_the_gpu(exported):
    """Though the float32 file was made first, and the GPU takes both."""
    _, manifest = exported
    half = next(a for a in manifest.artifacts if a.precision == "float16" and a.shape == "48x64")
    made = [
        dataclasses.replace(half, gpu_ready=True, precision=precision, path=half.path.replace("float16", precision))
        for precision in ("float32", "float16")
    ]
    sources = mobile.texts(dataclasses.replace(manifest, artifacts=tuple(made)), {artifact.path: 1 for artifact in made})
    assert '"stained_glass-48x64-float16.tflite", "stained_glass-48x64-float16.tflite"' in sources["StainedGlassModel.kt"]
    assert 'gpuFile: "stained_glass-48x64-float16", cpuFile: "stained_glass-48x64-float16"' in sources["StainedGlassModel.swift"]


@pytest.mark.parametrize("name", [*DEPLOYABLE, "fast_style with styles"])
def test_sources_of_every_family_parse(exported, name):
    """By the grammars of tree-sitter: no error, nothing missing. The types were checked by Kotlin's own compiler; see docs."""
    languages = {"kt": pytest.importorskip("tree_sitter_kotlin"), "swift": pytest.importorskip("tree_sitter_swift")}
    from tree_sitter import Language, Parser

    model = zoo.create(name.split()[0], preset="tiny", **({"styles": 3} if " " in name else {}))
    for signature in model.signatures.values():
        if "output_image" not in signature.outputs:
            continue
        manifest = dataclasses.replace(exported[1], model=model.name, signature=signature)
        sources = mobile.texts(manifest, {artifact.path: 1 for artifact in manifest.artifacts}, model.task)
        assert len(sources) == 3
        for file, text in sources.items():
            if not file.endswith(".md"):
                tree = Parser(Language(languages[file.rpartition(".")[2]].language())).parse(text.encode())
                assert not tree.root_node.has_error, text
                assert all(f'"{tensor}"' in text for tensor in signature.inputs)


def test_names_of_styles_stay_in_their_comment():
    """A style's name is that of a picture's file, which ended the comment and went on as source code."""
    name = "a*/ evil() /*\n evil()"
    role = roles.Weights(names=(name, "b"))
    for arguments in (kotlin, swift):
        (argument,) = [a for a in arguments(Signature.of([roles.Photograph(), role], [roles.Result()])) if a.name != "image"]
        assert "evil" in argument.words and not re.search(r"\*/|/\*|\n", argument.words)


def test_a_generator_has_its_own_size(tmp_path):
    manifest = export_model(generator(), tmp_path / "out", name="9g", formats=("mobile",), pictures=pictures())
    assert {artifact.shape for artifact in manifest.artifacts} == {"12x20"}
    kotlin = (tmp_path / "out/mobile/Picture9gModel.kt").read_text()
    assert "fun run(label: Int, latent: FloatArray = normal(8), cancelled: () -> Boolean = { false }): Bitmap" in kotlin


def test_memory_is_that_of_the_tensors_that_live_together():
    def tensor(number, size, constant=False):
        return Tensor(number, str(number), (size,), "FLOAT32", constant)

    image, wide, narrow, weights = tensor(0, 10), tensor(1, 100), tensor(2, 10), tensor(3, 1000, constant=True)
    steps = [
        Operation("CONV_2D", False, (image, weights), (wide,)),
        Operation("CONV_2D", False, (wide, weights), (narrow,)),
        Operation("ADD", False, (narrow, image), (tensor(4, 10),)),
    ]
    assert arena_bytes(steps) == 4 * (100 + 10 + 10)  # the picture is read once more at the end


def edited(out, **changes):
    """The manifest with its first artefact changed by hand; gives back what was there."""
    whole = (out / "manifest.json").read_text()
    content = json.loads(whole)
    content["artifacts"][0].update(changes)
    (out / "manifest.json").write_text(json.dumps(content))
    return whole


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"precision": "float8"}, "unknown precision 'float8'"),
        ({"shape": "48 by 64"}, "neither dynamic nor HxW"),
        ({"shape": "0x64"}, "neither dynamic nor HxW"),
        ({"path": "../../secret.tflite"}, "outside of the directory"),
        ({"path": "/etc/passwd"}, "outside of the directory"),
        ({"parity": None}, "not a manifest of this version"),
        ({"colour": "blue"}, "not a manifest of this version"),
    ],
)
def test_a_manifest_edited_by_hand_is_one_line(exported, capfd, changes, message):
    out, _ = exported
    whole = edited(out, **changes)
    try:
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            verify_directory(out, pictures())
        with pytest.raises(SystemExit) as left:
            app(["verify", str(out)])
        error = capfd.readouterr().err
        assert left.value.code == 2 and message in error and error.count("\n") == 1
    finally:
        (out / "manifest.json").write_text(whole)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": "0" * 64}, "altered since it was exported"),
        ({"path": "litert/nothing.tflite"}, "in manifest.json but missing"),
    ],
)
def test_a_file_that_is_not_what_the_manifest_says_is_named(exported, capfd, changes, message):
    out, _ = exported
    whole = edited(out, **changes)
    try:
        with pytest.raises(SystemExit) as left:
            app(["verify", str(out)])
        error = capfd.readouterr().err
        assert left.value.code == 1 and message in error and "below the floor of parity" in error
    finally:
        (out / "manifest.json").write_text(whole)


def test_a_floor_lowered_by_hand_changes_nothing(exported):
    out, manifest = exported
    whole = edited(out, parity={**dataclasses.asdict(manifest.artifacts[0].parity), "floor": 1.0, "passed": False})
    try:
        assert read_manifest(out).artifacts[0].parity.floor == 1.0
        again = verify_directory(out, pictures()).artifacts[0].parity
        assert again.passed and again.floor == 50.0
    finally:
        (out / "manifest.json").write_text(whole)


def test_bench_takes_sides_that_differ(exported, capfd):
    from zoo.export.bench import measure

    out, manifest = exported
    measurement = measure(out / manifest.artifacts[0].path, (48, 64), threads=1, seconds=0.01)
    assert measurement.size == "48x64" and measurement.latency_ms > 0
    with pytest.raises(SystemExit) as left:
        app(["bench", str(out), "--sizes", "0,256"])
    assert left.value.code == 2 and "from 8 to 8192" in capfd.readouterr().err
