"""Draw the skill's icons: a yellow ring on a dark ground.

Only the standard library and only arithmetic that IEEE 754 rounds the same everywhere, so the
pixels are the same on every machine. Run ``python -m infrastructure.icons`` to write them again.
"""

from __future__ import annotations

import math
import struct
import sys
import zlib
from pathlib import Path

IMAGES = Path(__file__).resolve().parent.parent / "skill-package" / "assets" / "images"
SIZES = (108, 512)
"""Edge lengths in pixels of the small and the large icon, as the skill store asks for them."""

# Lengths are parts of the icon's edge.
RADIUS = 0.335
HALF_WIDTH = 0.052
GLOW = 0.13

GROUND = (16, 22, 33)
GROUND_EDGE = (7, 10, 16)
TOP = (255, 221, 64)
BOTTOM = (255, 178, 0)
GLOW_STRENGTH = 0.55

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TRUE_COLOUR = 2

type Colour = tuple[float, float, float]


def scanlines(size: int) -> bytes:
    """Paint the icon.

    Parameters
    ----------
    size
        Edge length in pixels.

    Returns
    -------
    bytes
        PNG scan lines before compression: for each row a filter byte (0) and 3 bytes a pixel.
    """
    rows = bytearray()
    for y in range(size):
        rows.append(0)
        for x in range(size):
            rows.extend(_pixel((x + 0.5) / size - 0.5, (y + 0.5) / size - 0.5, 1 / size))
    return bytes(rows)


def png(size: int) -> bytes:
    """Encode the icon of the given edge length (pixels) as a PNG file."""
    header = struct.pack(">IIBBBBB", size, size, 8, TRUE_COLOUR, 0, 0, 0)
    body = zlib.compress(scanlines(size), 9)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def icon_path(size: int) -> Path:
    """Tell where the icon of the given edge length (pixels) belongs."""
    return IMAGES / f"icon_{size}.png"


def main() -> int:
    """Write both icons into the skill package."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        icon_path(size).write_bytes(png(size))
    return 0


def _pixel(x: float, y: float, pixel: float) -> tuple[int, int, int]:
    distance = math.sqrt(x * x + y * y)
    from_ring = abs(distance - RADIUS) - HALF_WIDTH
    ring = _mix(TOP, BOTTOM, y + 0.5)
    colour = _mix(GROUND, GROUND_EDGE, 2 * distance * distance)
    fade = max(0.0, 1 - max(0.0, from_ring) / GLOW)
    colour = _mix(colour, ring, GLOW_STRENGTH * fade * fade * fade)
    colour = _mix(colour, ring, 0.5 - from_ring / pixel)
    red, green, blue = (int(channel + 0.5) for channel in colour)
    return red, green, blue


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    part = min(1.0, max(0.0, share))
    return (
        one[0] + (other[0] - one[0]) * part,
        one[1] + (other[1] - one[1]) * part,
        one[2] + (other[2] - one[2]) * part,
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


if __name__ == "__main__":
    sys.exit(main())
