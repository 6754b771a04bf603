"""From what a client sent to what a model takes: base64, an image file of any kind, pixels of the model's size."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gonogo_services.serving.refusal import Refusal

__all__ = ["FORMATS", "decode_base64", "decode_image"]

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")

_UNUSABLE: Final = 422
_TOO_LARGE: Final = 413
_FIELD: Final = "image_data"
_ORIENTATION: Final = 0x0112  # EXIF 2.32, table 4
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING: Final = (5, 6, 7, 8)
_SIXTEEN_BITS: Final = ("I;16", "I;16B", "I;16L", "I;16N", "I")
_DATA_URL: Final = re.compile(r"data:[\w.+/-]*;base64,")


def decode_base64(text: str, most_bytes: int) -> bytes:
    """Return the bytes of base64 (RFC 4648, section 4), with line breaks and ``data:…;base64,`` in front allowed.

    Raises:
        Refusal: 422, it is something else; 413, it has more than ``most_bytes`` bytes.
    """
    head = _DATA_URL.match(text)
    plain = re.sub(r"[\r\n]", "", text[head.end() :] if head else text)
    if len(plain) // 4 * 3 > most_bytes + 2:
        raise Refusal(_TOO_LARGE, _FIELD, f"the image has more than the {most_bytes} bytes that are taken")
    try:
        content = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal(_UNUSABLE, _FIELD, f"not base64: {error}") from None
    if not content:
        raise Refusal(_UNUSABLE, _FIELD, "it is empty")
    return content


def decode_image(content: bytes, width: int, height: int, most_pixels: int) -> NDArray[np.uint8]:
    """Return an image file as RGB pixels of (height, width, 3).

    It is turned as its EXIF orientation says, what is transparent becomes white, grey and CMYK become RGB, of an
    animation the first picture counts, and the whole picture is scaled, whatever its proportions. Its content says what
    kind of file it is. Nothing is decoded before its stated size is known to be at most ``most_pixels``.

    Raises:
        Refusal: 422, it is no image, is broken or is cut off; 413, it has too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is the tighter one
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                _check_size(image, most_pixels)
                turn = image.getexif().get(_ORIENTATION, 1)
                size = (height, width) if turn in _LYING else (width, height)
                # A JPEG can be decoded at an eighth of its size and still be larger than what is needed.
                image.draft("RGB", (2 * size[0], 2 * size[1]))
                scaled = _plain(image).resize(size, Image.Resampling.BOX, reducing_gap=2.0)
                upright = scaled.transpose(_TURNS[turn]) if turn in _TURNS else scaled
                return np.asarray(_on_white(upright))
    except Refusal:
        raise
    except Image.DecompressionBombError as error:
        raise Refusal(_TOO_LARGE, _FIELD, str(error)) from None
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise whatever a broken file makes them raise
        reason = f"no image, or one that is broken or cut off ({', '.join(FORMATS)} are read): {type(error).__name__}"
        raise Refusal(_UNUSABLE, _FIELD, reason) from None


def _check_size(image: Image.Image, most_pixels: int) -> None:
    if image.width * image.height > most_pixels:
        stated = f"{image.width} by {image.height}"
        raise Refusal(_TOO_LARGE, _FIELD, f"the image has {stated} pixels; {most_pixels} are taken in all")


def _plain(image: Image.Image) -> Image.Image:
    """Return the image in a mode whose pixels can be averaged: grey, RGB or RGBA with eight bits each."""
    if image.mode in _SIXTEEN_BITS:
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")
