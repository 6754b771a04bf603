"""Condition-based: one name, two models; the header decides which of them answers, for every single request."""

import grpc
import pytest

from gonogo import routed

pytestmark = [pytest.mark.condition_based, pytest.mark.stack("manifests/condition_based")]

MOUNTAIN = {"target": "mountain"}

# Each model is right about what it knows. The plant model says that it does not know; the general model does not.
REFERENCE = [
    ("cat", {}, "Persian cat"),
    ("iris", MOUNTAIN, "Iris versicolor"),
    ("cat", MOUNTAIN, "background"),
    ("iris", {}, "bee"),
]
NAMES = ["cat", "iris to plants", "cat to plants", "iris"]

# What this release promises of a picture's way through proxy and model server.
PROMPT = "p99 <= 400ms"

SERVERS = {"general": (8501, 8500), "plant": (9501, 9500)}


def named(client, picture, headers):
    """Return what the picture is called."""
    answer = client.post("/predict", json=picture, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def targets(stack, pictures):
    """The four reference cases as targets of a load, each with the only right answer."""
    return [
        stack["proxy"].target("POST", "/predict", json=pictures[picture], headers=headers, expect=label, name=name)
        for name, (picture, headers, label) in zip(NAMES, REFERENCE, strict=True)
    ]


@pytest.mark.parametrize(("picture", "headers", "label"), REFERENCE, ids=NAMES)
def test_answers_the_reference(stack, pictures, picture, headers, label):
    """The header decides which model is asked, and each answers as it must."""
    with stack["proxy"].client() as client:
        assert named(client, pictures[picture], headers) == label


@pytest.mark.parametrize("value", ["plant", "mountains", "Mountain", ""])
def test_only_the_exact_value_goes_to_the_plant_model(stack, pictures, value):
    """Any other value of the header is the general model's."""
    with stack["proxy"].client() as client:
        assert named(client, pictures["iris"], {"target": value}) == "bee"


@pytest.mark.parametrize(("headers", "own"), [({}, "Persian cat"), (MOUNTAIN, "Iris versicolor")])
def test_every_path_follows_the_header(stack, headers, own):
    """Labels, the sample's name and the model's health are those of the model that is asked."""
    with stack["proxy"].client() as client:
        assert own in client.get("/label", headers=headers).json()
        assert client.get("/predict/test", headers=headers).json() == own
        assert client.get("/health/pred", headers=headers).json() == {"health": "ok"}


@pytest.mark.parametrize("model", SERVERS)
def test_a_model_server_speaks_on_both_ports(stack, model):
    """TensorFlow Serving's REST API says that the model is available, and gRPC answers."""
    rest, rpc = SERVERS[model]
    server = stack[f"{model}-server"]
    with server.client(port=rest) as client:
        [version] = client.get(f"/v1/models/{model}").json()["model_version_status"]
    assert version["state"] == "AVAILABLE"
    [endpoint] = server.endpoints(rpc)
    with grpc.insecure_channel(f"{endpoint.host}:{endpoint.port}") as channel:
        # ServerLiveResponse of the Open Inference Protocol: field 1, a truth value, is true.
        assert channel.unary_unary("/inference.GRPCInferenceService/ServerLive")(b"", timeout=5) == b"\x08\x01"


def test_every_answer_under_load_is_the_reference(targets, load):
    """All four cases mixed: every request takes the way that its header says, and every answer is right and in time."""
    contract = routed("target: mountain", "plant")
    run = load(targets, rate=30, warmup="2s", duration="60s", require=["success == 100%", contract, PROMPT])
    assert run.go


def test_the_loss_of_one_model_leaves_the_other_alone(stack, load, targets, pictures):
    """The plant model's server is killed: its requests fail as such, and no request for the other model is touched."""
    plants = {"status": [200, 502, 503, 504], "matches": r'^"background"$|"field":"model server"\}$'}
    picture = pictures["cat"]
    asked = stack["proxy"].target("POST", "/predict", json=picture, headers=MOUNTAIN, expect=plants, name="plants")
    mixed = [targets[0], targets[3], asked]
    with load.running(mixed, rate=20, duration="20s", warmup="2s", require=["success == 100%", "max <= 10s"]) as live:
        live.at("2s", stack["plant-server"].kill)
    assert live.run.go
    assert 0 < live.run.status[200].value < 1
