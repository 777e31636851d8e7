"""Metrics of a whole fleet for OpenTelemetry, reported by the one worker that is the feeder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from heygen_async.workers.fleet_status import FleetStatus

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider


def report_fleet(read: Callable[[], FleetStatus | None], meter_provider: MeterProvider | None = None) -> None:
    """Report rows by state, render slots in use, their limit, and live workers, at each export of metrics.

    Args:
        read: Returns the status; None if another worker reports it.
        meter_provider: Provider of metrics; the global one by default.
    """
    from opentelemetry.metrics import Observation, get_meter  # noqa: PLC0415 - an extra

    def rows(_: Any) -> Iterable[Observation]:
        status = read()
        if status is None:
            return
        total = sum((Counter(one.rows) for one in status.campaigns), Counter[str]())
        for state, count in total.items():
            yield Observation(count, {"heygen.row.state": state})

    def one_number(number: Callable[[FleetStatus], int | None]) -> Callable[[Any], Iterable[Observation]]:
        def observe(_: Any) -> Iterable[Observation]:
            status = read()
            found = None if status is None else number(status)
            return [] if found is None else [Observation(found)]

        return observe

    meter = get_meter("heygen_async", version("heygen-async"), meter_provider)
    gauge = meter.create_observable_gauge
    gauge("heygen.fleet.rows", [rows], "{row}", "Rows of all campaigns, by state.")
    gauge("heygen.fleet.slots", [one_number(lambda status: status.slots)], "{slot}", "Render slots in use.")
    cap = one_number(lambda status: None if status.limits is None else status.limits.admitted[0])
    gauge("heygen.fleet.cap", [cap], "{slot}", "Render slots that workers may use.")
    gauge("heygen.fleet.workers", [one_number(lambda status: len(status.workers))], "{worker}", "Live workers.")
