"""The blocking `HeyGen`."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Literal, Self

from heygen_async import heygen
from heygen_async.sync.blocking import Blocking
from heygen_async.sync.bridge import Bridge, LoopFactory


class HeyGen(Blocking):  # type checkers see the class of `__init__.pyi`
    """A client for one HeyGen account whose methods block. See `heygen_async.HeyGen` for arguments and attributes.

    The event loop starts with the first call. `close`, or the end of a `with` block, ends it and cancels the calls of
    other threads; a client that is used again starts another one.
    """

    def __init__(self, *args: Any, loop_factory: LoopFactory | None = None, **kwargs: Any) -> None:
        """Create a client. Connections are opened by the first request.

        Args:
            *args: See `heygen_async.HeyGen`.
            loop_factory: Makes the event loop, such as `uvloop.new_event_loop`.
            **kwargs: See `heygen_async.HeyGen`.

        Raises:
            AuthenticationError: There is neither a key nor a token.
            InvalidInputError: An argument is wrong.
        """
        super().__init__(heygen.HeyGen(*args, **kwargs), Bridge(loop_factory))

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Close the client's connections and end its event loop. Renders go on."""
        self.close()
        return False

    def close(self) -> None:
        """Close the client's connections and end its event loop. Renders go on."""
        self._bridge.close()
