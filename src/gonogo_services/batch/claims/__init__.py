"""How a job makes a chunk its own: by row locks where the server can skip those of others, by leases elsewhere."""
