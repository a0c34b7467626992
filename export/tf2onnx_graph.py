"""All that we know of tf2onnx: how it is called, and the repairs of what it writes. A replacement replaces this file.

It writes a mode of Resize that has left ONNX, loses the names and sizes of axes, and has neither instance normalisation nor
reflection padding, which come out as a dozen operators each.
"""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from zoo.export.quiet import quiet
from zoo.export.signature import Signature
from zoo.export.unsupported import Unsupported

OPSET = 18  # the highest that tf2onnx is tested with; 21 fails
PIXELS = {2, 3}  # the axes of [N, C, H, W], as which the converter runs convolutions
ENDLESS = 2**31 - 1


def translated(function: Any, specs: dict[str, Any], debug: bool = False) -> Any:
    """What tf2onnx makes of it, whether or not it is ONNX."""
    with quiet(debug):
        import tf2onnx

        def convert() -> Any:
            return tf2onnx.convert.from_function(function, input_signature=[specs], opset=OPSET)[0]

        try:
            with _uncopied():
                return convert()
        except Exception:  # a pass that fails: with copies tf2onnx leaves it out, and takes what was before
            return convert()


@contextlib.contextmanager
def _uncopied() -> Iterator[None]:
    """Without a copy of the whole graph before each of tf2onnx's passes: a fifth to a half of its time."""
    name = "TF2ONNX_CATCH_ERRORS"
    before = os.environ.get(name)
    os.environ[name] = "FALSE"
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


def repair(model: Any, signature: Signature, specs: dict[str, Any]) -> None:
    """All repairs, in place; `specs` are those that it was traced with. Raises Unsupported where inputs or outputs are others."""
    modernise_resize(model)
    name_dimensions(model, signature, specs)
    fuse(model)


def modernise_resize(model: Any) -> None:
    """The converter writes a mode that left ONNX at opset 13; it equals half-pixel coordinates, halves rounded up."""
    from onnx import helper

    for node in model.graph.node:
        attributes = {attribute.name: attribute for attribute in node.attribute}
        if node.op_type == "Resize" and attributes["coordinate_transformation_mode"].s == b"tf_half_pixel_for_nn":
            attributes["coordinate_transformation_mode"].s = b"half_pixel"
            node.attribute.remove(attributes["nearest_mode"])
            node.attribute.append(helper.make_attribute("nearest_mode", "round_prefer_ceil"))


def name_dimensions(model: Any, signature: Signature, specs: dict[str, Any]) -> None:
    """Writes batch, height and width in place of `unk__177`, and the fixed sizes that the converter left open."""
    graph = model.graph
    del graph.value_info[:]
    fixed = {
        name: int(size)
        for tensor in signature.inputs.values()
        for name, size in zip(tensor.shape, specs[tensor.name].shape, strict=True)
        if isinstance(name, str) and size is not None
    }
    for values, tensors in ((graph.input, signature.inputs), (graph.output, signature.outputs)):
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        if {value.name for value in values} != set(shapes):
            raise Unsupported(f"ONNX has {sorted(value.name for value in values)} for {sorted(shapes)}")
        for value in values:
            for axis, name in zip(value.type.tensor_type.shape.dim, shapes[value.name], strict=True):
                if isinstance(name, int) or axis.HasField("dim_value"):
                    continue
                factor, _, base = name.rpartition("*")
                if base in fixed:
                    axis.dim_value = int(factor or 1) * fixed[base]
                else:
                    axis.dim_param = name


def fuse(model: Any) -> Any:
    """Writes `InstanceNormalization` for mean, difference, variance and quotient, and `Pad` for slices put side by side.

    tf2onnx writes neither, whatever the Keras layer. What does not match exactly stays. Changes the model in place.
    """
    graph = _Graph(model)
    for node in list(model.graph.node):
        if node.op_type == "Concat":
            graph.fuse_padding(node)
        elif node.op_type == "Sub":
            graph.fuse_normalization(node)
    graph.sweep()
    return model


