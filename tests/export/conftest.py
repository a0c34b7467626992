"""What the tests of serving share, one directory and one running server; and what those of the page do."""

import pytest

from tests.export.browser import FLAGS, GPU, missing, npm_runtime, serve
from tests.export.networks import generator, inpainter, pictures, stylise
from tests.export.pages import launched, new_page
from tests.export.served import Server, make_directory
from zoo.export import web
from zoo.export.export import export_model


@pytest.fixture(scope="session")
def serving_directory(tmp_path_factory):
    return make_directory(tmp_path_factory.mktemp("serving"))


@pytest.fixture(scope="session")
def server(serving_directory):
    running = Server(serving_directory, "--trust", "--max-requests", "64", "--max-body", "8", "--max-pixels", "0.5")
    yield running
    code, output, errors = running.stop()
    assert (code, output, errors) == (0, "Stopped.\n", "")  # nothing that the tests did was an error of the server's own


NETWORKS = {"stylise": stylise, "inpainter": inpainter, "generator": generator}


@pytest.fixture(scope="module")
def web_runtime(request):
    return npm_runtime(request.config.cache.mkdir(f"onnxruntime-web-{web.VERSION}"))


@pytest.fixture(scope="module")
def web_exports(tmp_path_factory, web_runtime):
    """An export with nothing but a page for each network, the runtime beside it."""
    root = tmp_path_factory.mktemp("web")
    for name, network in NETWORKS.items():
        precisions = ("float32", "dynamic_int8") if name == "stylise" else ("float32",)
        export_model(
            network(),
            root / name,
            name=name,
            formats=("web",),
            precisions=precisions,
            pictures=pictures(),
            web_runtime=web_runtime,
        )
    return root


@pytest.fixture(scope="module")
def web_server(web_exports):
    with serve(web_exports) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def playwright():
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        missing("no Playwright; pip install playwright")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright):
    yield from launched(playwright, FLAGS)


@pytest.fixture(scope="module")
def gpu_browser(playwright):
    yield from launched(playwright, GPU)


@pytest.fixture
def page(browser):
    page = new_page(browser)
    yield page
    page.context.close()


@pytest.fixture
def gpu_page(gpu_browser):
    page = new_page(gpu_browser)
    yield page
    page.context.close()
