# The public names: this is the one list of them. Type checkers read it, and so does `__init__.py`.

from heygen_async.account.credentials import (
    Credentials as Credentials,
)
from heygen_async.account.render_pool import (
    InFlight as InFlight,
)
from heygen_async.api.agents.chat import (
    Chat as Chat,
)
from heygen_async.api.agents.session_job import (
    AgentJob as AgentJob,
)
from heygen_async.api.agents.sessions import (
    AgentMessage as AgentMessage,
    AgentReply as AgentReply,
    AgentResource as AgentResource,
    AgentStyle as AgentStyle,
    Session as Session,
    SessionItem as SessionItem,
)
from heygen_async.api.agents.turns import (
    ChatFailed as ChatFailed,
    Draft as Draft,
    MessagesMissed as MessagesMissed,
    Progress as Progress,
    Question as Question,
    Ready as Ready,
    Remark as Remark,
    Turn as Turn,
)
from heygen_async.api.base_client import (
    RawAnswer as RawAnswer,
)
from heygen_async.api.client import (
    Client as Client,
)
from heygen_async.api.fields.assets import (
    AssetBase64 as AssetBase64,
    AssetId as AssetId,
    AssetUrl as AssetUrl,
)
from heygen_async.api.fields.looks import (
    AvatarIII as AvatarIII,
    AvatarIV as AvatarIV,
    AvatarV as AvatarV,
    Background as Background,
    Caption as Caption,
    Watermark as Watermark,
    WatermarkPlacement as WatermarkPlacement,
)
from heygen_async.api.fields.unset import (
    UNSET as UNSET,
)
from heygen_async.api.fields.voices import (
    ElevenLabsSettings as ElevenLabsSettings,
    FishSettings as FishSettings,
    StarfishSettings as StarfishSettings,
    VoiceSettings as VoiceSettings,
)
from heygen_async.api.generated.assets import (
    MultipartUpload as MultipartUpload,
    StoredFile as StoredFile,
    UploadRequest as UploadRequest,
)
from heygen_async.api.generated.audio import (
    Sound as Sound,
)
from heygen_async.api.generated.avatars import (
    Avatar as Avatar,
    DigitalTwin as DigitalTwin,
    Look as Look,
    LookPack as LookPack,
    PhotoAvatar as PhotoAvatar,
    PromptAvatar as PromptAvatar,
)
from heygen_async.api.generated.background_removal import (
    BackgroundRemovalRequest as BackgroundRemovalRequest,
    CutOut as CutOut,
)
from heygen_async.api.generated.brand import (
    BrandGlossary as BrandGlossary,
    BrandGlossaryDetail as BrandGlossaryDetail,
    BrandKit as BrandKit,
    BrandKitDetail as BrandKitDetail,
    GlossaryTerm as GlossaryTerm,
)
from heygen_async.api.generated.clipping import (
    ClippedVideo as ClippedVideo,
    ClippingRequest as ClippingRequest,
    ClippingSettings as ClippingSettings,
)
from heygen_async.api.generated.filler_words import (
    FillerWordRemoval as FillerWordRemoval,
    FillerWordRemovalRequest as FillerWordRemovalRequest,
)
from heygen_async.api.generated.folders import (
    Folder as Folder,
)
from heygen_async.api.generated.lipsyncs import (
    Lipsync as Lipsync,
    LipsyncRequest as LipsyncRequest,
)
from heygen_async.api.generated.models import (
    AudioVoice as AudioVoice,
    ImageToVideo as ImageToVideo,
    InstantVoice as InstantVoice,
    ModelImageRequest as ModelImageRequest,
    ModelImages as ModelImages,
    ModelSpeech as ModelSpeech,
    ModelSpeechRequest as ModelSpeechRequest,
    ModelVideo as ModelVideo,
    ProfessionalVoice as ProfessionalVoice,
    ReferenceToVideo as ReferenceToVideo,
    SpeechStreamRequest as SpeechStreamRequest,
    TextToVideo as TextToVideo,
)
from heygen_async.api.generated.proofreads import (
    Proofread as Proofread,
    ProofreadRequest as ProofreadRequest,
)
from heygen_async.api.generated.studio import (
    AvatarScene as AvatarScene,
    ImageScene as ImageScene,
    Playback as Playback,
    StudioAvatar as StudioAvatar,
    StudioColor as StudioColor,
    StudioVideo as StudioVideo,
    VideoScene as VideoScene,
)
from heygen_async.api.generated.templates import (
    SubtitlePosition as SubtitlePosition,
    TemplateDetail as TemplateDetail,
    TemplateDimension as TemplateDimension,
    TemplateItem as TemplateItem,
    TemplateSubtitles as TemplateSubtitles,
    TemplateVideo as TemplateVideo,
)
from heygen_async.api.generated.translations import (
    StockVoices as StockVoices,
    Translation as Translation,
    TranslationRequest as TranslationRequest,
)
from heygen_async.api.generated.users import (
    ApiKey as ApiKey,
    User as User,
)
from heygen_async.api.generated.voices import (
    Speech as Speech,
    SpeechRequest as SpeechRequest,
    Voice as Voice,
    VoiceDetail as VoiceDetail,
)
from heygen_async.api.handles.batches import (
    Batch as Batch,
    BatchItem as BatchItem,
    CreatedBatch as CreatedBatch,
)
from heygen_async.api.handles.scenes import (
    VideoScenes as VideoScenes,
    VoiceCapabilities as VoiceCapabilities,
)
from heygen_async.api.handles.server_job import (
    ServerJob as ServerJob,
)
from heygen_async.api.handles.speech_stream import (
    SpeechAudio as SpeechAudio,
    SpeechMoment as SpeechMoment,
    SpeechTimes as SpeechTimes,
)
from heygen_async.api.handles.video import (
    Video as Video,
    VideoJob as VideoJob,
    VideoStatus as VideoStatus,
)
from heygen_async.api.renders import (
    SeenAsVideo as SeenAsVideo,
)
from heygen_async.api.requests.from_template import (
    FromTemplate as FromTemplate,
)
from heygen_async.api.requests.modes import (
    CinematicAvatar as CinematicAvatar,
    DirectVideo as DirectVideo,
    ImageVideo as ImageVideo,
    VideoAgent as VideoAgent,
    VideoRequest as VideoRequest,
)
from heygen_async.api.requests.stored import (
    StoredRequest as StoredRequest,
)
from heygen_async.api.uploads.upload import (
    NotUploaded as NotUploaded,
    Upload as Upload,
    UploadedAsset as UploadedAsset,
)
from heygen_async.api.webhook_values import (
    LoggedEvent as LoggedEvent,
    WebhookEndpoint as WebhookEndpoint,
)
from heygen_async.bulk.campaign.shared_signals import (
    shared_signals as shared_signals,
)
from heygen_async.bulk.campaign_file.campaign_file import (
    Campaign as Campaign,
)
from heygen_async.bulk.jobs.job import (
    Job as Job,
)
from heygen_async.bulk.jobs.outcomes import (
    Completed as Completed,
    Failed as Failed,
    Result as Result,
    Summary as Summary,
    Unfinished as Unfinished,
)
from heygen_async.bulk.jobs.records import (
    Merge as Merge,
    Record as Record,
)
from heygen_async.bulk.journal.journal import (
    Journal as Journal,
)
from heygen_async.bulk.output.report.page import (
    write_report as write_report,
)
from heygen_async.bulk.plan.plan import (
    Plan as Plan,
)
from heygen_async.bulk.plan.preflight import (
    Preflight as Preflight,
)
from heygen_async.bulk.prices.price import (
    Price as Price,
    Rates as Rates,
)
from heygen_async.bulk.rows.cells import (
    is_missing as is_missing,
)
from heygen_async.bulk.rows.problems import (
    Problem as Problem,
)
from heygen_async.bulk.rows.readers.read_rows import (
    read_rows as read_rows,
)
from heygen_async.bulk.rows.table import (
    AsyncTable as AsyncTable,
    Row as Row,
    Table as Table,
)
from heygen_async.bulk.run.guards import (
    Approve as Approve,
)
from heygen_async.bulk.run.result_stream import (
    Results as Results,
)
from heygen_async.bulk.run.run_options import (
    RunOptions as RunOptions,
)
from heygen_async.bulk.template.template import (
    Template as Template,
)
from heygen_async.bulk.watch.signals import (
    Signals as Signals,
)
from heygen_async.errors import (
    APIError as APIError,
    AttemptTimeoutError as AttemptTimeoutError,
    AuthenticationError as AuthenticationError,
    BadRequestError as BadRequestError,
    BreakerTrippedError as BreakerTrippedError,
    BudgetReachedError as BudgetReachedError,
    CanaryFailedError as CanaryFailedError,
    ConflictError as ConflictError,
    ConnectionFailedError as ConnectionFailedError,
    ConnectionLostError as ConnectionLostError,
    ContractError as ContractError,
    DeadlineExceededError as DeadlineExceededError,
    DownloadError as DownloadError,
    HeyGenError as HeyGenError,
    InsufficientCreditError as InsufficientCreditError,
    InvalidInputError as InvalidInputError,
    JournalError as JournalError,
    NotFoundError as NotFoundError,
    OutcomeUnknownError as OutcomeUnknownError,
    PayloadTooLargeError as PayloadTooLargeError,
    PermissionDeniedError as PermissionDeniedError,
    QuotaExceededError as QuotaExceededError,
    RateLimitError as RateLimitError,
    RenderFailedError as RenderFailedError,
    RequestInProgressError as RequestInProgressError,
    ResourceNotReadyError as ResourceNotReadyError,
    RunPausedError as RunPausedError,
    ServerError as ServerError,
    UploadError as UploadError,
    WebhookError as WebhookError,
    WebhookMalformedError as WebhookMalformedError,
    WebhookSignatureError as WebhookSignatureError,
    WebhookTimestampError as WebhookTimestampError,
    WebhookTooLargeError as WebhookTooLargeError,
)
from heygen_async.heygen import (
    HeyGen as HeyGen,
)
from heygen_async.http.call import (
    Options as Options,
)
from heygen_async.http.pages import (
    Listing as Listing,
)
from heygen_async.http.retry import (
    RetryPolicy as RetryPolicy,
)
from heygen_async.telemetry import (
    DownloadEnded as DownloadEnded,
    Event as Event,
    JobEnded as JobEnded,
    JobEvent as JobEvent,
    JobLeft as JobLeft,
    JobRendered as JobRendered,
    JobSubmitted as JobSubmitted,
    JobTaken as JobTaken,
    Observer as Observer,
    RequestEnded as RequestEnded,
    RetryPlanned as RetryPlanned,
    SlotsLearnt as SlotsLearnt,
    UploadProgressed as UploadProgressed,
)
from heygen_async.value import (
    Value as Value,
)
from heygen_async.webhooks.events import (
    WebhookEvent as WebhookEvent,
)
from heygen_async.webhooks.receiver import (
    Receiver as Receiver,
)
from heygen_async.workers.enqueue import (
    Enqueued as Enqueued,
    enqueue as enqueue,
)
from heygen_async.workers.worker import (
    Worker as Worker,
)

__all__: list[str]  # noqa: PYI035 - the names above, which would stand here a second time
__version__: str
