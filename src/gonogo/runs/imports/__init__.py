"""Runs measured by other tools: what their files say, and what they cannot say."""
