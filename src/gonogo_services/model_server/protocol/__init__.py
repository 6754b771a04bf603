"""The messages of both protocols, wire-compatible, made from tables when first needed."""
