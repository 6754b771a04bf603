"""What the breaker turns away, sent on: a Lua filter, since no other of Envoy's sees a request's body again.

The router marks the answer to a request that overflowed with ``x-envoy-overloaded``. The filter keeps the body of every
request that could be answered later until its answer is there; one that is so marked is then sent to the taker, and the
taker's answer is the client's. https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter
"""

from __future__ import annotations

from typing import Final

from gonogo.mesh.policy.rejection import DEFERRABLE

__all__ = ["overflow_script"]

_TIMEOUT_MS: Final = 5000
_SERVER_FAULT: Final = 500
_KEPT: Final = ("content-type", "accept", "traceparent", "x-request-id", "idempotency-key")
_GIVEN: Final = ("content-type", "location", "retry-after")


def overflow_script(cluster: str, authority: str) -> str:
    """Return the script of a listener whose overflow goes to ``cluster``, which is asked as ``authority``.

    A taker that is away, or has an answer of 500 and above, leaves the breaker's answer as it is.
    """
    methods = ", ".join(f"{method} = true" for method in DEFERRABLE)
    kept = ", ".join(f'"{name}"' for name in _KEPT)
    given = ", ".join(f'"{name}"' for name in _GIVEN)
    return f"""\
local DEFERRABLE = {{ {methods} }}
local KEPT = {{ {kept} }}
local GIVEN = {{ {given} }}

function envoy_on_request(handle)
  local headers = handle:headers()
  if not DEFERRABLE[headers:get(":method")] then
    return
  end
  local kept = {{ method = headers:get(":method"), path = headers:get(":path") }}
  for _, name in ipairs(KEPT) do
    kept[name] = headers:get(name)
  end
  local body = handle:body()
  kept.body = body and body:getBytes(0, body:length()) or ""
  handle:streamInfo():dynamicMetadata():set("gonogo.overflow", "request", kept)
end

function envoy_on_response(handle)
  local headers = handle:headers()
  if headers:get("x-envoy-overloaded") == nil then
    return
  end
  local kept = handle:streamInfo():dynamicMetadata():get("gonogo.overflow")
  if kept == nil then
    return
  end
  kept = kept.request
  local sent = {{ [":method"] = kept.method, [":path"] = kept.path, [":authority"] = "{authority}" }}
  for _, name in ipairs(KEPT) do
    sent[name] = kept[name]
  end
  -- Held back while the taker is asked: afterwards it could not be replaced.
  handle:body()
  local answer, body = handle:httpCall("{cluster}", sent, kept.body, {_TIMEOUT_MS})
  local status = answer and tonumber(answer[":status"])
  if status == nil or status >= {_SERVER_FAULT} then
    return
  end
  headers = handle:headers()
  headers:replace(":status", answer[":status"])
  for _, name in ipairs(GIVEN) do
    if answer[name] then
      headers:replace(name, answer[name])
    else
      headers:remove(name)
    end
  end
  local length = handle:body():setBytes(body or "")
  headers:replace("content-length", length)
end
"""
