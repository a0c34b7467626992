"""Unpaired translation: published sizes, the picture pool, and who is trained by what."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.models import batches
from zoo.cyclegan import LinearDecay
from zoo.layers import PicturePool
from zoo.training.strategies import make_strategy


def test_networks_have_the_published_sizes():
    """The released code has 11.378 and 2.765 million, with the biases before instance normalisation, which do nothing."""
    model = zoo.create("cyclegan", pool_size=0)
    idle = 64 + 128 + 256 + 9 * 2 * 256 + 128 + 64
    assert model.forward.count_params() + idle == 11_378_179
    assert model.judge_target.count_params() + 128 + 256 + 512 == 2_764_737
    assert model.judge_target.compute_output_shape((1, 256, 256, 3)) == (1, 30, 30, 1)


def pool_of(capacity):
    pool = PicturePool(capacity, (1, 1, 1))
    pool.build(None)
    return pool


def show(pool, values, draws):
    pictures = np.array(values, "float32").reshape(-1, 1, 1, 1)
    return np.array(pool([pictures, np.array(draws, "float32")])).ravel().tolist()


def test_pool_fills_then_swaps_by_the_draws():
    pool = pool_of(3)
    assert show(pool, [1, 2], [[0.9, 0.9], [0.9, 0.0]]) == [1, 2]
    assert show(pool, [3], [[0.0, 0.0]]) == [3]
    assert np.array(pool.pictures).ravel().tolist() == [1, 2, 3]
    assert show(pool, [4, 5], [[0.4, 0.0], [0.6, 0.5]]) == [4, 2]
    assert np.array(pool.pictures).ravel().tolist() == [1, 5, 3]
    assert show(pool, [6, 7], [[0.9, 0.99], [0.9, 0.99]]) == [3, 3]
    assert np.array(pool.pictures).ravel().tolist() == [1, 5, 7]


def test_a_batch_larger_than_the_pool_shows_no_empty_place():
    assert show(pool_of(2), [1, 2, 3, 4], [[0.9, 0.9]] * 4) == [1, 2, 3, 4]


def test_one_pool_serves_all_replicas():
    """Two replicas with half of the batch each show and keep what one does."""
    draws = np.random.default_rng(0).random((6, 4, 2), "float32")
    values = np.arange(24, dtype="float32").reshape(6, 4, 1, 1, 1)
    single, strategy = pool_of(3), make_strategy("mirrored", 2)
    with strategy.scope():
        mirrored = pool_of(3)

    @tf.function
    def run(pictures, numbers):
        return strategy.run(lambda *halves: mirrored(list(halves)), (pictures, numbers))

    def halves(array):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(np.split(array, 2)[context.replica_id_in_sync_group])
        )

    for picture, draw in zip(values, draws, strict=True):
        expected = np.array(single([picture, draw]))
        shown = strategy.experimental_local_results(run(halves(picture), halves(draw)))
        np.testing.assert_array_equal(np.concatenate(shown), expected)
        np.testing.assert_array_equal(mirrored.pictures.numpy(), single.pictures.numpy())


def test_the_pool_moves_in_training_alone_and_is_saved(tmp_path):
    model = zoo.create("cyclegan", preset="tiny")
    model.compile()
    batch = batches(model, 2)(0)
    model(batch, training=False)
    assert int(model.pools[0].seen) == 0
    model.fit(batches(model, 2).dataset(), steps_per_epoch=1, verbose=0, shuffle=False)
    assert int(model.pools[0].seen) == 2
    model.save(tmp_path / "model.keras")
    pools = zoo.load(str(tmp_path / "model.keras")).pools
    for one, other in zip(model.pools, pools, strict=True):
        np.testing.assert_array_equal(one.pictures.numpy(), other.pictures.numpy())
        assert np.abs(other.pictures.numpy()).max() > 0 and int(other.seen) == 2


def test_each_player_is_trained_by_its_own_terms():
    model = zoo.create("cyclegan", preset="tiny")
    batch = {name: tf.constant(value) for name, value in batches(model, 1)(0).items()}
    with tf.GradientTape(persistent=True) as tape:
        terms = model.loss_terms(batch, model(batch, training=True))
    players = {"discriminator": model.judge_source.trainable_variables + model.judge_target.trainable_variables}
    players["generator"] = model.forward.trainable_variables + model.backward.trainable_variables
    for name, term in terms.items():
        trained = "discriminator" if name.startswith("discriminator") else "generator"
        for player, variables in players.items():
            moved = any(gradient is not None for gradient in tape.gradient(term, [v.value for v in variables]))
            assert moved == (player == trained), (name, player)


def test_either_direction_is_deployed():
    model = zoo.create("cyclegan", preset="tiny")
    image = batches(model, 1)(0)["image"]
    forward = model.inference_model()({"image": image})["output_image"]
    model.direction = "backward"
    backward = model.inference_model()({"image": image})["output_image"]
    np.testing.assert_array_equal(forward, model.forward(image))
    np.testing.assert_array_equal(backward, model.backward(image))


@pytest.mark.parametrize(("step", "rate"), [(0, 2.0), (50, 2.0), (75, 1.0), (100, 0.0), (120, 0.0)])
def test_the_rate_falls_in_the_second_half(step, rate):
    assert float(LinearDecay(2.0, 100)(step)) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("config", "line"), [({"size": 16}, "no patch to judge"), ({"direction": "forwards"}, "did you mean 'forward'")]
)
def test_wrong_use_is_refused_in_one_line(config, line):
    with pytest.raises(ValueError, match=line):
        zoo.create("cyclegan", **config)
