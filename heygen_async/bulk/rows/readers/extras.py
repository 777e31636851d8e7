"""Optional libraries, which only some sources need."""

from __future__ import annotations

import importlib
from typing import Any

from heygen_async.errors import InvalidInputError


def load(module: str, subject: str) -> Any:
    """Import *module*, which reads *subject*.

    Raises:
        InvalidInputError: It is not installed; names the extra that has it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as exc:
        library = module.partition(".")[0]
        raise InvalidInputError(f'{subject}: needs {library}; pip install "heygen-async[data]"') from exc
