"""Detail gathered from places that look alike."""

import numpy as np
import pytest

from zoo.layers import ResidualAggregation2D
from zoo.layers.residual_aggregation import fade, shifted

CELLS = 4


def layer(image, known, features, sharpness=20.0, nearness=-20.0, **settings):
    """Called once, comparing the features as they are; without nearness, unless it is given."""
    made = ResidualAggregation2D(CELLS, features.shape[-1], blur=3, **settings)
    made.build((image.shape, known.shape, features.shape))
    made.compared.kernel.assign(np.eye(features.shape[-1])[None, None])
    made.sharpness.assign(sharpness)
    made.nearness.assign(nearness)
    return made


def inputs(height=16, width=24):
    random = np.random.default_rng(0)
    image = random.random((1, height, width, 3), "float32")
    return image, np.ones((1, height, width, 1), "float32"), random.normal(size=(1, CELLS, CELLS, 8)).astype("float32")


def test_each_takes_itself_where_everything_is_known():
    image, known, features = inputs()
    made = layer(image, known, features)
    residual = np.array(made._residual(image, known))
    # Half a cell at the border has one neighbour less to be made of.
    np.testing.assert_allclose(np.array(made([image, known, features]))[:, 2:-2, 3:-3], residual[:, 2:-2, 3:-3], atol=1e-5)
    blurred = image - residual
    assert np.abs(residual.mean()) < 0.02 and blurred.std() < 0.6 * image.std()


def test_a_hole_takes_from_the_cell_that_looks_alike_and_nothing_of_itself():
    image, known, features = inputs()
    known[:, 4:8, 6:12] = 0  # the cell in row 1, column 1
    features[:, 1, 1] = features[:, 3, 2]
    made = layer(image, known, features)
    weights = np.array(made._weights(features, known))[0, 1 * CELLS + 1]
    assert weights.argmax() == 3 * CELLS + 2 and weights.max() > 0.99
    other = image.copy()
    other[:, 4:8, 6:12] = 0.5
    np.testing.assert_array_equal(made([image, known, features]), made([other, known, features]))


def test_nearness_decides_between_equals():
    image, known, features = inputs()
    known[:, :4, :6] = 0
    features[:, 0, 1] = features[:, 3, 3] = features[:, 0, 0]
    far, near = (np.array(layer(image, known, features, nearness=n)._weights(features, known))[0, 0] for n in (-20.0, 3.0))
    assert abs(far[1] - far[15]) < 1e-3 and near[1] > 0.99


def test_a_picture_that_is_all_hole_gets_nothing():
    image, known, features = inputs()
    assert not np.array(layer(image, 0 * known, features)([image, 0 * known, features])).any()


def test_cells_fade_into_their_neighbours():
    for size in (2, 6):
        np.testing.assert_allclose(np.array(fade(size, CELLS, -1)) + np.array(fade(size, CELLS, 1)), 1)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("axis", [1, 2])
def test_shifted_is_zero_beyond_the_border(axis, direction):
    picture = np.random.default_rng(1).random((1, 5, 7, 2), "float32") + 1
    moved = np.moveaxis(np.array(shifted(picture, axis, direction, 2)), axis, 0)
    still = np.moveaxis(picture, axis, 0)
    inside, outside = (moved[:-2], moved[-2:]) if direction > 0 else (moved[2:], moved[:2])
    np.testing.assert_array_equal(inside, still[2:] if direction > 0 else still[:-2])
    assert not outside.any()
