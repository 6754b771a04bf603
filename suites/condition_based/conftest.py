"""What the suite of the condition-based services brings along: the pictures that it sends."""

import base64

import pytest

from gonogo_services.model_store.trained import TrainedStore


@pytest.fixture(scope="session")
def pictures():
    """The body of a request for each sample image: a cat and an iris, which no model was trained on."""
    store = TrainedStore("trained://")
    return {
        name: {"image_data": base64.b64encode(b"".join(store.chunks(f"{name}.jpg"))).decode()}
        for name in ("cat", "iris")
    }
