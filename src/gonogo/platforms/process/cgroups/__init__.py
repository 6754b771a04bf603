"""Control groups: which hierarchies this machine lets us use, and the cells made in them. Standard library only."""
