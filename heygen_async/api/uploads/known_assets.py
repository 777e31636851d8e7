"""Memory of uploaded files by their content, so that five hundred rows share one upload of a logo."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol
from weakref import WeakValueDictionary

import anyio
import attrs

from heygen_async.api.generated import assets as generated
from heygen_async.errors import NotFoundError
from heygen_async.http.call import Options

TRUSTED_SECONDS = 600.0  # after which HeyGen is asked again if it still has the file


class AssetMemory(Protocol):
    """A store of uploads that outlives the client, such as a `Journal`."""

    def asset(self, mark: str) -> str | None:
        """Return the id of the asset that was uploaded under *mark*, or None."""

    def keep_asset(self, mark: str, asset_id: str) -> None:
        """Remember the asset of *mark*."""

    def forget_asset(self, mark: str) -> None:
        """Forget the asset of *mark*, which HeyGen no longer has."""


@attrs.frozen
class _KnownAsset:
    asset_id: str
    at: float


class KnownAssets:
    """The uploads of one client, by mark: the SHA-256 of the content and the media type."""

    def __init__(self, assets: generated.Assets) -> None:
        """Ask *assets* if HeyGen still has a file."""
        self._assets = assets
        self._seen: dict[str, _KnownAsset] = {}
        self._locks: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def lock(self, mark: str) -> AsyncIterator[None]:
        """Hold the lock of *mark*, so that other uploads of the content wait and then find it."""
        lock = self._locks.setdefault(mark, anyio.Lock())
        async with lock:
            yield

    async def find(self, mark: str, memory: AssetMemory | None, options: Options | None) -> str | None:
        """Return the id of a known asset that HeyGen still has, or None.

        Source: `GET /v3/assets/{asset_id}`.
        """
        seen = self._seen.get(mark)
        asset_id = seen.asset_id if seen is not None else None if memory is None else memory.asset(mark)
        if asset_id is None:
            return None
        is_fresh = seen is not None and anyio.current_time() - seen.at <= TRUSTED_SECONDS
        if not is_fresh and not await self._exists(asset_id, options):
            self._seen.pop(mark, None)
            if memory is not None:
                memory.forget_asset(mark)
            return None
        self.remember(mark, asset_id, memory, at=seen.at if seen is not None and is_fresh else None)
        return asset_id

    async def _exists(self, asset_id: str, options: Options | None) -> bool:
        try:
            await self._assets.get(asset_id, options)
        except NotFoundError:
            return False
        return True

    def remember(self, mark: str, asset_id: str, memory: AssetMemory | None, *, at: float | None = None) -> None:
        """Remember an asset that HeyGen had now, or at loop time *at*."""
        self._seen[mark] = _KnownAsset(asset_id, anyio.current_time() if at is None else at)
        if memory is not None and memory.asset(mark) != asset_id:
            memory.keep_asset(mark, asset_id)

    def forget(self, asset_id: str) -> None:
        """Forget an asset that was deleted."""
        self._seen = {mark: seen for mark, seen in self._seen.items() if seen.asset_id != asset_id}
