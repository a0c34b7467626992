"""Picture files of every kind people have: read right, or refused in one line that names the file."""

import contextlib
import errno
import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from zoo.training.pictures import grid, list_pictures, opened, read_picture, write_picture


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (12, 17, 3), dtype=np.uint8)


def png(bits, color_type, samples):
    """A PNG file written by hand, for kinds that Pillow does not write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(f">u{bits // 8}").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def refused(path, *words, **options):
    with pytest.raises(ValueError) as caught:
        read_picture(path, **options)
    line = str(caught.value)
    assert "\n" not in line and path.name in line
    for word in words:
        assert word in line, line


def test_no_heavy_import():
    code = "import sys, zoo.training.pictures; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("channels", [3, 4])
def test_png_round_trip_is_exact(tmp_path, channels):
    values = np.random.default_rng(1).integers(0, 256, (9, 14, channels), dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "in.png")
    picture = read_picture(tmp_path / "in.png")
    assert picture.rgb.dtype == np.float32 and picture.rgb.shape == (9, 14, 3)
    assert (picture.alpha is None) == (channels == 3)
    write_picture(tmp_path / "out.png", picture.rgb, picture.alpha, metadata={"model": "wave", "note": "naïve"})
    with Image.open(tmp_path / "out.png") as image:
        assert np.array_equal(np.asarray(image), values)
        assert image.text == {"model": "wave", "note": "naïve"}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_exif_orientation(tmp_path, orientation, suffix):
    values = np.zeros((16, 32, 3), np.uint8)
    values[:8, :8] = 255  # the corner that must end up where the viewer sees it
    turns = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud}
    turns |= {5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1)}
    turns |= {7: lambda a: np.rot90(a, 2).swapaxes(0, 1), 8: lambda a: np.rot90(a)}
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(values).save(tmp_path / f"p{suffix}", exif=exif)
    expected = turns[orientation](values) / 255
    assert np.abs(read_picture(tmp_path / f"p{suffix}").rgb - expected).max() < 0.1


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "PA"])
def test_modes(tmp_path, pixels, mode):
    image = Image.fromarray(pixels).convert("RGBA" if mode == "PA" else "RGB")
    image = image.convert("P" if mode == "PA" else mode)
    image.save(tmp_path / "p.png", **({"transparency": 0} if mode == "PA" else {}))
    picture = read_picture(tmp_path / "p.png")
    expected = np.asarray(image.convert("RGB")) / np.float32(255)
    assert (picture.alpha is not None) == (mode in ("LA", "PA"))
    shown = slice(None) if picture.alpha is None else picture.alpha[..., 0] > 0
    assert np.array_equal(picture.rgb[shown], expected[shown])


def test_palette_transparency(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), "L").convert("P")
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "p.png", transparency=1)
    picture = read_picture(tmp_path / "p.png")
    assert np.array_equal(picture.alpha[..., 0], [[1, 0], [0, 1]])
    assert np.array_equal(picture.rgb[0, 0], [1, 0, 0])


@pytest.mark.parametrize(("color_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bit_png(tmp_path, color_type, channels):
    samples = np.random.default_rng(2).integers(0, 65536, (5, 7, channels), dtype=np.uint16)
    (tmp_path / "p.png").write_bytes(png(16, color_type, samples))
    picture = read_picture(tmp_path / "p.png")
    expected = samples / np.float32(65535)
    colors = channels - (channels in (2, 4))
    assert np.abs(picture.rgb - expected[..., :colors]).max() < 1e-7
    if channels in (2, 4):
        assert np.abs(picture.alpha - expected[..., -1:]).max() < 1e-7


def test_cmyk(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "plain.jpg", quality=100)
    assert np.abs(read_picture(tmp_path / "plain.jpg").rgb - [1, 0, 0]).max() < 0.02
    broken = b"not a colour profile"
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "broken.jpg", quality=100, icc_profile=broken)
    assert np.abs(read_picture(tmp_path / "broken.jpg").rgb - [1, 0, 0]).max() < 0.02


def test_other_suffixes(tmp_path, pixels):
    for suffix in (".bmp", ".gif", ".tif", ".webp"):
        Image.fromarray(pixels).save(tmp_path / f"p{suffix}", **({"lossless": True} if suffix == ".webp" else {}))
        assert read_picture(tmp_path / f"p{suffix}").rgb.shape == (12, 17, 3)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif"])
def test_several_pictures_are_refused(tmp_path, pixels, suffix):
    frames = [Image.fromarray(np.roll(pixels, shift, axis=0)) for shift in range(3)]
    frames[0].save(tmp_path / f"p{suffix}", save_all=True, append_images=frames[1:])
    refused(tmp_path / f"p{suffix}", "3 pictures")


def test_broken_files(tmp_path, pixels):
    noise = np.random.default_rng(3).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    for suffix in (".jpg", ".png", ".webp", ".gif", ".bmp"):
        buffer = io.BytesIO()
        Image.fromarray(noise).save(buffer, {".jpg": "JPEG"}.get(suffix, suffix[1:].upper()))
        whole = buffer.getvalue()
        for cut in (20, len(whole) // 2, len(whole) - 200):
            path = tmp_path / f"cut{cut}{suffix}"
            path.write_bytes(whole[:cut])
            refused(path)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    (tmp_path / "end.png").write_bytes(buffer.getvalue()[:-12])  # every pixel is there, only the end mark is not
    refused(tmp_path / "end.png", "truncated")
    (tmp_path / "zero.jpg").write_bytes(b"")
    refused(tmp_path / "zero.jpg", "empty (0 bytes)")
    (tmp_path / "text.jpg").write_text("hello, I am a text file\n" * 50)
    refused(tmp_path / "text.jpg", "not a picture")
    (tmp_path / "folder.jpg").mkdir()
    refused(tmp_path / "folder.jpg", "directory")
    with pytest.raises(FileNotFoundError, match=r"^no such picture: .*nothing\.jpg$"):
        read_picture(tmp_path / "nothing.jpg")


def test_large_pictures_are_refused_from_the_header(tmp_path):
    header = png(8, 2, np.zeros((1, 1, 3), np.uint8)).replace(struct.pack(">II", 1, 1), struct.pack(">II", 30000, 20000), 1)
    header = header[:29] + struct.pack(">I", zlib.crc32(header[12:29])) + header[33:]
    (tmp_path / "bomb.png").write_bytes(header)
    refused(tmp_path / "bomb.png", "30000 x 20000", "max_pixels")
    Image.new("L", (40, 50)).save(tmp_path / "p.png")
    refused(tmp_path / "p.png", "40 x 50", "1,999", max_pixels=1999)
    assert read_picture(tmp_path / "p.png", max_pixels=2000).rgb.shape == (50, 40, 3)


def test_write(tmp_path, pixels):
    rgb = pixels / np.float32(255)
    alpha = np.zeros((12, 17, 1), np.float32)
    write_picture(tmp_path / "p.jpg", rgb, alpha, metadata={"model": "wave"})
    picture = read_picture(tmp_path / "p.jpg")
    assert picture.alpha is None and picture.rgb.min() > 0.98
    write_picture(tmp_path / "p.webp", rgb, alpha)
    assert read_picture(tmp_path / "p.webp").alpha.max() == 0
    write_picture(tmp_path / "gray.png", rgb[..., :1])
    assert np.array_equal(read_picture(tmp_path / "gray.png").rgb, np.repeat(rgb[..., :1], 3, axis=-1))
    with pytest.raises(FileExistsError, match="exists already"):
        write_picture(tmp_path / "p.jpg", rgb)
    write_picture(tmp_path / "p.jpg", rgb, overwrite=True)
    with pytest.raises(ValueError, match="must end in"):
        write_picture(tmp_path / "p.xyz", rgb)
    with pytest.raises(FileNotFoundError, match=r"^cannot write .*No such file or directory$"):
        write_picture(tmp_path / "nowhere" / "p.png", rgb)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gray.png", "p.jpg", "p.webp"]


def test_list_pictures(tmp_path):
    for name in ("b.PNG", "a.jpg", "sub/c.webp", ".hidden.jpg", ".cache/d.jpg", "notes.txt"):
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).touch()
    assert [str(path.relative_to(tmp_path / "p")) for path in list_pictures(tmp_path / "p")] == ["a.jpg", "b.PNG", "sub/c.webp"]
    with pytest.raises(FileNotFoundError, match="no such folder"):
        list_pictures(tmp_path / "q")
    with pytest.raises(FileNotFoundError, match="not a folder"):
        list_pictures(tmp_path / "p" / "notes.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="is empty"):
        list_pictures(tmp_path / "empty")
    (tmp_path / "empty" / "notes.txt").touch()
    with pytest.raises(FileNotFoundError, match="no picture in it"):
        list_pictures(tmp_path / "empty")


def test_grid():
    pictures = np.random.default_rng(0).random((3, 64, 64, 3)).astype(np.float32)
    masks = np.full((3, 16, 32, 1), np.nan, np.float32)
    sheet = grid({"content": pictures, "a title too long for its column": masks})
    assert sheet.dtype == np.float32 and sheet.ndim == 3 and sheet.shape[-1] == 3
    assert np.isfinite(sheet).all() and sheet.min() >= 0 and sheet.max() <= 1


def test_cmyk_profile_is_used(tmp_path):
    """Any profile that names another device space must change the colours; sRGB's own cannot be attached to CMYK."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("CMYK", (16, 16), (10, 200, 90, 0)).save(tmp_path / "wrong.jpg", quality=100, icc_profile=profile)
    Image.new("CMYK", (16, 16), (10, 200, 90, 0)).save(tmp_path / "plain.jpg", quality=100)
    assert np.array_equal(read_picture(tmp_path / "wrong.jpg").rgb, read_picture(tmp_path / "plain.jpg").rgb)


