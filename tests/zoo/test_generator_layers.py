"""The layers and penalties of the generators, against their formulas in NumPy and SciPy."""

import numpy as np
import pytest
from keras import ops
from scipy import signal

from zoo.layers import (
    BinomialUpsampling2D,
    Blur,
    EqualizedConv2D,
    EqualizedDense,
    GivenDropout,
    LearnedConstant,
    Maxout,
    MinibatchDeviation,
    ModulatedConv2D,
    PixelNoise,
    Truncation,
)
from zoo.losses.gradient_penalty import input_gradient, path_lengths, squared_gradient

random = np.random.default_rng(0)
X = random.normal(size=(2, 6, 6, 3)).astype("float32")
W = random.normal(size=(2, 5)).astype("float32")
BINOMIAL = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def same(actual, expected, atol=1e-5):
    np.testing.assert_allclose(ops.convert_to_numpy(actual), expected, rtol=1e-5, atol=atol)


def randomized(layer, *shapes):
    """The layer, built, with no weight left at zero."""
    layer.build(shapes[0] if len(shapes) == 1 else list(shapes))
    layer.set_weights([random.normal(size=weight.shape).astype("float32") for weight in layer.get_weights()])
    return layer


def convolve(picture, kernel, mode="same"):
    """[H, W, C] with a kernel [k, k, C, D], as networks do it: correlation."""
    channels = range(kernel.shape[2])
    return np.stack(
        [sum(signal.correlate2d(picture[..., c], kernel[..., c, d], mode) for c in channels) for d in range(kernel.shape[3])], -1
    )


def spread(picture):
    """Zeros between the pixels: [H, W, C] to [2H, 2W, C]."""
    result = np.zeros((2 * picture.shape[0], 2 * picture.shape[1], picture.shape[2]))
    result[::2, ::2] = picture
    return result


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("up", [True, False])
def test_modulated_convolution_equals_the_papers_formula(up, demodulate):
    """Weights scaled by the style and divided by their norm, example by example (equations 1 and 3)."""
    layer = randomized(ModulatedConv2D(4, 3, up=up, demodulate=demodulate), X.shape, W.shape)
    style_kernel, style_bias = layer.style.get_weights()
    bias, kernel = ops.convert_to_numpy(layer.bias), ops.convert_to_numpy(layer.kernel)
    # A transposed convolution is a correlation of the spread picture with the kernel turned round.
    kernel = kernel[::-1, ::-1].swapaxes(2, 3) if up else kernel
    expected = []
    for picture, latent in zip(X, W, strict=True):
        style = latent @ style_kernel / np.sqrt(5) + style_bias
        weights = kernel / np.sqrt(27) * style[:, None]
        if demodulate:
            weights = weights / np.sqrt(np.square(weights).sum(axis=(0, 1, 2)) + 1e-8)
        if up:
            wide = convolve(spread(picture), weights, "full")[: 2 * 6 + 1, : 2 * 6 + 1]
            wide = np.pad(wide, ((1, 1), (1, 1), (0, 0)))
            expected.append(np.stack([signal.correlate2d(wide[..., d], 4 * BINOMIAL, "valid") for d in range(4)], -1) + bias)
        else:
            expected.append(convolve(picture, weights) + bias)
    same(layer([X, W]), expected, atol=1e-4)


@pytest.mark.parametrize("kernel", [1, 3])
def test_downsampling_convolution_blurs_first(kernel):
    layer = randomized(EqualizedConv2D(4, kernel, down=True), X.shape)
    weights, bias = layer.get_weights()
    edge = (kernel + 1) // 2
    expected = []
    for picture in X:
        wide = np.pad(picture, ((edge, edge), (edge, edge), (0, 0)))
        wide = np.stack([signal.correlate2d(wide[..., c], BINOMIAL, "valid") for c in range(3)], -1)
        expected.append(convolve(wide, weights / np.sqrt(3 * kernel**2), "valid")[::2, ::2] + bias)
    assert layer.compute_output_shape(X.shape) == (2, 3, 3, 4)
    same(layer(X), expected)


def test_equalized_convolution():
    layer = randomized(EqualizedConv2D(4, 3), X.shape)
    weights, bias = layer.get_weights()
    same(layer(X), [convolve(picture, weights / np.sqrt(27)) + bias for picture in X])


@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_equalized_dense_starts_at_unit_variance_whatever_its_rate(rate):
    layer = EqualizedDense(400, rate, bias=1.0)
    outputs = ops.convert_to_numpy(layer(random.normal(size=(500, 300)).astype("float32")))
    assert outputs.mean() == pytest.approx(1, abs=0.02)
    assert outputs.std() == pytest.approx(1, rel=0.02)
    assert np.std(layer.get_weights()[0]) == pytest.approx(1 / rate, rel=0.02)


