"""What the page does around the network, in a real browser: the GPU, large pictures, tiles, undoing, remembering, copying."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.export.browser import FLAGS
from tests.export.pages import STEP, change, choose, downloaded, error, launched, network_inputs, new_page, opened, png, wait_for
from tests.models import sample
from zoo.export.runtimes import load

PIXELS = (sample("coffee", 128)[:61, :47] * 255).round().astype("uint8")
OLD_PROCESSOR = "--js-flags=--no-enable-sse4-1 --no-enable-ssse3"  # without which V8 has no SIMD


def on_the_gpu(page, address):
    opened(page, address)
    change(page, lambda: choose(page, "Choose a picture", "my.png", png(PIXELS)))
    assert page.inner_text("#time").endswith("on the processor")  # a GPU in software runs only where it is asked for
    change(page, lambda: page.get_by_label("Computed on").select_option("gpu"))
    assert page.inner_text("#time").endswith("on the GPU")
    return page


@pytest.mark.parametrize("waits", [True, False], ids=["jspi", "asyncify"])
def test_the_gpu_gives_the_same_pixels(gpu_page, web_server, web_exports, tmp_path, waits):
    if not waits:
        gpu_page.add_init_script("delete WebAssembly.Suspending")
    loaded = []
    gpu_page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
    on_the_gpu(gpu_page, f"{web_server}/stylise/web/")
    assert f"ort-wasm-simd-threaded.{'jspi' if waits else 'asyncify'}.wasm" in loaded
    _, result, _ = downloaded(gpu_page, tmp_path)
    network = load(web_exports / "stylise" / "web" / "stylise-dynamic-dynamic_int8.onnx")
    expected = network(**network_inputs(gpu_page))["output_image"][0]
    assert np.abs(expected - PIXELS / 255).max() > 20 * STEP
    np.testing.assert_allclose(result[..., :3], np.clip(expected, 0, 1), atol=2 * STEP)
    assert gpu_page.said == []


def test_a_lost_gpu_is_followed_by_the_processor(gpu_browser, gpu_page, web_server):
    on_the_gpu(gpu_page, f"{web_server}/inpainter/web/")
    gpu_browser.new_browser_cdp_session().send("Browser.crashGpuProcess")
    change(gpu_page, gpu_page.get_by_role("button", name="Use the sample").click)
    assert gpu_page.inner_text("#time").endswith("on the processor")


def test_a_browser_without_simd_is_told_so(playwright, web_server):
    for browser in launched(playwright, [*FLAGS, OLD_PROCESSOR]):
        page = new_page(browser)
        page.goto(f"{web_server}/generator/web/")
        assert error(page).startswith("This browser has no WebAssembly with SIMD")


def test_offline_what_was_not_loaded_is_named(page, web_server):
    opened(page, f"{web_server}/stylise/web/")
    page.context.set_offline(True)
    change(page, lambda: choose(page, "Choose a picture", "my.png", png(PIXELS)))  # what was loaded goes on
    page.get_by_label("Model file").select_option(index=1)
    assert error(page) in (  # by what the browser has kept of the page
        "The model file stylise-dynamic-float32.onnx could not be loaded, or is not the one that was exported.",
        "The model's worker could not be started; reload the page, or try another browser.",
    )
    page.context.set_offline(False)
    change(page, lambda: page.get_by_label("Model file").select_option(index=0))
    assert not page.get_by_role("alert").is_visible()


def test_the_last_picture_is_there_again_and_in_a_second_tab(page, web_server):
    opened(page, f"{web_server}/stylise/web/")
    change(page, lambda: choose(page, "Choose a picture", "my.png", png(PIXELS)))
    other = opened(page.context.new_page(), f"{web_server}/stylise/web/")
    assert network_inputs(other)["image"].shape == (1, 61, 47, 3)
    opened(page, f"{web_server}/stylise/web/")
    assert network_inputs(page)["image"].shape == (1, 61, 47, 3)
    change(page, page.get_by_role("button", name="Use the sample").click)
    opened(page, f"{web_server}/stylise/web/")
    assert network_inputs(page)["image"].shape == (1, 300, 451, 3)
    assert page.said == []


def test_fifty_megapixels_are_taken(page, web_server):
    opened(page, f"{web_server}/stylise/web/")
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((8660, 5774)).save(buffer, "JPEG")
    change(page, lambda: choose(page, "Choose a picture", "large.jpg", buffer.getvalue(), "image/jpeg"))
    assert network_inputs(page)["image"].shape == (1, 341, 512, 3)
    assert page.get_by_role("button", name="Full size").is_visible()
    assert page.said == []


def test_strokes_are_undone_one_by_one(page, web_server):
    opened(page, f"{web_server}/inpainter/web/")
    change(page, lambda: choose(page, "Choose a picture", "my.png", png(PIXELS)))
    hole = page.get_by_role("application")
    hole.focus()
    drawn = []
    for _ in range(3):
        change(page, lambda: page.keyboard.press("Space"))
        drawn.append(network_inputs(page)["mask"])
        page.keyboard.press("Shift+ArrowLeft")
    assert drawn[0].sum() < drawn[1].sum() < drawn[2].sum()
    change(page, page.get_by_role("button", name="Undo").click)
    np.testing.assert_array_equal(network_inputs(page)["mask"], drawn[1])
    hole.focus()
    change(page, lambda: page.keyboard.press("Control+z"))
    np.testing.assert_array_equal(network_inputs(page)["mask"], drawn[0])
    change(page, lambda: page.get_by_label("Longest side").select_option("256"))
    assert network_inputs(page)["mask"].any()  # another size has the same hole


def test_the_full_size_is_computed_by_tiles(page, web_server, web_exports, tmp_path):
    """A network whose pixels look one pixel far, which doubles the size."""
    opened(page, f"{web_server}/inpainter/web/")
    pixels = (sample("astronaut", 512)[:500, :] * 255).round().astype("uint8")
    pixels = np.concatenate([pixels, pixels[:, ::-1]], 1)[:, :900]
    change(page, lambda: choose(page, "Choose a picture", "my.png", png(pixels)))
    assert network_inputs(page)["image"].shape == (1, 284, 512, 1)
    page.get_by_role("application").focus()
    change(page, lambda: page.keyboard.press("Space"))
    change(page, page.get_by_role("button", name="Full size").click)
    assert "1800 x 1000, full size" in page.inner_text("#time").replace("\N{MULTIPLICATION SIGN}", "x")
    _, result, _ = downloaded(page, tmp_path)
    change(page, lambda: page.get_by_label("Longest side").select_option("1024"))
    inputs = network_inputs(page)
    assert inputs["image"].shape == (1, 500, 900, 1) and inputs["mask"].any()
    expected = load(web_exports / "inpainter" / "web" / "inpainter-dynamic-float32.onnx")(**inputs)["output_image"][0]
    np.testing.assert_allclose(result[..., :3], np.repeat(expected, 3, axis=-1), atol=2 * STEP)
    assert page.said == []


def test_what_looks_at_the_whole_picture_is_computed_in_one_piece(page, web_server, web_exports, tmp_path):
    opened(page, f"{web_server}/stylise/web/")
    change(page, lambda: page.get_by_label("Longest side").select_option("256"))
    pixels = (sample("coffee", 400)[:300, :390] * 255).round().astype("uint8")
    change(page, lambda: choose(page, "Choose a picture", "my.png", png(pixels)))
    change(page, page.get_by_role("button", name="Full size").click)
    _, result, _ = downloaded(page, tmp_path)
    constants = {name: value for name, value in network_inputs(page).items() if name != "image"}
    network = load(web_exports / "stylise" / "web" / "stylise-dynamic-dynamic_int8.onnx")
    expected = network(image=pixels[None] / np.float32(255), **constants)["output_image"][0]
    np.testing.assert_allclose(result[..., :3], np.clip(expected, 0, 1), atol=2 * STEP)


def test_a_style_is_chosen_by_its_picture(page, web_server):
    opened(page, f"{web_server}/stylise/web/")
    wait_for(page, "state.thumbnails.made === 2 && !state.busy")
    drawn = (
        "[...document.querySelectorAll('.thumbnails canvas')].map((c) => [...c.getContext('2d').getImageData(0, 0, 96, 64).data])"
    )
    first, second = np.array(page.evaluate(drawn))
    assert np.abs(first - second).max() > 20
    change(page, page.get_by_role("button", name="Style 2").click)
    np.testing.assert_array_equal(network_inputs(page)["style_weights"], [[0, 1]])
    assert page.get_by_role("button", name="Style 2").get_attribute("aria-pressed") == "true"


def test_before_and_after_are_compared_by_pointer_and_by_keyboard(page, web_server):
    opened(page, f"{web_server}/stylise/web/")
    slider = page.get_by_role("slider", name="Compare")
    slider.focus()
    page.keyboard.press("Home")
    assert page.evaluate("getComputedStyle(document.getElementById('before')).clipPath") == "inset(0px 100% 0px 0px)"
    box = page.locator("#frame").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"])
    assert 73 <= int(slider.input_value()) <= 77
    assert slider.evaluate("(e) => e.ariaValueText").startswith(slider.input_value())


def test_the_result_is_copied_and_a_picture_pasted(browser, web_server):
    page = new_page(browser, permissions=["clipboard-read", "clipboard-write"])
    opened(page, f"{web_server}/stylise/web/")
    change(page, lambda: choose(page, "Choose a picture", "my.png", png(PIXELS)))
    page.get_by_role("button", name="Copy").click()
    wait_for(page, "document.getElementById('status').textContent === 'Copied'")
    change(page, lambda: page.keyboard.press("Control+v"))
    assert network_inputs(page)["image"].shape == (1, 61, 47, 3)
    assert page.evaluate("state.main.stem") == "image"
    assert page.said == []
    page.context.close()


def test_it_is_dropped_anywhere(page, web_server):
    opened(page, f"{web_server}/stylise/web/")
    drop = """() => new Promise((done) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 90, height: 70 });
        canvas.toBlob((blob) => {
            const data = new DataTransfer();
            data.items.add(new File([blob], 'dropped.png', { type: 'image/png' }));
            const options = { dataTransfer: data, bubbles: true, cancelable: true };
            document.querySelector('footer').dispatchEvent(new DragEvent('drop', options));
            done();
        });
    })"""
    change(page, lambda: page.evaluate(drop))
    assert network_inputs(page)["image"].shape == (1, 70, 90, 3)


def test_the_picture_stays_in_sight_while_a_phone_scrolls(browser, web_server):
    page = browser.new_context(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True).new_page()
    opened(page, f"{web_server}/stylise/web/")
    page.evaluate("document.querySelector('footer').scrollIntoView()")
    box = page.locator("#mat").bounding_box()
    assert box["y"] >= 0 and box["height"] < 400
    strength = page.get_by_label("Strength").bounding_box()
    assert strength is not None and page.evaluate("scrollY") > 100
    assert page.locator(".camera").first.is_visible()
    page.context.close()
