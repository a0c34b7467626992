"""Kullback-Leibler divergence to the standard normal distribution."""

from typing import Any

from keras import ops


def kl_to_standard_normal(mean: Any, log_variance: Any) -> Any:
    """Divergence in nats of the normal with diagonal covariance from N(0, I): two [N, D] to float32 [N].

    Appendix B of Kingma and Welling 2014, https://arxiv.org/abs/1312.6114.
    """
    mean, log_variance = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    return 0.5 * ops.sum(ops.square(mean) + ops.exp(log_variance) - log_variance - 1, axis=-1)
