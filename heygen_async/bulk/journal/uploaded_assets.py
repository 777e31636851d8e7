"""The assets that were uploaded for a campaign, so that a later run of it does not upload them again."""

from __future__ import annotations

from heygen_async.bulk.journal.database import Database, atomic


class UploadedAssets(Database):
    """The ids of uploaded assets by mark (SHA-256 and media type of the content); implements `AssetMemory`."""

    def asset(self, mark: str) -> str | None:
        """Return the id of the asset with that mark; None if it was not uploaded."""
        found = self._rows("SELECT asset_id FROM assets WHERE mark = ?", mark)
        return str(found[0][0]) if found else None

    @atomic
    def keep_asset(self, mark: str, asset_id: str) -> None:
        """Store the id of an uploaded asset, in place of a former one."""
        query = "INSERT INTO assets VALUES (?, ?) ON CONFLICT (mark) DO UPDATE SET asset_id = excluded.asset_id"
        self._execute(query, (mark, asset_id))

    @atomic
    def forget_asset(self, mark: str) -> None:
        """Forget an asset that HeyGen has deleted."""
        self._execute("DELETE FROM assets WHERE mark = ?", (mark,))
