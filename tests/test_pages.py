"""Every command on every page is one that there is, with options that there are, and every link leads somewhere."""

import re
import shlex
import shutil
import subprocess
import sys

import click
import pytest

from tests.pages import PAGES, ROOT, commands, mentions, name
from zoo.cli.main import app

CASES = [pytest.param(words, id=f"{name(page)}: {shlex.join(words)}") for page in PAGES for words in commands(page)]
MENTIONS = sorted({text for page in PAGES for text in mentions(page)})


@pytest.mark.parametrize("words", CASES)
def test_a_command_of_a_page_is_understood(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = app.get_command(click.Context(app), words[1])
    assert command is not None, f"no command {words[1]}"
    command.make_context(words[1], words[2:])


@pytest.mark.parametrize("text", MENTIONS)
def test_a_command_in_a_sentence_has_options_that_there_are(text):
    words = [word.partition("=")[0] for word in text.split()]
    if words[1].startswith("-") or words[1].isupper():
        return
    command = app.get_command(click.Context(app), words[1])
    assert command is not None, f"no command {words[1]}"
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if re.fullmatch("--[a-z-]+", word)} <= options | {"--help", "--debug"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_leads_to_a_page_and_its_heading(page):
    for text in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in text:
            continue
        file, _, heading = text.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), text
        if heading:
            titles = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
            assert heading in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, text


def test_the_site_is_built_without_a_warning(tmp_path):
    """As `make docs` does, where Zensical is installed."""
    pytest.importorskip("zensical")
    source = tmp_path / "source"
    (source / "build" / "typed" / "zoo").mkdir(parents=True)
    shutil.copytree(ROOT / "docs", source / "docs")
    shutil.copy(ROOT / "mkdocs.yml", source)
    for path in [*(ROOT / "zoo").iterdir(), *(ROOT / room for room in ("training", "export", "cli"))]:
        (source / "build" / "typed" / "zoo" / path.name).symlink_to(path)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "griffe:" not in done.stdout + done.stderr, "a docstring that is not understood"
    pages = [*(source / "build" / "site").rglob("*.html")]
    assert len(pages) > len(PAGES)
    for page in pages:  # nothing is fetched by who reads it
        assert not re.search(r'<(script|link|img)[^>]*(src|href)="(https?:)?//', page.read_text()), page
