"""The page of `zoo serve` in a real browser: what it sends and shows, at both widths, by file, by drop and by keyboard."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.export.browser import FLAGS
from tests.export.networks import generator, inpainter, pictures
from tests.export.pages import NAMELESS, change, choose, downloaded, error, launched, network_inputs, opened, wait_for
from tests.export.requests import decoded, png, request_for
from tests.export.served import Server, fetch
from zoo.export.export import export_model
from zoo.export.provenance import EDITED, GENERATED
from zoo.export.serving.page import PAGE_HEADERS


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        yield from launched(playwright, FLAGS)


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """A server for each of the other kinds of model."""
    root, servers = tmp_path_factory.mktemp("others"), {}
    for name, network in {"generator": generator, "inpainter": inpainter}.items():
        options = {"formats": ("savedmodel",), "precisions": ("float32",), "pictures": pictures()}
        export_model(network(), root / name, name=name, **options)
        servers[name] = Server(root / name)
    yield servers
    for server in servers.values():
        assert server.stop() == (0, "Stopped.\n", "")


@pytest.mark.parametrize("width", [1400, 390])
def test_a_picture_comes_back_as_the_model_makes_it(server, page, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 844})
    opened(page, server.url)
    change(page, lambda: choose(page, "Choose a picture", "photo.png", png(40, 30)))
    _, result, text = downloaded(page, tmp_path)
    assert page.inner_text("#note") == "30 \N{MULTIPLICATION SIGN} 40"
    expected = server.predict("stylise", request_for(png(40, 30), strength=[1.0]))[1]["outputs"][0]
    np.testing.assert_array_equal(np.round(255 * result[..., :3]), decoded(expected))
    assert text["DigitalSourceType"] == EDITED and text["Model"] == "stylise"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(NAMELESS) == []
    assert page.said == []


def test_everything_can_be_done_by_keyboard(server, page):
    opened(page, server.url)
    page.get_by_text("Mix styles").click()
    reached, focused = [], "(document.activeElement.labels?.[0] ?? document.activeElement).innerText.split('\\n')[0]"
    page.evaluate("document.activeElement.blur()")
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(focused))
    wanted = ["Choose a picture", "Sample", "Download", "Style 1", "Style 2", "Mix styles", "Strength", "Longest side"]
    assert [name for name in wanted if name not in reached] == []
    page.get_by_label("Strength").focus()
    with page.expect_response("**:predict") as response:
        page.keyboard.press("Home")
    assert response.value.request.post_data_json["inputs"]["strength"] == [0]
    assert page.get_by_label("Strength").evaluate("(e) => e.ariaValueText") == "0.00"


def test_a_large_picture_is_made_smaller_and_its_full_size_computed_by_tiles(others, page, tmp_path):
    opened(page, others["inpainter"].url)
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((1500, 300)).save(buffer, "PNG")
    change(page, lambda: choose(page, "Choose a picture", "wide.png", buffer.getvalue()))
    assert page.inner_text("#note").replace("\N{MULTIPLICATION SIGN}", "x") == "1500 x 300, worked on at 1024 x 204"
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith(":predict") else None)
    change(page, page.get_by_role("button", name="Full size").click)
    assert len(asked) == 3 + 3  # to measure how far a pixel looks; and tiles
    _, result, _ = downloaded(page, tmp_path)
    assert result.shape[:2] == (600, 3000)
    assert page.said == []


def test_more_than_the_server_takes_is_made_smaller(server, page):
    opened(page, server.url)
    buffer = io.BytesIO()
    Image.new("RGB", (3000, 3000)).save(buffer, "PNG")
    change(page, lambda: choose(page, "Choose a picture", "large.png", buffer.getvalue()))
    assert network_inputs(page)["image"].shape == (1, 707, 707, 3)  # half a million pixels
    page.get_by_role("button", name="Full size").click()
    assert error(page) == "This model looks at the whole picture at once, and this server takes no picture of that size."


def test_what_the_server_refuses_or_does_not_hear_is_one_line(server, page):
    opened(page, server.url)
    page.evaluate("state.page.served.path = '/v1/models/nobody:predict'")
    page.get_by_label("Strength").fill("0.5")
    assert error(page).startswith("Servable not found for request")
    page.context.set_offline(True)
    page.get_by_label("Strength").fill("0.4")
    wait_for(page, "document.getElementById('error').textContent === 'The server does not answer; is it still running?'")


def test_a_generator_draws_and_draws_again(others, page, tmp_path):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, others["generator"].url)
    change(page, lambda: page.get_by_role("combobox", name="Pictures", exact=True).select_option("1"))
    _, first, text = downloaded(page, tmp_path)
    assert first.shape[:2] == (12, 20) and text["DigitalSourceType"] == GENERATED
    change(page, page.get_by_role("button", name="New latent").click)
    assert np.any(downloaded(page, tmp_path)[1] != first)
    change(page, lambda: page.get_by_label("Seed of the latent").fill("1") or page.keyboard.press("Enter"))
    np.testing.assert_array_equal(downloaded(page, tmp_path)[1], first)
    with page.expect_response("**:predict") as response:
        page.get_by_role("combobox", name="Label", exact=True).select_option("2")
    assert response.value.request.post_data_json["inputs"]["label"] == [[0, 0, 1]]
    assert page.evaluate(NAMELESS) == []


def test_a_hole_is_drawn_and_sent(others, page, tmp_path):
    opened(page, others["inpainter"].url)
    change(page, lambda: choose(page, "Choose a picture", "photo.png", png(40, 30)))
    page.get_by_role("application").focus()
    with page.expect_response("**:predict") as response:
        change(page, lambda: page.keyboard.press("Space"))
    inputs = response.value.request.post_data_json["inputs"]
    np.testing.assert_array_equal(decoded(inputs["mask_bytes"][0])[..., 0] > 0, network_inputs(page)["mask"][0, ..., 0] > 0)
    assert network_inputs(page)["mask"].any()
    assert downloaded(page, tmp_path)[1].shape[:2] == (80, 60)  # twice the picture's size


def test_nothing_written_into_the_page_runs(server):
    """No script and no style but the page's own files, which the policy says and the page keeps to."""
    status, text, headers = fetch(f"{server.url}/")
    assert status == 200 and headers["Content-Security-Policy"] == PAGE_HEADERS["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert "<style" not in text and " style=" not in text and "onclick" not in text
    assert fetch(f"{server.url}/../web.py")[0] == 404
