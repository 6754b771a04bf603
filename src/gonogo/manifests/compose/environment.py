"""The variables of a service: env files in their order, then ``environment``, which counts more."""

from __future__ import annotations

import io
from collections.abc import Mapping

from dotenv import dotenv_values

from gonogo.manifests import notes
from gonogo.manifests.compose.file import ComposeFile
from gonogo.manifests.compose.form import pairs
from gonogo.manifests.compose.named_files import env_files
from gonogo.manifests.compose.rules import COMPOSE_FILE_MISSING
from gonogo.manifests.document import Path
from gonogo.manifests.rule import Place

__all__ = ["environment", "variables"]


def variables(text: str) -> dict[str, str]:
    """Return the variables of an env file; a name without a value is left out."""
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}


def environment(service: Mapping[str, object], file: ComposeFile, place: Place) -> dict[str, tuple[str, Path]]:
    """Return the variables of a service and the key that each comes from; a name alone takes the caller's value."""
    found: dict[str, tuple[str, Path]] = {}
    if "env_file" in service:
        here = place / "env_file"
        for path, required in env_files(service["env_file"]):
            content = file.files.get(path, {}).get("")
            if content is None:
                if required:
                    here.report(
                        COMPOSE_FILE_MISSING,
                        f"{path} cannot be read ({file.why_unread(path)}): its variables stay unset",
                        "name a file below the folder of the docker-compose file, or write required: false",
                    )
                continue
            read = variables(content.decode(errors="replace"))
            if any("$" in value for value in read.values()):
                here.report(
                    notes.FIELD_NOT_HONOURED,
                    f"variables in the values of {path} are not replaced",
                    "write the values out, or put them under environment",
                )
            found |= {name: (value, here.path) for name, value in read.items()}
    declared = service.get("environment")
    here = place / "environment"
    for i, (name, value) in enumerate(pairs(declared, here).items() if declared is not None else ()):
        key: Path = (*here.path, i if isinstance(declared, list) else name)
        if value is not None:
            found[name] = (value, key)
        elif name in file.environment:
            found[name] = (file.environment[name], key)
    return found
