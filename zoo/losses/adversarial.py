"""Two players under one optimizer: scoring by a frozen discriminator, and the objectives of both players."""

from typing import Any

import keras
from keras import ops


def frozen_call(network: keras.Model, *inputs: Any, training: bool = True) -> Any:
    """What `network` makes of the inputs, with no gradient to its weights and no update of its statistics.

    The generator is scored so; the discriminator itself sees `stop_gradient` of the picture. One backward pass through the
    sum of both objectives then gives every weight the gradient of its own player alone.
    """
    weights = [ops.stop_gradient(ops.convert_to_tensor(variable)) for variable in network.trainable_variables]
    state = [ops.convert_to_tensor(variable) for variable in network.non_trainable_variables]
    outputs, _ = network.stateless_call(weights, state, *inputs, training=training)
    return outputs


class NonSaturating:
    """The non-saturating logistic objective (Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661); scores are logits."""

    boundary = 0.0  # a score above it says "real"

    def real(self, score: Any) -> Any:
        """The discriminator's loss on real pictures' scores, elementwise."""
        return ops.softplus(-ops.cast(score, "float32"))

    def fake(self, score: Any) -> Any:
        """The discriminator's loss on generated pictures' scores, elementwise."""
        return ops.softplus(ops.cast(score, "float32"))

    def generator(self, score: Any) -> Any:
        """The generator's loss on its pictures' scores, elementwise."""
        return self.real(score)


class Hinge(NonSaturating):
    """The hinge objective (Lim and Ye 2017, https://arxiv.org/abs/1705.02894)."""

    def real(self, score: Any) -> Any:
        return ops.relu(1 - ops.cast(score, "float32"))

    def fake(self, score: Any) -> Any:
        return ops.relu(1 + ops.cast(score, "float32"))

    def generator(self, score: Any) -> Any:
        return -ops.cast(score, "float32")


class LeastSquares(NonSaturating):
    """The least-squares objective (Mao et al. 2017, https://arxiv.org/abs/1611.04076), targets 1 and 0."""

    boundary = 0.5

    def real(self, score: Any) -> Any:
        return ops.square(ops.cast(score, "float32") - 1)

    def fake(self, score: Any) -> Any:
        return ops.square(ops.cast(score, "float32"))


OBJECTIVES = {"non_saturating": NonSaturating, "hinge": Hinge, "least_squares": LeastSquares}
