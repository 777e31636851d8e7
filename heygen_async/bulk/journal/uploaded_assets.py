"""Which files were uploaded for a campaign, so that no later run of it uploads them again."""

from __future__ import annotations

from heygen_async.bulk.journal.database import Database, atomic


class UploadedAssets(Database):
    """The ids of uploads by mark, which is what tells one content from all others: an `AssetMemory`."""

    def asset(self, mark: str) -> str | None:
        """Return the id of what was uploaded under *mark*."""
        found = self._rows("SELECT asset_id FROM assets WHERE mark = ?", mark)
        return str(found[0][0]) if found else None

    @atomic
    def keep_asset(self, mark: str, asset_id: str) -> None:
        """Remember an upload, in place of what was known."""
        query = "INSERT INTO assets VALUES (?, ?) ON CONFLICT (mark) DO UPDATE SET asset_id = excluded.asset_id"
        self._execute(query, (mark, asset_id))

    @atomic
    def forget_asset(self, mark: str) -> None:
        """HeyGen has it no more."""
        self._execute("DELETE FROM assets WHERE mark = ?", (mark,))
