"""The forwarder: a process that takes connections at the addresses of Services and passes them to ready replicas."""
