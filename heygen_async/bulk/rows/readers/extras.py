"""Libraries that only some sources need."""

from __future__ import annotations

import importlib
from typing import Any

from heygen_async.errors import InvalidInputError


def load(module: str, subject: str) -> Any:
    """Import *module*, or say what to install for *subject*.

    Raises:
        InvalidInputError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as exc:
        library = module.partition(".")[0]
        raise InvalidInputError(f'{subject}: needs {library}; pip install "heygen-async[data]"') from exc
