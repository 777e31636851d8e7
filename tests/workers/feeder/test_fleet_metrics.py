"""Metrics of a whole fleet."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from heygen_async.workers.feeder.fleet_metrics import report_fleet
from heygen_async.workers.fleet_status import CampaignStatus, FleetStatus
from heygen_async.workers.shared_control import SharedState


def status(state: SharedState | None) -> FleetStatus:
    campaigns = [
        CampaignStatus(
            name=name, account="", rows={"planned": 3}, under_way=1, without_files=0, stopped=None, waits=None
        )
        for name in "ab"
    ]
    return FleetStatus(campaigns=campaigns, workers=[], limits=state, slots=2)


def measured(found: FleetStatus | None) -> dict[str, list[tuple[Any, dict[str, Any]]]]:
    """Return the numbers of one export, by metric."""
    reader = InMemoryMetricReader()
    report_fleet(lambda: found, MeterProvider(metric_readers=[reader]))
    data = reader.get_metrics_data()
    metrics = [] if data is None else data.resource_metrics[0].scope_metrics[0].metrics
    return {
        one.name: [(point.value, dict(point.attributes or {})) for point in one.data.data_points]  # type: ignore[union-attr]  # gauges
        for one in metrics
    }


def test_the_feeder_reports_the_fleet() -> None:
    """Rows by state over all campaigns, slots in use and their limit, and live workers; a pause has no slots."""
    assert measured(status(SharedState(wanted=9, agents=3, cap=7))) == {
        "heygen.fleet.rows": [(6, {"heygen.row.state": "planned"})],
        "heygen.fleet.slots": [(2, {})],
        "heygen.fleet.cap": [(7, {})],
        "heygen.fleet.workers": [(0, {})],
    }
    assert measured(status(SharedState(wanted=9, agents=3, cap=7, paused="lunch")))["heygen.fleet.cap"] == [(0, {})]
    assert "heygen.fleet.cap" not in measured(status(None))


def test_other_workers_report_nothing_of_the_fleet() -> None:
    """A number is reported once, by the worker that feeds."""
    assert measured(None) == {}
