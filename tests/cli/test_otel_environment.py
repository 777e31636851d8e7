"""OpenTelemetry by the standard variables of the environment."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from heygen_async import InvalidInputError
from heygen_async.cli.otel_environment import is_on, observers
from heygen_async.otel import OpenTelemetryObserver


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Global providers that would be set, in place of setting them."""
    found: list[Any] = []
    monkeypatch.setattr(trace, "set_tracer_provider", found.append)
    monkeypatch.setattr(metrics, "set_meter_provider", found.append)
    return found


def test_nothing_is_reported_unless_the_environment_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, providers: list[Any]
) -> None:
    """Without a variable, or with the switch off, there is no observer."""
    assert (is_on(), observers()) == (False, [])
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert (observers(), providers) == ([], [])


def test_the_exporters_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch, providers: list[Any]) -> None:
    """An observer reports to the named exporters; a missing exporter is named with the command to type."""
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    (observer,) = observers()
    assert isinstance(observer, OpenTelemetryObserver)
    tracers, meters = providers
    assert isinstance(tracers, TracerProvider)
    assert isinstance(meters, MeterProvider)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: tracers)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: meters)
    assert observers()
    assert providers == [tracers, meters], "providers that are there are used"
    tracers.shutdown()
    meters.shutdown()


def test_a_missing_exporter_is_named(monkeypatch: pytest.MonkeyPatch, providers: list[Any]) -> None:
    """The message says which exporter is missing and how to get it."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "no_such")
    with pytest.raises(InvalidInputError, match="the traces exporter no_such is missing: pip install opentelemetry"):
        observers()
    assert providers == []
