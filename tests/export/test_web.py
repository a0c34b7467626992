"""The page in a real browser: its pixels against onnxruntime in Python, its controls by hand, by keyboard and by name."""

import io
import json
import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from tests.export.browser import serve
from tests.export.pages import NAMELESS, STEP, change, choose, downloaded, error, network_inputs, opened, png, wait_for
from tests.models import sample
from zoo.export import page as page_settings
from zoo.export import web
from zoo.export.manifest import read_manifest
from zoo.export.provenance import EDITED, GENERATED
from zoo.export.runtimes import load
from zoo.export.unsupported import Unsupported
from zoo.roles import Signature, assumed


def test_a_picture_comes_out_as_in_python(page, web_server, web_exports, tmp_path):
    opened(page, f"{web_server}/stylise/web/")
    pixels = (sample("coffee", 128)[:61, :47] * 255).round().astype("uint8")
    change(page, lambda: choose(page, "Choose a picture", "my.coffee.png", png(pixels)))
    page.get_by_text("Mix styles").click()
    change(page, lambda: page.get_by_label("Style 2").fill("1"))
    change(page, lambda: page.get_by_label("Strength").fill("0.7"))
    name, result, text = downloaded(page, tmp_path)
    inputs = {
        "image": pixels[None] / np.float32(255),
        "style_weights": np.full((1, 2), 0.5, "float32"),
        "strength": np.array([0.7], "float32"),
    }
    small, exact = (load(web_exports / "stylise" / "web" / f"stylise-dynamic-{p}.onnx") for p in ("dynamic_int8", "float32"))
    expected = small(**inputs)["output_image"][0]
    assert np.abs(expected - pixels / 255).max() > 20 * STEP  # the network does something
    np.testing.assert_allclose(result[..., :3], np.clip(expected, 0, 1), atol=2 * STEP)
    assert name == "my.coffee-stylise.png"
    assert text["DigitalSourceType"] == EDITED and text["Model"] == "stylise" and EDITED in text["XML:com.adobe.xmp"]

    change(page, lambda: page.get_by_label("Model file").select_option(index=1))
    _, result, _ = downloaded(page, tmp_path)
    np.testing.assert_allclose(result[..., :3], np.clip(exact(**inputs)["output_image"][0], 0, 1), atol=2 * STEP)
    assert page.said == []


def test_a_hole_is_drawn_by_hand_and_by_keyboard(page, web_server, web_exports, tmp_path):
    opened(page, f"{web_server}/inpainter/web/")
    pixels = (sample("chelsea", 80)[:56] * 255).round().astype("uint8")
    change(page, lambda: choose(page, "Choose a picture", "cat.png", png(pixels)))
    assert not network_inputs(page)["mask"].any()
    hole = page.get_by_role("application")
    box = hole.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    change(page, page.mouse.up)
    drawn = network_inputs(page)["mask"]
    assert drawn[0, 28, 20:46].all() and not drawn[0, :20].any() and not drawn[0, :, 60:].any()
    hole.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowUp")
    change(page, lambda: page.keyboard.press("Space"))
    inputs = network_inputs(page)
    assert inputs["mask"].sum() > drawn.sum() and inputs["mask"][0, 11, 48] == 1 and set(np.unique(inputs["mask"])) == {0, 1}
    gray = (pixels / 255) @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(inputs["image"][0, ..., 0], gray, atol=1e-6)
    _, result, _ = downloaded(page, tmp_path)
    expected = load(web_exports / "inpainter" / "web" / "inpainter-dynamic-float32.onnx")(**inputs)["output_image"][0]
    np.testing.assert_allclose(result[..., :3], np.repeat(expected, 3, axis=-1), atol=2 * STEP)
    change(page, page.get_by_role("button", name="Clear the hole").click)
    assert not network_inputs(page)["mask"].any()
    assert page.said == []


