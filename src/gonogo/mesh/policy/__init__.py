"""Traffic policy as values that belong to no mesh: what readers make and renderers write."""
