"""Laws of whatever reads what others wrote, tried on what a property-based tester thinks of.

Damage to whole files (on_files.py, on_pictures.py) seldom gets past a checksum; here chunks have theirs, and values have a form.
"""

import io
import json
import struct
import zlib
from pathlib import Path

import click
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from zoo.cli.export import FORMATS, Names, Sizes
from zoo.cli.inputs import Asked, constant_inputs
from zoo.cli.settings import distinct, parse_value
from zoo.common.text import one_line, printable
from zoo.export.files import inside
from zoo.export.serving import json_tensors, text_format
from zoo.export.serving.errors import ServingError
from zoo.export.serving.text_format import Word
from zoo.roles import Photograph, Result, Signature, Weights
from zoo.training.pictures import opened, upright

LAW = settings(max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

# Text and paths.


@LAW
@given(st.text())
def test_what_is_printable_stays_on_its_line_and_as_it_is(text):
    assert printable(text).isprintable() and printable(printable(text)) == printable(text)
    assert one_line(text).isprintable() and "\n" not in one_line(text)


@LAW
@given(st.text(st.sampled_from("ab./~\0\n\\"), max_size=12) | st.text(max_size=8))
def test_nothing_leads_out_of_a_directory(name):
    try:
        path = inside(Path("/tmp/export"), name)
    except ValueError:
        return
    assert (Path("/tmp") / path).resolve().is_relative_to(Path("/tmp/export").resolve()) and name.isprintable()


@LAW
@given(st.lists(st.text(max_size=6), max_size=12))
def test_names_of_styles_are_distinct_words(names):
    made = distinct(names)
    assert len({*made}) == len(names) and all(name and all(c.isalnum() or c in "_-." for c in name) for name in made)


# models.config and JSON tensors: what is written is what is read.

WORDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
PLAIN = st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-(10**18), 10**18) | WORDS.map(Word)
MESSAGES = st.recursive(
    st.lists(st.tuples(WORDS, PLAIN), max_size=4),
    lambda inner: st.lists(st.tuples(WORDS, PLAIN | inner), max_size=4),
    max_leaves=12,
)


@LAW
@given(MESSAGES)
def test_models_config_is_read_as_it_was_written(message):
    assert text_format.parse(text_format.render(message)) == message


@LAW
@given(st.text() | st.text(st.sampled_from("{}:;,\"'\\ax01 \n#+-u")))
def test_text_that_is_no_models_config_is_a_value_error(text):
    try:
        message = text_format.parse(text)
    except (ValueError, SyntaxError):
        return
    assert text_format.parse(text_format.render(message)) == message


SIDES = arrays.array_shapes(min_dims=1, max_dims=4, max_side=3)


@LAW
@given(arrays.arrays("float32", SIDES) | arrays.arrays("int32", SIDES))
def test_an_answer_in_json_is_a_request_in_json(array):
    answer = json_tensors.read_body(json_tensors.write_tensors({"x": array}, json_tensors.ROW))
    tensors, _ = json_tensors.read_tensors({"instances": answer["predictions"]}, {"x": array.dtype.name})
    np.testing.assert_array_equal(tensors["x"], array)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just({"b64": "!"}) | st.just(10**400)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | WORDS, inner, max_size=3)
)
REQUESTS = st.dictionaries(
    st.sampled_from(["instances", "inputs", "signature_name", "x", "y"]), JSON | st.dictionaries(st.sampled_from("xy"), JSON)
)


@LAW
@given(REQUESTS, st.sampled_from(["float32", "int32", "int64", "string"]), st.booleans())
def test_an_odd_request_is_answered_or_refused(document, dtype, alone):
    wanted = {"x": dtype} if alone else {"x": dtype, "y": "float32"}
    try:
        read = json_tensors.read_body(json.dumps(document).encode())
        tensors, form = json_tensors.read_tensors(read, wanted, optional={"y"})
    except ServingError as refused:
        assert refused.message.isprintable()
        return
    assert {*tensors} <= {*wanted} and form in (json_tensors.ROW, json_tensors.COLUMN)


