"""The pytest plugin: options, marks, fixtures and hooks, all of them thin over wiring."""
