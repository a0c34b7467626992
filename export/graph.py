"""A deployed Keras network as a flat list of operations, nested networks taken apart."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import tree


@dataclasses.dataclass(frozen=True)
class Step:
    """One call of an operation. Tensors are numbered; `arguments` (positional and named) hold a `Tensor` in place of each."""

    operation: Callable[..., Any]
    arguments: tuple[tuple[Any, ...], dict[str, Any]]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def moments_of(self) -> int | None:
        """The tensor whose mean and variance over the whole picture this operation needs, if it needs any."""
        return self.inputs[0] if getattr(self.operation, "takes_moments", False) else None

    def run(self, values: dict[int, Any], moments: dict[int, Any]) -> None:
        """Computes the outputs from `values`, and adds them to it."""
        args, kwargs = tree.map_structure(lambda x: values[x.number] if isinstance(x, Tensor) else x, self.arguments)
        if self.moments_of in moments:
            kwargs = {**kwargs, "moments": moments[self.moments_of]}
        values.update(zip(self.outputs, tree.flatten(self.operation(*args, **kwargs)), strict=True))


@dataclasses.dataclass(frozen=True)
class Tensor:
    number: int


class Graph:
    """The steps of a functional network for inputs of given shapes, in an order in which they can run.

    The numbers of the tensors do not depend on the shapes.

    Args:
        network: a functional model with a dict of named inputs and one output.
        shapes: the shape of each input, batch included.
    """

    def __init__(self, network: keras.Model, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.steps: list[Step] = []
        self.shapes: list[tuple[int, ...]] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []  # numbers are by identity, which only living tensors have
        tensors = {name: keras.KerasTensor(shapes[name], x.dtype) for name, x in network.input.items()}
        self.inputs = {name: self._number(tensor) for name, tensor in tensors.items()}
        (output,) = self._trace(network, tensors).values()
        self.output = self._number(output)

    def _number(self, tensor: Any) -> int:
        if id(tensor) not in self._numbers:
            self._numbers[id(tensor)] = len(self.shapes)
            self.shapes.append(tuple(tensor.shape))
            self._kept.append(tensor)
        return self._numbers[id(tensor)]

    def _same(self, tensors: Any, others: Any) -> None:
        for tensor, other in zip(tree.flatten(tensors), tree.flatten(others), strict=True):
            self._numbers[id(tensor)] = self._number(other)
            self._kept.append(tensor)

    def _trace(self, network: keras.Model, tensors: Any) -> Any:
        """The outputs of the network on tensors of the shapes of `tensors`; its operations go to `steps`."""
        inputs = tree.map_structure(
            lambda x, like: keras.Input(batch_shape=like.shape, dtype=x.dtype, name=x.name), network.input, tensors
        )
        self._same(inputs, tensors)

        def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
            outputs = operation(*args, **kwargs)
            if isinstance(operation, keras.Model):
                self._same(outputs, self._trace(operation, args[0]))
            else:
                arguments = tree.map_structure(self._numbered, (args, kwargs))
                numbers = tuple(x.number for x in tree.flatten(arguments) if isinstance(x, Tensor))
                self.steps.append(Step(operation, arguments, numbers, tuple(map(self._number, tree.flatten(outputs)))))
            return outputs

        return keras.models.clone_model(network, inputs, clone_function=lambda layer: layer, call_function=call).output

    def _numbered(self, value: Any) -> Any:
        return Tensor(self._number(value)) if keras.utils.is_keras_tensor(value) else value
