"""DIR/serving and the SavedModel's warm-up requests, and a second version rolled in; no server runs here."""

import dataclasses
import shutil

import pytest
import tensorflow as tf
from google.protobuf import text_format as protobuf_text
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from tests.export.networks import generator, inpainter, pictures
from zoo.cli.main import app
from zoo.common.files import locked
from zoo.export.export import export_model
from zoo.export.files import sha256
from zoo.export.manifest import check_files, read_manifest
from zoo.export.serving import configuration, text_format, warmup
from zoo.export.serving.preview import Limits, open_preview
from zoo.export.serving.releases import LOCK, add_version, make_stable, versions_in


def exported(network, out):
    manifest = export_model(network, out, name="g", formats=("savedmodel",), precisions=("float32",), pictures=pictures())
    return out, manifest


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A generator's export. What a test changes, it changes in a copy."""
    return exported(generator(), tmp_path_factory.mktemp("release") / "g")[0]


@pytest.fixture
def directory(release, tmp_path):
    return shutil.copytree(release, tmp_path / "g")


def parsed(directory):
    """models.config as TensorFlow Serving reads it."""
    text = (directory / configuration.FILE).read_text()
    config = protobuf_text.Parse(text, model_server_config_pb2.ModelServerConfig())
    return config.model_config_list.config[0]


def served(directory):
    entry = parsed(directory)
    return list(entry.model_version_policy.specific.versions), dict(entry.version_labels)


def test_the_directory_is_complete_and_the_manifest_agrees(release):
    names = {"models.config", "batching.config", "docker-compose.yml", "client.py"}
    assert {path.name for path in (release / "serving").iterdir()} == names
    manifest = read_manifest(release)
    check_files(manifest, release)
    assert (release / manifest.artifacts[0].path / warmup.FILE).is_file()
    entry = parsed(release)
    assert (entry.name, entry.base_path, entry.model_platform) == ("g", "/models/g", "tensorflow")
    assert served(release) == ([1], {"stable": 1})


