"""gonogo decides whether an inference service may be released."""
