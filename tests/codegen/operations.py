"""The table of resources, their operations and methods, with facts that the contract does not state."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Job:
    """A kind of job that is followed by a handle.

    Attributes:
        of: Name of the kind; the function that returns a handle is `follow_<of>`.
        get: Operation that reads a job.
        name: Method that returns a handle.
        succeeded: Statuses of success.
        failed: Statuses of failure.
        files: Fields of which one must be set before a job counts as ended.
        doc: Further lines of the method's docstring.
    """

    of: str
    get: str
    name: str = "job"
    succeeded: tuple[str, ...] = ("completed",)
    failed: tuple[str, ...] = ("failed",)
    files: tuple[str, ...] = ()
    doc: str = ""


@attrs.frozen
class Op:
    """One operation of the contract and its method.

    Attributes:
        where: METHOD /path.
        name: Name of the method.
        doc: Docstring of the method, without arguments and errors.
        gives: (function, field of the answer): return a handle on a job instead of the answer.
        costs: True if it costs money, or makes an object that must not be made twice.
        idempotent: True for a POST without a key that may be executed twice.
        schema: Schema of the request, if the operation has several.
        by_hand: True if the method is written by hand, in the module of the resource; its request is generated.
    """

    where: str
    name: str
    doc: str
    gives: tuple[str, str] | None = None
    costs: bool = False
    idempotent: bool = False
    schema: str | None = None
    by_hand: bool = False


@attrs.frozen
class Resource:
    """One resource: an attribute of the client, and a module.

    Attributes:
        name: Name of the attribute and of the module.
        about: Short description.
        ops: Operations of the resource.
        jobs: Kinds of jobs that the resource makes.
        by_hand: Module of a hand-written class of the same name, which extends the generated one.
    """

    name: str
    about: str
    ops: tuple[Op, ...]
    jobs: tuple[Job, ...] = ()
    by_hand: str | None = None


def batch_job(of: str, path: str) -> Job:
    """Return the job of a batch, which has no failure of its own, because each item has a status."""
    return Job(
        name="batch_job",
        of=of,
        get=f"GET {path}/batches/{{batch_id}}",
        succeeded=("completed", "failed"),
        failed=(),
        doc="The batch ends when all of its items have; `items` has the status of each.",
    )


# Source: release notes of the CLI 0.12.0.
DEPRECATED = "HeyGen has called its command for this deprecated since 2026-11-16."
TRANSLATIONS = "/v3/video-translations"
PROOFREADS = "/v3/video-translations/proofreads"

RESOURCES = (
    Resource(
        "assets",
        "your files at HeyGen",
        (
            Op(
                "POST /v3/assets",
                "create",
                "Store a file that is in memory: up to 32 MB of png, jpeg, mp4, webm, mp3, wav, pdf or srt.\n\n"
                "Use `upload` for files of any size and from other sources.",
            ),
            Op("GET /v3/assets", "list", "List the files of a user."),
            Op("GET /v3/assets/search", "search", "List images or icons that match a description."),
            Op("GET /v3/assets/{asset_id}", "get", "Return a file."),
            Op("DELETE /v3/assets/{asset_id}", "delete", "Delete a file."),
            Op("GET /v3/assets/statuses", "statuses", "Return the statuses of up to 100 uploads."),
            Op("POST /v3/assets/direct-uploads", "create_upload", "Return an address for the PUT of one large file."),
            Op(
                "POST /v3/assets/{asset_id}/complete",
                "complete",
                "Tell HeyGen that the file is uploaded. The call may be repeated.",
                idempotent=True,
            ),
            Op(
                "POST /v3/assets/direct-uploads/multipart",
                "create_multipart",
                "Return an upload in parts of a file that is too large for one PUT, with an address for each part.\n\n"
                "`upload` does all of this by itself.",
            ),
            Op(
                "GET /v3/assets/direct-uploads/multipart/{multipart_id}",
                "multipart",
                "Return an upload in parts: the parts that are stored, and fresh addresses for the others.",
            ),
            Op(
                "DELETE /v3/assets/direct-uploads/multipart/{multipart_id}",
                "delete_multipart",
                "Give up an upload in parts; the storage forgets its parts.",
            ),
            Op("POST /v3/assets/direct-uploads/batches", "create_uploads", "Return addresses for up to 100 files."),
            Op(
                "POST /v3/assets/complete/batches",
                "complete_uploads",
                "Tell HeyGen that the files of a batch are uploaded. The call may be repeated.",
                idempotent=True,
            ),
            Op("GET /v3/assets/batches/{batch_id}", "batch", "Return the statuses of the uploads of a batch."),
        ),
        by_hand="heygen_async.api.assets",
    ),
    Resource(
        "audio",
        "music and sound effects",
        (
            Op(
                "GET /v3/audio/sounds",
                "sounds",
                "List music or sound effects that match a description, the best first.",
            ),
        ),
    ),
    Resource(
        "avatars",
        "avatars (groups) and their looks",
        (
            Op(
                "POST /v3/avatars",
                "create",
                "Make a look from a video, an image or a prompt. Costs 1 US dollar.\n\n"
                "Follow it by `job(created.avatar_item.id)`.",
                costs=True,
            ),
            Op("GET /v3/avatars", "list", "List avatars."),
            Op("GET /v3/avatars/{group_id}", "get", "Return an avatar."),
            Op("PATCH /v3/avatars/{group_id}", "update", "Change the default voice of an avatar of yours."),
            Op("DELETE /v3/avatars/{group_id}", "delete", "Delete an avatar of yours with all its looks."),
            Op("GET /v3/avatars/looks", "looks", "List looks; their ids are the `avatar_id` of requests."),
            Op("GET /v3/avatars/looks/packs", "look_packs", "List packs of looks that HeyGen offers."),
            Op("GET /v3/avatars/looks/{look_id}", "get_look", "Return a look."),
            Op("PATCH /v3/avatars/looks/{look_id}", "update_look", "Rename a look of yours."),
            Op("DELETE /v3/avatars/looks/{look_id}", "delete_look", "Delete a look of yours."),
            Op(
                "POST /v3/avatars/{group_id}/consent",
                "create_consent",
                "Ask a person for consent, which a digital twin needs.\n\n"
                "The address in the answer is valid for 24 hours and one submission.",
            ),
        ),
        (
            Job(
                of="look",
                get="GET /v3/avatars/looks/{look_id}",
                succeeded=("completed", "pending_consent"),
                doc="The job also ends at `pending_consent`, in which the look waits for the person's consent.",
            ),
        ),
    ),
    Resource(
        "background_removal",
        "removal of the background of videos",
        (
            Op(
                "POST /v3/background-removals",
                "create",
                "Remove the background of a video. Costs money.\n\n"
                "HeyGen takes no Idempotency-Key here, so the request is not repeated after a lost answer. With a\n"
                "`request_id` you may repeat it yourself.",
                ("follow_background_removal", "id"),
                costs=True,
            ),
            Op("GET /v3/background-removals", "list", "List background removals, newest first."),
            Op("GET /v3/background-removals/{job_id}", "get", "Return a background removal with its present status."),
            Op("DELETE /v3/background-removals/{job_id}", "delete", "Delete a background removal."),
        ),
        (
            Job(
                of="background_removal",
                get="GET /v3/background-removals/{job_id}",
                failed=("failed", "deleted"),
                files=("layers",),
            ),
        ),
    ),
    Resource(
        "brand",
        "your brand's colors, fonts and words",
        (
            Op("GET /v3/brand-kits", "kits", "List brand kits."),
            Op(
                "POST /v3/brand-kits",
                "create_kit",
                "Create a brand kit: from the address of a site, or by hand.",
                costs=True,
            ),
            Op("GET /v3/brand-kits/{brand_kit_id}", "get_kit", "Return a brand kit."),
            Op("PATCH /v3/brand-kits/{brand_kit_id}", "update_kit", "Change a brand kit."),
            Op("DELETE /v3/brand-kits/{brand_kit_id}", "delete_kit", "Delete a brand kit."),
            Op("GET /v3/brand-glossaries", "glossaries", "List brand glossaries."),
            Op("POST /v3/brand-glossaries", "create_glossary", "Create a brand glossary.", costs=True),
            Op(
                "GET /v3/brand-glossaries/{brand_glossary_id}",
                "get_glossary",
                "Return a brand glossary with its terms.",
            ),
            Op(
                "PATCH /v3/brand-glossaries/{brand_glossary_id}",
                "update_glossary",
                "Change a brand glossary. Given `terms` replace all that it has.",
            ),
            Op("DELETE /v3/brand-glossaries/{brand_glossary_id}", "delete_glossary", "Delete a brand glossary."),
        ),
    ),
    Resource(
        "clipping",
        "short clips from long videos",
        (
            Op(
                "POST /v3/ai-clipping",
                "create",
                "Cut the best clips out of a video. Costs money.",
                ("follow_clipping", "ai_clipping_id"),
                costs=True,
            ),
            Op("GET /v3/ai-clipping", "list", "List clippings, newest first."),
            Op("GET /v3/ai-clipping/{job_id}", "get", "Return a clipping with its present status."),
            Op("DELETE /v3/ai-clipping/{job_id}", "delete", "Delete a clipping."),
        ),
        (
            Job(
                of="clipping",
                get="GET /v3/ai-clipping/{job_id}",
                failed=("failed", "cancelled"),
                files=("clips.video_url",),
            ),
        ),
    ),
    Resource(
        "filler_words",
        "removal of filler words from videos",
        (
            Op(
                "POST /v3/filler-word-removals",
                "create",
                "Cut filler words out of a video of up to 2 hours. Costs money.",
                ("follow_filler_word_removal", "filler_word_removal_id"),
                costs=True,
            ),
            Op(
                "GET /v3/filler-word-removals/{filler_word_removal_id}",
                "get",
                "Return a filler word removal with its present status.",
            ),
        ),
        (
            Job(
                of="filler_word_removal",
                get="GET /v3/filler-word-removals/{filler_word_removal_id}",
                files=("video_url",),
            ),
        ),
    ),
    Resource(
        "folders",
        "folders for videos",
        (
            Op(
                "POST /v3/folders",
                "create",
                "Create a folder.\n\nKeep the id: names need not be unique, and HeyGen has no search by name.",
            ),
            Op("GET /v3/folders/{folder_id}", "get", "Return a folder."),
        ),
    ),
    Resource(
        "lipsyncs",
        "videos with other audio and matching lips",
        (
            Op(
                "POST /v3/lipsyncs",
                "create",
                "Give a video other audio. Costs 0.0333 (speed) to 0.0667 (precision) US dollars a second.",
                ("follow_lipsync", "lipsync_id"),
                costs=True,
            ),
            Op("GET /v3/lipsyncs", "list", "List lipsyncs, newest first."),
            Op("GET /v3/lipsyncs/{lipsync_id}", "get", "Return a lipsync with its present status."),
            Op("PATCH /v3/lipsyncs/{lipsync_id}", "rename", "Change the title of a lipsync."),
            Op("DELETE /v3/lipsyncs/{lipsync_id}", "delete", "Delete a lipsync."),
            Op(
                "POST /v3/lipsyncs/batches",
                "create_batch",
                "Submit up to 100 lipsyncs at once. Costs money for each.\n\n"
                "If one item is malformed, HeyGen refuses the whole batch.",
                ("follow_lipsync_batch", "batch_id"),
                costs=True,
            ),
            Op("GET /v3/lipsyncs/batches/{batch_id}", "batch", "Return a batch with its present status."),
            Op("GET /v3/lipsyncs/statuses", "statuses", "Return the statuses of up to 100 lipsyncs."),
        ),
        (
            Job(of="lipsync", get="GET /v3/lipsyncs/{lipsync_id}", files=("video_url",)),
            batch_job("lipsync_batch", "/v3/lipsyncs"),
        ),
    ),
    Resource(
        "models",
        "videos, images, voices and speech of HeyGen's generative models",
        (
            Op(
                "POST /v3/models/videos",
                "create_video",
                "Generate a video from a prompt, an image or references. Costs money.\n\n"
                "`heygen.videos.get` can read it too, but the lists, batches and bulk statuses of videos leave it out.",
                ("follow_model_video", "video_id"),
                costs=True,
            ),
            Op("GET /v3/models/videos/{video_id}", "get_video", "Return a generated video with its present status."),
            Op(
                "POST /v3/models/images",
                "create_image",
                "Generate one to five portraits of a person in the scene of another picture. Private beta.\n\n"
                "HeyGen documents no price.",
                ("follow_model_image", "generation_id"),
                costs=True,
            ),
            Op("GET /v3/models/images/{generation_id}", "get_image", "Return generated images with their status."),
            Op(
                "POST /v3/models/audio/voices",
                "create_voice",
                "Make an audio voice from your recordings, or train one anew. Instant voices are free to make.\n\n"
                "A professional voice takes one of the places that you have bought.",
                ("follow_model_voice", "voice_id"),
                costs=True,
            ),
            Op("GET /v3/models/audio/voices", "voices", "List your audio voices, newest first."),
            Op("GET /v3/models/audio/voices/{voice_id}", "get_voice", "Return an audio voice with its present status."),
            Op(
                "DELETE /v3/models/audio/voices/{voice_id}",
                "delete_voice",
                "Delete an audio voice. A professional one cannot be deleted while it is trained.",
            ),
            Op(
                "POST /v3/models/audio/tts",
                "speech",
                "Return the speech of a text of up to 5,000 characters, by an audio voice.\n\n"
                "Costs 15 US dollars for a million characters. At most 30 requests a minute for each member.\n\n"
                "HeyGen takes no Idempotency-Key here, so the request is not repeated after a lost answer.",
                costs=True,
            ),
            Op(
                "POST /v3/models/audio/tts/stream",
                "stream_speech",
                "Yield the speech of a text.",
                costs=True,
                by_hand=True,
            ),
            Op(
                "POST /v3/models/audio/speech-to-speech",
                "convert_speech",
                "Return up to 300 seconds of speech, spoken by an audio voice.\n\n"
                "HeyGen takes no Idempotency-Key here, so the request is not repeated after a lost answer.",
                costs=True,
            ),
        ),
        (
            Job(
                name="voice_job",
                of="model_voice",
                get="GET /v3/models/audio/voices/{voice_id}",
                succeeded=("active",),
            ),
            Job(
                name="video_job",
                of="model_video",
                get="GET /v3/models/videos/{video_id}",
                failed=("failed", "cancelled"),
                files=("video_url",),
            ),
            Job(
                name="image_job",
                of="model_image",
                get="GET /v3/models/images/{generation_id}",
                failed=("failed", "cancelled"),
                files=("images",),
            ),
        ),
        by_hand="heygen_async.api.models",
    ),
    Resource(
        "proofreads",
        "translations that you correct before they are spoken",
        (
            Op(
                f"POST {PROOFREADS}",
                "create",
                "Translate the text of a video, for you to correct before it is spoken.\n\n"
                "Returns a handle for each language. The price is for the spoken video: see `generate`.",
                ("follow_proofread", "proofread_ids[]"),
                costs=True,
            ),
            Op(f"GET {PROOFREADS}", "list", "List proofreads, newest first."),
            Op(f"GET {PROOFREADS}/{{proofread_id}}", "get", "Return a proofread with its present status."),
            Op(f"DELETE {PROOFREADS}/{{proofread_id}}", "delete", "Delete a proofread."),
            Op(f"GET {PROOFREADS}/{{proofread_id}}/srt", "srt", "Return the address of the text, once it is ready."),
            Op(f"PUT {PROOFREADS}/{{proofread_id}}/srt", "update_srt", "Replace the text."),
            Op(
                f"POST {PROOFREADS}/{{proofread_id}}/generate",
                "generate",
                "Make the video with the text. Costs 0.0333 (speed) to 0.0667 (precision) US dollars a second.",
                ("follow_translation", "video_translation_id"),
                costs=True,
            ),
        ),
        (Job(of="proofread", get=f"GET {PROOFREADS}/{{proofread_id}}"),),
    ),
    Resource(
        "studio",
        "videos of several scenes",
        (
            Op(
                "POST /v3/videos",
                "create",
                "Make one video of up to 50 scenes. Costs money.\n\nIf one scene fails, the video fails.",
                ("follow_video", "video_id"),
                costs=True,
                schema="CreateVideoFromStudio",
            ),
        ),
    ),
    Resource(
        "templates",
        "templates, and videos made from them",
        (
            Op(
                "POST /v3/templates",
                "create",
                "Make a template from a video. For workspaces with the template authoring API.",
                costs=True,
            ),
            Op("PATCH /v3/templates/{template_id}", "update", "Rename a template."),
            Op(
                "PUT /v3/templates/{template_id}/variables",
                "update_variables",
                "Set the variables of a template, in place of those that it has, and the elements that they fill.",
            ),
            Op("DELETE /v3/templates/{template_id}", "delete", "Delete a template."),
            Op("GET /v3/templates", "list", "List templates."),
            Op("GET /v3/templates/{template_id}", "get", "Return a template with its variables and scenes."),
            Op(
                "POST /v3/templates/{template_id}",
                "generate",
                "Make a video from a template. Costs money.",
                ("follow_video", "id"),
                costs=True,
            ),
        ),
    ),
    Resource(
        "translations",
        "videos in other languages",
        (
            Op(
                f"POST {TRANSLATIONS}",
                "create",
                "Translate a video. Costs 0.0333 (speed) to 0.0667 (precision) US dollars a second and language.\n\n"
                "Returns a handle for each language.",
                ("follow_translation", "video_translation_ids[]"),
                costs=True,
            ),
            Op(f"GET {TRANSLATIONS}", "list", "List translations, newest first."),
            Op(f"GET {TRANSLATIONS}/languages", "languages", "Return the names of languages."),
            Op(f"GET {TRANSLATIONS}/{{video_translation_id}}", "get", "Return a translation with its present status."),
            Op(f"PATCH {TRANSLATIONS}/{{video_translation_id}}", "rename", "Change the title of a translation."),
            Op(f"DELETE {TRANSLATIONS}/{{video_translation_id}}", "delete", "Delete a translation."),
            Op(
                f"POST {TRANSLATIONS}/batches",
                "create_batch",
                "Submit up to 100 translations at once, counted by language. Costs money for each.\n\n"
                "If one item is malformed, HeyGen refuses the whole batch.",
                ("follow_translation_batch", "batch_id"),
                costs=True,
            ),
            Op(f"GET {TRANSLATIONS}/batches/{{batch_id}}", "batch", "Return a batch with its present status."),
            Op(f"GET {TRANSLATIONS}/statuses", "statuses", "Return the statuses of up to 100 translations."),
        ),
        (
            Job(
                of="translation",
                get=f"GET {TRANSLATIONS}/{{video_translation_id}}",
                files=("video_url", "audio_url"),
            ),
            batch_job("translation_batch", TRANSLATIONS),
        ),
    ),
    Resource(
        "users",
        "the account, its credit and its key",
        (
            Op("GET /v3/users/me", "me", "Return your account and its credit."),
            Op("GET /v3/api_keys/self", "api_key", "Return what the API key may do, and until when. Any key may ask."),
        ),
    ),
    Resource(
        "voices",
        "voices: list, design, clone, generate speech",
        (
            Op(
                "GET /v3/voices",
                "list",
                "List voices.\n\nYour audio voices are not among them: see `heygen.models.voices`.",
            ),
            Op("GET /v3/voices/{voice_id}", "get", "Return a voice."),
            Op(
                "DELETE /v3/voices/{voice_id}",
                "delete",
                "Delete a voice of yours.\n\nAn audio voice is deleted by `heygen.models.delete_voice`.",
            ),
            Op(
                "POST /v3/voices",
                "design",
                "Make up to three voices from a description.\n\n"
                f"{DEPRECATED}\n\n"
                "HeyGen takes no Idempotency-Key here, so the request is not repeated after a lost answer.",
                costs=True,
            ),
            Op(
                "POST /v3/voices/clone",
                "clone",
                "Make a voice from a sample of speech.\n\n"
                f"{DEPRECATED}\nIt is succeeded by `heygen.models.create_voice(InstantVoice(...))`.\n\n"
                "HeyGen takes no Idempotency-Key here, so the request is not repeated after a lost answer.",
                ("follow_voice", "voice_clone_id"),
                costs=True,
            ),
            Op(
                "POST /v3/voices/speech",
                "speech",
                "Return the speech of a text of up to 5,000 characters. The voice must support engine starfish.\n\n"
                f"{DEPRECATED}\nIt is succeeded by `heygen.models.speech`, which takes audio voices only.\n\n"
                "HeyGen takes no Idempotency-Key here, so the request is not repeated after a lost answer.",
                costs=True,
            ),
        ),
        (Job(of="voice", get="GET /v3/voices/{voice_id}", succeeded=("complete", "completed")),),
    ),
)

# Resources that are written by hand in heygen_async/api. A test looks for the methods of their operations.
BY_HAND = ("videos", "video_agents", "webhooks")
