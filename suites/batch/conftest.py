"""What the suite of batch inference brings along: its mark, and the table with an account of every write."""

import json
import random

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool


def pytest_configure(config):
    """Register the mark by which this suite is chosen."""
    config.addinivalue_line("markers", "batch: a gate on batch inference: its job, its database, its service")


class Table:
    """The table of the stack, empty at first; every write of a prediction is written down by the database itself."""

    def __init__(self, stack, engine):
        self._stack = stack
        self._engine = engine
        with engine.begin() as connection:
            for name in ("items", "batch_failures", "batch_leases"):
                connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - the names above
            connection.execute(text("CREATE OR REPLACE TABLE writes (item_id BIGINT, prediction TEXT) ENGINE=InnoDB"))
            connection.execute(
                text(
                    "CREATE OR REPLACE TRIGGER writes_of_items AFTER UPDATE ON items FOR EACH ROW "
                    "INSERT INTO writes VALUES (NEW.id, NEW.prediction)"
                )
            )

    def fill(self, count):
        """Add ``count`` rows by the service."""
        source = random.Random(count)  # noqa: S311 - not a secret
        rows = [[round(source.uniform(0.1, 7.9), 1) for _ in range(4)] for _ in range(count)]
        with self._stack["api"].client() as client:
            for start in range(0, count, 1000):
                client.post("/data", json={"data": rows[start : start + 1000]}).raise_for_status()

    def add(self, values):
        """Add rows past the service's checks, as a faulty source would; the values are texts of JSON."""
        with self._engine.begin() as connection:
            for value in values:
                connection.execute(text("INSERT INTO items (`values`) VALUES (:value)"), {"value": value})

    def counts(self):
        """Return how many rows there are, as the service tells it: all, predicted, unpredicted, parked."""
        with self._stack["api"].client() as client:
            return client.get("/data/count").raise_for_status().json()

    def rows(self, which):
        """Return the rows of a list of the service, page by page."""
        found, after = [], 0
        with self._stack["api"].client() as client:
            while after is not None:
                page = client.get(f"/data/{which}", params={"after": after, "limit": 1000}).raise_for_status().json()
                found += page["items"]
                after = page["next"]
        return found

    def written(self):
        """Return how many writes of a prediction each row has had, by id."""
        with self._engine.connect() as connection:
            query = text("SELECT item_id, COUNT(*) FROM writes WHERE prediction IS NOT NULL GROUP BY item_id")
            return dict(map(tuple, connection.execute(query)))

    def once(self):
        """Return how many rows have a prediction that was written exactly once."""
        written = self.written()
        return sum(written.get(row["id"], 0) == 1 for row in self.rows("predicted"))


@pytest.fixture
def table(stack):
    """The table of the stack, empty."""
    service = stack["mysql"]
    container = stack.topology.behind(service.service)[0].containers[0]
    variables = {variable.name: variable.value for variable in container.env}
    (endpoint,) = service.endpoints()
    url = URL.create(
        "mysql+pymysql",
        username="root",
        password=variables["MYSQL_ROOT_PASSWORD"],
        host=endpoint.host,
        port=endpoint.port,
        database=variables["MYSQL_DATABASE"],
    )
    engine = create_engine(url, poolclass=NullPool)
    yield Table(stack, engine)
    engine.dispose()


@pytest.fixture
def summed():
    """Add up what the Pods of a Job say at their end, one line of JSON each."""

    def total(job, name):
        said = [json.loads(line) for line in job.log.splitlines() if line.startswith("{")]
        return sum(summary[name] for summary in said)

    return total
