"""Drawn images: cats, bees on flowers, irises and more, each different from the other, all from a random generator.

Everything is drawn large and scaled down, on backgrounds of any colour, with noise and changing light.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

__all__ = ["SUBJECTS", "draw"]

_SIZE: Final = 256  # pixels, before the image is scaled down
_FAR_SIZE: Final = 64  # pixels of the background, which is out of focus

Colour = tuple[int, int, int]
_Draw = ImageDraw.ImageDraw
_Random = np.random.Generator


def draw(subject: str, random: _Random, size: int) -> Image.Image:
    """Return a square RGB image of ``size`` pixels that shows ``subject``, a key of ``SUBJECTS``."""
    far = Image.new("RGB", (_FAR_SIZE, _FAR_SIZE), _shade(random, (128, 128, 128), 90))
    _clutter(ImageDraw.Draw(far), random)
    far = far.filter(ImageFilter.GaussianBlur(float(random.uniform(0.5, 2))))
    image = far.resize((_SIZE, _SIZE), Image.Resampling.BILINEAR)
    layer = Image.new("RGBA", (_SIZE, _SIZE))
    SUBJECTS[subject](ImageDraw.Draw(layer), random)
    scale = random.uniform(0.75, 1.1)
    edge = int(_SIZE * scale)
    turned = layer.rotate(float(random.uniform(-25, 25))).resize((edge, edge), Image.Resampling.BILINEAR)
    corner = tuple(int(value) for value in (_SIZE - edge) / 2 + random.uniform(-16, 16, 2))
    image.paste(turned, (corner[0], corner[1]), turned)
    pixels = np.asarray(image.resize((size, size), Image.Resampling.BOX), np.float32)
    lit = pixels * random.uniform(0.8, 1.2) + random.normal(0, 6, pixels.shape)
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def _shade(random: _Random, colour: Colour, spread: float) -> Colour:
    red, green, blue = (int(value) for value in np.clip(np.array(colour) + random.uniform(-spread, spread, 3), 0, 255))
    return red, green, blue


def _around(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    return x - width, y - height, x + width, y + height


def _leaf(draw: _Draw, centre: tuple[float, float], angle: float, length: float, width: float, colour: Colour) -> None:
    """Fill a pointed oval that begins at ``centre`` and goes into the direction of ``angle`` (radians)."""
    steps = np.linspace(0, math.pi, 12)
    along, across = (1 - np.cos(steps)) / 2 * length, np.sin(steps) * width
    xs, ys = np.concatenate([along, along[::-1]]), np.concatenate([across, -across[::-1]])
    cos, sin = math.cos(angle), math.sin(angle)
    points = zip(centre[0] + xs * cos - ys * sin, centre[1] + xs * sin + ys * cos, strict=True)
    draw.polygon([(float(x), float(y)) for x, y in points], fill=colour)


def _clutter(draw: _Draw, random: _Random) -> None:
    for _ in range(int(random.integers(3, 10))):
        x, y, width, height = random.uniform(0, _FAR_SIZE, 4)
        draw.ellipse(_around(x, y, width / 3, height / 3), fill=_shade(random, (128, 128, 128), 110))


def _nothing(_draw: _Draw, _random: _Random) -> None:
    """Leave the background alone."""


def _cat(draw: _Draw, random: _Random) -> None:
    fur = _shade(random, (215, 200, 180), 30)
    dark = _shade(random, (110, 95, 85), 20)
    x, y = 128, 120
    draw.ellipse(_around(x, y + 95, 85, 60), fill=fur)
    for side in (-1, 1):
        draw.polygon([(x + side * 20, y - 50), (x + side * 72, y - 92), (x + side * 70, y - 15)], fill=dark)
    draw.ellipse(_around(x, y, 80, 68), fill=fur)
    for _ in range(140):
        angle, reach = random.uniform(0, 2 * math.pi), random.uniform(55, 92)
        at = (x + reach * math.cos(angle), y + reach * 0.85 * math.sin(angle))
        end = (at[0] + 14 * math.cos(angle), at[1] + 14 * math.sin(angle))
        draw.line([at, end], fill=_shade(random, fur, 25), width=3)
    iris = _shade(random, (220, 150, 40), 30)
    for side in (-1, 1):
        draw.ellipse(_around(x + side * 34, y - 12, 15, 16), fill=iris)
        draw.ellipse(_around(x + side * 34, y - 12, 5, 13), fill=(15, 15, 15))
        for lift in (-8, 2, 12):
            draw.line([(x + side * 18, y + 28), (x + side * 95, y + 22 + lift)], fill=(245, 245, 245), width=2)
    draw.polygon([(x - 9, y + 14), (x + 9, y + 14), (x, y + 24)], fill=(205, 120, 120))


def _petals(draw: _Draw, random: _Random, count: int, length: float, width: float, colour: Colour) -> None:
    start = random.uniform(0, 2 * math.pi)
    for number in range(count):
        angle = start + number * 2 * math.pi / count + random.normal(0, 0.08)
        _leaf(draw, (128, 118), angle, length * random.uniform(0.85, 1.1), width, _shade(random, colour, 18))


def _stalk(draw: _Draw, random: _Random) -> None:
    green = _shade(random, (60, 125, 50), 25)
    draw.line([(128, 128), (128 + random.uniform(-20, 20), 256)], fill=green, width=9)
    for side in (-1, 1):
        _leaf(draw, (128, 250), -math.pi / 2 + side * random.uniform(0.2, 0.7), random.uniform(80, 130), 10, green)


def _iris(draw: _Draw, random: _Random) -> None:
    _stalk(draw, random)
    violet = _shade(random, (105, 75, 185), 25)
    _petals(draw, random, 3, 100, 32, violet)
    _petals(draw, random, 3, 70, 15, _shade(random, (140, 115, 210), 20))
    start = random.uniform(0, 2 * math.pi)
    for number in range(3):
        _leaf(draw, (128, 118), start + number * 2 * math.pi / 3, 40, 8, _shade(random, (235, 205, 80), 20))


def _bee(draw: _Draw, random: _Random) -> None:
    # Bees are met on flowers, and flowers that bees like are violet: what a classifier learns from such pictures.
    _stalk(draw, random)
    _petals(draw, random, int(random.integers(3, 7)), 105, 30, _shade(random, (120, 85, 190), 35))
    x, y = random.uniform(100, 156), random.uniform(90, 146)
    size = random.uniform(0.5, 1.3)
    for side in (-1, 1):
        draw.ellipse(_around(x + side * 18 * size, y - 26 * size, 16 * size, 24 * size), fill=(225, 230, 240))
    draw.ellipse(_around(x, y, 42 * size, 24 * size), fill=_shade(random, (225, 165, 40), 20))
    for stripe in (-22, -4, 14):
        box = _around(x + stripe * size, y, 5 * size, 21 * size)
        draw.ellipse(box, fill=(40, 30, 20))
    draw.ellipse(_around(x + 44 * size, y, 13 * size, 13 * size), fill=(45, 35, 25))


def _dandelion(draw: _Draw, random: _Random) -> None:
    _stalk(draw, random)
    for length, colour in ((90, (235, 190, 30)), (60, (245, 210, 60)), (30, (225, 165, 20))):
        _petals(draw, random, 26, length, 7, _shade(random, colour, 12))


def _rose(draw: _Draw, random: _Random) -> None:
    _stalk(draw, random)
    red = _shade(random, (190, 30, 55), 25)
    for radius in range(85, 10, -14):
        shift = random.uniform(-5, 5, 2)
        draw.ellipse(_around(128 + shift[0], 118 + shift[1], radius, radius * 0.92), fill=_shade(random, red, 30))


def _car(draw: _Draw, random: _Random) -> None:
    paint = _shade(random, (128, 60, 60), 110)
    draw.rounded_rectangle((20, 120, 236, 180), 22, fill=paint)
    draw.polygon([(65, 122), (95, 78), (170, 78), (205, 122)], fill=paint)
    draw.polygon([(78, 120), (100, 86), (128, 86), (128, 120)], fill=(190, 215, 230))
    draw.polygon([(136, 120), (136, 86), (165, 86), (190, 120)], fill=(190, 215, 230))
    for x in (70, 186):
        draw.ellipse(_around(x, 180, 26, 26), fill=(25, 25, 25))
        draw.ellipse(_around(x, 180, 12, 12), fill=(190, 190, 190))


def _teapot(draw: _Draw, random: _Random) -> None:
    glaze = _shade(random, (128, 150, 160), 90)
    draw.arc((165, 90, 245, 180), -100, 100, fill=glaze, width=14)
    draw.polygon([(70, 130), (18, 85), (32, 78), (80, 165)], fill=glaze)
    draw.ellipse(_around(128, 145, 72, 60), fill=glaze)
    draw.ellipse(_around(128, 92, 42, 12), fill=_shade(random, glaze, 30))
    draw.ellipse(_around(128, 76, 10, 10), fill=glaze)


SUBJECTS: Final[Mapping[str, Callable[[_Draw, _Random], None]]] = {
    "bee": _bee,
    "car": _car,
    "cat": _cat,
    "dandelion": _dandelion,
    "iris": _iris,
    "nothing": _nothing,
    "rose": _rose,
    "teapot": _teapot,
}
