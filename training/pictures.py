"""Picture files: read whatever people have correctly or refuse it in one line, write it back, and show rows of examples."""

import contextlib
import dataclasses
import errno
import io
import logging
import os
import threading
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFile, ImageOps, PngImagePlugin, UnidentifiedImageError

from zoo.common.files import replacing
from zoo.common.text import one_line
from zoo.training.pixels import from_cmyk, has_low_bytes, refuse_rangeless, sixteen_bits

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
MAX_PIXELS = 100_000_000
STYLE_SIDE = 2048  # pixels of the long side beyond which a style picture has nothing to add
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_XMP = "XML:com.adobe.xmp"
# What the system says where a file's bytes send a decoder to a place that cannot be; all else it says of the file or the disk.
_OF_THE_CONTENTS = (None, errno.EINVAL, errno.EOVERFLOW, errno.EISDIR)
_log = logging.getLogger(__name__)
_HEADER_LOCK = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Picture:
    """`rgb`, float32 [H, W, 3] in [0, 1], and `alpha`, float32 [H, W, 1] in [0, 1], or None where the file has none."""

    rgb: np.ndarray
    alpha: np.ndarray | None = None


def read_picture(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Reads a picture as a person sees it: EXIF orientation applied, gray, palette, 16-bit and CMYK converted, alpha set aside.

    Args:
        path: a picture file.
        max_pixels: pictures with more pixels are refused from their header, before anything is decoded.

    Raises:
        ValueError: not a picture, damaged, cut short, animated, or too large, in one line.
        OSError: there is no such file, or it cannot be read, whatever is in it: no permission, a disk that fails.
        MemoryError: it does not fit into the memory.

    Example:
        >>> picture = read_picture("photo.jpg")
        >>> picture.rgb.shape
        (480, 640, 3)
    """
    path = Path(path)
    with opened(path, max_pixels) as image:
        if has_low_bytes(image):
            with _open(path) as second:
                pixels: np.ndarray = sixteen_bits(image, second) / np.float32(65535)
        elif image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
            pixels = np.asarray(ImageOps.exif_transpose(image)).astype(np.float32)[..., None] / np.float32(65535)
        else:
            refuse_rangeless(image)
            pixels = np.asarray(upright(image, keep_alpha=True), dtype=np.float32) / np.float32(255)
    channels = pixels.shape[-1]
    rgb, alpha = (pixels, None) if channels in (1, 3) else (pixels[..., :-1], pixels[..., -1:])
    rgb = np.repeat(rgb, 3, axis=-1) if rgb.shape[-1] == 1 else rgb
    return Picture(np.ascontiguousarray(rgb), None if alpha is None else np.ascontiguousarray(alpha))


def read_pixels(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """As `read_picture`, in a quarter of the memory: uint8 [H, W, 3], or [H, W, 4] where the file has alpha.

    Example:
        >>> read_pixels("panorama.jpg").dtype
        dtype('uint8')
    """
    with opened(Path(path), max_pixels) as image:
        refuse_rangeless(image)
        return np.asarray(upright(image, keep_alpha=True))


def read_style(path: str | os.PathLike[str]) -> np.ndarray:
    """A style picture, float32 [H, W, 3] in [0, 1]; a very large one is reduced as it is read, with a note.

    Raises:
        ValueError, OSError, MemoryError: as `read_picture`; but four times as many pixels are taken.
    """
    with opened(Path(path), 4 * MAX_PIXELS) as image:
        refuse_rangeless(image)
        width, height = image.size
        if max(width, height) <= STYLE_SIDE:
            return np.asarray(upright(image), dtype=np.float32) / np.float32(255)
        image.draft("RGB", (STYLE_SIDE, STYLE_SIDE))
        small = upright(image)
        small.thumbnail((STYLE_SIDE, STYLE_SIDE), Image.Resampling.LANCZOS)
        _log.warning("%s: %d x %d pixels, taken at %d x %d", path, width, height, *small.size)
        return np.asarray(small, dtype=np.float32) / np.float32(255)


@contextlib.contextmanager
def opened(path: Path, max_pixels: int = MAX_PIXELS, contents: bytes | None = None) -> Iterator[ImageFile.ImageFile]:
    """The picture with its header read and nothing decoded; what goes wrong inside the block names the file, in one line.

    PNG files are checked to their last chunk, because a cut one can decode without complaint. Animations and several pages
    are refused: which picture is meant is not ours to guess. (A phone's JPEG with a second picture inside is one picture.)
    With `contents`, those are the bytes of the file, and `path` is only what it is called.

    Raises:
        ValueError, OSError, MemoryError: as `read_picture`. Only what a decoder refuses is the picture's own fault, a ValueError.
    """
    try:
        with _open(path, contents) as image:
            if image.width * image.height > max_pixels:
                raise ValueError(
                    f"{image.width} x {image.height} pixels are more than {max_pixels:,}; make it smaller or raise max_pixels"
                )
            if image.format != "MPO" and (frames := getattr(image, "n_frames", 1)) > 1:
                raise ValueError(f"it holds {frames} pictures; save the one you mean as a file of its own")
            if image.format == "PNG":
                with _open(path, contents) as second:
                    second.verify()
            yield image
    except FileNotFoundError:
        raise FileNotFoundError(f"no such picture: {path}") from None
    except UnidentifiedImageError:
        empty = not (path.stat().st_size if contents is None else len(contents))
        reason = "is empty (0 bytes)" if empty else "is not a picture of a kind that can be read"
        raise ValueError(f"{path} {reason}") from None
    except MemoryError:
        raise MemoryError(f"there is not enough memory to read the picture {path}") from None
    # A damaged file can raise anything from inside a decoder: SyntaxError, struct.error, zlib.error, IndexError, ...
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in _OF_THE_CONTENTS:
            raise type(error)(f"cannot read the picture {path}: {error.strerror}") from None
        if isinstance(error, OSError) and str(error).startswith(
            "out of memory"
        ):  # Pillow's word for a decoder that ran out of it
            raise MemoryError(f"there is not enough memory to read the picture {path}") from None
        reason = error.strerror if isinstance(error, OSError) and error.strerror else one_line(error)
        raise ValueError(f"cannot read the picture {path}: {reason or type(error).__name__}") from None


def _open(path: Path, contents: bytes | None = None) -> ImageFile.ImageFile:
    """Image.open without Pillow's own limit on pixels, which ours replaces and which warns at a size that ours allows."""
    with _HEADER_LOCK:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(path if contents is None else io.BytesIO(contents))
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def upright(image: Image.Image, *, keep_alpha: bool = False) -> Image.Image:
    """The opened picture decoded to 8-bit RGB (or RGBA where it has alpha and `keep_alpha`), turned as its EXIF says.

    Without `keep_alpha`, what is transparent shows white.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode == "CMYK":
        return from_cmyk(image)
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) / 257 + 0.5).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    image = image.convert("RGBA")
    return image if keep_alpha else Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def write_picture(
    path: str | os.PathLike[str],
    rgb: np.ndarray,
    alpha: np.ndarray | None = None,
    *,
    metadata: dict[str, str] | None = None,
    overwrite: bool = False,
) -> None:
    """Writes a PNG, JPEG or WebP file, by suffix; a picture that was read and is written as PNG is the same to the bit.

    Args:
        path: where to; the file is whole or not there.
        rgb: float [H, W, 3] or gray [H, W, 1], cut to [0, 1]; or uint8, and then alpha too.
        alpha: float [H, W, 1] in [0, 1]; JPEG, which has none, shows it on white.
        metadata: kept as PNG text, or as the EXIF description; what goes by the PNG keyword of XMP is written as XMP.
        overwrite: whether a file of that name is replaced.

    Raises:
        ValueError: the suffix is none of .png, .jpg, .jpeg, .webp.
        OSError: it cannot be written there, or exists already.

    Example:
        >>> write_picture("out.png", picture.rgb, picture.alpha)
    """
    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        raise ValueError(f"cannot write {path}: its name must end in one of {', '.join(_FORMATS)}")
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(f"{path} exists already; choose another name, or allow overwriting")
    kind = _FORMATS[path.suffix.lower()]
    rgb = np.repeat(rgb, 3, axis=-1) if rgb.shape[-1] == 1 else rgb
    image = Image.fromarray(_eight_bits(rgb if alpha is None else np.concatenate([rgb, alpha], axis=-1)))
    if alpha is not None and kind == "JPEG":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    options: dict[str, Any] = {}
    if kind == "PNG":
        # A quarter of zlib's usual time, for 4 % more bytes: what it would find beyond runs is rare in pictures.
        options |= {"pnginfo": PngImagePlugin.PngInfo(), "compress_type": zlib.Z_RLE}
        for key, value in (metadata or {}).items():
            options["pnginfo"].add_itxt(key, value)
    else:
        options |= {"quality": 95} | ({"subsampling": 0} if kind == "JPEG" else {"exact": True})
        texts = dict(metadata or {})
        if xmp := texts.pop(_XMP, None):
            options["xmp"] = xmp.encode()
        if texts:
            image_description = 0x010E
            exif = Image.Exif()
            exif[image_description] = "\n".join(f"{key}: {value}" for key, value in texts.items())
            options["exif"] = exif
    with replacing(path, overwrite=overwrite) as temporary:
        image.save(temporary, kind, **options)


def _eight_bits(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == np.uint8:
        return pixels
    return np.round(np.clip(np.nan_to_num(pixels), 0, 1) * 255).astype(np.uint8)


def list_pictures(folder: str | os.PathLike[str], suffixes: Collection[str] = SUFFIXES) -> list[Path]:
    """The picture files in a folder and the folders below it, by suffix, sorted; hidden ones are left out.

    Raises:
        FileNotFoundError: no such folder, or no picture in it.

    Example:
        >>> list_pictures("photos")[0]
        PosixPath('photos/000.jpg')
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is a file, not a folder" if root.exists() else f"no such folder: {root}")
    files = [file for file in root.rglob("*") if not _hidden(file.relative_to(root))]
    pictures = sorted(file for file in files if file.suffix.lower() in suffixes and file.is_file())
    if not pictures:
        kinds = " ".join(sorted(suffixes))
        raise FileNotFoundError(f"the folder {root} {'has no picture in it' if files else 'is empty'}; pictures end in {kinds}")
    return pictures


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def grid(columns: dict[str, np.ndarray]) -> np.ndarray:
    """A sheet of examples, one a row, with a titled column for each thing to see: float32 [H, W, 3] in [0, 1].

    Args:
        columns: title -> pictures [N, H, W, 1 or 3]; small ones are enlarged to stand beside large ones. What is not a number
            shows magenta.

    Example:
        >>> write_picture("sheet.png", grid({"content": content, "stylised": stylised}))
    """
    gap = 6
    side = max(96, *(max(pictures.shape[1:3]) for pictures in columns.values()))
    cells = {title: _cells(pictures, side) for title, pictures in columns.items()}
    rows = max(len(column) for column in cells.values())
    height = gap + max(column.shape[1] for column in cells.values())
    blocks = []
    for title, column in cells.items():
        sheet = np.ones((rows * height, column.shape[2] + gap, 3), np.float32)
        for row, cell in enumerate(column):
            top = row * height + (height - gap - len(cell)) // 2
            sheet[top : top + len(cell), :-gap] = cell
        blocks.append(np.concatenate([_title(title, sheet.shape[1]), sheet]))
    return np.pad(np.concatenate(blocks, axis=1), ((0, 0), (gap, 0), (0, 0)), constant_values=1)


def _cells(pictures: np.ndarray, side: int) -> np.ndarray:
    """RGB [N, H, W, 3], enlarged by a whole number towards `side`."""
    factor = max(1, side // max(pictures.shape[1:3]))
    cells = np.asarray(pictures, dtype=np.float32).repeat(factor, axis=1).repeat(factor, axis=2)
    cells = np.broadcast_to(cells, (*cells.shape[:-1], 3))
    return np.where(np.isfinite(cells), np.clip(cells, 0, 1), np.array([1, 0, 1], np.float32))


def _title(text: str, width: int) -> np.ndarray:
    from PIL import ImageDraw, ImageFont

    strip = Image.new("RGB", (width, 28), "white")
    size = next((size for size in range(16, 8, -1) if ImageFont.load_default(size).getlength(text) <= width - 6), 8)
    ImageDraw.Draw(strip).text(((width - 6) // 2, 14), text, "#333333", ImageFont.load_default(size), anchor="mm")
    return np.asarray(strip, dtype=np.float32) / np.float32(255)
