"""Pictures of the tests: made, read and compared byte for byte."""

import pathlib
import random

from PyQt5.QtGui import QImage

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"


def noise(path, width, height):
    """An opaque picture that compresses badly and is the same each time."""
    image = QImage(width, height, QImage.Format_RGB32)
    bits = image.bits()
    bits.setsize(image.byteCount())
    row = random.Random(1).randbytes(width * 4)
    # Each row is the first one turned a little: quick to make, and no two rows are equal.
    bits[:] = b"".join(row[(4 * y) % len(row):] + row[: (4 * y) % len(row)] for y in range(height))
    assert image.save(str(path))


def scaled(source, path, width, height):
    image = QImage(str(source))
    assert not image.isNull(), source
    assert image.scaled(width, height).convertToFormat(QImage.Format_RGB32).save(str(path))


def fading(source, path):
    """The picture with an alpha that falls from left to right."""
    image = QImage(str(source)).convertToFormat(QImage.Format_RGBA8888)
    assert not image.isNull(), source
    bits = image.bits()
    bits.setsize(image.byteCount())
    pixels = bytearray(bits)
    row = bytes(255 - 200 * x // image.width() for x in range(image.width()))
    for y in range(image.height()):
        start = y * image.bytesPerLine()
        pixels[start + 3: start + 4 * image.width(): 4] = row
    bits[:] = bytes(pixels)
    assert image.save(str(path))


class Pixels:
    """8-bit RGBA of a file."""

    def __init__(self, path):
        image = QImage(str(path))
        assert not image.isNull(), f"{path} cannot be read"
        image = image.convertToFormat(QImage.Format_RGBA8888)
        self.width, self.height = image.width(), image.height()
        bits = image.constBits()
        bits.setsize(image.byteCount())
        self.stride = image.bytesPerLine()
        self.bytes = bytes(bits)

    def row(self, y):
        return self.bytes[y * self.stride: y * self.stride + 4 * self.width]

    def pixel(self, x, y):
        return tuple(self.row(y)[4 * x: 4 * x + 4])

    def __eq__(self, other):
        return (self.width, self.height, self.bytes) == (other.width, other.height, other.bytes)

    def largest_difference(self, other):
        assert (self.width, self.height) == (other.width, other.height)
        largest = 0
        for y in range(self.height):
            mine, theirs = self.row(y), other.row(y)
            if mine != theirs:
                largest = max(largest, max(abs(a - b) for a, b in zip(mine, theirs)))
        return largest

    def changed(self, other):
        """The rectangle (left, top, right, bottom) in which the two differ, or None."""
        rows = [y for y in range(self.height) if self.row(y) != other.row(y)]
        if not rows:
            return None
        columns = [
            x
            for y in rows
            for x in range(self.width)
            if self.row(y)[4 * x: 4 * x + 4] != other.row(y)[4 * x: 4 * x + 4]
        ]
        return min(columns), rows[0], max(columns), rows[-1]
