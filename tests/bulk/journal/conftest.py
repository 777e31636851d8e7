"""A journal in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from heygen_async import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaign.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path, create=True) as opened:
        yield opened
