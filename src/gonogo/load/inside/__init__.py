"""Load from within a stack: the engine runs beside the replicas, and its rows come here as a stream."""
