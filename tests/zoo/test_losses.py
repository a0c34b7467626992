"""Losses against plain NumPy, written from their formulas."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo.losses.content import content_loss, relative_content_loss
from zoo.losses.gram import gram_loss, gram_matrix, relative_gram_loss
from zoo.losses.moments import channel_moments, moments_loss
from zoo.losses.perceptual import PerceptualLoss
from zoo.losses.recolor import color_moments, recolor
from zoo.losses.total_variation import total_variation

random = np.random.default_rng(0)
A = random.normal(0.3, 1.0, (3, 5, 7, 4)).astype("float32")
B = random.normal(0.0, 2.0, (3, 5, 7, 4)).astype("float32")


def same(actual, expected):
    assert keras.backend.standardize_dtype(actual.dtype) == "float32"
    np.testing.assert_allclose(ops.convert_to_numpy(actual), expected, rtol=1e-5, atol=1e-6)


def numpy_gram(maps):
    return np.einsum("hwc,hwd->cd", maps, maps) / (maps.shape[0] * maps.shape[1])


def test_gram_matrix():
    same(gram_matrix(A), [numpy_gram(maps) for maps in A])


def test_gram_matrix_of_unknown_size():
    maps = keras.Input((None, None, 4))
    same(keras.Model(maps, keras.layers.Lambda(gram_matrix, output_shape=(4, 4))(maps))(A), [numpy_gram(a) for a in A])


def test_gram_losses():
    grams, targets = gram_matrix(A), gram_matrix(B)
    distances = [((numpy_gram(a) - numpy_gram(b)) ** 2).sum() for a, b in zip(A, B, strict=True)]
    same(gram_loss(grams, targets), np.divide(distances, 16))
    same(relative_gram_loss(grams, targets), np.divide(distances, [(numpy_gram(b) ** 2).sum() for b in B]))
    one_target = relative_gram_loss(grams, targets[:1])
    assert one_target.shape == (3,)


def test_relative_losses_ignore_the_scale_of_the_features():
    same(relative_gram_loss(gram_matrix(10 * A), gram_matrix(10 * B)), relative_gram_loss(gram_matrix(A), gram_matrix(B)))
    same(relative_content_loss(10 * A, 10 * B, 0.0), relative_content_loss(A, B, 0.0))


def test_content_losses():
    same(content_loss(A, B), [((a - b) ** 2).mean() for a, b in zip(A, B, strict=True)])
    expected = [((a - b) ** 2).mean() / (b.var((0, 1)).mean() + 1e-3) for a, b in zip(A, B, strict=True)]
    same(relative_content_loss(A, B), expected)
    same(relative_content_loss(A, np.zeros_like(A)), [(a**2).mean() / 1e-3 for a in A])


def test_total_variation():
    expected = [(np.diff(a, axis=0) ** 2).mean() + (np.diff(a, axis=1) ** 2).mean() for a in A]
    same(total_variation(A), expected)
    same(total_variation(np.full((2, 4, 4, 3), 0.5, "float32")), [0, 0])


def test_moments():
    mean, deviation = channel_moments(A)
    same(mean, A.mean((1, 2)))
    same(deviation, np.sqrt(A.var((1, 2)) + 1e-5))
    expected = ((A.mean((1, 2)) - B.mean((1, 2))) ** 2 + (A.std((1, 2)) - B.std((1, 2))) ** 2).mean(1)
    same(moments_loss(A, B), expected)
    assert moments_loss(A, B[:, :4]).shape == (3,)


@pytest.mark.parametrize("loss", [content_loss, relative_content_loss, moments_loss])
def test_half_precision_maps_give_float32(loss):
    half = [ops.cast(maps, "bfloat16") for maps in (A, B)]
    np.testing.assert_allclose(loss(*half), loss(A, B), rtol=0.05)
    assert keras.backend.standardize_dtype(loss(*half).dtype) == "float32"
    assert keras.backend.standardize_dtype(gram_matrix(half[0]).dtype) == "float32"


def test_perceptual_loss_adds_up_the_layers():
    def features(picture):
        return {"one": picture, "two": picture**2, "three": -picture}

    perceptual = PerceptualLoss(features, {"one": 1.0, "two": 1.0}, ("two", "three"))
    grams = perceptual.gram_matrices(features(B))
    assert sorted(grams) == ["one", "two"]
    distance = [
        sum(((numpy_gram(a**k) - numpy_gram(b**k)) ** 2).sum() / (numpy_gram(b**k) ** 2).sum() for k in (1, 2))
        for a, b in zip(A, B, strict=True)
    ]
    same(perceptual.style(features(A), grams), distance)
    expected = np.add(relative_content_loss(A**2, B**2), relative_content_loss(A, B))
    same(perceptual.content(features(A), features(B)), expected)
    same(perceptual.style(features(B), grams), np.zeros(3))


def numpy_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(np.sqrt(values)) @ vectors.T


def test_color_moments():
    pictures = random.uniform(size=(2, 6, 5, 3)).astype("float32")
    mean, covariance = color_moments(pictures)
    same(mean, pictures.mean((1, 2)))
    same(covariance, [np.cov(picture.reshape(-1, 3).T, bias=True) for picture in pictures])


def test_recolor_is_the_symmetric_map_to_the_moments():
    pictures = random.uniform(0.3, 0.7, (2, 16, 12, 3)).astype("float32")
    mixing = random.normal(0, 0.04, (2, 3, 3))
    mean = np.array([[0.5, 0.4, 0.5], [0.6, 0.5, 0.4]], "float32")
    covariance = (mixing @ mixing.transpose(0, 2, 1) + 1e-3 * np.eye(3)).astype("float32")
    recolored = recolor(pictures, mean, covariance, epsilon=1e-6)
    for picture, mu, sigma, result in zip(pictures, mean, covariance, ops.convert_to_numpy(recolored), strict=True):
        colors = picture.reshape(-1, 3)
        root = numpy_root(np.cov(colors.T, bias=True))
        matrix = np.linalg.inv(root) @ numpy_root(root @ sigma @ root) @ np.linalg.inv(root)
        np.testing.assert_allclose(result.reshape(-1, 3), (colors - colors.mean(0)) @ matrix + mu, atol=2e-4)
    recolored_mean, recolored_covariance = color_moments(recolored)
    np.testing.assert_allclose(recolored_mean, mean, atol=1e-4)
    np.testing.assert_allclose(recolored_covariance, covariance, atol=1e-4)


def test_recolor_to_its_own_colors_changes_nothing():
    pictures = random.uniform(size=(2, 16, 12, 3)).astype("float32")
    np.testing.assert_allclose(recolor(pictures, *color_moments(pictures)), pictures, atol=1e-3)


@pytest.mark.parametrize("jit", [False, True])
def test_recolor_in_a_graph_with_flat_and_gray_pictures(jit):
    tf = pytest.importorskip("tensorflow")
    gray = np.repeat(random.uniform(size=(1, 8, 8, 1)), 3, axis=-1)
    pictures = np.concatenate([np.full((1, 8, 8, 3), 0.2), np.zeros((1, 8, 8, 3)), gray]).astype("float32")
    mean, covariance = (np.repeat(moment, 3, axis=0) for moment in color_moments(random.uniform(size=(1, 8, 8, 3))))
    shapes = [(None, None, None, 3), (None, 3), (None, 3, 3)]
    graph = tf.function(recolor, jit_compile=jit, input_signature=[tf.TensorSpec(shape) for shape in shapes])
    recolored = graph(pictures, mean, covariance).numpy()
    assert np.isfinite(recolored).all() and recolored.min() >= 0 and recolored.max() <= 1
    np.testing.assert_allclose(recolored[:2], np.broadcast_to(mean[:2, None, None], recolored[:2].shape), atol=1e-4)
    np.testing.assert_allclose(recolored[2].mean((0, 1)), mean[2], atol=0.05)
