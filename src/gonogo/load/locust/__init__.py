"""Locust users as a load: a process of their own, every request a row. Only that process imports Locust."""
