"""The one place that builds things: settings in, a session of parts that fit together out."""
