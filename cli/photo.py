"""A picture file as `zoo apply` takes it: its pixels as they are stored, upright, and what the file says beside them."""

import contextlib
import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo.cli.printable import printable

if TYPE_CHECKING:
    from zoo.cli.colors import Profile

SUFFIXES = frozenset({".avif", ".heic", ".heif", ".hif", ".jfif"})  # beside those that training reads
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_ORIENTATION, _PLACE, _CAMERA = 0x0112, 0x8825, 0x8769  # EXIF: a tag, and two groups of tags
_SIZES = (0xA002, 0xA003)  # width and height, among the camera's
# And what TIFF keeps in the same list of its own pixels, with XMP, the profile and Photoshop's.
_OF_THE_PIXELS = (
    256,
    257,
    258,
    259,
    262,
    273,
    277,
    278,
    279,
    284,
    317,
    322,
    323,
    324,
    325,
    338,
    339,
    530,
    700,
    33723,
    34377,
    34675,
)


@dataclasses.dataclass(frozen=True)
class Facts:
    """What a picture file says of itself; nothing of it for a picture that comes from no file.

    `tables` is a profile of tables or of gray, by which its pixels are converted to sRGB as they are read. `exif` and `xmp` are
    bytes for a file that is written upright; `place` says whether they hold where it was taken. `deep` is whether there
    are 16 bits a channel; `format` is Pillow's name of the kind of file.
    """

    profile: "Profile | None" = None
    tables: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    place: bool = False
    deep: bool = False
    format: str = ""


def facts_of(source: Path, warn: bool = True) -> Facts:
    """The facts of a picture file, from its header. A broken colour profile is passed over, with a line.

    Raises:
        ValueError, OSError: as `read_picture`; or a HEIC file without the extra.
    """
    from zoo.cli.colors import profile_of
    from zoo.training.pictures import opened
    from zoo.training.pixels import has_low_bytes

    learn_heif(source)
    with opened(source) as image:
        profile, contents = None, image.info.get("icc_profile") or b""
        if contents:
            try:
                profile = profile_of(contents)
            except ValueError as error:
                if warn:
                    click.echo(printable(f"{source}: its colour profile is broken ({error}); taken as sRGB"), err=True)
                contents = b""
            if image.mode == "CMYK":  # read as sRGB by whoever reads CMYK
                profile = None
        deep = has_low_bytes(image) or image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")
        exif, place = _kept(image)
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
        tables = contents if profile is None and contents[16:20] in (b"RGB ", b"GRAY") else b""
        xmp = upright_xmp(xmp.encode() if isinstance(xmp, str) else xmp)
        return Facts(profile, tables, exif, xmp, place or b"GPSLatitude" in xmp, deep, image.format or "")


def upright_xmp(packet: bytes) -> bytes:
    """XMP says once more how a picture lies, and some programs believe it."""
    return re.sub(rb"(tiff:Orientation(?:=[\"']|>))\d", rb"\g<1>1", packet)


def _kept(image: Any) -> tuple[bytes, bool]:
    """EXIF without what is no longer true of an upright picture of another size; and whether it names a place."""
    try:
        exif = image.getexif()
        for tag in (_ORIENTATION, *_OF_THE_PIXELS):
            exif.pop(tag, None)
        camera, place = exif.get_ifd(_CAMERA), exif.get_ifd(_PLACE)
        for tag in _SIZES:
            camera.pop(tag, None)
        return (exif.tobytes() if exif or camera or place else b""), bool(place)
    except Exception:  # whatever a damaged EXIF block raises; the picture is none the worse
        return b"", False


def read_array(source: Path, warn: bool = False) -> tuple[Any, Facts]:
    """The pixels, uint8 or for 16-bit files uint16 [H, W, 3], or [H, W, 4] with transparency; and what the file says of itself.

    They are values by `facts.profile`, or where there is none in sRGB: pictures of other kinds of profiles are converted.

    Raises:
        ValueError, OSError, MemoryError: as `read_picture`; or a HEIC file without the extra.
    """
    import numpy as np

    from zoo.training.pictures import read_picture, read_pixels

    facts = facts_of(source, warn)
    if facts.deep:
        picture = read_picture(source)
        channels = picture.rgb if picture.alpha is None else np.concatenate([picture.rgb, picture.alpha], axis=-1)
        return np.round(channels * np.float32(65535)).astype("uint16"), facts
    pixels = read_pixels(source)
    if facts.tables:
        from PIL import Image

        from zoo.cli.colors import by_tables

        rgb = Image.fromarray(pixels[..., :3])
        converted = by_tables(rgb.convert("L") if facts.tables[16:20] == b"GRAY" else rgb, facts.tables).convert("RGB")
        pixels = np.concatenate([np.asarray(converted), pixels[..., 3:]], axis=-1)
    return pixels, facts


def as_floats(pixels: Any) -> tuple[Any, Any]:
    """float32 RGB and alpha (None where there is none) in [0, 1] of uint8 or uint16 pixels."""
    import numpy as np

    values = pixels.astype("float32") / np.float32(np.iinfo(pixels.dtype).max)
    return np.ascontiguousarray(values[..., :3]), values[..., 3:] if values.shape[-1] == 4 else None


def learn_heif(source: Path) -> None:
    """Lets Pillow read HEIC, for a file that is one, whatever its name. Raises ValueError that names the extra."""
    start = b""
    with contextlib.suppress(OSError), source.open("rb") as stream:  # which whoever reads it will say
        start = stream.read(12)
    if start[4:8] != b"ftyp" or start[8:12] not in _HEIF_BRANDS:
        return
    try:
        import pillow_heif
    except ModuleNotFoundError:
        raise ValueError(f"{source} is a HEIC picture, which takes an extra: pip install 'keras-image-zoo[heif]'") from None
    pillow_heif.register_heif_opener()


def reduced(pixels: Any, side: int | None) -> Any:
    """uint8 or uint16 pixels with no side longer than `side`; never enlarged."""
    import numpy as np

    from zoo.common.resizing import resized

    longest = max(pixels.shape[:2])
    if side is None or longest <= side:
        return pixels
    height, width = (max(1, round(length * side / longest)) for length in pixels.shape[:2])
    most = np.float32(np.iinfo(pixels.dtype).max)
    values = pixels.astype("float32")
    if pixels.shape[-1] == 4:
        values[..., :3] *= values[..., 3:] / most  # what is transparent does not bleed in
    small = resized(values, (height, width))
    if pixels.shape[-1] == 4:
        small[..., :3] *= most / np.maximum(small[..., 3:], 1)
    return np.round(np.clip(small, 0, most)).astype(pixels.dtype)
