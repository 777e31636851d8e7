"""Which operation is which method of which resource, and what the contract does not say about it."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Job:
    """How a kind of job is followed.

    Attributes:
        name: Method that returns one; its function is `follow_<of>`.
        of: What it is called.
        get: The operation that reads it.
        succeeded: Status words of success, if not `completed`.
        failed: Status words of failure, if not `failed`.
        files: Fields one of which must be set for success to be there.
        doc: What its end means, if that needs words.
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
    """One operation.

    Attributes:
        where: METHOD /path.
        name: Of the method.
        doc: What it does; the first line of its docstring, then perhaps more.
        gives: (function, field of the answer): return a job instead of the answer.
        costs: It costs money, or makes something that nobody wants twice.
        again: It may be executed twice, though it is a POST that takes no key.
        schema: Of the request, where it is one of several of the operation.
    """

    where: str
    name: str
    doc: str
    gives: tuple[str, str] | None = None
    costs: bool = False
    again: bool = False
    schema: str | None = None


@attrs.frozen
class Resource:
    """One attribute of the client, one module.

    Attributes:
        name: Of the attribute and the module.
        about: What it is.
        ops: Its operations.
        jobs: What it makes that is followed.
        by_hand: The module of a class of the same name that adds to the generated one what no contract tells.
    """

    name: str
    about: str
    ops: tuple[Op, ...]
    jobs: tuple[Job, ...] = ()
    by_hand: str | None = None


def batch_job(of: str, path: str) -> Job:
    """Return how a batch is followed: it never fails as a whole, its items tell."""
    return Job(
        name="batch_job",
        of=of,
        get=f"GET {path}/batches/{{batch_id}}",
        succeeded=("completed", "failed"),
        failed=(),
        doc="It ends when every item has; `items` tells which have failed.",
    )


TRANSLATIONS = "/v3/video-translations"
PROOFREADS = "/v3/video-translations/proofreads"

