"""Measures: what a run amounts to. Each turns the columns of a run into the evidence for one kind of criterion."""
