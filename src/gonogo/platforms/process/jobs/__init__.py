"""Jobs: Pods that run to their end, started and counted as Kubernetes' Job controller does."""
