"""Verdicts: criteria and their grammar, intervals and tests. Numbers in, verdicts out."""
