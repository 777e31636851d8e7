"""An asyncio client for HeyGen: ask for one video, or run a campaign of any size that is paid for once.

    from heygen_async import DirectVideo, HeyGen

The public names are loaded when they are first used, so that importing this package is cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heygen_async.account.credentials import Credentials
    from heygen_async.api.agents.chat import Chat
    from heygen_async.api.agents.session_job import AgentJob
    from heygen_async.api.agents.sessions import AgentMessage, AgentReply, Session, SessionItem
    from heygen_async.api.agents.turns import (
        ChatFailed,
        Draft,
        MessagesMissed,
        Progress,
        Question,
        Ready,
        Remark,
        Turn,
    )
    from heygen_async.api.fields.assets import AssetBase64, AssetId, AssetUrl
    from heygen_async.api.fields.looks import (
        AvatarIII,
        AvatarIV,
        AvatarV,
        Background,
        Caption,
        Watermark,
        WatermarkPlacement,
    )
    from heygen_async.api.fields.voices import ElevenLabsSettings, FishSettings, StarfishSettings, VoiceSettings
    from heygen_async.api.generated.assets import UploadRequest
    from heygen_async.api.generated.avatars import DigitalTwin, PhotoAvatar, PromptAvatar
    from heygen_async.api.generated.clipping import ClippingRequest, ClippingSettings
    from heygen_async.api.generated.lipsyncs import LipsyncRequest
    from heygen_async.api.generated.models import ImageToVideo, ReferenceToVideo, TextToVideo
    from heygen_async.api.generated.proofreads import ProofreadRequest
    from heygen_async.api.generated.studio import (
        AvatarScene,
        ImageScene,
        Playback,
        StudioAvatar,
        StudioColor,
        StudioVideo,
        VideoScene,
    )
    from heygen_async.api.generated.templates import (
        SubtitlePosition,
        TemplateDimension,
        TemplateSubtitles,
        TemplateVideo,
    )
    from heygen_async.api.generated.translations import StockVoices, TranslationRequest
    from heygen_async.api.generated.voices import SpeechRequest
    from heygen_async.api.handles.batches import Batch, BatchItem, CreatedBatch
    from heygen_async.api.handles.server_job import ServerJob
    from heygen_async.api.handles.video import Video, VideoJob, VideoStatus
    from heygen_async.api.renders import SeenAsVideo
    from heygen_async.api.requests.from_template import FromTemplate
    from heygen_async.api.requests.modes import (
        CinematicAvatar,
        DirectVideo,
        ImageVideo,
        VideoAgent,
        VideoRequest,
    )
    from heygen_async.api.requests.stored import (
        StoredRequest,
    )
    from heygen_async.api.uploads.upload import NotUploaded, Upload, UploadedAsset
    from heygen_async.api.webhooks import WebhookEndpoint
    from heygen_async.bulk.campaign_file.campaign_file import Campaign
    from heygen_async.bulk.jobs.job import (
        Job,
    )
    from heygen_async.bulk.jobs.outcomes import (
        Completed,
        Failed,
        Result,
        Summary,
        Unfinished,
    )
    from heygen_async.bulk.jobs.records import (
        Merge,
        Record,
    )
    from heygen_async.bulk.journal.journal import (
        Journal,
    )
    from heygen_async.bulk.output.report.page import (
        write_report,
    )
    from heygen_async.bulk.plan.plan import Plan
    from heygen_async.bulk.plan.preflight import Preflight
    from heygen_async.bulk.plan.price import Price, Rates
    from heygen_async.bulk.rows.cells import (
        is_missing,
    )
    from heygen_async.bulk.rows.problems import (
        Problem,
    )
    from heygen_async.bulk.rows.readers.read_rows import (
        read_rows,
    )
    from heygen_async.bulk.rows.table import (
        AsyncTable,
        Row,
        Table,
    )
    from heygen_async.bulk.run.result_stream import (
        Results,
    )
    from heygen_async.bulk.run.run_options import RunOptions
    from heygen_async.bulk.template.template import (
        Template,
    )
    from heygen_async.bulk.watch.signals import Signals
    from heygen_async.errors import (
        APIError,
        AttemptTimeoutError,
        AuthenticationError,
        BadRequestError,
        BreakerTrippedError,
        BudgetReachedError,
        CanaryFailedError,
        ConflictError,
        ConnectionFailedError,
        ConnectionLostError,
        ContractError,
        DeadlineExceededError,
        DownloadError,
        HeyGenError,
        InsufficientCreditError,
        InvalidInputError,
        JournalError,
        NotFoundError,
        OutcomeUnknownError,
        PayloadTooLargeError,
        PermissionDeniedError,
        QuotaExceededError,
        RateLimitError,
        RenderFailedError,
        RequestInProgressError,
        ResourceNotReadyError,
        RunPausedError,
        ServerError,
        UploadError,
        WebhookError,
        WebhookMalformedError,
        WebhookSignatureError,
        WebhookTimestampError,
        WebhookTooLargeError,
    )
    from heygen_async.heygen import HeyGen
    from heygen_async.http.call import Options
    from heygen_async.http.pages import Listing
    from heygen_async.http.retry import (
        RetryPolicy,
    )
    from heygen_async.telemetry import (
        Event,
        JobEnded,
        JobEvent,
        JobLeft,
        JobRendered,
        JobSubmitted,
        Observer,
        RequestEnded,
        RetryPlanned,
        SlotsLearnt,
        UploadProgressed,
    )
    from heygen_async.webhooks.events import WebhookEvent
    from heygen_async.webhooks.receiver import Receiver
    from heygen_async.workers.enqueue import Enqueued, enqueue
    from heygen_async.workers.worker import Worker

_WHERE = {
    "APIError": "heygen_async.errors",
    "AgentJob": "heygen_async.api.agents.session_job",
    "AgentMessage": "heygen_async.api.agents.sessions",
    "AgentReply": "heygen_async.api.agents.sessions",
    "AssetBase64": "heygen_async.api.fields.assets",
    "AssetId": "heygen_async.api.fields.assets",
    "AssetUrl": "heygen_async.api.fields.assets",
    "AsyncTable": "heygen_async.bulk.rows.table",
    "AttemptTimeoutError": "heygen_async.errors",
    "AuthenticationError": "heygen_async.errors",
    "AvatarIII": "heygen_async.api.fields.looks",
    "AvatarIV": "heygen_async.api.fields.looks",
    "AvatarScene": "heygen_async.api.generated.studio",
    "AvatarV": "heygen_async.api.fields.looks",
    "Background": "heygen_async.api.fields.looks",
    "BadRequestError": "heygen_async.errors",
    "Batch": "heygen_async.api.handles.batches",
    "BatchItem": "heygen_async.api.handles.batches",
    "BreakerTrippedError": "heygen_async.errors",
    "BudgetReachedError": "heygen_async.errors",
    "Campaign": "heygen_async.bulk.campaign_file.campaign_file",
    "CanaryFailedError": "heygen_async.errors",
    "Caption": "heygen_async.api.fields.looks",
    "Chat": "heygen_async.api.agents.chat",
    "ChatFailed": "heygen_async.api.agents.turns",
    "CinematicAvatar": "heygen_async.api.requests.modes",
    "ClippingRequest": "heygen_async.api.generated.clipping",
    "ClippingSettings": "heygen_async.api.generated.clipping",
    "Completed": "heygen_async.bulk.jobs.outcomes",
    "ConflictError": "heygen_async.errors",
    "ConnectionFailedError": "heygen_async.errors",
    "ConnectionLostError": "heygen_async.errors",
    "ContractError": "heygen_async.errors",
    "CreatedBatch": "heygen_async.api.handles.batches",
    "Credentials": "heygen_async.account.credentials",
    "DeadlineExceededError": "heygen_async.errors",
    "DigitalTwin": "heygen_async.api.generated.avatars",
    "DirectVideo": "heygen_async.api.requests.modes",
    "DownloadError": "heygen_async.errors",
    "Draft": "heygen_async.api.agents.turns",
    "ElevenLabsSettings": "heygen_async.api.fields.voices",
    "Enqueued": "heygen_async.workers.enqueue",
    "Event": "heygen_async.telemetry",
    "Failed": "heygen_async.bulk.jobs.outcomes",
    "FishSettings": "heygen_async.api.fields.voices",
    "FromTemplate": "heygen_async.api.requests.from_template",
    "HeyGen": "heygen_async.heygen",
    "HeyGenError": "heygen_async.errors",
    "ImageScene": "heygen_async.api.generated.studio",
    "ImageToVideo": "heygen_async.api.generated.models",
    "ImageVideo": "heygen_async.api.requests.modes",
    "InsufficientCreditError": "heygen_async.errors",
    "InvalidInputError": "heygen_async.errors",
    "Job": "heygen_async.bulk.jobs.job",
    "JobEnded": "heygen_async.telemetry",
    "JobEvent": "heygen_async.telemetry",
    "JobLeft": "heygen_async.telemetry",
    "JobRendered": "heygen_async.telemetry",
    "JobSubmitted": "heygen_async.telemetry",
    "Journal": "heygen_async.bulk.journal.journal",
    "JournalError": "heygen_async.errors",
    "LipsyncRequest": "heygen_async.api.generated.lipsyncs",
    "Listing": "heygen_async.http.pages",
    "Merge": "heygen_async.bulk.jobs.records",
    "MessagesMissed": "heygen_async.api.agents.turns",
    "NotFoundError": "heygen_async.errors",
    "NotUploaded": "heygen_async.api.uploads.upload",
    "Observer": "heygen_async.telemetry",
    "Options": "heygen_async.http.call",
    "OutcomeUnknownError": "heygen_async.errors",
    "PayloadTooLargeError": "heygen_async.errors",
    "PermissionDeniedError": "heygen_async.errors",
    "PhotoAvatar": "heygen_async.api.generated.avatars",
    "Plan": "heygen_async.bulk.plan.plan",
    "Playback": "heygen_async.api.generated.studio",
    "Preflight": "heygen_async.bulk.plan.preflight",
    "Price": "heygen_async.bulk.plan.price",
    "Problem": "heygen_async.bulk.rows.problems",
    "Progress": "heygen_async.api.agents.turns",
    "PromptAvatar": "heygen_async.api.generated.avatars",
    "ProofreadRequest": "heygen_async.api.generated.proofreads",
    "Question": "heygen_async.api.agents.turns",
    "QuotaExceededError": "heygen_async.errors",
    "RateLimitError": "heygen_async.errors",
    "Rates": "heygen_async.bulk.plan.price",
    "Ready": "heygen_async.api.agents.turns",
    "Receiver": "heygen_async.webhooks.receiver",
    "Record": "heygen_async.bulk.jobs.records",
    "ReferenceToVideo": "heygen_async.api.generated.models",
    "Remark": "heygen_async.api.agents.turns",
    "RenderFailedError": "heygen_async.errors",
    "RequestEnded": "heygen_async.telemetry",
    "RequestInProgressError": "heygen_async.errors",
    "ResourceNotReadyError": "heygen_async.errors",
    "Result": "heygen_async.bulk.jobs.outcomes",
    "Results": "heygen_async.bulk.run.result_stream",
    "RetryPlanned": "heygen_async.telemetry",
    "RetryPolicy": "heygen_async.http.retry",
    "Row": "heygen_async.bulk.rows.table",
    "RunOptions": "heygen_async.bulk.run.run_options",
    "RunPausedError": "heygen_async.errors",
    "SeenAsVideo": "heygen_async.api.renders",
    "ServerError": "heygen_async.errors",
    "ServerJob": "heygen_async.api.handles.server_job",
    "Session": "heygen_async.api.agents.sessions",
    "SessionItem": "heygen_async.api.agents.sessions",
    "Signals": "heygen_async.bulk.watch.signals",
    "SlotsLearnt": "heygen_async.telemetry",
    "SpeechRequest": "heygen_async.api.generated.voices",
    "StarfishSettings": "heygen_async.api.fields.voices",
    "StockVoices": "heygen_async.api.generated.translations",
    "StoredRequest": "heygen_async.api.requests.stored",
    "StudioAvatar": "heygen_async.api.generated.studio",
    "StudioColor": "heygen_async.api.generated.studio",
    "StudioVideo": "heygen_async.api.generated.studio",
    "SubtitlePosition": "heygen_async.api.generated.templates",
    "Summary": "heygen_async.bulk.jobs.outcomes",
    "Table": "heygen_async.bulk.rows.table",
    "Template": "heygen_async.bulk.template.template",
    "TemplateDimension": "heygen_async.api.generated.templates",
    "TemplateSubtitles": "heygen_async.api.generated.templates",
    "TemplateVideo": "heygen_async.api.generated.templates",
    "TextToVideo": "heygen_async.api.generated.models",
    "TranslationRequest": "heygen_async.api.generated.translations",
    "Turn": "heygen_async.api.agents.turns",
    "Unfinished": "heygen_async.bulk.jobs.outcomes",
    "Upload": "heygen_async.api.uploads.upload",
    "UploadError": "heygen_async.errors",
    "UploadProgressed": "heygen_async.telemetry",
    "UploadRequest": "heygen_async.api.generated.assets",
    "UploadedAsset": "heygen_async.api.uploads.upload",
    "Video": "heygen_async.api.handles.video",
    "VideoAgent": "heygen_async.api.requests.modes",
    "VideoJob": "heygen_async.api.handles.video",
    "VideoRequest": "heygen_async.api.requests.modes",
    "VideoScene": "heygen_async.api.generated.studio",
    "VideoStatus": "heygen_async.api.handles.video",
    "VoiceSettings": "heygen_async.api.fields.voices",
    "Watermark": "heygen_async.api.fields.looks",
    "WatermarkPlacement": "heygen_async.api.fields.looks",
    "WebhookEndpoint": "heygen_async.api.webhooks",
    "WebhookError": "heygen_async.errors",
    "WebhookEvent": "heygen_async.webhooks.events",
    "WebhookMalformedError": "heygen_async.errors",
    "WebhookSignatureError": "heygen_async.errors",
    "WebhookTimestampError": "heygen_async.errors",
    "WebhookTooLargeError": "heygen_async.errors",
    "Worker": "heygen_async.workers.worker",
    "enqueue": "heygen_async.workers.enqueue",
    "is_missing": "heygen_async.bulk.rows.cells",
    "read_rows": "heygen_async.bulk.rows.readers.read_rows",
    "write_report": "heygen_async.bulk.output.report.page",
}

__all__ = [
    "APIError",
    "AgentJob",
    "AgentMessage",
    "AgentReply",
    "AssetBase64",
    "AssetId",
    "AssetUrl",
    "AsyncTable",
    "AttemptTimeoutError",
    "AuthenticationError",
    "AvatarIII",
    "AvatarIV",
    "AvatarScene",
    "AvatarV",
    "Background",
    "BadRequestError",
    "Batch",
    "BatchItem",
    "BreakerTrippedError",
    "BudgetReachedError",
    "Campaign",
    "CanaryFailedError",
    "Caption",
    "Chat",
    "ChatFailed",
    "CinematicAvatar",
    "ClippingRequest",
    "ClippingSettings",
    "Completed",
    "ConflictError",
    "ConnectionFailedError",
    "ConnectionLostError",
    "ContractError",
    "CreatedBatch",
    "Credentials",
    "DeadlineExceededError",
    "DigitalTwin",
    "DirectVideo",
    "DownloadError",
    "Draft",
    "ElevenLabsSettings",
    "Enqueued",
    "Event",
    "Failed",
    "FishSettings",
    "FromTemplate",
    "HeyGen",
    "HeyGenError",
    "ImageScene",
    "ImageToVideo",
    "ImageVideo",
    "InsufficientCreditError",
    "InvalidInputError",
    "Job",
    "JobEnded",
    "JobEvent",
    "JobLeft",
    "JobRendered",
    "JobSubmitted",
    "Journal",
    "JournalError",
    "LipsyncRequest",
    "Listing",
    "Merge",
    "MessagesMissed",
    "NotFoundError",
    "NotUploaded",
    "Observer",
    "Options",
    "OutcomeUnknownError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "PhotoAvatar",
    "Plan",
    "Playback",
    "Preflight",
    "Price",
    "Problem",
    "Progress",
    "PromptAvatar",
    "ProofreadRequest",
    "Question",
    "QuotaExceededError",
    "RateLimitError",
    "Rates",
    "Ready",
    "Receiver",
    "Record",
    "ReferenceToVideo",
    "Remark",
    "RenderFailedError",
    "RequestEnded",
    "RequestInProgressError",
    "ResourceNotReadyError",
    "Result",
    "Results",
    "RetryPlanned",
    "RetryPolicy",
    "Row",
    "RunOptions",
    "RunPausedError",
    "SeenAsVideo",
    "ServerError",
    "ServerJob",
    "Session",
    "SessionItem",
    "Signals",
    "SlotsLearnt",
    "SpeechRequest",
    "StarfishSettings",
    "StockVoices",
    "StoredRequest",
    "StudioAvatar",
    "StudioColor",
    "StudioVideo",
    "SubtitlePosition",
    "Summary",
    "Table",
    "Template",
    "TemplateDimension",
    "TemplateSubtitles",
    "TemplateVideo",
    "TextToVideo",
    "TranslationRequest",
    "Turn",
    "Unfinished",
    "Upload",
    "UploadError",
    "UploadProgressed",
    "UploadRequest",
    "UploadedAsset",
    "Video",
    "VideoAgent",
    "VideoJob",
    "VideoRequest",
    "VideoScene",
    "VideoStatus",
    "VoiceSettings",
    "Watermark",
    "WatermarkPlacement",
    "WebhookEndpoint",
    "WebhookError",
    "WebhookEvent",
    "WebhookMalformedError",
    "WebhookSignatureError",
    "WebhookTimestampError",
    "WebhookTooLargeError",
    "Worker",
    "enqueue",
    "is_missing",
    "read_rows",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
