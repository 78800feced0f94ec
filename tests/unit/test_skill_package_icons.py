"""The committed icons are the drawing's own."""

from __future__ import annotations

import struct
import zlib

import pytest

from infrastructure.icons import SIGNATURE, SIZES, icon_path, png, scanlines


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Split a PNG file into its chunks, checking each checksum."""
    assert data.startswith(SIGNATURE)
    found, at = [], len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body)
        found.append((kind, body))
        at += length + 12
    return found


@pytest.mark.parametrize("size", SIZES)
def test_the_committed_icon_is_what_the_script_draws(size: int) -> None:
    # Pixels, not bytes of the file: another zlib may compress the same rows in other words.
    header, pixels, end = chunks(icon_path(size).read_bytes())
    assert header == (b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
    assert pixels[0] == b"IDAT"
    assert zlib.decompress(pixels[1]) == scanlines(size)
    assert end == (b"IEND", b"")


def test_an_icon_is_drawn_the_same_every_time() -> None:
    assert png(24) == png(24)


def test_the_ring_is_yellow_and_its_middle_and_corners_are_dark() -> None:
    size, row = 108, 108 * 3 + 1
    drawn = scanlines(size)

    def pixel(x: int, y: int) -> tuple[int, ...]:
        start = y * row + 1 + x * 3
        return tuple(drawn[start : start + 3])

    red, green, blue = pixel(size // 2, int(size * 0.165))
    assert red > 240
    assert green > 150
    assert blue < 90
    for x, y in ((0, 0), (size - 1, size - 1), (size // 2, size // 2)):
        assert max(pixel(x, y)) < 60