def test_compose_names_what_is_there(release):
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((release / "serving" / "docker-compose.yml").read_text())["services"]
    assert services["cpu"]["image"] == "tensorflow/serving:${TF_SERVING_TAG:-latest}"
    assert services["gpu"]["image"] == "tensorflow/serving:${TF_SERVING_TAG:-latest}-gpu"
    for service in services.values():
        assert service["volumes"] == ["./:/serving:ro", "../savedmodel:/models:ro"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        for option in service["command"]:
            file = option.partition("=/serving/")[2]
            assert not file or (release / "serving" / file).is_file()


def test_requests_are_batched_only_where_all_pictures_have_one_size(release, tmp_path):
    assert "    - --enable_batching=true" in (release / "serving" / "docker-compose.yml").read_text()
    out, _ = exported(inpainter(), tmp_path / "i")
    text = (out / "serving" / "docker-compose.yml").read_text()
    assert "    # - --enable_batching=true" in text and "    - --enable_batching=true" not in text
    assert text_format.get_all(text_format.parse((out / "serving" / "batching.config").read_text()), "max_batch_size")


def test_warm_up_requests_are_what_the_stubs_would_write(tmp_path):
    out, manifest = exported(inpainter(), tmp_path / "i")
    records = list(tf.data.TFRecordDataset(str(out / manifest.artifacts[0].path / warmup.FILE)).as_numpy_iterator())
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    requests = [log.predict_log.request for log in logs]
    assert [request.model_spec.signature_name for request in requests] == ["serve_bytes", "serving_default"]
    assert [sorted(request.inputs) for request in requests] == [["image_bytes", "mask_bytes"], ["image", "mask"]]
    assert tf.make_ndarray(requests[1].inputs["image"]).shape == (1, *warmup.SIZE, 1)
    for record, request in zip(records, requests, strict=True):
        again = prediction_log_pb2.PredictionLog()
        again.predict_log.request.model_spec.name = "g"
        again.predict_log.request.model_spec.signature_name = request.model_spec.signature_name
        for name, tensor in request.inputs.items():
            again.predict_log.request.inputs[name].CopyFrom(tf.make_tensor_proto(tf.make_ndarray(tensor)))
        assert again.SerializeToString(deterministic=True) == record


def test_an_export_without_a_saved_model_has_nothing_to_serve(tmp_path):
    export_model(
        generator(), tmp_path / "g", name="g", formats=("onnx",), precisions=("float32",), sizes=((8, 8),), pictures=pictures()
    )
    assert not (tmp_path / "g" / "serving").exists()
    with pytest.raises(ValueError, match="holds no SavedModel; export again with --to savedmodel"):
        open_preview(tmp_path / "g", Limits())


# Releases.


def test_a_second_version_and_back(directory, release):
    assert add_version(directory, release) == 2
    assert served(directory) == ([1, 2], {"stable": 1, "canary": 2})
    make_stable(directory, 2)
    assert served(directory) == ([1, 2], {"stable": 2, "canary": 2})
    make_stable(directory, 1)
    assert served(directory) == ([1, 2], {"stable": 1, "canary": 2})
    make_stable(directory, 2)
    assert add_version(directory, release) == 3
    assert served(directory) == ([2, 3], {"stable": 2, "canary": 3})
    folder = directory / "savedmodel" / "g"
    assert versions_in(folder) == [1, 2, 3] and {path.name for path in folder.iterdir()} == {"1", "2", "3"}
    check_files(read_manifest(directory), directory)  # what was exported first is as it was
    models = open_preview(directory, Limits()).models
    assert sorted(models.by_name["g"]) == [2, 3] and models.labels["g"] == {"stable": 2, "canary": 3}


def test_the_command_says_what_it_did(directory, release, capsys):
    for arguments in (["--add", release], ["--stable", 2]):
        with pytest.raises(SystemExit) as caught:
            app(["release", str(directory), *map(str, arguments)])
        assert caught.value.code == 0
    output = capsys.readouterr().out
    assert "serves version 2 as canary" in output and "serves version 2 as stable" in output
    with pytest.raises(SystemExit) as caught:
        app(["release", str(directory)])
    assert caught.value.code == 2 and "give --add EXPORT or --stable VERSION" in capsys.readouterr().err


def test_a_release_that_fails_changes_nothing(directory, release, tmp_path):
    other, _ = exported(inpainter(), tmp_path / "other")
    with pytest.raises(ValueError, match="takes and gives other tensors"):
        add_version(directory, other)
    altered = shutil.copytree(release, tmp_path / "altered")
    variables = next(altered.glob("savedmodel/g/1/variables/*data*"))
    variables.write_bytes(variables.read_bytes()[:-1] + b"!")
    with pytest.raises(ValueError, match="altered since it was exported"):
        add_version(directory, altered)
    with pytest.raises(FileNotFoundError, match="no manifest.json"):
        add_version(directory, tmp_path)
    with pytest.raises(ValueError, match="has no version 5 of g; there are: 1"):
        make_stable(directory, 5)
    assert served(directory) == ([1], {"stable": 1})
    assert [path.name for path in (directory / "savedmodel" / "g").iterdir()] == ["1"]


def test_what_a_killed_release_left_is_cleared_away(directory, release):
    left = directory / "savedmodel" / "g" / ".part-0123456789ab-2"
    left.mkdir()
    (left / "half").write_text("half")
    assert versions_in(left.parent) == [1]
    assert add_version(directory, release) == 2
    assert {path.name for path in left.parent.iterdir()} == {"1", "2"} and not (left.parent / "2" / "half").exists()


def test_links_at_the_names_that_releases_used_before_are_left_alone(directory, release, tmp_path):
    """`.2.partial` and `.models.config.partial` could be foretold: what a link at the second led to was written over."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "file.txt").write_text("mine")
    (directory / "savedmodel" / "g" / ".2.partial").symlink_to(mine)
    (directory / "serving" / ".models.config.partial").symlink_to(mine / "file.txt")
    assert add_version(directory, release) == 2
    make_stable(directory, 2)
    assert [path.name for path in mine.iterdir()] == ["file.txt"] and (mine / "file.txt").read_text() == "mine"
    assert not (directory / configuration.FILE).is_symlink() and served(directory) == ([1, 2], {"stable": 2, "canary": 2})


def test_a_manifest_that_is_a_link_is_replaced_and_not_followed(directory, release, tmp_path):
    before = (directory / "manifest.json").rename(tmp_path / "mine.json").read_text()
    (directory / "manifest.json").symlink_to(tmp_path / "mine.json")
    add_version(directory, release)
    assert (tmp_path / "mine.json").read_text() == before
    assert not (directory / "manifest.json").is_symlink() and "savedmodel/g/2" in read_manifest(directory).files


def test_one_release_at_a_time(directory, release):
    """Two that read models.config before either had written it lost one of their versions."""
    with locked(directory / LOCK, "busy"):
        for change in (lambda: add_version(directory, release), lambda: make_stable(directory, 1)):
            with pytest.raises(BlockingIOError, match=r"^another process is changing .*g; try again when it has ended$"):
                change()
    assert add_version(directory, release) == 2 and not (directory / LOCK).exists()


def test_what_was_written_into_models_config_by_hand_stays(directory, release):
    path = directory / configuration.FILE
    path.write_text(
        """# mine
        model_config_list: { config: {
          name: 'g', base_path: "/models/g"; model_platform: "tensorflow"
          logging_config { sampling_config { sampling_rate: 0.1 } }
          model_version_policy { latest { num_versions: 2 } } } }"""
    )
    add_version(directory, release)
    assert parsed(directory).logging_config.sampling_config.sampling_rate == pytest.approx(0.1)
    assert served(directory) == ([2], {"canary": 2})


# models.config and the manifest, edited by hand or damaged.


@pytest.mark.parametrize(
    ("policy", "there", "chosen"),
    [
        ("", [1, 2, 5], [5]),
        ("model_version_policy { latest { num_versions: 2 } }", [1, 2, 5], [2, 5]),
        ("model_version_policy { all {} }", [1, 2, 5], [1, 2, 5]),
        ("model_version_policy { specific { versions: 2 versions: 1 } }", [1, 2, 5], [1, 2]),
    ],
)
def test_every_version_policy_is_understood(tmp_path, policy, there, chosen):
    (tmp_path / "serving").mkdir()
    text = f"model_config_list {{ config {{ name: 'g' base_path: '/models/g' {policy} }} }}"
    (tmp_path / configuration.FILE).write_text(text)
    assert configuration.read_configuration(tmp_path)[0].chosen(there) == chosen


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it names no model"),
        ("model_config_list {", "line 1: { is not closed"),
        ("model_config_list { } }", "line 1: '}' closes nothing"),
        ("model_config_list {\n config { name: } }", "line 2: name has no value"),
        ("model_config_list { config { name: 'g' base_path: '/elsewhere/g' } }", "a base_path below /models/"),
        ("model_config_list { config { base_path: '/models/g' } }", "every model needs a name"),
        (
            "model_config_list { config { name: 'g' base_path: '/models/g' version_labels { key: 'a' value: b } } }",
            "versions of g are whole numbers",
        ),
        (
            "model_config_list { config { name: 'g' base_path: '/models/g' model_version_policy: 3 } }",
            "3 stands where { specific",
        ),
        ("\0", "has no meaning here"),
    ],
)
def test_a_broken_models_config_is_one_line(directory, text, words):
    (directory / configuration.FILE).write_text(text)
    with pytest.raises(ValueError, match="models.config") as caught:
        open_preview(directory, Limits())
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_damaged_and_missing_saved_models_are_one_line(directory, release):
    add_version(directory, release)
    second = directory / "savedmodel" / "g" / "2"
    (second / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(ValueError, match="g/2: altered since it was exported"):
        open_preview(directory, Limits())
    manifest = read_manifest(directory)
    files = {**manifest.files, "savedmodel/g/2": sha256(second)}
    dataclasses.replace(manifest, files=files).write(directory)
    with pytest.raises(ValueError, match="g/2: damaged, or no SavedModel"):
        open_preview(directory, Limits())
    shutil.rmtree(second)
    with pytest.raises(FileNotFoundError, match="g/2: no such SavedModel, though models.config serves it"):
        open_preview(directory, Limits())
    shutil.rmtree(directory / "savedmodel")
    with pytest.raises(FileNotFoundError, match="savedmodel/g/1: listed in manifest.json but missing"):
        open_preview(directory, Limits())
    (directory / "manifest.json").write_text('{"model": 3}')
    with pytest.raises(ValueError, match="not a manifest of this version"):
        open_preview(directory, Limits())


def test_a_folder_that_cannot_be_written_is_one_line(directory, release):
    folder = directory / "savedmodel" / "g"
    (folder / "2").write_text("a file in the way")
    with pytest.raises(OSError, match="g/2 exists already; remove it"):
        add_version(directory, release)
    assert served(directory) == ([1], {"stable": 1})
    assert not list(folder.glob(".*"))


def test_text_round_trip():
    text = 'a: 1\nb: "x\\"y\\\\"\nc {\n  d: true\n  e: -2\n}\n'
    message = text_format.parse(text)
    assert text_format.render(message) == text
    assert text_format.get(text_format.get(message, "c"), "e") == -2
    assert text_format.parse(text_format.render(message)) == message
