"""Thresholds chosen by measuring: a sweep on labelled data, settings to paste, and the model that they belong to."""
