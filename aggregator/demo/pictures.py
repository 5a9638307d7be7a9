"""The demo's pictures: a few shapes before a sky, drawn into PNG files without a graphics library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 640, 360
_SCALE = 10  # shapes are given on a grid of 64 x 36
_SKY_ROWS = 200


class Shape(NamedTuple):
    """A trapezium between two rows of the grid: left and right edge at its top and at its bottom, and its shade 0-3."""

    top: float
    bottom: float
    left_top: float
    right_top: float
    left_bottom: float
    right_bottom: float
    shade: int = 0


def _box(left: float, top: float, width: float, height: float, shade: int = 0) -> Shape:
    return Shape(top, top + height, left, left + width, left, left + width, shade)


def _ship(left: float, top: float) -> list[Shape]:
    return [
        Shape(top, top + 2.5, left, left + 16, left + 1.5, left + 14, 0),
        _box(left + 10, top - 3, 3, 3, 1),
        *(_box(left + 1.5 + step, top - 1.2, 2, 1.2, 2) for step in (0, 2.5, 5)),
    ]


def _row(count: int, left: float, step: float, shape: Shape) -> list[Shape]:
    """The shape several times, each moved to the right."""
    return [_moved(shape, left + step * number) for number in range(count)]


def _moved(shape: Shape, right: float) -> Shape:
    return shape._replace(
        left_top=shape.left_top + right,
        right_top=shape.right_top + right,
        left_bottom=shape.left_bottom + right,
        right_bottom=shape.right_bottom + right,
    )


_GROUND = _box(0, 30, 64, 6, 1)
_SEA = _box(0, 27, 64, 9, 2)
_PYLON = [Shape(8, 30, 30.5, 31.5, 27, 35), _box(25, 11, 12, 0.7), _box(23, 15, 16, 0.7)]
PICTURES: dict[str, tuple[tuple[int, int, int], Sequence[Shape]]] = {
    "launcher": (
        (196, 110, 84),
        [
            _GROUND,
            *_row(4, 24, 4.5, Shape(10, 26, 9, 12, 0, 3)),
            _box(18, 26, 28, 2),
            *_row(3, 20, 9, _box(0, 28, 4, 3)),
        ],
    ),
    "grid": ((94, 88, 140), [_GROUND, *_PYLON, *_row(2, 6, 8, _box(0, 22, 6, 8)), *_row(2, 46, 8, _box(0, 22, 6, 8))]),
    "conference": (
        (70, 120, 130),
        [
            _GROUND,
            *_row(9, 8, 6, _box(0, 8, 0.6, 15)),
            *_row(9, 8.6, 6, _box(0, 8, 4, 3, 1)),
            Shape(24, 28, 10, 54, 6, 58),
        ],
    ),
    "plant": ((140, 130, 90), [_GROUND, *_row(3, 5, 17, Shape(12, 30, 3, 12, 0, 15, 2)), _box(56, 18, 6, 12)]),
    "talks": (
        (120, 110, 160),
        [_GROUND, *_row(2, 12, 8, _box(0, 14, 4, 8, 1)), *_row(2, 40, 8, _box(0, 14, 4, 8, 1)), _box(9, 22, 46, 2)],
    ),
    "ships": ((90, 150, 180), [_SEA, *_ship(24, 23.5), *_ship(4, 25), *_ship(44, 25.5)]),
    "tanker": ((190, 150, 90), [_SEA, _box(48, 15, 6, 7, 1), _box(12, 21, 30, 1, 2), Shape(22, 27, 6, 58, 9, 56)]),
    "radar": ((80, 130, 100), [_GROUND, _box(31, 18, 2, 12), Shape(8, 20, 24, 40, 28, 36, 2), _box(26, 28, 12, 3)]),
    "drone": (
        (150, 170, 200),
        [_GROUND, Shape(12, 15, 31, 33, 31, 33), Shape(15, 17, 26, 38, 20, 44), _box(31, 17, 2, 6, 1)],
    ),
}


def png(name: str) -> bytes:
    """A picture of PICTURES, 640 x 360, as a PNG with a palette (PNG specification, colour type 3)."""
    colour, shapes = PICTURES[name]
    rows = [bytearray([min(y * _SKY_ROWS // HEIGHT, _SKY_ROWS - 1)]) * WIDTH for y in range(HEIGHT)]
    for shape in shapes:
        _draw(rows, shape)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)),
            (b"PLTE", _palette(colour)),
            (b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)),
            (b"IEND", b""),
        )
    )


def _draw(rows: list[bytearray], shape: Shape) -> None:
    top, bottom = int(shape.top * _SCALE), min(int(shape.bottom * _SCALE), HEIGHT)
    for y in range(top, bottom):
        share = (y - top) / max(bottom - top, 1)
        left = int((shape.left_top + (shape.left_bottom - shape.left_top) * share) * _SCALE)
        right = int((shape.right_top + (shape.right_bottom - shape.right_top) * share) * _SCALE)
        rows[y][left:right] = bytes([_SKY_ROWS + shape.shade]) * len(rows[y][left:right])


def _palette(colour: tuple[int, int, int]) -> bytes:
    """The sky from the colour to nearly white, then four shades for the shapes, darkest first."""
    sky = (tuple(int(part + (245 - part) * row / _SKY_ROWS) for part in colour) for row in range(_SKY_ROWS))
    shades = (tuple(int(part * light) for part in colour) for light in (0.25, 0.4, 0.6, 0.75))
    return b"".join(bytes(entry) for entry in (*sky, *shades))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