def test_blur_equals_scipy():
    expected = [np.stack([signal.correlate2d(p[..., c], 4 * BINOMIAL, "full") for c in range(3)], -1) for p in X]
    layer = Blur((1, 3, 3, 1), padding=3, gain=2.0)
    assert layer.compute_output_shape(X.shape) == (2, 9, 9, 3)
    same(layer(X), expected)


def test_binomial_upsampling_equals_scipy():
    """Zeros in between, then the filter with the gain that keeps brightness."""
    wide = [np.pad(spread(picture), ((2, 1), (2, 1), (0, 0))) for picture in X]
    expected = [np.stack([signal.correlate2d(p[..., c], 4 * BINOMIAL, "valid") for c in range(3)], -1) for p in wide]
    same(BinomialUpsampling2D()(X), expected)


def test_minibatch_deviation_of_groups_in_a_row():
    x = random.normal(size=(4, 3, 3, 2)).astype("float32")
    output = ops.convert_to_numpy(MinibatchDeviation(2)(x))
    same(output[..., :2], x)
    for group in (0, 1):
        part = slice(2 * group, 2 * group + 2)
        same(output[part, ..., 2], np.full((2, 3, 3), x[part].std(axis=0).mean()))


def test_minibatch_deviation_refuses_part_of_a_group():
    with pytest.raises(ValueError, match="6 pictures a replica do not divide into groups of 4"):
        MinibatchDeviation(4)(np.zeros((6, 2, 2, 1), "float32"))


def test_truncation_draws_towards_the_running_mean():
    layer = Truncation(momentum=0.5)
    same(layer([W, np.ones(2, "float32")]), W)
    layer.update(W)
    same(layer.mean, W.mean(axis=0) / 2)
    same(layer([W, np.array([0, 0.5], "float32")]), [W.mean(axis=0) / 2, W.mean(axis=0) / 4 + W[1] / 2])


def test_maxout_takes_the_largest_piece():
    layer = randomized(Maxout(4, 3), W.shape)
    kernel, bias = layer.get_weights()
    same(layer(W), (W @ kernel + bias).reshape(2, 4, 3).max(axis=2))


def test_given_dropout():
    noise = np.array([[0.1, 0.5, 0.9, 0.25, 0.24]] * 2, "float32")
    same(GivenDropout(0.25)([W, noise]), W * [0, 1, 1, 1, 0] / 0.75)


def test_pixel_noise_starts_silent():
    noise = random.normal(size=(2, 6, 6, 1)).astype("float32")
    layer = PixelNoise()
    same(layer([X, noise]), X)
    layer.strength.assign(0.5)
    same(layer([X, noise]), X + 0.5 * noise)


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        (Blur((1, 2, 1), 1), X),
        (BinomialUpsampling2D(), X),
        (EqualizedConv2D(4, 3, down=True, use_bias=False), X),
        (EqualizedDense(4, 0.1, 1.0), W),
        (GivenDropout(0.3), [W, np.abs(W)]),
        (LearnedConstant((2, 2, 3)), W),
        (Maxout(4, 2), W),
        (MinibatchDeviation(2), X),
        (ModulatedConv2D(4, 3, up=True), [X, W]),
        (PixelNoise(), [X, X[..., :1]]),
        (Truncation(0.9), [W, W[:, 0]]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_layers_come_back_from_their_configuration(layer, inputs):
    outputs = layer(inputs)
    again = type(layer).from_config(layer.get_config())
    again(inputs)
    again.set_weights(layer.get_weights())
    same(again(inputs), outputs)
    shapes = [value.shape for value in inputs] if isinstance(inputs, list) else inputs.shape
    assert tuple(layer.compute_output_shape(shapes)) == tuple(outputs.shape)


def test_input_gradient_is_differentiable():
    second_derivative = input_gradient(lambda x: input_gradient(lambda y: ops.sum(y**3, axis=1), x), W)
    same(second_derivative, 6 * W)


def test_squared_gradient_of_a_quadratic_score():
    same(
        squared_gradient(lambda x: ops.sum(x**2, axis=(1, 2, 3)), ops.convert_to_tensor(X)), 4 * np.square(X).sum(axis=(1, 2, 3))
    )


def test_path_lengths_of_a_linear_synthesis():
    matrix = random.normal(size=(3, 5, 48)).astype("float32")  # places, latent, pixels
    latents = random.normal(size=(2, 3, 5)).astype("float32")
    direction = random.normal(size=(2, 4, 4, 3)).astype("float32")

    def synthesis(w):
        return ops.reshape(ops.einsum("nld,ldp->np", w, matrix), (-1, 4, 4, 3))

    gradient = np.einsum("ldp,np->nld", matrix, direction.reshape(2, -1))
    same(path_lengths(synthesis, latents, direction), np.sqrt(np.square(gradient).sum(axis=2).mean(axis=1)))
