"""The model loader: brings a model from a store to where a service reads it, before the service starts."""
