"""Events for observers, as frozen values. An observer is any callable that takes one.

    def show(event: Event) -> None: ...
    HeyGen(observers=[show])

Observers run in the event loop between other work: they must be quick and must not block. An observer's
exception is logged and goes no further. No event carries a script, a prompt, a recipient or the API key.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heygen_async.telemetry.telemetry import (
    Event as Event,
    Observer as Observer,
    RequestEnded as RequestEnded,
    RetryPlanned as RetryPlanned,
    Telemetry as Telemetry,
    current_row as current_row,
    for_row as for_row,
)

if TYPE_CHECKING:
    from heygen_async.telemetry.row_events import (
        DownloadEnded as DownloadEnded,
        JobEnded as JobEnded,
        JobEvent as JobEvent,
        JobLeft as JobLeft,
        JobRendered as JobRendered,
        JobSubmitted as JobSubmitted,
        JobTaken as JobTaken,
        SlotsLearnt as SlotsLearnt,
        UploadProgressed as UploadProgressed,
    )


def __getattr__(name: str) -> Any:  # PEP 562: most events are loaded when they are first used
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("heygen_async.telemetry.row_events"), name)