RESOURCES = (
    Resource(
        "assets",
        "files that you have at HeyGen",
        (
            Op(
                "POST /v3/assets",
                "create",
                "Store a file that is in memory: up to 32 MB of png, jpeg, mp4, webm, mp3, wav, pdf or srt.\n\n"
                "`upload` does this and more: files of any size, from anywhere.",
            ),
            Op("GET /v3/assets", "list", "List the files of a user."),
            Op("GET /v3/assets/search", "search", "List pictures or icons that fit a description."),
            Op("GET /v3/assets/{asset_id}", "get", "Return what is known of a file."),
            Op("DELETE /v3/assets/{asset_id}", "delete", "Delete a file."),
            Op("GET /v3/assets/statuses", "statuses", "Return how far up to 100 uploads are."),
            Op("POST /v3/assets/direct-uploads", "create_upload", "Return an address for the PUT of one large file."),
            Op(
                "POST /v3/assets/{asset_id}/complete",
                "complete",
                "Say that the file has been PUT. May be said again.",
                again=True,
            ),
            Op("POST /v3/assets/direct-uploads/batches", "create_uploads", "Return addresses for up to 100 files."),
            Op(
                "POST /v3/assets/complete/batches",
                "complete_uploads",
                "Say that the files of a batch have been PUT. May be said again.",
                again=True,
            ),
            Op("GET /v3/assets/batches/{batch_id}", "batch", "Return how far the uploads of a batch are."),
        ),
        by_hand="heygen_async.api.assets",
    ),
    Resource(
        "audio",
        "music and sound effects",
        (Op("GET /v3/audio/sounds", "sounds", "List music or sound effects that fit a description, the best first."),),
    ),
    Resource(
        "avatars",
        "avatars (groups) and their looks",
        (
            Op(
                "POST /v3/avatars",
                "create",
                "Make a look from a film, a picture or a prompt. Costs 1 US dollar.\n\n"
                "Follow it by `job(created.avatar_item.id)`.",
                costs=True,
            ),
            Op("GET /v3/avatars", "list", "List avatars."),
            Op("GET /v3/avatars/{group_id}", "get", "Return an avatar."),
            Op("PATCH /v3/avatars/{group_id}", "update", "Give an avatar of yours another voice."),
            Op("DELETE /v3/avatars/{group_id}", "delete", "Delete an avatar of yours with all its looks."),
            Op("GET /v3/avatars/looks", "looks", "List looks: what videos are made with."),
            Op("GET /v3/avatars/looks/{look_id}", "get_look", "Return a look."),
            Op("PATCH /v3/avatars/looks/{look_id}", "update_look", "Give a look of yours another name."),
            Op("DELETE /v3/avatars/looks/{look_id}", "delete_look", "Delete a look of yours."),
            Op(
                "POST /v3/avatars/{group_id}/consent",
                "create_consent",
                "Ask the person for consent, which a digital twin needs.\n\n"
                "The address in the answer works for 24 hours and one submission.",
            ),
        ),
        (
            Job(
                of="look",
                get="GET /v3/avatars/looks/{look_id}",
                succeeded=("completed", "pending_consent"),
                doc="It ends at `pending_consent` too: nothing more happens until the person has agreed.",
            ),
        ),
    ),
    Resource(
        "background_removal",
        "people cut out of films",
        (
            Op(
                "POST /v3/background-removals",
                "create",
                "Cut the people out of a film. Costs money.\n\n"
                "HeyGen takes no Idempotency-Key here, so a lost answer is not followed by a second POST. With a\n"
                "`request_id` you may ask again yourself.",
                ("follow_background_removal", "id"),
                costs=True,
            ),
            Op("GET /v3/background-removals", "list", "List them, newest first."),
            Op("GET /v3/background-removals/{job_id}", "get", "Return one as it is now."),
            Op("DELETE /v3/background-removals/{job_id}", "delete", "Delete one."),
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
            Op("GET /v3/brand-glossaries", "glossaries", "List brand glossaries."),
        ),
    ),
    Resource(
        "clipping",
        "short clips out of long films",
        (
            Op(
                "POST /v3/ai-clipping",
                "create",
                "Have the best clips cut out of a film. Costs money.",
                ("follow_clipping", "ai_clipping_id"),
                costs=True,
            ),
            Op("GET /v3/ai-clipping", "list", "List clippings, newest first."),
            Op("GET /v3/ai-clipping/{job_id}", "get", "Return a clipping as it is now."),
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
        "films without their ums",
        (
            Op(
                "POST /v3/filler-word-removals",
                "create",
                "Have filler words cut out of a film of up to 2 hours. Costs money.",
                ("follow_filler_word_removal", "filler_word_removal_id"),
                costs=True,
            ),
            Op("GET /v3/filler-word-removals/{filler_word_removal_id}", "get", "Return one as it is now."),
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
        "where videos lie",
        (
            Op(
                "POST /v3/folders",
                "create",
                "Make a folder.\n\nNames need not be unique, and nothing is found by name: keep the id.",
            ),
            Op("GET /v3/folders/{folder_id}", "get", "Return a folder."),
        ),
    ),
    Resource(
        "lipsyncs",
        "films with another sound, lips in time",
        (
            Op(
                "POST /v3/lipsyncs",
                "create",
                "Put another sound under a film. Costs 0.0333 (speed) to 0.0667 (precision) US dollars a second.",
                ("follow_lipsync", "lipsync_id"),
                costs=True,
            ),
            Op("GET /v3/lipsyncs", "list", "List lipsyncs, newest first."),
            Op("GET /v3/lipsyncs/{lipsync_id}", "get", "Return a lipsync as it is now."),
            Op("PATCH /v3/lipsyncs/{lipsync_id}", "rename", "Give a lipsync another title."),
            Op("DELETE /v3/lipsyncs/{lipsync_id}", "delete", "Delete a lipsync."),
            Op(
                "POST /v3/lipsyncs/batches",
                "create_batch",
                "Ask for up to 100 lipsyncs at once. Costs money for each.\n\n"
                "One malformed item refuses the whole batch, and nothing is made.",
                ("follow_lipsync_batch", "batch_id"),
                costs=True,
            ),
            Op("GET /v3/lipsyncs/batches/{batch_id}", "batch", "Return a batch as it is now."),
            Op("GET /v3/lipsyncs/statuses", "statuses", "Return how far up to 100 lipsyncs are."),
        ),
        (
            Job(of="lipsync", get="GET /v3/lipsyncs/{lipsync_id}", files=("video_url",)),
            batch_job("lipsync_batch", "/v3/lipsyncs"),
        ),
    ),
    Resource(
        "models",
        "HeyGen Video, the model by itself",
        (
            Op(
                "POST /v3/models/videos",
                "create_video",
                "Have the model make a film from a prompt, a picture or references. Costs money.\n\n"
                "Its id is none of `heygen.videos`.",
                ("follow_model_video", "video_id"),
                costs=True,
            ),
            Op("GET /v3/models/videos/{video_id}", "get_video", "Return a film of the model as it is now."),
            Op("GET /v3/models/images/{generation_id}", "get_image", "Return pictures of the model as they are now."),
        ),
        (
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
    ),
    Resource(
        "proofreads",
        "translations that are read before they are spoken",
        (
            Op(
                f"POST {PROOFREADS}",
                "create",
                "Have a film's text translated, to be read and put right before it is spoken.\n\n"
                "Returns a job for each language. It costs money when it is spoken: see `generate`.",
                ("follow_proofread", "proofread_ids[]"),
                costs=True,
            ),
            Op(f"GET {PROOFREADS}/{{proofread_id}}", "get", "Return a proofread as it is now."),
            Op(f"GET {PROOFREADS}/{{proofread_id}}/srt", "srt", "Return where the text is, once it is there."),
            Op(f"PUT {PROOFREADS}/{{proofread_id}}/srt", "update_srt", "Replace the text."),
            Op(
                f"POST {PROOFREADS}/{{proofread_id}}/generate",
                "generate",
                "Have the text spoken. Costs 0.0333 (speed) to 0.0667 (precision) US dollars a second.",
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
                "Make one video of up to 50 scenes. Costs money.\n\nA scene that fails fails the whole.",
                ("follow_video", "video_id"),
                costs=True,
                schema="CreateVideoFromStudio",
            ),
        ),
    ),
    Resource(
        "templates",
        "videos from templates that were made in HeyGen's app",
        (
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
        "films in other languages",
        (
            Op(
                f"POST {TRANSLATIONS}",
                "create",
                "Have a film speak other languages. Costs 0.0333 (speed) to 0.0667 (precision) US dollars a second.\n\n"
                "Returns a job for each language.",
                ("follow_translation", "video_translation_ids[]"),
                costs=True,
            ),
            Op(f"GET {TRANSLATIONS}", "list", "List translations, newest first."),
            Op(f"GET {TRANSLATIONS}/languages", "languages", "Return the names of languages."),
            Op(f"GET {TRANSLATIONS}/{{video_translation_id}}", "get", "Return a translation as it is now."),
            Op(f"PATCH {TRANSLATIONS}/{{video_translation_id}}", "rename", "Give a translation another title."),
            Op(f"DELETE {TRANSLATIONS}/{{video_translation_id}}", "delete", "Delete a translation."),
            Op(
                f"POST {TRANSLATIONS}/batches",
                "create_batch",
                "Ask for many translations at once, up to 100 counted by language. Costs money for each.\n\n"
                "One malformed item refuses the whole batch, and nothing is made.",
                ("follow_translation_batch", "batch_id"),
                costs=True,
            ),
            Op(f"GET {TRANSLATIONS}/batches/{{batch_id}}", "batch", "Return a batch as it is now."),
            Op(f"GET {TRANSLATIONS}/statuses", "statuses", "Return how far up to 100 translations are."),
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
    Resource("users", "whose account it is", (Op("GET /v3/users/me", "me", "Return who you are and what is left."),)),
    Resource(
        "voices",
        "voices: to choose, to design, to clone, to let speak",
        (
            Op("GET /v3/voices", "list", "List voices."),
            Op("GET /v3/voices/{voice_id}", "get", "Return a voice."),
            Op("DELETE /v3/voices/{voice_id}", "delete", "Delete a voice of yours."),
            Op(
                "POST /v3/voices",
                "design",
                "Have up to three voices made from a description.\n\n"
                "HeyGen takes no Idempotency-Key here, so a lost answer is not followed by a second POST.",
                costs=True,
            ),
            Op(
                "POST /v3/voices/clone",
                "clone",
                "Have a voice made from a sample of speech.\n\n"
                "HeyGen takes no Idempotency-Key here, so a lost answer is not followed by a second POST.",
                ("follow_voice", "voice_clone_id"),
                costs=True,
            ),
            Op(
                "POST /v3/voices/speech",
                "speech",
                "Have a text of up to 5,000 characters spoken, at once. The voice must support engine starfish.\n\n"
                "HeyGen takes no Idempotency-Key here, so a lost answer is not followed by a second POST.",
                costs=True,
            ),
        ),
        (Job(of="voice", get="GET /v3/voices/{voice_id}", succeeded=("complete", "completed")),),
    ),
)

# Written by hand in heygen_async/api: a test looks for a method of each.
BY_HAND = ("videos", "video_agents", "webhooks")
