"""The composition proxy: asks one-vs-rest services, applies thresholds, and answers 1 or 0 for each."""
