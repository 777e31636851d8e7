"""Paths of the project that tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "heygen_async"
README = ROOT / "README.md"
CONTRACT = PACKAGE / "simulator" / "contract" / "openapi.json"
