"""Runs: what happened. Columns of requests, their summary, their storage."""
