"""The keeper: one process per stack that starts, watches, restarts and removes its containers."""
