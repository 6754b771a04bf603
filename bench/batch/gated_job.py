"""``python -m bench.batch.gated_job``: a job that is ready, says so, and begins when its standard input has a line.

It takes the job's own options and environment. Its last line is JSON: rows predicted, the moments of its begin and end
(seconds of the clock that all processes share), and its CPU seconds between them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime

from gonogo_services.batch.address import address_from
from gonogo_services.batch.database import Database
from gonogo_services.batch.job import set_up_interpreter
from gonogo_services.batch.options import parse_options
from gonogo_services.batch.run import Run
from gonogo_services.batch.stop import Stop
from gonogo_services.environment import Environment
from gonogo_services.iris.classifier import Classifier
from gonogo_services.model_file import ModelFile


def main() -> None:
    """Do it."""
    set_up_interpreter()
    options = parse_options(sys.argv[1:], os.environ, datetime.now(UTC))
    classifier = Classifier(ModelFile.read(options.model))
    classifier.open()
    database = Database(address_from(Environment(os.environ)), lease_s=options.lease_s)
    stop = Stop()
    run = Run(database, options, classifier.probabilities, stop, lambda _: None, lambda _: None)
    print("ready", flush=True)
    sys.stdin.readline()
    began, spent_s = time.monotonic(), time.process_time()
    run.finish()
    ended, spent_s = time.monotonic(), time.process_time() - spent_s
    predicted = run.progress.counts.predicted
    print(json.dumps({"predicted": predicted, "began": began, "ended": ended, "cpu_s": spent_s}), flush=True)
    stop.close()
    database.close()


if __name__ == "__main__":
    main()
