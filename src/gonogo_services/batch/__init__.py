"""Batch inference: rows in a table, a small service that shows them, and a job that predicts them."""
