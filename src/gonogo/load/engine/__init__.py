"""The engine: the process that sends the requests. It imports no part of gonogo that is slow to import."""
