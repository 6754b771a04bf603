"""``python -m gonogo_services.batch``: serve the rows of a table, which the first start fills with a sample."""

from __future__ import annotations

import os
import sys
import time
from typing import Final

from gonogo_services.batch.address import address_from
from gonogo_services.batch.app import create_app
from gonogo_services.batch.database import Database
from gonogo_services.batch.errors import DatabaseError
from gonogo_services.batch.sample_rows import load_sample
from gonogo_services.batch.schema import prepare_tables
from gonogo_services.environment import Environment
from gonogo_services.program import exit_with
from gonogo_services.serving.settings import ServerSettings
from gonogo_services.serving.supervisor import serve

_POLL_S: Final = 0.5


def main() -> int:
    """Serve until told to stop and return the exit status."""
    environment = Environment(os.environ)
    server = ServerSettings.from_environment(environment)
    database = Database(address_from(environment))
    wait_s = environment.whole_number("DATABASE_WAIT_S", 30)
    _prepare(database, wait_s, sample=environment.switch("LOAD_SAMPLE", default=True))
    return serve(create_app(database), server, name="batch", prepare=lambda: None)


def _prepare(database: Database, wait_s: float, *, sample: bool) -> None:
    """Make the tables and load the sample; wait up to ``wait_s`` seconds for a database that is away."""
    deadline = time.monotonic() + wait_s
    said = False
    while True:
        try:
            prepare_tables(database)
            if sample:
                load_sample(database)
        except DatabaseError as error:
            if not error.transient or time.monotonic() > deadline:
                raise
            if not said:
                sys.stderr.write(f"batch: {error}; waiting up to {wait_s:g} s for it\n")
            said = True
            time.sleep(_POLL_S)
        else:
            database.close()  # connections do not cross the fork
            return


if __name__ == "__main__":
    exit_with("batch", main)
