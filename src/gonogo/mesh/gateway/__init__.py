"""The Gateway API's HTTPRoute, with a Service as its parent, to traffic policy."""