@contextlib.contextmanager
def without_rights(path):
    """The file cannot be read: not by its mode, which root does not heed, so root becomes nobody for a while."""
    path.chmod(0)
    nobody, me = 65534, os.geteuid()
    if me == 0:
        os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(me)
        path.chmod(0o644)


def test_what_cannot_be_read_now_is_not_called_a_bad_picture(tmp_path):
    path = tmp_path / "p.png"
    Image.new("RGB", (4, 4)).save(path)
    with without_rights(path), pytest.raises(PermissionError, match=r"^cannot read the picture .*p\.png: Permission denied$"):
        read_picture(path)
    with pytest.raises(NotADirectoryError, match=r"^cannot read the picture .*p\.png/q\.png: Not a directory$"):
        read_picture(path / "q.png")
    for error, kind in ((OSError(errno.EIO, "Input/output error"), OSError), (MemoryError(), MemoryError)):
        with pytest.raises(kind, match=r"picture .*p\.png"), opened(path):
            raise error
    assert read_picture(path).rgb.shape == (4, 4, 3)


def test_what_a_decoder_refuses_is_a_bad_picture(tmp_path):
    path = tmp_path / "p.png"
    Image.new("RGB", (4, 4)).save(path)
    for error in (SyntaxError("broken\nchunk"), struct.error(), KeyError(3), OSError("image file is truncated")):
        with pytest.raises(ValueError, match=r"^cannot read the picture .*p\.png: \S.*$"), opened(path):
            raise error
    with pytest.raises(ValueError, match="Invalid argument"), opened(path):
        raise OSError(errno.EINVAL, "Invalid argument")  # a directory of a TIFF file that lies before its start


def test_a_link_to_nowhere_is_not_written_through(tmp_path):
    (tmp_path / "out.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(FileExistsError, match="exists already"):
        write_picture(tmp_path / "out.png", np.zeros((4, 4, 3), np.float32))
    assert not (tmp_path / "elsewhere.png").exists()
