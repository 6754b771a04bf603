"""The shadow and the online-A/B flavour of the iris service."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError
from gonogo_services.iris.app import create_app
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.flavour import Flavour
from gonogo_services.iris.settings import IrisSettings

SETOSA = [5.1, 3.5, 1.4, 0.2]
VIRGINICA = [6.3, 3.3, 6.0, 2.5]


def _client(classifier: Classifier, flavour: Flavour, root_path: str = "") -> httpx.AsyncClient:
    app = create_app(classifier, flavour)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, root_path=root_path)
    return httpx.AsyncClient(transport=transport, base_url="http://iris")


@pytest.fixture
async def shadow(forest: Classifier) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the random forest in the shadow flavour."""
    async with _client(forest, Flavour.SHADOW) as client:
        yield client


@pytest.fixture(params=["iris_svc.onnx", "iris_rf.onnx"])
def model(request: pytest.FixtureRequest, classifier: Classifier, forest: Classifier) -> Classifier:
    """Each model."""
    return {each.model.path.name: each for each in (classifier, forest)}[request.param]


@pytest.fixture
async def online_ab(model: Classifier) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a model in the online-A/B flavour."""
    async with _client(model, Flavour.ONLINE_AB) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "prediction"),
    [
        ("GET", "/predict-test/job-7", [[1, 0, 0]]),
        ("GET", "/predict-test-label/job-7", ["setosa"]),
        ("POST", "/predict/job-7", [[1, 0, 0], [1, 0, 0]]),
        ("POST", "/predict-label/job-7", ["setosa", "setosa"]),
    ],
)
async def test_a_shadow_answer_repeats_the_job_id(
    shadow: httpx.AsyncClient, method: str, path: str, prediction: list[object]
) -> None:
    """The answer is the job id and the prediction, nothing else."""
    body = {"data": [SETOSA, SETOSA]} if method == "POST" else None
    answer = await shadow.request(method, path, json=body)
    assert (answer.status_code, answer.json()) == (200, {"job_id": "job-7", "prediction": prediction})


JOB_IDS = ["7", "a" * 128, "0b6f5d2e-58a1-4f0c-9b57-2d0f6b2b5a11", "user:7", "a.b~c_d", "_", "test", "label"]


@pytest.mark.parametrize("job_id", JOB_IDS)
async def test_a_job_id_comes_back_as_it_was(shadow: httpx.AsyncClient, job_id: str) -> None:
    """Letters, digits and . _ : ~ - up to 128 of them are a job id, also words that are paths elsewhere."""
    answer = await shadow.post(f"/predict/{job_id}", json={"data": [SETOSA]})
    assert (answer.status_code, answer.json()["job_id"]) == (200, job_id)


async def test_a_job_id_may_be_percent_encoded(shadow: httpx.AsyncClient) -> None:
    """What a careful client encodes without need is the same id."""
    assert (await shadow.get("/predict-test/%6Aob%2D7")).json()["job_id"] == "job-7"


BAD_JOB_IDS = ["", "a" * 129, ".", "..", "-a", ".a", "a%20b", "a%0Ab", "a%2Fb", "..%2F..%2Fetc", "%00", "%C3%A9", "a%"]


@pytest.mark.parametrize("job_id", BAD_JOB_IDS)
@pytest.mark.parametrize(("method", "path"), [("GET", "/predict-test"), ("POST", "/predict-label")])
async def test_a_bad_job_id_is_refused_and_named(forest: Classifier, method: str, path: str, job_id: str) -> None:
    """What is no job id is the client's fault, and the message does not repeat it."""
    status, body = await _ask(forest, method, f"{path}/{job_id}")
    assert status == 422
    assert b'"field":"job_id"' in body
    assert len(body) < 200


