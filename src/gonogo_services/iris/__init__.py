"""The iris service: three probabilities for four lengths of a flower."""
