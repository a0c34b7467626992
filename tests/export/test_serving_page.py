"""The page of `zoo serve` in a real browser: what it sends and shows, at both widths, by file, by drop and by keyboard."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.export.browser import FLAGS, chromium
from tests.export.networks import generator, inpainter, pictures
from tests.export.requests import decoded, png, request_for
from tests.export.served import Server
from zoo.export.export import export_model
from zoo.export.provenance import EDITED, GENERATED

DONE = "#download:not([hidden])"
NAMELESS = """[...document.querySelectorAll('input, select, button')].filter((e) => e.checkVisibility() && !(
    e.getAttribute('aria-label') || e.textContent.trim() || [...(e.labels ?? [])].some((l) => l.innerText.trim())
)).map((e) => e.outerHTML)"""


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """Opens a page; whatever it said to the console fails the test."""
    complaints, pages = [], []

    def opened(server, width=1280):
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(server.url)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()
    assert complaints == []


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


def downloaded(page):
    page.wait_for_selector(DONE)
    with page.expect_download() as download:
        page.click("#download")
    return Image.open(io.BytesIO(download.value.path().read_bytes()))


def file(contents, name="photo.png"):
    return {"name": name, "mimeType": "image/png", "buffer": contents}


@pytest.mark.parametrize("width", [1280, 360])
def test_a_picture_comes_back_as_the_model_makes_it(server, opened, width):
    page = opened(server, width)
    page.set_input_files("#file-image", file(png(40, 30)))
    result = downloaded(page)
    assert page.inner_text("#image-size") == "30 \N{MULTIPLICATION SIGN} 40 pixels"
    expected = server.predict("stylise", request_for(png(40, 30), strength=[1.0]))[1]["outputs"][0]
    np.testing.assert_array_equal(np.asarray(result), decoded(expected))
    assert result.text["DigitalSourceType"] == EDITED and result.text["Model"] == "stylise"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(NAMELESS) == []


def test_everything_can_be_done_by_keyboard(server, opened):
    page = opened(server)
    page.keyboard.press("Tab")
    reached = [page.evaluate("document.activeElement.id")]
    page.set_input_files("#file-image", file(png(40, 30)))
    page.wait_for_selector(DONE)
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    wanted = ["file-image", "download", "control-strength", "control-style_weights0", "control-style_weights1", "control-size"]
    assert [name for name in reached if name in wanted] == wanted
    page.focus("#control-strength")
    with page.expect_response("**:predict") as response:
        page.keyboard.press("Home")
    assert response.value.request.post_data_json["inputs"]["strength"] == [0]
    assert page.evaluate("document.querySelector('label[for=control-strength] output').textContent") == "0.00"


def test_a_dropped_picture_is_taken_and_a_large_one_made_smaller(server, opened):
    page = opened(server)
    drop = """([width, height]) => new Promise((done) => {
        const canvas = Object.assign(document.createElement('canvas'), { width, height });
        canvas.toBlob((blob) => {
            const data = new DataTransfer();
            data.items.add(new File([blob], 'dropped.png', { type: 'image/png' }));
            document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
            done();
        });
    })"""
    page.evaluate(drop, [2000, 400])
    page.wait_for_selector(DONE)
    assert page.inner_text("#image-size") == "1024 \N{MULTIPLICATION SIGN} 204 pixels"
    page.evaluate(drop, [3000, 3000])
    page.wait_for_selector("#image-size:has-text('707')")  # half a million pixels


def test_what_is_no_picture_is_said(server, opened):
    page = opened(server)
    page.set_input_files("#file-image", file(b"no picture", "notes.png"))
    page.wait_for_selector("#error:has-text('notes.png is no picture that this browser can read.')")


def test_a_generator_draws_and_draws_again(others, opened):
    page = opened(others["generator"], 360)
    first = downloaded(page)
    assert first.size == (20, 12) and first.text["DigitalSourceType"] == GENERATED
    with page.expect_response("**:predict"):
        page.click("text=Draw another")
    page.wait_for_selector("#result-frame:not(.busy)")
    assert np.any(np.asarray(downloaded(page)) != np.asarray(first))
    page.fill("#control-latent", "1")
    with page.expect_response("**:predict"):
        page.keyboard.press("Enter")
    page.wait_for_selector("#result-frame:not(.busy)")
    np.testing.assert_array_equal(np.asarray(downloaded(page)), np.asarray(first))
    with page.expect_response("**:predict") as response:
        page.select_option("#control-label", "2")
    assert response.value.request.post_data_json["inputs"]["label"] == [[0, 0, 1]]
    assert page.evaluate(NAMELESS) == []


def test_a_mask_is_asked_for_and_sent(others, opened):
    page = opened(others["inpainter"])
    page.set_input_files("#file-image", file(png(40, 30)))
    page.wait_for_selector("#result-hint:has-text('This model also takes a mask.')")
    mask = io.BytesIO()
    Image.new("L", (60, 80), 255).save(mask, "PNG")
    page.set_input_files("#file-mask", file(mask.getvalue(), "mask.png"))
    assert downloaded(page).size == (60, 80)  # twice the picture's size
    assert page.evaluate(NAMELESS) == []
