"""Colour profiles as cameras, phones and editors write them, made for tests."""

import struct

# Primaries as the profile connection space has them, a row each; what the vendors' own profiles hold.
DISPLAY_P3 = ((0.515121, 0.241196, -0.001053), (0.291977, 0.692245, 0.041885), (0.157104, 0.066574, 0.784073))
ADOBE_RGB = ((0.609741, 0.311111, 0.019470), (0.205276, 0.625671, 0.060867), (0.149185, 0.063217, 0.744568))
SRGB_CURVE = b"para\0\0\0\0\0\3\0\0" + struct.pack(
    ">5i", *(round(65536 * x) for x in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
)
POWER_2_2 = b"curv\0\0\0\0" + struct.pack(">IH", 1, 0x0233) + b"\0\0"
TABLE_1_8 = b"curv\0\0\0\0" + struct.pack(">I256H", 256, *(round(65535 * (i / 255) ** 1.8) for i in range(256)))


def profile(primaries, curve, space=b"RGB "):
    """The bytes of a profile; `space` GRAY takes the curve alone."""
    tags = [(b"wtpt", b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061))]
    if space == b"RGB ":
        columns = (b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * x) for x in color)) for color in primaries)
        tags += list(zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True))
        tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    else:
        tags.append((b"kTRC", curve))
    at = 132 + 12 * len(tags)
    table, contents = struct.pack(">I", len(tags)), b""
    for name, value in tags:
        table += name + struct.pack(">II", at + len(contents), len(value))
        contents += value
    head = struct.pack(">I4sI4s4s4s", at + len(contents), b"none", 0x04200000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + contents
