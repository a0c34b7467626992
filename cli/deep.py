"""Files of 16 bits a channel, which Pillow reads and does not write."""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_png(path: Path, pixels: Any, options: Mapping[str, Any]) -> None:
    """uint16 [H, W, 3 or 4], chunk by chunk (PNG, section 11). `options` are those that Pillow takes for 8 bits."""
    import numpy as np

    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    above = 2  # the filter that keeps the difference to the row above
    filtered = np.concatenate([np.full((height, 1), above, np.uint8), np.diff(rows, axis=0, prepend=np.uint8(0))], axis=1)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0))]
    if profile := options.get("icc_profile"):
        chunks.append((b"iCCP", b"profile\0\0" + zlib.compress(profile)))
    chunks += [(name, content) for name, content, *_ in options["pnginfo"].chunks]
    if exif := options.get("exif"):
        chunks.append((b"eXIf", exif.removeprefix(b"Exif\0\0")))
    chunks += [(b"IDAT", zlib.compress(filtered.tobytes(), 4)), (b"IEND", b"")]
    with path.open("wb") as stream:
        stream.write(b"\x89PNG\r\n\x1a\n")
        for name, content in chunks:
            stream.write(struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content)))


def write_tiff(path: Path, pixels: Any, options: Mapping[str, Any]) -> None:
    """uint16 [H, W, 3 or 4] in one strip, behind the tags that Pillow's directory writes."""
    from PIL import Image, TiffTags
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    height, width, channels = pixels.shape
    content = pixels.astype("<u2").tobytes()
    tags = ImageFileDirectory_v2()
    exif = options.get("exif") or Image.Exif()
    for tag in exif:
        tags[tag] = exif.get_ifd(tag) if tag in TiffTags.TAGS_V2_GROUPS else exif[tag]
    uncompressed, rgb, straight_alpha = 1, 2, 2
    tags[256], tags[257], tags[258] = width, height, (16,) * channels
    tags[259], tags[262], tags[277] = uncompressed, rgb, channels
    tags[273], tags[278], tags[279] = 0, height, len(content)  # the place of the strip, which the directory moves behind itself
    if channels == 4:
        tags[338] = straight_alpha
    if profile := options.get("icc_profile"):
        tags.tagtype[34675] = TiffTags.UNDEFINED
        tags[34675] = profile
    with path.open("wb") as stream:
        tags.save(stream)
        stream.write(content)


DEEP_WRITERS = {"PNG": write_png, "TIFF": write_tiff}
