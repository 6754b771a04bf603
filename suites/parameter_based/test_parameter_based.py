"""Parameter-based: the proxy asks whom it shall, answers by its thresholds, and keeps its policy when one fails."""

import math
import time
from contextlib import ExitStack

import pytest

from gonogo.experiments.thresholds.pairs import pairs

pytestmark = [pytest.mark.parameter_based, pytest.mark.stack("manifests/parameter_based")]

# What this release promises: the threshold of each class, and which classes are in the answer.
THRESHOLDS = {"setosa": 0.9, "versicolor": 0.85, "virginica": 0.95}
ACTIVE = ["setosa", "versicolor"]

SETOSA, VERSICOLOR, VIRGINICA = [5.1, 3.5, 1.4, 0.2], [6.0, 2.7, 4.2, 1.3], [6.5, 3.0, 5.8, 2.2]
GIANT = [50.0, 30.1, 111.4, 110.2]

REFERENCE = [
    (SETOSA, {"setosa": 1, "versicolor": 0}),
    (VERSICOLOR, {"setosa": 0, "versicolor": 1}),
    (GIANT, {"setosa": 0, "versicolor": 0}),
]

# A flower of the class, and one of another class: somewhere between them the probability crosses the threshold.
ENDS = {"setosa": (SETOSA, VERSICOLOR), "versicolor": (VERSICOLOR, SETOSA), "virginica": (VIRGINICA, VERSICOLOR)}

# In time: in the calm; while something is done to the stack, no answer waits as long as one attempt at a service may
# take (1 s); while a service in the answer is down, every request is over soon after the proxy's deadline (2 s).
CALM, NO_WAIT, DEADLINE = "p99 <= 250ms", "max <= 1s", "max <= 2.5s"


# Every two values of different parameters meet in one of these; all combinations would be 144.
COMBINATIONS = pairs(
    {
        "THRESHOLD_SETOSA": [0.9, 0.5, 1.0],
        "THRESHOLD_VERSICOLOR": [0.85, 0.5, 1.0],
        "ACTIVATE_SETOSA": [1, 0],
        "ACTIVATE_VERSICOLOR": [1, 0],
        "ACTIVATE_VIRGINICA": [0, 1],
        "COLLECT_VIRGINICA": [1, 0],
    }
)


def ask(client, flower):
    """Return the JSON answer about one flower."""
    answer = client.post("/predict", json={"data": [flower]})
    assert answer.status_code == 200, answer.text
    return answer.json()


def across(client, inside, outside, threshold):
    """Return two flowers, next to each other, with a probability on either side of ``threshold``."""
    for _ in range(30):
        middle = [(a + b) / 2 for a, b in zip(inside, outside, strict=True)]
        if ask(client, middle)["prediction"][0] >= threshold:
            inside = middle
        else:
            outside = middle
    return inside, outside


@pytest.mark.parametrize(("flower", "answer"), REFERENCE, ids=["setosa", "versicolor", "giant"])
def test_answers_the_reference(stack, flower, answer):
    """The active services are in the answer, and no other."""
    with stack["proxy"].client() as client:
        assert ask(client, flower) == answer


def test_a_deactivated_service_is_asked_all_the_same(stack, admin):
    """Its name is in no answer, and its predictions are kept."""
    flower = [6.4, 2.9, 5.7, 2.1]
    assert list(ask(admin, flower)) == admin.get("/label").json() == ACTIVE
    deadline = time.monotonic() + 5
    kept = []
    while not kept and time.monotonic() < deadline:
        kept = [one for one in admin.get("/collected").json()["predictions"] if one["flower"] == flower]
    with stack["iris-virginica"].client() as virginica:
        own = ask(virginica, flower)["prediction"][0]
    assert [(one["service"], one["probability"]) for one in kept] == [("virginica", own)]


@pytest.mark.parametrize("name", THRESHOLDS)
def test_answers_1_from_its_threshold_on(stack, admin, name):
    """Of two flowers with probabilities just above and just below the promised threshold, one is 1 and the other 0."""
    with stack[f"iris-{name}"].client() as service:
        above, below = across(service, *ENDS[name], THRESHOLDS[name])
        assert ask(service, above)["prediction"][0] - ask(service, below)["prediction"][0] < 0.0001
    admin.patch("/parameters", json={f"ACTIVATE_{name.upper()}": 1}).raise_for_status()
    assert (ask(admin, above)[name], ask(admin, below)[name]) == (1, 0)


@pytest.fixture
def probabilities(stack):
    """Return what each service says about a flower of each kind: class to flower to probability."""
    found = {}
    for name in THRESHOLDS:
        with stack[f"iris-{name}"].client() as service:
            found[name] = [ask(service, flower)["prediction"][0] for flower in (SETOSA, VERSICOLOR, VIRGINICA, GIANT)]
    return found


