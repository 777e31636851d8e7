"""OpenTelemetry at the command line, switched on by its standard variables, such as `OTEL_EXPORTER_OTLP_ENDPOINT`."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from typing import Any

from heygen_async.telemetry import Observer

_SWITCHES = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
)


def is_on() -> bool:
    """Return True if the environment asks for OpenTelemetry."""
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not is_off and any(os.environ.get(name) for name in _SWITCHES)


def observers() -> list[Observer]:
    """Return an observer that reports to where the environment says; none if it does not ask for that.

    Providers that a program such as `opentelemetry-instrument` has set up are used as they are.

    Raises:
        InvalidInputError: A package is missing.
    """
    if not is_on():
        return []
    from heygen_async import InvalidInputError
    from heygen_async.otel import OpenTelemetryObserver

    try:
        _set_up()
    except ImportError as exc:
        raise InvalidInputError(
            f"OpenTelemetry is switched on by OTEL_* variables, but {exc.name or exc} is missing: pip install "
            "opentelemetry-sdk opentelemetry-exporter-otlp, or set OTEL_SDK_DISABLED=true"
        ) from exc
    return [OpenTelemetryObserver(requests="rows")]


def _set_up() -> None:
    """Set up global providers of the SDK, unless there are some."""
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        tracers = TracerProvider()
        for exporter in _exporters("traces"):
            tracers.add_span_processor(BatchSpanProcessor(exporter))
        trace.set_tracer_provider(tracers)
    if not isinstance(metrics.get_meter_provider(), MeterProvider):
        readers = [PeriodicExportingMetricReader(exporter) for exporter in _exporters("metrics")]
        metrics.set_meter_provider(MeterProvider(metric_readers=readers))


def _exporters(signal: str) -> list[Any]:
    """Return the exporters of a signal, by the names that the standard variables use."""
    names = os.environ.get(f"OTEL_{signal.upper()}_EXPORTER") or "otlp"
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    otlp = "otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http"
    wanted = [otlp if name == "otlp" else name for name in names.replace(" ", "").split(",") if name != "none"]
    known = {entry.name: entry for entry in entry_points(group=f"opentelemetry_{signal}_exporter")}
    missing = [name for name in wanted if name not in known]
    if missing:
        raise ImportError(name=f"the {signal} exporter {missing[0]}")
    return [known[name].load()() for name in wanted]
