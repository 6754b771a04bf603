"""Istio's DestinationRule and VirtualService to traffic policy."""