# What is said on the command line.


@LAW
@given(st.text() | st.text(st.sampled_from("0123456789x,² dynamic٣-")))
def test_sizes_and_names_are_taken_or_refused(text):
    for kind in (Sizes(), Names(FORMATS)):
        try:
            values = kind.convert(text, None, None)
        except click.BadParameter as refused:
            assert refused.message
            continue
        assert all(value in FORMATS or value == "dynamic" or 8 <= min(value) <= max(value) <= 8192 for value in values)


@LAW
@given(st.text() | st.text(st.sampled_from("()[]{}-~1e.,'")) | st.integers(1, 9000).map(lambda depth: "(" * depth))
def test_a_setting_has_the_type_of_its_default_or_is_refused(text):
    for default in (True, 3, 0.5, (1, 2), "text"):
        try:
            value = parse_value("key", text, default)
        except ValueError:
            continue
        assert isinstance(default, tuple) or isinstance(value, type(default)) or value is None


@LAW
@given(st.lists(st.text(max_size=4).map("a:{}".format) | st.sampled_from(["a", "0", "b:nan", "b:inf", "a:1e308", "b:-0", "1:²"])))
def test_weights_of_styles_are_shares_or_refused(styles):
    signature = Signature.of([Photograph(), Weights(names=("a", "b"))], [Result()])
    try:
        weights = constant_inputs(signature, Asked(tuple(styles)))["style_weights"]
    except ValueError:
        return
    assert np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() == pytest.approx(1)


# Pictures: chunks and segments that are whole as such, in an order and with a content that makes no sense.

DATA = st.binary(max_size=40)
HEADS = st.tuples(*[st.sampled_from([0, 1, 2, 7, 2**31 - 1])] * 2, *[st.sampled_from([0, 1, 2, 3, 4, 6, 8, 16])] * 2)
CHUNKS = st.sampled_from(
    [b"IDAT", b"PLTE", b"tRNS", b"iCCP", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"gAMA", b"acTL", b"fcTL", b"IEND"]
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@LAW
@given(HEADS, st.lists(st.tuples(CHUNKS, DATA | DATA.map(zlib.compress)), max_size=6), st.booleans())
def test_a_png_of_odd_chunks_is_read_or_refused(head, chunks, laced):
    first = chunk(b"IHDR", struct.pack(">IIBBBBB", *head, 0, 0, laced))
    _read(b"\x89PNG\r\n\x1a\n" + first + b"".join(chunk(*each) for each in chunks) + chunk(b"IEND", b""))


MARKERS = st.sampled_from([0xC0, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE])
TIFFS = st.lists(
    st.tuples(
        st.sampled_from([0x100, 0x101, 0x112, 0x8769, 0x8825, 0xB000, 0xB002]), st.integers(0, 13), st.integers(0, 9), DATA
    ),
    max_size=3,
)


def exif(entries) -> bytes:
    body = b"".join(struct.pack("<HHI", tag, kind, count) + (data + b"\0\0\0\0")[:4] for tag, kind, count, data in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + b"\0\0\0\0"


SEGMENTS = st.lists(
    st.tuples(MARKERS, DATA | TIFFS.map(exif) | DATA.map(b"MPF\0".__add__) | DATA.map(b"Adobe".__add__)), max_size=4
)


def whole_jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 8), "red").save(buffer, "JPEG")
    return buffer.getvalue()


@LAW
@given(SEGMENTS)
def test_a_jpeg_of_odd_segments_is_read_or_refused(segments):
    odd = b"".join(struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments)
    _read(b"\xff\xd8" + odd + whole_jpeg()[2:])


def _read(content: bytes) -> None:
    try:
        with opened(Path("odd"), contents=content) as image:
            pixels = np.asarray(upright(image, keep_alpha=True))
    except ValueError as refused:
        assert "\n" not in str(refused)
        return
    assert pixels.dtype == np.uint8 and pixels.ndim == 3
