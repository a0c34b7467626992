"""What `evaluate` measures, on models whose answers are known before any training."""

import numpy as np
import pytest

import zoo
from tests.models import adapted
from zoo.common.similarity import psnr
from zoo.training.evaluate import evaluate
from zoo.training.metrics import extractor
from zoo.training.sources import open_source


def test_an_untrained_denoiser_returns_the_noisy_picture_and_is_measured_so(pictures):
    model = zoo.create("denoiser", preset="tiny", level=25.0)
    figures = evaluate(model, {"data": open_source(pictures)}, count=32)
    assert set(figures) == {"absolute", "psnr", "ssim"}
    # The noise's own figure, 20.17 dB, is a little better once the answer is clipped to [0, 1].
    assert 20.0 < figures["psnr"] < 22.0
    assert figures == evaluate(model, {"data": open_source(pictures)}, count=32)


def test_an_inpainter_is_measured_in_the_hole_only(pictures):
    model = zoo.create("unet_inpainter", preset="tiny", perceptual_weight=0.0, style_weight=0.0)
    sources = {"data": open_source(pictures)}
    figures = evaluate(model, sources, count=8)
    from zoo.training.batches import Batches

    batch = Batches(model.batch_spec, sources, 8)(0)
    answers = np.asarray(model.samples(batch)["filled"])
    by_hand = [psnr(x, y, mask) for x, y, mask in zip(answers, batch["image"], batch["mask"], strict=True)]
    assert figures["psnr"] == pytest.approx(np.mean(by_hand), abs=1e-3)


@pytest.mark.parametrize("name", ["vae", "cgan", "stylegan"])
def test_a_generator_is_compared_with_real_pictures(name, pictures):
    model = zoo.create(name, preset="tiny")
    sources = {"data": open_source(pictures)}
    figures = evaluate(model, sources, count=16, extract=extractor())
    assert {"frechet_distance", "kernel_distance", "precision", "recall", "diversity"} < set(figures)
    assert ("negative_log_likelihood" in figures) == (name == "vae")
    assert all(np.isfinite(value) for value in figures.values())


def test_every_family_that_trains_on_pictures_can_be_evaluated(pictures):
    source = open_source(pictures)
    for name in ("fast_style", "adain", "cyclegan", "compositor"):
        model = adapted(name)
        figures = evaluate(model, {"data": source, "style": source, "target": source}, count=4, batch_size=2)
        assert set(figures) >= set(model.loss_names)
        assert all(np.isfinite(value) for value in figures.values())