def test_a_generator_draws_latents_and_labels(page, web_server, web_exports, tmp_path):
    opened(page, f"{web_server}/generator/web/")
    change(page, lambda: page.get_by_role("combobox", name="Pictures", exact=True).select_option("9"))
    first = network_inputs(page)
    np.testing.assert_array_equal(first["label"], np.eye(3)[np.arange(9) % 3])
    change(page, lambda: page.get_by_role("combobox", name="Pictures", exact=True).select_option("36"))
    many = network_inputs(page)["latent"]
    assert abs(many.mean()) < 0.2 and 0.85 < many.std() < 1.15  # 288 standard normal numbers
    change(page, page.get_by_role("button", name="New latent").click)
    assert not np.allclose(network_inputs(page)["latent"], many)
    change(page, lambda: page.get_by_label("Seed of the latent").fill("1") or page.keyboard.press("Enter"))
    np.testing.assert_array_equal(network_inputs(page)["latent"], many)  # the same seed, the same pictures
    change(page, lambda: page.get_by_role("combobox", name="Pictures", exact=True).select_option("4"))
    change(page, lambda: page.get_by_role("combobox", name="Label", exact=True).select_option("2"))
    inputs = network_inputs(page)
    np.testing.assert_array_equal(inputs["label"], np.eye(3)[[2] * 4])
    name, result, text = downloaded(page, tmp_path)
    expected = load(web_exports / "generator" / "web" / "generator-dynamic-float32.onnx")(**inputs)["output_image"]
    for index, want in enumerate(expected):
        top, left = index // 2 * 13, index % 2 * 21
        have = result[top : top + 12, left : left + 20, :3]
        np.testing.assert_allclose(have, np.repeat(want, 3, axis=-1), atol=2 * STEP)
    assert name == "generator.png" and text["DigitalSourceType"] == GENERATED
    assert page.said == []


def test_turned_transparent_and_large_pictures(page, web_server, tmp_path):
    opened(page, f"{web_server}/stylise/web/")
    change(page, lambda: page.get_by_label("Longest side").select_option("256"))
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    Image.new("RGB", (900, 600), "teal").save(buffer, "JPEG", exif=exif)
    change(page, lambda: choose(page, "Choose a picture", "phone.jpg", buffer.getvalue(), "image/jpeg"))
    assert network_inputs(page)["image"].shape == (1, 256, 171, 3)
    assert "600 x 900, worked on at 171 x 256" in page.inner_text("main").replace("\N{MULTIPLICATION SIGN}", "x")
    pixels = np.full((40, 30, 4), 200, "uint8")
    pixels[..., 3] = np.repeat([0, 255], 20)[:, None]
    change(page, lambda: choose(page, "Choose a picture", "cut.png", png(pixels)))
    _, result, _ = downloaded(page, tmp_path)
    assert (result[:20, ..., 3] == 0).all() and (result[20:, ..., 3] == 1).all()
    assert page.said == []


@pytest.mark.parametrize("name", ["stylise", "inpainter", "generator"])
def test_it_fits_a_phone_and_every_control_has_a_name(browser, web_server, name):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark")
    page = opened(context.new_page(), f"{web_server}/{name}/web/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(NAMELESS) == []
    low = "[...document.querySelectorAll('button, select, .button, input:not(.unseen)')].filter((e) => e.checkVisibility())"
    assert page.evaluate(f"Math.min(...{low}.map((e) => e.getBoundingClientRect().height))") >= 44
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    focusable = "[...document.querySelectorAll('input, select, button, [tabindex]')].filter((e) => e.checkVisibility())"
    wanted = page.evaluate(f"{focusable}.filter((e) => !e.disabled).map((e) => [...document.querySelectorAll('*')].indexOf(e))")
    assert set(wanted) <= reached
    context.close()


def test_what_is_no_picture_is_one_line(page, web_server):
    opened(page, f"{web_server}/stylise/web/")
    for content, type, says in (
        (b"these are words", "text/plain", "notes is not a picture."),
        (b"these are words", "image/png", "notes is damaged, too large, or of a kind that this browser cannot read."),
        (b"", "image/png", "notes is empty."),
    ):
        choose(page, "Choose a picture", "notes.png", content, type)
        wait_for(page, "says => document.getElementById('error').textContent === says", says)
        assert page.get_by_role("alert").is_visible()
    change(page, page.get_by_role("button", name="Use the sample").click)
    assert not page.get_by_role("alert").is_visible()
    page.get_by_text("Mix styles").click()
    page.get_by_label("Style 1").fill("0")
    wait_for(page, "!document.getElementById('error').hidden")
    assert page.get_by_role("alert").inner_text() == "All styles are at 0; move one of them up."
    assert page.said == []


def test_too_little_memory_is_one_line_and_the_page_lives_on(page, web_server, web_exports):
    """A network that asks for more than the 4 GB that WebAssembly can have."""
    folder = web_exports / "memory"
    shutil.copytree(web_exports / "generator" / "web", folder)
    node = helper.make_node("Expand", ["latent", "shape"], ["output_image"])
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("latent", "label", "output_image")]
    weights = [helper.make_tensor("shape", TensorProto.INT64, [4], [60_000, 60_000, 1, 8])]
    graph = helper.make_graph([node], "large", values[:2], values[2:], weights)
    file = folder / "generator-dynamic-float32.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), file)
    settings = json.loads((folder / "model.json").read_text())
    settings["files"][0]["integrity"] = web.integrity(file)
    (folder / "model.json").write_text(json.dumps(settings))
    page.goto(f"{web_server}/memory/")
    assert error(page).startswith("There is not enough memory for this; choose a smaller")
    wait_for(page, "state.ready && !state.busy")


