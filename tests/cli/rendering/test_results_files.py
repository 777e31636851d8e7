"""Files of results that are kept up to date while a run goes on."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import anyio
import pytest

from heygen_async.cli.rendering.results_files import ResultsKeeper
from tests.helpers.journal_rows import prepared


async def test_a_file_that_cannot_be_written_ends_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and tried again with the next row; the other files of the run are not disturbed."""
    journal = prepared(tmp_path / "c.db")
    keeper = ResultsKeeper(journal, tmp_path / "videos")
    shutil.rmtree(tmp_path / "videos")
    with caplog.at_level(logging.WARNING, "heygen_async"):
        keeper(None)  # type: ignore[arg-type] # the row does not matter
        await anyio.sleep(1)
    assert "results.csv cannot be written now" in caplog.text
    (tmp_path / "videos").mkdir()
    keeper(None)  # type: ignore[arg-type] # the same
    keeper.close()
    assert not (tmp_path / "videos" / "results.csv").exists()
