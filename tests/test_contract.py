"""What every family of the zoo must do; a new family is tested by existing."""

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

import zoo
from tests.models import adapted, batches
from tests.training.processes import finish, start_workers
from zoo.export.onnx_format import to_precision
from zoo.export.runtimes import load
from zoo.export.verify import References, measure
from zoo.testing import CHECKS, Subject
from zoo.testing._deployed import EXAMPLES, check_files

FAMILIES = zoo.list_models()


@pytest.fixture(scope="module", params=FAMILIES)
def subject(request, tmp_path_factory):
    """A family, with the model that its checks share."""
    return Subject(request.param, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(subject, check):
    check(subject)


QUICK = ("dcgan", "denoiser")


@pytest.mark.parametrize("names", [QUICK, pytest.param(tuple(sorted(set(FAMILIES) - set(QUICK))), marks=pytest.mark.long)])
def test_two_processes_equal_one(names, pictures, tmp_path):
    """As above, for two workers, each a process of its own: one pair of them takes one family after the other."""
    work = {"names": names, "pictures": pictures, "folder": tmp_path}
    for worker in start_workers(work, work, module="tests.contract_worker"):
        finish(worker)
    for name in names:
        keras.utils.set_random_seed(0)
        model = adapted(name)
        model.compile(keras.optimizers.SGD(1e-2))
        model.fit(batches(model, pictures=pictures).dataset(), steps_per_epoch=1, verbose=0, shuffle=False)
        two = np.load(tmp_path / f"{name}.npz")
        for variable, other in zip(model.variables, two.values(), strict=True):
            np.testing.assert_allclose(np.array(variable), other, rtol=1e-6, atol=1e-6, err_msg=f"{name}: {variable.path}")


def test_float16_onnx_holds_its_floor(subject, tmp_path):
    """The only converter that rewrites a finished graph, node by node: that of the export which check_files has proven."""
    if not subject.cls.deployable:
        return
    export = subject.folder / "export"
    if not export.exists():
        check_files(subject)
    (float32,) = export.glob("onnx/*-dynamic-float32.onnx")
    onnx.save(to_precision(onnx.load(float32), "float16"), tmp_path / "half.onnx")
    references = References(load(export / "model.keras"), [subject.picture(name) for name in EXAMPLES] * 2)
    measurement = measure(tmp_path / "half.onnx", "float16", references.cases(None), references.timed(None))
    assert measurement.parity.passed, measurement


def test_weights_of_another_model_are_refused(tmp_path):
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="not a model of this zoo"):
        zoo.load(str(tmp_path / "other.keras"))


def test_a_lambda_layer_is_refused(tmp_path):
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)]).save(tmp_path / "code.keras")
    with pytest.raises(ValueError, match="not a model of this zoo"):
        zoo.load(str(tmp_path / "code.keras"))


@pytest.mark.parametrize("keep", [0, 10, 3000])
def test_a_file_cut_short_is_refused(tmp_path, keep):
    file = tmp_path / "cut.keras"
    zoo.create("fast_style", preset="tiny").save(file)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ValueError, match="cut short|damaged"):
        zoo.load(str(file))


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: zoo.create("fast_stile"), "did you mean 'fast_style'"),
        (lambda: zoo.create("fast_style", preset="jonson"), "did you mean 'johnson'"),
        (lambda: zoo.create("fast_style", widht=3), "did you mean 'width'"),
        (lambda: zoo.load("fast_style/nothing_like_it"), "no shipped weight"),
    ],
)
def test_wrong_names_are_answered_with_the_nearest(call, hint):
    with pytest.raises(ValueError, match=hint):
        call()


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.keras does not exist"):
        zoo.load(str(Path("nowhere.keras")))