def test_an_altered_model_file_is_not_run(page, web_server, web_exports):
    shutil.copytree(web_exports / "generator" / "web", web_exports / "altered")
    with (web_exports / "altered" / "generator-dynamic-float32.onnx").open("ab") as stream:
        stream.write(b"\0")
    page.goto(f"{web_server}/altered/")
    assert "could not be loaded, or is not the one that was exported" in error(page)


def test_the_runtime_comes_pinned_from_a_cdn(page, web_exports, tmp_path, web_runtime):
    """The address of the CDN is written; another server of this machine, of another origin, stands in for it."""
    shutil.copytree(web_exports / "stylise" / "web", tmp_path / "web")
    shutil.rmtree(tmp_path / "web" / "runtime")
    web.write(read_manifest(web_exports / "stylise"), {}, tmp_path)
    settings = tmp_path / "web" / "model.json"
    assert settings.read_text().count(f"https://cdn.jsdelivr.net/npm/onnxruntime-web@{web.VERSION}/dist/ort") == 9
    shutil.copytree(web_runtime, tmp_path / "cdn")
    with serve(tmp_path / "web") as site, serve(tmp_path / "cdn") as cdn:  # the folder web/ by itself is enough
        settings.write_text(settings.read_text().replace(web.PLACE, f"http://127.0.0.1:{cdn.server_port}/"))
        opened(page, f"http://127.0.0.1:{site.server_port}/")
        assert page.said == []
        with (tmp_path / "cdn" / "ort-wasm-simd-threaded.mjs").open("a") as stream:
            stream.write("//")
        page.reload()
        line = f"could not be loaded from 127.0.0.1:{cdn.server_port}: no network, or not the pinned file"
        assert line in error(page)
        wait_for(page, "Boolean(state.main.bitmap)")
        choose(page, "Choose a picture", "again.png", png(np.zeros((8, 8, 3), "uint8")))
        wait_for(page, "state.main.stem === 'again'")
        assert line in error(page)  # no picture wipes it away


def test_the_runtime_for_offline_is_checked(tmp_path, web_runtime):
    with pytest.raises(FileNotFoundError, match=r"has no ort\.jspi\.min\.js; npm install onnxruntime-web@"):
        web.checked_runtime(tmp_path)
    for name in web.RUNTIME:
        (tmp_path / name).write_bytes(b"of another version")
    with pytest.raises(ValueError, match=r"is not that of onnxruntime-web \d"):
        web.checked_runtime(tmp_path)
    assert web.checked_runtime(web_runtime) == web_runtime


@pytest.mark.parametrize(
    ("inputs", "outputs", "why"),
    [
        ({"image": (None, None, None, 8)}, {"output_image": (None, None, None, 3)}, "nothing to set image with"),
        ({"image": (None, None, None, 3), "angle": (None,)}, {"output_image": (None, None, None, 3)}, "nothing to set angle"),
        ({"image": (None, None, None, 3)}, {"latent": (None, 8)}, "this model gives none"),
    ],
)
def test_what_the_page_cannot_show_is_a_reason(inputs, outputs, why):
    signature = Signature(
        {name: assumed(name, "float32", shape) for name, shape in inputs.items()},
        {name: assumed(name, "float32", shape, output=True) for name, shape in outputs.items()},
    )
    with pytest.raises(Unsupported, match=why):
        page_settings.controls(signature)
