"""Remedies by code: the meaning of a failure and the way to fix it. Source: HeyGen's page of error codes."""

from __future__ import annotations

from typing import Literal

import attrs

Way = Literal["again", "edit"]


@attrs.frozen
class Remedy:
    """The meaning of a code, and the remedy.

    Attributes:
        meaning: What happened.
        fix: What helps.
        way: "again" if the same request may be sent once more, "edit" if it must change first.
    """

    meaning: str
    fix: str
    way: Way = "again"


_INPUT = Remedy(
    "HeyGen refused a field of the request.",
    "Read the message for the field; correct it in the template or in the rows, and run the list again.",
    "edit",
)
_NO_LOOK = Remedy(
    "There is no such look, or the account cannot see it.",
    "Use the id of a look, not of its avatar (group), from the account that owns the API key.",
    "edit",
)
_NO_VOICE = Remedy("The voice cannot be used.", "Choose another voice_id, one that the account lists.", "edit")
_GONE = Remedy(
    "Something that the request or the render names is not at HeyGen.",
    "See whether it was deleted or belongs to another account. A video that was deleted can be rendered again.",
)
_CREDIT = Remedy(
    "The account could not pay for it.",
    "Add credit or choose a larger plan, then plan these rows again. Nothing was rendered for them.",
)
_ACCOUNT = Remedy(
    "The account or its API key may not do this.",
    "Ask the account's owner for the right, or for a key that has it; then plan these rows again.",
)
_BUSY = Remedy(
    "HeyGen took no more at that time.",
    "Wait, then plan these rows again; fewer renders at once (--max-in-flight) meet this less often.",
)
_SERVER = Remedy("HeyGen's side broke down.", "Plan these rows again later; if it stays, ask HeyGen's support.")
_UNSEEN = Remedy(
    "It was sent, its answer was lost, and no render at HeyGen could be told to be its own.",
    "It may have been made and paid for: look at HeyGen (heygen-async audit) before you plan it again.",
)
_NOT_MADE = Remedy(
    "HeyGen tried to make the video and gave up. It is not billed.",
    "Plan these rows again. Rows that fail twice: look at their script, their look and files they name.",
)
_CONFLICT = Remedy(
    "The request contradicts the present state of something at HeyGen.",
    "Read the message; often what it names is still being made, and later the same request is taken.",
)

_TABLE: tuple[tuple[str, Remedy], ...] = (
    ("rendering_failed generation_failed renderfailederror", _NOT_MADE),
    ("invalid_parameter badrequesterror invalidinputerror", _INPUT),
    (
        "download_failed",
        Remedy(
            "HeyGen could not fetch a file that the request names by its address.",
            "Make the address public, or upload the file as an asset and name its id; many sites block HeyGen.",
            "edit",
        ),
    ),
    (
        "content_policy_violation",
        Remedy(
            "HeyGen's rules for content forbid the script, the prompt or a picture.",
            "Change the words or the picture of these rows; sent as they are, they are refused again.",
            "edit",
        ),
    ),
    (
        "avatar_consent_required",
        Remedy(
            "The person behind the avatar has not yet consented at HeyGen.",
            "Let them finish the consent (its link holds for 24 hours), then plan these rows again.",
        ),
    ),
    (
        "avatar_not_usable avatar_expired",
        Remedy(
            "The look exists but cannot be rendered now: unfinished, expired or not trained for this engine.",
            "Choose another look, or renew this one at HeyGen.",
            "edit",
        ),
    ),
    ("avatar_not_found avatar_group_not_found", _NO_LOOK),
    ("voice_not_found voice_unavailable voice_not_usable", _NO_VOICE),
    (
        "script_too_short tts_text_invalid",
        Remedy(
            "The text cannot be spoken: too short, or of signs only.",
            "Look for empty or odd cells in these rows; a default in the template helps.",
            "edit",
        ),
    ),
    (
        "resource_limit_reached resource_limit_exceeded",
        Remedy(
            "The account holds as many of something as its plan allows.",
            "Delete what is not needed at HeyGen or choose a larger plan, then plan these rows again.",
        ),
    ),
    (
        "unlimited_mode_disabled ephemeral_upload_disabled",
        Remedy("The request asks for a mode that is switched off for the account.", "Leave that setting out.", "edit"),
    ),
    ("insufficient_credit trial_limit_exceeded insufficientcrediterror", _CREDIT),
    ("subscription_required plan_upgrade_required", _CREDIT),
    (
        "unauthorized authentication_failed authenticationerror",
        Remedy("The API key was missing or wrong.", "Set HEYGEN_API_KEY to a key that is valid, then plan them again."),
    ),
    ("forbidden resource_access_denied insufficient_api_key_scope permissiondeniederror", _ACCOUNT),
    (
        "phone_verification_required",
        Remedy("HeyGen wants the account's telephone number verified.", "Verify it at HeyGen, then plan them again."),
    ),
    (
        "ai_vendor_access_restricted",
        Remedy(
            "The account may not use the provider behind this model.",
            "Let an administrator allow it at HeyGen, or choose another engine or voice.",
            "edit",
        ),
    ),
    ("not_found resource_not_found video_not_found notfounderror", _GONE),
    (
        "asset_not_found asset_not_available",
        Remedy("A file that the request names is not at HeyGen.", "Upload it again and name its new id.", "edit"),
    ),
    ("conflict request_in_progress resource_not_ready brand_kit_not_ready conflicterror", _CONFLICT),
    (
        "payload_too_large payloadtoolargeerror",
        Remedy("The request is too large.", "Upload its files as assets and name their ids instead.", "edit"),
    ),
    ("rate_limit_exceeded ratelimiterror", _BUSY),
    (
        "quota_exceeded quotaexceedederror",
        Remedy("The allowance of the day or of the plan is used up.", "Plan these rows again when it is renewed."),
    ),
    ("internal_error service_unavailable gateway_timeout servererror", _SERVER),
    (
        "voice_provider_error",
        Remedy(
            "The service that speaks the text broke down.", "Plan these rows again; if it stays, try another voice."
        ),
    ),
    ("outcome_unknown several_found outcomeunknownerror", _UNSEEN),
)
_BY_CODE = {code: remedy for codes, remedy in _TABLE for code in codes.split()}
_GENERAL = Remedy(
    "HeyGen gave a code that this version does not know.",
    "Read the message. If it names a field, correct that; else plan one of the rows again, and if it fails alike, ask "
    "HeyGen's support and name its video id.",
)
_NO_REASON = Remedy(
    "HeyGen gave no reason.", "Plan these rows again; if they fail alike, ask HeyGen's support with a video id."
)


def remedy_for(code: str) -> Remedy:
    """Return what to make of *code*; one that is not known gets what is always sensible.

    Codes are compared without regard to case, because one of HeyGen's pages prints them in capitals.
    """
    return _BY_CODE.get(code.lower(), _GENERAL) if code else _NO_REASON
