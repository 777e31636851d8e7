"""The endpoint ensurer: finds the webhook endpoint of an address or registers it, and knows its secret afterwards."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Iterable
from os import PathLike
from pathlib import Path
from typing import Protocol

import anyio
import attrs

from heygen_async.api.webhook_values import RotatedSecret, WebhookEndpoint
from heygen_async.errors import BadRequestError, HeyGenError
from heygen_async.exclusive_file import lock
from heygen_async.http import pages

ENSURE_SECONDS = 60.0
_PAUSE_SECONDS = 2.0  # between registrations while HeyGen's probe finds no server
_LOCK_SECONDS = 0.2  # between tries to lock the file of the secret

logger: logging.Logger = logging.getLogger("heygen_async")


class HasEndpoints(Protocol):
    """The part of `heygen.webhooks` that registers endpoints."""

    def list(self) -> pages.Listing[WebhookEndpoint]:
        """List the endpoints."""

    async def create(self, url: str, *, events: Iterable[str] | None = None) -> WebhookEndpoint:
        """Register an address."""

    async def update(self, endpoint_id: str, *, events: Iterable[str] | None = None) -> WebhookEndpoint:
        """Change the types of events."""

    async def delete(self, endpoint_id: str) -> None:
        """Remove an endpoint."""

    async def rotate_secret(self, endpoint_id: str) -> RotatedSecret:
        """Replace the secret."""


@attrs.frozen
class EndpointEnsurer:
    """Registers an address once, however often it is asked to.

    Attributes:
        webhooks: `heygen.webhooks`.
        url: The address.
        events: Types of events that are wanted; None for all.
        secret: The secret, if the caller knows it.
    """

    webhooks: HasEndpoints
    url: str
    events: tuple[str, ...] | None
    secret: str | None = attrs.field(repr=False)

    async def ensure(self, secret_file: str | PathLike[str] | None, within: float) -> WebhookEndpoint:
        """Return the endpoint with its secret; keep the secret in *secret_file*, if there is one."""
        if secret_file is None:
            return await self._ensure(None, within)
        async with _locked(Path(secret_file)) as file:
            endpoint = await self._ensure(file, within)
            file.keep(endpoint)
        return endpoint

    async def _ensure(self, file: _SecretFile | None, within: float) -> WebhookEndpoint:
        known = await self._known()
        if known is None:
            return await self._register(within)
        kept = None if file is None else file.secret_of(known.endpoint_id)
        secret = self.secret or kept
        if secret is None:
            secret = (await self.webhooks.rotate_secret(known.endpoint_id)).secret
            logger.info("webhook endpoint %s: its secret was not known here, so it has a new one", known.endpoint_id)
        return attrs.evolve(known, secret=secret)

    async def _known(self) -> WebhookEndpoint | None:
        """Return the endpoint of the address with the wanted events. One that is of no use is removed."""
        async for endpoint in self.webhooks.list():
            if endpoint.url.rstrip("/") != self.url.rstrip("/"):
                continue
            if endpoint.status == "disabled" or (self.events is None and endpoint.events is not None):
                await self.webhooks.delete(endpoint.endpoint_id)  # a PATCH can neither enable it nor ask for all events
            elif self.events is not None and set(self.events) != set(endpoint.events or ()):
                return await self.webhooks.update(endpoint.endpoint_id, events=self.events)
            else:
                return endpoint
        return None

    async def _register(self, within: float) -> WebhookEndpoint:
        """Register the address, again and again while HeyGen's probe may have found no server."""
        until = anyio.current_time() + within
        while True:
            try:
                return await self.webhooks.create(self.url, events=self.events)
            except HeyGenError as exc:
                refused = isinstance(exc, BadRequestError)  # HeyGen does not document the answer to a failed probe
                if not (refused or exc.retryable) or anyio.current_time() + _PAUSE_SECONDS > until:
                    exc.add_note(f"HeyGen probes a new address: {self.url} must answer OPTIONS and GET with 200")
                    raise
                logger.info("the webhook endpoint was refused, will try again: %s", exc.gist)
            await anyio.sleep(_PAUSE_SECONDS)


@attrs.frozen
class _SecretFile:
    """The file that keeps the secret of one endpoint."""

    path: Path

    def secret_of(self, endpoint_id: str) -> str | None:
        """Return the secret that is kept for *endpoint_id*."""
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            return str(kept["secret"]) if kept["endpoint_id"] == endpoint_id else None
        return None

    def keep(self, endpoint: WebhookEndpoint) -> None:
        """Write the secret of *endpoint*, in one step."""
        if self.secret_of(endpoint.endpoint_id) == endpoint.secret:
            return
        new = self.path.with_name(self.path.name + ".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump({"endpoint_id": endpoint.endpoint_id, "url": endpoint.url, "secret": endpoint.secret}, file)
        new.replace(self.path)


@contextlib.asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[_SecretFile]:
    """Wait until no other process registers by *path*, and keep others waiting."""
    with path.with_name(path.name + ".lock").open("a", encoding="utf-8") as file:
        while True:
            try:
                lock(file)
                break
            except BlockingIOError:
                await anyio.sleep(_LOCK_SECONDS)
        yield _SecretFile(path)
