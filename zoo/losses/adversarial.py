"""Two players under one optimizer: scoring by a frozen discriminator, and the objectives of both players."""

from typing import Any

import keras
from keras import ops


def judge(network: keras.Model, real: Any, fake: Any, training: bool) -> dict[str, Any]:
    """The scores of both players: `real` and `fake` for the discriminator `network`, `fooled` for the maker of `fake`.

    The discriminator sees `stop_gradient` of the picture, its maker the verdict of frozen weights. One backward pass through the
    sum of both objectives then gives every weight the gradient of its own player alone. `fake` and `fooled` are equal, and made
    of one reading of the weights, so that the compiled step computes them once.

    Args:
        network: a tensor, or a dict of named ones, to a score.
        real: its inputs with the real pictures.
        fake: its inputs with the made ones.
        training: whether the network normalises by the batch and keeps statistics, which are of what it is shown itself.
    """
    scores = {"real": network(real, training=training)}
    weights, state = ([ops.copy(v) for v in part] for part in (network.trainable_variables, network.non_trainable_variables))
    shown = keras.tree.map_structure(ops.stop_gradient, fake)
    scores["fake"], updated = network.stateless_call(weights, state, shown, training=training)
    frozen = [ops.stop_gradient(weight) for weight in weights]
    scores["fooled"], _ = network.stateless_call(frozen, state, fake, training=training)
    if training:
        for variable, value in zip(network.non_trainable_variables, updated, strict=True):
            variable.assign(value)
    return scores


def frozen_call(network: keras.Model, *inputs: Any, training: bool = True) -> Any:
    """What `network` makes of the inputs, with no gradient to its weights and no update of its statistics.

    For a maker whose pictures are not those that the discriminator learns from; see `judge`.
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