@pytest.mark.parametrize("parameters", COMBINATIONS, ids=lambda row: "-".join(str(value) for value in row.values()))
def test_parameters_do_not_disturb_each_other(admin, probabilities, parameters):
    """Whatever two parameters are set to, each active service answers for itself, by its own threshold."""
    said = admin.patch("/parameters", json=parameters)
    said.raise_for_status()
    holding = said.json()["parameters"]
    for place, flower in enumerate((SETOSA, VERSICOLOR, VIRGINICA, GIANT)):
        assert ask(admin, flower) == {
            name: int(each[place] >= holding[f"THRESHOLD_{name.upper()}"])
            for name, each in probabilities.items()
            if parameters[f"ACTIVATE_{name.upper()}"]
        }


def test_a_probability_equal_to_the_threshold_is_1(stack, admin):
    """The threshold itself counts; the next larger number is a threshold that is not reached."""
    with stack["iris-versicolor"].client() as service:
        probability = ask(service, VERSICOLOR)["prediction"][0]
    answers = []
    for threshold in (probability, math.nextafter(probability, 1)):
        admin.patch("/parameters", json={"THRESHOLD_VERSICOLOR": threshold}).raise_for_status()
        answers.append(ask(admin, VERSICOLOR)["versicolor"])
    assert answers == [1, 0]


def test_nobody_changes_parameters_without_the_token(stack):
    """A change without a token is refused and changes nothing."""
    with stack["proxy"].client() as client:
        before = client.get("/parameters").json()
        assert client.patch("/parameters", json={"ACTIVATE_SETOSA": 0}).status_code == 401
        assert client.get("/parameters").json() == before


def at_the_thresholds(stack):
    """Return flowers on either side of each active class's threshold, with the answers that this release promises."""
    with ExitStack() as services:
        clients = {name: services.enter_context(stack[f"iris-{name}"].client()) for name in ACTIVE}
        flowers = [one for name in ACTIVE for one in across(clients[name], *ENDS[name], THRESHOLDS[name])]
        return [
            (flower, {n: int(ask(clients[n], flower)["prediction"][0] >= THRESHOLDS[n]) for n in ACTIVE})
            for flower in flowers
        ]


def test_every_answer_under_load_is_the_reference(stack, load):
    """Whichever flower, also next to a threshold, and whichever worker of the proxy: all answers are right, in time."""
    proxy = stack["proxy"]
    asked = [*REFERENCE, *at_the_thresholds(stack)]
    targets = [proxy.target("POST", "/predict", json={"data": [flower]}, expect=answer) for flower, answer in asked]
    run = load(targets, rate=100, warmup="2s", duration="60s", require=["success == 100%", CALM])
    assert run.go


def test_the_loss_of_a_deactivated_service_changes_nothing(stack, load):
    """It is killed under load: no answer fails, is wrong, or is late."""
    flower, answer = REFERENCE[1]
    target = stack["proxy"].target("POST", "/predict", json={"data": [flower]}, expect=answer)
    with load.running(target, rate=100, duration="20s", warmup="2s", require=["success == 100%", NO_WAIT]) as live:
        live.at("2s", stack["iris-virginica"].kill)
    assert live.run.go


def test_the_policy_holds_while_an_active_service_is_down(stack, load):
    """Every answer is right, or is a 503 that names the service: none is another error, and none is made up."""
    flower, _ = REFERENCE[1]
    policy = {"status": [200, 503], "matches": r'^\{"setosa":0,"versicolor":1\}$|"field":"versicolor"\}$'}
    target = stack["proxy"].target("POST", "/predict", json={"data": [flower]}, expect=policy)
    with load.running(target, rate=100, duration="20s", warmup="2s", require=["success == 100%", DEADLINE]) as live:
        live.at("2s", stack["iris-versicolor"].kill)
    assert live.run.go
    assert 0 < live.run.status[503].value < 1


def test_the_stop_switch_holds_for_the_next_request(stack, load, admin):
    """A service is switched off under load: from the next request on, on any worker, no answer has it."""
    flower, _ = REFERENCE[1]
    either = {"status": 200, "matches": r'^\{"setosa":0,"versicolor":1\}$|^\{"setosa":0\}$'}
    target = stack["proxy"].target("POST", "/predict", json={"data": [flower]}, expect=either)
    after = []

    def switch_off():
        admin.patch("/parameters", json={"ACTIVATE_VERSICOLOR": 0}).raise_for_status()
        # A connection stays with its worker, so each request takes one of its own.
        admin.headers["connection"] = "close"
        after.extend(ask(admin, flower) for _ in range(20))

    with load.running(target, rate=100, duration="20s", warmup="2s", require=["success == 100%", NO_WAIT]) as live:
        live.at("2s", switch_off)
    assert live.run.go
    assert after == [{"setosa": 0}] * 20