class _Graph:
    """A graph while it is rewritten: who makes a value, who takes it, and what is known of it before anything runs."""

    def __init__(self, model: Any) -> None:
        from onnx import numpy_helper, shape_inference

        self.graph = model.graph
        inferred = shape_inference.infer_shapes(model).graph.value_info
        self.shapes = {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim] for value in inferred}
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self.producer = {name: node for node in model.graph.node for name in node.output}
        self.takers: dict[str, list[Any]] = {}
        for node in model.graph.node:
            for name in dict.fromkeys(node.input):
                self.takers.setdefault(name, []).append(node)

    def fuse_padding(self, node: Any) -> None:
        """Concat(x[p], ..., x[1], x, x[-2], ..., x[-p-1]) becomes Pad; two of them, along two axes, become one."""
        from onnx import helper

        axis, size = node.attribute[0].i, len(node.input) // 2
        x = node.input[size]
        places = [self._place(name, x, axis) for name in node.input if name != x]
        if places != [*range(size, 0, -1), *range(-2, -2 - size, -1)] or not places:
            return
        pads = np.zeros((2, 4), "int64")
        pads[:, axis] = size
        inner = self.producer.get(x)
        if inner is not None and inner.op_type == "Pad" and inner.name.endswith("_reflect"):
            pads += self.constants[inner.input[1]].reshape(2, 4)
            x = inner.input[0]
        name = f"{node.name}_reflect"
        pad = helper.make_node("Pad", [x, self._constant(f"{name}_pads", pads.ravel())], node.output, name, mode="reflect")
        self._put(pad, node)

    def _place(self, name: str, x: str, axis: int) -> int | None:
        """k, where the value is `x[k : k + 1]` along the axis and whole along the others."""
        node = self.producer.get(name)
        if node is None or node.op_type != "Slice" or node.input[0] != x or len(node.input) != 4:
            return None
        bounds = [self.constants.get(bound) for bound in node.input[1:]]
        if any(bound is None for bound in bounds):
            return None
        ranges = {int(at): (int(start), int(end)) for start, end, at in zip(*bounds, strict=True)}
        start, end = ranges.pop(axis, (0, 0))
        whole = all(first == 0 and last >= ENDLESS for first, last in ranges.values())
        return start if whole and end == start + 1 else None

    def fuse_normalization(self, difference: Any) -> None:
        """(x - mean) * (gamma / sqrt(mean of squares + epsilon)) + beta; a gamma or beta that is computed stays outside."""
        from onnx import helper

        x, mean = difference.input
        users = self.takers.get(difference.output[0], [])
        squares = [user for user in users if user.op_type == "Mul" and len(set(user.input)) == 1]
        others = [user for user in users if user not in squares]
        if not (len(squares) == len(others) == 1 and self._averaged(mean) == x):
            return
        product, value, turned = others[0], difference.output[0], None
        if product.op_type == "Transpose" and len(self.takers.get(product.output[0], [])) == 1:
            turned, value = product, product.output[0]  # for a gamma that is computed as [N, 1, 1, C]
            product = self.takers[value][0]
        if product.op_type != "Mul" or len(set(product.input)) != 2:
            return
        channels, scale = self.shapes.get(x, [0, 0])[1], self._other(product, value)
        epsilon, gamma = self._epsilon(scale, squares[0].output[0]), None
        outer = self.producer.get(scale)
        if epsilon is None and outer is not None and outer.op_type == "Mul":
            pairs = [(self._epsilon(inverse, squares[0].output[0]), self._other(outer, inverse)) for inverse in outer.input]
            epsilon, gamma = next((pair for pair in pairs if pair[0] is not None), (None, None))
        if epsilon is None or not channels or (turned is not None and gamma is None):
            return
        ones, zeros = np.ones(channels, "float32"), np.zeros(channels, "float32")
        factor = (self._per_channel(gamma, channels) if gamma else ones) if turned is None else None
        output, bias, last = product.output[0], zeros, product
        after = self.takers.get(output, [])
        if factor is not None and len(after) == 1 and after[0].op_type == "Add":
            offset = self._per_channel(self._other(after[0], output), channels)
            if offset is not None:
                bias, last = offset, after[0]
        name = f"{difference.name}_normalized"
        result = last.output[0] if factor is not None else name
        inputs = [x, self._constant(f"{name}_scale", ones if factor is None else factor), self._constant(f"{name}_bias", bias)]
        fused = helper.make_node("InstanceNormalization", inputs, [result], name, epsilon=epsilon)
        self._put(fused, turned or last, instead=factor is not None)
        if turned is not None:
            turned.input[0] = name
        if factor is None:
            product.input[:] = [value if turned is not None else name, gamma]

    def _averaged(self, mean: str) -> str | None:
        """What the value is the mean over height and width of; a reshape to [., C, 1, 1] changes nothing."""
        axes: set[int] = set()
        node = self.producer.get(mean)
        while node is not None and (node.op_type == "ReduceMean" or (node.op_type == "Reshape" and not axes)):
            if node.op_type == "ReduceMean":
                axes |= {int(axis) for axis in self.constants.get(node.input[1], [])}
            mean = node.input[0]
            node = self.producer.get(mean) if axes != PIXELS else None
        return mean if axes == PIXELS else None

    def _epsilon(self, inverse: str, squares: str) -> float | None:
        """e, where the value is 1 / sqrt(mean of the squares + e)."""
        value, epsilon, node = inverse, None, self.producer.get(inverse)
        if node is not None and node.op_type == "Reshape":
            value = node.input[0]
        for kind in ("Reciprocal", "Sqrt", "Add"):
            node = self.producer.get(value)
            if node is None or node.op_type != kind:
                return None
            value = node.input[0]
            epsilon = next((self.constants[name] for name in node.input if name in self.constants), None)
        return float(epsilon.item()) if epsilon is not None and epsilon.size == 1 and self._averaged(value) == squares else None

    def _per_channel(self, name: str, channels: int) -> np.ndarray | None:
        """The constant as float32 [C], where it is one [1, C, 1, 1]; None for anything else."""
        value = self.constants.get(name)
        return value.reshape(-1) if value is not None and value.shape == (1, channels, 1, 1) else None

    @staticmethod
    def _other(node: Any, name: str) -> str:
        return next(value for value in node.input if value != name)

    def _constant(self, name: str, value: np.ndarray) -> str:
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(value, name))
        self.constants[name] = value
        return name

    def _put(self, new: Any, at: Any, instead: bool = True) -> None:
        """Puts a node before another one, or in its stead."""
        index = next(i for i, node in enumerate(self.graph.node) if node is at or node == at)
        if instead:
            self.graph.node.remove(at)
        self.graph.node.insert(index, new)
        for name in new.output:
            self.producer[name] = self.graph.node[index]

    def sweep(self) -> None:
        """Takes out what nothing reads any more."""
        needed = {value.name for value in self.graph.output}
        for node in reversed(list(self.graph.node)):
            if needed.isdisjoint(node.output):
                self.graph.node.remove(node)
            else:
                needed.update(node.input)
        for tensor in [tensor for tensor in self.graph.initializer if tensor.name not in needed]:
            self.graph.initializer.remove(tensor)
