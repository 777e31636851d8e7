"""Draws the figures of bench_scheduler.py into benchmarks/plots/.

Reads JSON from standard input. Needs matplotlib, which is in the dependency group `bench`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

FOLDER = Path(__file__).parent / "plots"
OURS, OTHERS, THERE = "#0b6e4f", "#8a8f98", "#d1495b"


def slots_over_time(used: list[tuple[float, int]], there: list[tuple[float, int]]) -> None:
    """Draw the number of running renders and the number of slots over time."""
    figure, axes = plt.subplots(figsize=(9, 4))
    axes.step([at / 3600 for at, _ in there], [n for _, n in there], where="post", color=THERE, lw=2, label="there are")
    hours, running = [at / 3600 for at, _ in used], [n for _, n in used]
    axes.fill_between(hours, running, step="post", color=OURS, alpha=0.25)
    axes.step(hours, running, where="post", color=OURS, lw=0.9, label="in use")
    axes.set(xlim=(0, 6), ylim=(0, 23), xlabel="hours", ylabel="render slots")
    axes.set_title(
        "Render slots in use; nobody tells the client that there are 10, then 20, then 6", loc="left", fontsize=11
    )
    axes.legend(frameon=False, loc="upper right", ncols=2)
    _keep(figure, "slots.png")


def lag_against_looks(found: dict[str, dict[str, float]]) -> None:
    """Draw the delay until an end is noticed against the number of requests."""
    figure, axes = plt.subplots(figsize=(9, 4))
    for number, (name, row) in enumerate(found.items()):
        color = OTHERS if name.startswith("script") else OURS
        axes.scatter(row["looks_per_job"], row["lag_mean"], s=70, color=color, zorder=3)
        says = name.replace("known pool,", "heygen_async:")
        axes.annotate(
            says,
            (row["looks_per_job"], row["lag_mean"]),
            xytext=(8, -14 if number == 0 else 6),
            textcoords="offset points",
            fontsize=9,
        )
    axes.set(xlim=(0, 45), ylim=(0, 18), xlabel="requests to learn that a video has ended, a job")
    axes.set_ylabel("seconds until it is noticed, mean")
    axes.set_title("Ends noticed, against requests: fewer and sooner is down and left", loc="left", fontsize=11)
    axes.grid(color="#e6e8eb", zorder=0)
    _keep(figure, "lag.png")


def _keep(figure: Figure, name: str) -> None:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    FOLDER.mkdir(exist_ok=True)
    figure.savefig(FOLDER / name, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    data = json.load(sys.stdin)
    slots_over_time(data["used"], data["there"])
    lag_against_looks(data["lags"])
