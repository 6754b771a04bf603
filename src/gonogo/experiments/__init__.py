"""Experiments: load plus actions on the stack, each a call that a suite makes and an entry in the judgment."""
