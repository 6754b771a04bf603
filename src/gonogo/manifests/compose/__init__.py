"""docker-compose files, read into the same topology as Kubernetes manifests."""
