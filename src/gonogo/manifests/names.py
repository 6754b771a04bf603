"""What Kubernetes takes for a name. Each function returns what is wrong with the text, or an empty text.

Sources: RFC 1123 and RFC 1035 labels, IANA service names (RFC 6335),
https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and .../labels/.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

__all__ = [
    "Complaint",
    "config_key",
    "dns_label",
    "dns_subdomain",
    "env_name",
    "label_key",
    "label_value",
    "port_name",
    "service_name",
]

Complaint = Callable[[str], str]

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_PORT: Final = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_QUALIFIED: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
_LABEL_LENGTH: Final = 63
_SUBDOMAIN_LENGTH: Final = 253
_PORT_LENGTH: Final = 15


def dns_label(text: str) -> str:
    """Say why ``text`` is no RFC 1123 label."""
    return _judge(text, _LABEL, _LABEL_LENGTH, "lower-case letters, digits and -, beginning and ending with no -")


def dns_subdomain(text: str) -> str:
    """Say why ``text`` is no RFC 1123 subdomain."""
    if len(text) > _SUBDOMAIN_LENGTH:
        return f"is longer than {_SUBDOMAIN_LENGTH} characters"
    if all(_LABEL.fullmatch(part) for part in text.split(".")):
        return ""
    return "may hold only lower-case letters, digits, - and ., each part beginning and ending with a letter or digit"


def service_name(text: str) -> str:
    """Say why ``text`` is no name of a Service (RFC 1035 label)."""
    return _judge(text, _SERVICE, _LABEL_LENGTH, "lower-case letters, digits and -, beginning with a letter")


def port_name(text: str) -> str:
    """Say why ``text`` is no name of a container port."""
    return _judge(text, _PORT, _PORT_LENGTH, "lower-case letters, digits and single -, with at least one letter")


def label_key(text: str) -> str:
    """Say why ``text`` is no key of a label or an annotation."""
    prefix, slash, name = text.rpartition("/")
    if slash and (not prefix or dns_subdomain(prefix)):
        return "has a prefix that is no DNS name"
    return _judge(
        name, _QUALIFIED, _LABEL_LENGTH, "letters, digits, -, _ and ., beginning and ending with none of them"
    )


def label_value(text: str) -> str:
    """Say why ``text`` is no value of a label."""
    if not text:
        return ""
    return _judge(
        text, _QUALIFIED, _LABEL_LENGTH, "letters, digits, -, _ and ., beginning and ending with none of them"
    )


def config_key(text: str) -> str:
    """Say why ``text`` is no key of a ConfigMap or a Secret."""
    if text == "." or text.startswith(".."):
        return "may not be . or begin with .."
    return _judge(text, _KEY, _SUBDOMAIN_LENGTH, "letters, digits, -, _ and .")


def env_name(text: str) -> str:
    """Say why ``text`` is no name of an environment variable."""
    if text and text.isascii() and text.isprintable() and "=" not in text:
        return ""
    return "may hold only printable ASCII characters without ="


def _judge(text: str, pattern: re.Pattern[str], longest: int, allowed: str) -> str:
    if len(text) > longest:
        return f"is longer than {longest} characters"
    return "" if pattern.fullmatch(text) else f"may hold only {allowed}"
