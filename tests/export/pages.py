"""What the tests of the page do to it, and ask it."""

import io
import time

import numpy as np
from PIL import Image

from tests.export.browser import NO_GPU, chromium

STEP = 1 / 255
DONE = "state.ready && !state.busy && !state.again && document.getElementById('status').textContent.startsWith('Done')"
# The controls that a screen reader would have no name for.
NAMELESS = """[...document.querySelectorAll('input, select, button, canvas:not(button canvas)')].filter((e) => {
    if (!e.checkVisibility()) return false;
    const labels = [...(e.labels ?? [])].map((label) => label.innerText);
    return ![e.ariaLabel, e.tagName === 'BUTTON' && e.textContent, ...labels].some((name) => name && name.trim());
}).map((e) => e.outerHTML)"""


def launched(playwright, flags):
    browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
    yield browser
    browser.close()


def new_page(browser, **options):
    """A new tab; whatever it says on the console is collected in `page.said`."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **options).new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text) if message.text != NO_GPU else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    return page


def wait_for(page, condition, argument=None, seconds=180):
    """Polled from here: the policy of `zoo serve`'s page lets none of Playwright's own waiting run in it."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(condition, argument):
        assert time.monotonic() < deadline, (condition, page.inner_text("main"))
        page.wait_for_timeout(50)


def opened(page, address):
    page.goto(address)
    wait_for(page, DONE)
    return page


def error(page):
    wait_for(page, "!document.getElementById('error').hidden")
    return page.get_by_role("alert").inner_text()


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def choose(page, label, name, content, type="image/png"):
    page.get_by_label(label).set_input_files({"name": name, "mimeType": type, "buffer": content})


def change(page, action):
    """Does something that makes the page compute, and waits for the result."""
    page.evaluate("status('')")
    action()
    wait_for(page, DONE)


def downloaded(page, tmp_path):
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    with Image.open(path) as image:
        image.load()
        return path.name, np.asarray(image) / 255, image.text  # RGB with alpha


def network_inputs(page):
    """What the page gave the network, as arrays."""
    inputs = page.evaluate("state.inputs.map(({ name, type, data, dims }) => ({ name, type, dims, data: [...data] }))")
    return {i["name"]: np.array(i["data"], i["type"]).reshape(i["dims"]) for i in inputs}
