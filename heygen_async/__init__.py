"""An asyncio client for HeyGen: ask for one video, or run a campaign of any size that is paid for once.

The client: HeyGen, Client, Options, RetryPolicy, Credentials, RunOptions, InFlight, Approve.
Requests: VideoAgent, DirectVideo, ImageVideo, CinematicAvatar, FromTemplate, StudioVideo, TranslationRequest, ...
Their parts: VoiceSettings, AvatarIII to AvatarV, Background, Caption, Watermark, AssetUrl, AssetId, AssetBase64, ...
Answers, handles: VideoJob, AgentJob, Chat, Video, Batch, Listing, User, Avatar, Look, Voice, StoredFile, ...
Lists, campaigns: Template, read_rows, Table, Row, Plan, Price, Rates, Problem, Job, Campaign, Journal, write_report.
Results of a run: Results, Completed, Failed, Unfinished, Summary. Workers on several machines: Worker, enqueue.
Uploads, webhooks: Upload, UploadedAsset, Receiver, WebhookEvent. Events: JobEnded, ... Errors: HeyGenError, ...
"""

import functools
import importlib
from typing import Any


@functools.cache
def _where() -> dict[str, str]:
    where, module = {}, ""
    with open(__file__ + "i", encoding="utf-8") as names:  # noqa: PTH123 - pathlib would be a tenth of this import
        for line in names:
            module = line.split()[1] if line.startswith("from ") else module
            where |= {line.split()[0]: module} if " as " in line else {}
    return where


def __getattr__(name: str) -> Any:  # PEP 562: a name is loaded when it is first used, so this import is cheap
    if name == "__all__":
        return sorted(_where())
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("heygen-async")
    if name not in _where():
        hint = importlib.import_module("heygen_async.near_names").hint(name, _where(), "see __all__, such as")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; {hint}")
    return globals().setdefault(name, getattr(importlib.import_module(_where()[name]), name))


def __dir__() -> list[str]:
    return sorted({*globals(), *_where(), "__version__"})
