"""What the image services document is what they answer, to whatever is sent."""

from __future__ import annotations

import base64
import io
import json

import httpx
import pytest
from PIL import Image

from fixtures import client
from tests.composition.test_composition_contract import probe
from tests.images.conftest import System


def test_the_proxy_answers_as_documented(general: System) -> None:
    """No 500, and no answer that /openapi.json does not have."""
    assert probe(general.proxy.url, refuses_by_content=True) == 6


def test_the_model_server_answers_as_documented(general: System) -> None:
    """Both protocols' REST calls, with and without the version."""
    assert probe(general.server.url, refuses_by_content=True) == 19


def in_base64(content: bytes) -> bytes:
    """Return the request for an image file."""
    return json.dumps({"image_data": base64.b64encode(content).decode()}).encode()


def png(image: Image.Image) -> bytes:
    """Return an image as a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"image", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"image_data": 7}', 422),
        (b'{"image_data": ""}', 422),
        (b'{"image_data": "*"}', 422),
        (in_base64(b"no image"), 422),
        (in_base64(png(Image.new("L", (64, 64)))[:60]), 422),
        (in_base64(png(Image.new("1", (6000, 6000)))), 413),
        (in_base64(bytes(11 << 20)), 413),
        (in_base64(bytes(50 << 20)), 413),
        (in_base64(png(Image.new("LA", (64, 64)))), 200),
    ],
    ids=[
        "nothing",
        "text",
        "list",
        "empty",
        "number",
        "no-text",
        "star",
        "no-image",
        "cut",
        "pixels",
        "11MB",
        "50MB",
        "grey",
    ],
)
def test_a_bad_image_is_the_clients_fault(general: System, body: bytes, status: int) -> None:
    """4xx, or the right answer."""
    try:
        answer = client.post(f"{general.proxy.url}/predict", content=body)
    except httpx.WriteError:
        pytest.fail("the proxy closed the connection instead of answering")
    assert answer.status_code == status, answer.text
