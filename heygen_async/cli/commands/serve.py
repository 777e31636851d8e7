"""`heygen-async serve`: a campaign as a live page."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter, validators

from heygen_async.cli.terminal.option_types import BaseUrl, JournalFile, Speed


def serve(
    journal: JournalFile,
    /,
    *,
    port: Annotated[
        int, Parameter(validator=validators.Number(gte=0, lte=65535), help="Port to listen at; 0 takes a free one.")
    ] = 0,
    host: Annotated[
        str,
        Parameter(help="Address of this machine to listen at. Others than 127.0.0.1 let the network in, unencrypted."),
    ] = "127.0.0.1",
    no_browser: Annotated[bool, Parameter(help="Do not open the page in a browser.")] = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Serve a campaign as a page that follows it, for people who approve and decide. Until Ctrl-C.

    The page has the report, live, with buttons to approve the first videos, to stop, pause and go on, to decide about
    rows, to make failed ones again and to change the budget; each asks first, with its cost. It works beside a run of
    another process, and closing the browser changes nothing. Without one, it can begin a run, which needs an API key.
    Whoever has the address of the page can press the buttons.
    """
    from heygen_async.cli.rendering.follow_run import run_async
    from heygen_async.cli.rendering.live_page import ServeOptions, serve_until_stopped

    options = ServeOptions(journal=journal, host=host, port=port, opens=not no_browser, base_url=base_url)
    sys.exit(run_async(lambda: serve_until_stopped(options), speed, base_url))
