"""The TFRecord file format: how a record is written, where records lie, and whether one is whole.

A record is its length (8 bytes, little-endian), the masked CRC-32C of those, the data, and the masked CRC-32C of the data. The
format is TensorFlow's, whose own reader goes through a file from its start; here records are read by their place.
"""

import functools
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_BLOCK = 4096


def record(data: bytes) -> bytes:
    """A record as it lies in a file."""
    length = struct.pack("<Q", len(data))
    return length + _CHECKSUM.pack(masked_crc32c(length)) + data + _CHECKSUM.pack(masked_crc32c(data))


def read_record(path: Path, offset: int, crc32: int | None = None) -> bytes:
    """The data of the record that starts at `offset`, checked by its checksum; by `crc32`, which is quicker, where that is known.

    Raises:
        ValueError: it is not whole; the line names the file and the place.
        OSError: the file cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        header = os.pread(file.fileno(), _HEADER.size, offset)
        length = _length(header)
        if length is None:
            raise ValueError(f"{path} is damaged or no TFRecord file, from byte {offset} on")
        if offset + _HEADER.size + length + _CHECKSUM.size > os.fstat(file.fileno()).st_size:
            raise ValueError(f"{path} is cut short in the record at byte {offset}")
        body = os.pread(file.fileno(), length + _CHECKSUM.size, offset + _HEADER.size)
    data = body[:length]
    # Masked CRC-32C, which is in every record, takes Python ten times as long as CRC-32.
    if crc32 is None:
        crc32, computed = _CHECKSUM.unpack_from(body, length)[0], masked_crc32c(data)
    else:
        computed = zlib.crc32(data)
    if computed != crc32:
        raise ValueError(f"{path} is damaged in the record at byte {offset}")
    return data


def record_offsets(path: Path) -> Iterator[int]:
    """Where the records of a file start. The last one may not be whole: behind such a one no other can be found."""
    size, offset = path.stat().st_size, 0
    with path.open("rb", buffering=0) as file:
        while offset < size:
            yield offset
            length = _length(os.pread(file.fileno(), _HEADER.size, offset))
            if length is None:
                return
            offset += _HEADER.size + length + _CHECKSUM.size


def _length(header: bytes) -> int | None:
    """The length that a record's header gives; None if the header is not whole."""
    if len(header) < _HEADER.size:
        return None
    length, checksum = _HEADER.unpack(header)
    return length if checksum == masked_crc32c(header[:8]) else None


def masked_crc32c(data: bytes) -> int:
    """The checksum that the format uses: CRC-32C, turned and shifted so that it may itself be checksummed."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli; RFC 3720, appendix B.4) of the data.

    A checksum is linear: that of a block is the exclusive or of what each of its bytes adds at its place, looked up all at once.
    What came before a block counts as if it were added to the first four bytes of it.
    """
    (added, places), crc = _tables(), 0xFFFFFFFF
    values = np.frombuffer(data, np.uint8)
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK].copy()
        block[:4] ^= np.frombuffer(crc.to_bytes(4, "little"), np.uint8)[: len(block)]
        crc = crc >> 8 * len(block) ^ int(np.bitwise_xor.reduce(added.take(places[-len(block) :] + block, mode="clip")))
    return crc ^ 0xFFFFFFFF


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """uint32 [block * 256]: what a byte adds to the checksum, place after place of a block; and where each place starts in it."""
    row = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        row = np.where(row & 1, row >> 1 ^ np.uint32(_POLYNOMIAL), row >> 1)
    added = np.empty((_BLOCK, 256), np.uint32)
    added[-1] = row
    for place in range(_BLOCK - 2, -1, -1):
        added[place] = added[place + 1] >> 8 ^ row[added[place + 1] & 0xFF]
    return added.ravel(), np.arange(_BLOCK, dtype=np.intp) * 256