async def _ask(classifier: Classifier, method: str, raw_path: str) -> tuple[int, bytes]:
    """Ask as a server does that leaves the path as it was sent, which httpx does not."""
    body = b'{"data": [[5.1, 3.5, 1.4, 0.2]]}'
    sent: list[dict[str, object]] = []
    path = httpx.URL(f"http://iris{raw_path}").path
    scope = {"type": "http", "method": method, "path": path, "raw_path": raw_path.encode(), "headers": []}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await create_app(classifier, Flavour.SHADOW)(scope, receive, send)  # type: ignore[arg-type]  # ASGI messages
    status, content = sent[0]["status"], sent[1]["body"]
    assert isinstance(status, int)
    assert isinstance(content, bytes)
    return status, content


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [(b"{", 400, "body"), (b'{"data": [[1, 2, 3]]}', 422, "data[0]"), (b"x" * 2_000_000, 413, "body")],
)
async def test_a_shadow_refuses_bad_bodies(shadow: httpx.AsyncClient, body: bytes, status: int, field: str) -> None:
    """Bodies are checked as in the plain flavour."""
    answer = await shadow.post("/predict/job-7", content=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/predict", 404), ("GET", "/predict/test/label", 404), ("GET", "/predict/test", 405)],
)
async def test_a_shadow_has_no_path_without_a_job_id(
    shadow: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    """The plain flavour's paths are not there: they would read as job ids."""
    assert (await shadow.request(method, path)).status_code == status


async def test_a_mounted_shadow_answers_alike(forest: Classifier) -> None:
    """Below a mount path, where FastAPI's router finds the operation, job ids are read and refused as elsewhere."""
    async with _client(forest, Flavour.SHADOW, "/mounted") as client:
        answers = [await client.get(f"/mounted/predict-test/{job_id}") for job_id in ("job-7", "-a")]
    assert [answer.status_code for answer in answers] == [200, 422]
    assert answers[0].json() == {"job_id": "job-7", "prediction": [[1, 0, 0]]}


@pytest.mark.parametrize("path", ["/predict/test", "/predict/test/label", "/predict", "/predict/label"])
async def test_an_ab_answer_names_its_model(online_ab: httpx.AsyncClient, model: Classifier, path: str) -> None:
    """Beside the prediction stands the file name of the model that made it."""
    if "test" in path:
        answer = await online_ab.get(path)
    else:
        answer = await online_ab.post(path, json={"data": [SETOSA, VIRGINICA]})
    assert answer.status_code == 200
    assert set(answer.json()) == {"prediction", "mode"}
    assert answer.json()["mode"] == model.model.path.name


async def test_an_ab_prediction_is_the_plain_one(online_ab: httpx.AsyncClient, model: Classifier) -> None:
    """The mode is all that is added."""
    body = {"data": [SETOSA, VIRGINICA]}
    async with _client(model, Flavour.PLAIN) as plain:
        expected = (await plain.post("/predict", json=body)).json()
    assert (await online_ab.post("/predict", json=body)).json() == {**expected, "mode": model.model.path.name}


@pytest.mark.parametrize("flavour", Flavour)
async def test_every_flavour_tells_its_health_names_and_model(forest: Classifier, flavour: Flavour) -> None:
    """What is no prediction is the same in all flavours."""
    async with _client(forest, flavour) as client:
        answers = [(await client.get(path)).json() for path in ("/health", "/label", "/metadata")]
    assert answers[:2] == [{"health": "ok"}, ["setosa", "versicolor", "virginica"]]
    assert answers[2]["model"] == "iris_rf.onnx"


@pytest.mark.parametrize(
    ("value", "flavour"), [(None, "plain"), ("plain", "plain"), ("shadow", "shadow"), ("Online-AB", "online-ab")]
)
def test_the_environment_chooses_the_flavour(value: str | None, flavour: str) -> None:
    """FLAVOUR names it; without it the service is plain."""
    values = {"MODEL_FILEPATH": "/m"} | ({} if value is None else {"FLAVOUR": value})
    assert IrisSettings.from_environment(Environment(values)).flavour is Flavour(flavour)


def test_an_unknown_flavour_is_a_wrong_setting() -> None:
    """A flavour that there is not stops the start and is answered with those that there are."""
    with pytest.raises(SettingsError, match=r"^FLAVOUR='ab' is not known; use one of plain, shadow, online-ab$"):
        IrisSettings.from_environment(Environment({"MODEL_FILEPATH": "/m", "FLAVOUR": "ab"}))
