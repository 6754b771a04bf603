"""Runs on disk: ``summary.json`` for people and scripts, ``requests.parquet`` with every request and the run's facts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.runs.extracted import SQL_TYPES, Packed, pack, unpack
from gonogo.runs.facts import facts_from_json, facts_to_json
from gonogo.runs.run import ERRORS, Columns, Run, RunFacts
from gonogo.runs.summary import FORMAT, summarize

__all__ = ["REQUESTS", "SUMMARY", "load", "save"]

SUMMARY: Final = "summary.json"
REQUESTS: Final = "requests.parquet"

# In the order in which they stand in the file. Times that a request has not got are null there and NaN here.
_TIMES: Final = ("sent_s", "first_byte_s", "done_s")
_PLAIN: Final = ("due_s", "queued_s", *_TIMES, "status", "success", "bytes_in", "bytes_out", "connection")
_NAMED: Final = ("error", "target")
_FACTS: Final = "gonogo.facts"
_EXTRACTED: Final = "gonogo.extracted"
_VERSION: Final = "gonogo.format"
