"""Draws the figures of bench_compared.py into benchmarks/plots/compared.png.

Reads JSON from standard input. Needs matplotlib, which is in the dependency group `bench`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

PICTURE = Path(__file__).parent / "plots" / "compared.png"
OURS, OTHERS = "#0b6e4f", "#a9b0b8"
TITLES = {
    "requests": "Requests for a video",
    "seconds until noticed": "Seconds until its end is noticed",
    "CPU, share of a script's": "CPU, first script = 1",
}


def draw(found: dict[str, dict[str, float]]) -> None:
    """Draw three rows of bars, one for each figure: shorter is better in all of them."""
    figure, panels = plt.subplots(1, len(TITLES), figsize=(9, 2.3), sharey=True)
    names = list(found)
    for axes, (figure_name, title) in zip(panels, TITLES.items(), strict=True):
        values = [found[name][figure_name] for name in names]
        bars = axes.barh(names, values, color=[OURS, *[OTHERS] * (len(names) - 1)], height=0.62)
        axes.bar_label(bars, labels=[f"{value:.2g}" for value in values], padding=4, fontsize=10)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_xlim(0, max(values) * 1.22)
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0, labelsize=10)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    panels[0].invert_yaxis()
    figure.tight_layout(w_pad=2)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    draw(json.load(sys.stdin))
