"""Images of every kind, good and bad, from bytes to pixels."""

from __future__ import annotations

import base64
import io
import struct
import subprocess
import sys
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fixtures.patience import PATIENCE_S
from gonogo_services.images.picture import decode_base64, decode_image
from gonogo_services.serving.refusal import Refusal

RED, BLUE = (200, 30, 30), (30, 30, 200)


def halves(mode: str = "RGB") -> Image.Image:
    """An image whose upper half is red and whose lower half is blue."""
    image = Image.new("RGB", (64, 64), RED)
    image.paste(BLUE, (0, 32, 64, 64))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's options
    """Return the image as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def corners(content: bytes) -> tuple[str, str]:
    """Return what the middle of the upper and of the lower half is mostly: red or blue."""
    pixels = decode_image(content, 8, 8, 10_000_000)
    assert pixels.shape == (8, 8, 3)
    names = ["red" if pixel[0] > pixel[2] else "blue" for pixel in (pixels[1, 4], pixels[6, 4])]
    return names[0], names[1]


def refused(content: bytes, most_pixels: int = 10_000_000) -> int:
    """Return the status that an image is refused with."""
    with pytest.raises(Refusal) as caught:
        decode_image(content, 8, 8, most_pixels)
    return caught.value.status


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("RGB", "WEBP"),
        ("RGB", "BMP"),
    ],
)
def test_every_kind_of_file_shows_the_same(mode: str, kind: str) -> None:
    """What the file is called does not matter: nobody says it."""
    assert corners(saved(halves(mode), kind)) == ("red", "blue")


@pytest.mark.parametrize(
    ("orientation", "expected"), [(1, ("red", "blue")), (3, ("blue", "red")), (4, ("blue", "red"))]
)
def test_an_image_is_turned_as_its_exif_data_say(orientation: int, expected: tuple[str, str]) -> None:
    """Upside down, mirrored or not at all."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert corners(saved(halves(), "JPEG", exif=exif)) == expected


@pytest.mark.parametrize(("orientation", "turn"), [(6, 90), (8, -90), (5, None), (7, None)])
def test_a_lying_image_is_set_upright(orientation: int, turn: int | None) -> None:
    """What the camera stored lying shows red above after the turn that undoes it."""
    lying = (
        halves().rotate(turn)
        if turn
        else halves().transpose(Image.Transpose.TRANSPOSE if orientation == 5 else Image.Transpose.TRANSVERSE)
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert corners(saved(lying, "JPEG", exif=exif)) == ("red", "blue")


@pytest.mark.parametrize("mode", ["L", "1", "LA", "I;16"])
def test_grey_is_the_same_in_all_three_colours(mode: str) -> None:
    """With one, eight or sixteen bits, with alpha or without."""
    if mode == "I;16":
        image = Image.fromarray(np.full((16, 16), 51_400, np.uint16))
    else:
        image = Image.new("L", (16, 16), 255).convert(mode)
    pixels = decode_image(saved(image, "PNG"), 4, 4, 10_000)
    assert set(pixels.ravel().tolist()) == ({200} if mode == "I;16" else {255})


@pytest.mark.parametrize("image", [Image.new("RGBA", (8, 8), (0, 0, 0, 0)), Image.new("LA", (8, 8), (0, 0))])
def test_what_is_transparent_is_white(image: Image.Image) -> None:
    """Not whatever colour happens to lie below."""
    assert decode_image(saved(image, "PNG"), 4, 4, 10_000).min() == 255


def test_an_image_of_other_proportions_is_scaled_whole() -> None:
    """Height and width are the model's."""
    assert decode_image(saved(Image.new("RGB", (300, 20)), "PNG"), 12, 6, 10_000).shape == (6, 12, 3)


@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_that_is_cut_off_is_refused(kind: str, part: float) -> None:
    """Nobody gets a label for half an image."""
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    content = saved(Image.fromarray(noise), kind)
    assert refused(content[: int(len(content) * part)]) == 422


def test_what_is_no_image_is_refused() -> None:
    """Text, nothing much, and a PDF that Pillow could write."""
    assert {refused(content) for content in (b"hello", b"\0", b"%PDF-1.7\n", b"<svg/>")} == {422}


def png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG that states a size, whatever its data say."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_by_its_stated_size() -> None:
    """A few bytes that would be ten gigabytes of pixels."""
    assert refused(png_of(60_000, 60_000, zlib.compress(bytes(1000)))) == 413


def test_a_bomb_that_states_a_small_size_is_no_larger() -> None:
    """What is left over of the data is not kept."""
    content = png_of(8, 8, zlib.compress(bytes(100_000_000)))
    assert decode_image(content, 8, 8, 10_000).shape == (8, 8, 3)


def test_memory_stays_bounded_at_the_largest_image_that_is_taken() -> None:
    """In a process of its own: 25 million RGBA pixels take less than 450 MB at the peak, beside what is loaded."""
    program = (
        "import io, resource, sys, numpy; from PIL import Image; "
        "from gonogo_services.images.picture import decode_image; "
        "content = sys.stdin.buffer.read(); "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "decode_image(content, 224, 224, 25_000_000); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    content = saved(Image.new("RGBA", (5000, 5000), (1, 2, 3, 100)), "PNG")
    done = subprocess.run(
        [sys.executable, "-c", program], input=content, capture_output=True, check=True, timeout=PATIENCE_S
    )
    assert int(done.stdout) < 450_000


@given(st.binary(max_size=200))
def test_any_bytes_are_an_image_or_are_refused(content: bytes) -> None:
    """Nothing else happens, whatever they are."""
    try:
        assert decode_image(content, 4, 4, 1000).shape == (4, 4, 3)
    except Refusal as refusal:
        assert refusal.status in (413, 422)  # noqa: PT017 - either way is right


@given(st.integers(0, 500), st.binary(min_size=1, max_size=8))
def test_a_damaged_image_is_an_image_or_is_refused(place: int, damage: bytes) -> None:
    """Bytes overwritten anywhere in a JPEG."""
    content = saved(halves(), "JPEG")
    damaged = content[:place] + damage + content[place + len(damage) :]
    try:
        assert decode_image(damaged, 4, 4, 10_000_000).shape == (4, 4, 3)
    except Refusal as refusal:
        assert refusal.status in (413, 422)  # noqa: PT017 - either way is right


@pytest.mark.parametrize("text", ["{}", "data:image/png;base64,{}", "{}\n"])
def test_base64_is_read_as_it_is_commonly_written(text: str) -> None:
    """With the head of a data URL, or lines."""
    assert decode_base64(text.format(base64.b64encode(b"abcdef").decode()), 100) == b"abcdef"


@pytest.mark.parametrize("text", ["", "a", "a===", "ab!d", "äöü", "data:image/png,abcd", "YWJj ZGVm"])
def test_what_is_not_base64_is_refused(text: str) -> None:
    """422 with the field's name."""
    with pytest.raises(Refusal) as caught:
        decode_base64(text, 100)
    assert (caught.value.status, caught.value.field) == (422, "image_data")


def test_an_image_file_that_is_too_long_is_refused_before_it_is_decoded() -> None:
    """413, by the length of the text."""
    with pytest.raises(Refusal) as caught:
        decode_base64("A" * 1000, 100)
    assert caught.value.status == 413
