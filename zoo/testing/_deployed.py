"""What a family deploys: a network of named inputs, for any size and number of pictures, equal in every file."""

import functools
from typing import Any

import numpy as np

from zoo._base import ImageModel
from zoo.testing._subject import Subject, attempt

SIZES = ((32, 32), (45, 20), (17, 64))
EXAMPLES = ("astronaut", "chelsea", "coffee", "rocket")
TOLERANCE = 1e-4


def check_signature(subject: Subject) -> None:
    """What `signature` declares are the tensors of the network that is deployed."""
    model = subject.model()
    if not model.deployable:
        return
    subject.require(
        "signature" in {name for cls in type(model).__mro__ if cls is not ImageModel for name in vars(cls)},
        "it declares no signature: list the roles of what inference_model() takes and gives (zoo.roles)",
    )
    networks = attempt(subject, "inference_models() fails", model.inference_models)
    subject.require(
        set(model.signatures) == set(networks), f"signatures are {sorted(model.signatures)}, and networks {sorted(networks)}"
    )
    for key, network in networks.items():
        for side, tensors in (("inputs", network.input), ("outputs", network.output)):
            roles = getattr(model.signatures[key], side)
            subject.require(
                isinstance(tensors, dict) and set(tensors) == set(roles),
                f"signature lists the {side} {sorted(roles)}, and inference_model() has {sorted(tensors)}: make them the same",
            )
            for name, role in roles.items():
                declared, real = (role.dtype, role.sized(None, None)), (tensors[name].dtype, tuple(tensors[name].shape))
                fits = declared == real if side == "inputs" else declared[1][-1] == real[1][-1]
                subject.require(
                    fits,
                    f"signature declares {name} as {_tensor(*declared)}, and the network has {_tensor(*real)}: change the role",
                )


def _tensor(dtype: str, shape: tuple[int | None, ...]) -> str:
    return f"{dtype} [{', '.join('any' if side is None else str(side) for side in shape)}]"


def check_deployed_network(subject: Subject) -> None:
    """It holds weights of the model, all of them used, and says `output_image`."""
    model, _ = subject.trained
    if not model.deployable:
        return
    deployed = attempt(subject, "inference_model() fails; set deployable = False if nothing is to be", model.inference_model)
    for what, tensors in (("inputs", deployed.input), ("outputs", deployed.output)):
        subject.require(isinstance(tensors, dict), f"inference_model() has {what} without names: give keras.Model a dict of them")
    subject.require(set(deployed.output) == {"output_image"}, f"it deploys {', '.join(deployed.output)}: name it 'output_image'")
    own = {id(variable) for variable in model.variables}
    for variable in deployed.trainable_variables:
        subject.require(
            id(variable) in own, f"{variable.path} is deployed and no weight of the model: deploy the networks that are trained"
        )
    _check_every_weight_counts(subject, deployed)
    frozen = [variable.path for variable in deployed.trainable_variables if not np.isfinite(np.asarray(variable)).all()]
    subject.require(not frozen, f"{', '.join(frozen)} is not finite after a few steps")


def _check_every_weight_counts(subject: Subject, deployed: Any) -> None:
    import tensorflow as tf

    inputs = {name: tf.constant(value) for name, value in example(deployed, 1, (16, 16)).items()}
    with tf.GradientTape() as tape:
        output = deployed(inputs, training=False)["output_image"]
    variables = deployed.trainable_variables
    gradients = tape.gradient(output, [variable.value for variable in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
        subject.require(
            gradient is not None,
            f"{variable.path} is deployed, and the output does not depend on it: leave it out of the network",
        )


def check_any_size(subject: Subject) -> None:
    """Any height, width and number of pictures; each is answered as if it were alone."""
    model, _ = subject.trained
    if not model.deployable:
        return
    deployed = model.inference_model()
    free = any(None in tensor.shape[1:] for tensor in deployed.input.values())
    for size in SIZES if free else SIZES[:1]:
        inputs = example(deployed, 3, size)
        together = np.asarray(
            attempt(subject, f"it is not deployed for pictures of {size}", functools.partial(answer, deployed, inputs))
        )
        subject.require(len(together) == 3, f"three pictures are answered by {len(together)}")
        subject.require(
            -TOLERANCE <= together.min() <= together.max() <= 1 + TOLERANCE, "what is deployed leaves [0, 1]: clip its output"
        )
        alone = np.concatenate(
            [answer(deployed, {name: value[row : row + 1] for name, value in inputs.items()}) for row in range(3)]
        )
        subject.require(
            np.allclose(together, alone, atol=TOLERANCE),
            f"a picture of {size} is answered otherwise beside others, by {np.abs(together - alone).max():.1e}: "
            "normalise over the picture, not over the batch",
        )


def answer(deployed: Any, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return np.asarray(deployed(inputs, training=False)["output_image"])


def example(deployed: Any, count: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
    """Inputs in [0, 1] for a deployed network: `size` where height and width are free, 0 where it is an integer."""
    random = np.random.default_rng(0)
    inputs = {}
    for name, tensor in deployed.input.items():
        free = iter(size)
        shape = [count, *(next(free) if side is None else side for side in tensor.shape[1:])]
        integer = "int" in str(tensor.dtype)
        inputs[name] = np.zeros(shape, "int32") if integer else random.random(shape, "float32")
    return inputs


def check_files(subject: Subject) -> None:
    """SavedModel, LiteRT and ONNX, each in its own runtime, of free and of fixed size, at two sizes and two batch sizes."""
    from zoo.export.export import export_model

    model = subject.model()
    if not model.deployable:
        return
    pictures = [subject.picture(name) for name in EXAMPLES] * 2
    manifest = attempt(
        subject,
        "it cannot be exported; zoo lint says what stands in the way",
        lambda: export_model(
            model,
            subject.folder / "export",
            name=model.name,
            precisions=("float32",),
            sizes=("dynamic", (32, 32)),
            pictures=pictures,
        ),
    )
    made = {artifact.format for artifact in manifest.artifacts}
    for cell in manifest.skipped:
        subject.require(cell.format in (*made, "web"), f"there is no {cell.format} file: {cell.reason}")
    subject.require(made >= {"savedmodel", "litert", "onnx"}, f"it is exported to {', '.join(sorted(made))} alone")
    for artifact in manifest.artifacts:
        subject.require(
            artifact.parity.passed and artifact.parity.max_abs < TOLERANCE,
            f"{artifact.path} differs from the model by {artifact.parity.max_abs:.1e}: zoo lint names what it cannot say",
        )
