"""The supervisor: one process per stack that starts, watches, restarts and ends everything in it.

It outlives its owner by no more than it needs to kill what it started. Standard library only: it starts without
site-packages, in the time of one bare interpreter.
"""
