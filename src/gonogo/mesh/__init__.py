"""Traffic policy that belongs to no mesh, its readers and its renderers. Pure: values in, configuration text out.

::

    policy = read(documents)                       # DestinationRules, VirtualServices, HTTPRoutes
    rendering = render(policy, sidecar, to="envoy")
    rendering.text, rendering.findings
"""

from gonogo.mesh.envoy.bootstrap import dynamic_files
from gonogo.mesh.istio.envoy_filter import envoy_filters
from gonogo.mesh.layout import layout
from gonogo.mesh.reading import read
from gonogo.mesh.renderers import RENDERERS, render
from gonogo.mesh.rendering import Rendering

__all__ = ["RENDERERS", "Rendering", "dynamic_files", "envoy_filters", "layout", "read", "render"]
