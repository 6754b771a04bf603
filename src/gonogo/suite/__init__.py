"""What a suite holds in its hands: the stack, the load, and the run with its verdict."""
