"""What a request can name, read by its id: looks, voices, templates; and who asks. Reads only, so it costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from heygen_async.api import pages
from heygen_async.calls import Call, Caller, path_id, reads

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Look:
    """A look, as far as it decides whether a request can be rendered. Source: `AvatarLookItem`.

    Attributes:
        id: The `avatar_id` of requests.
        name: For people.
        avatar_type: studio_avatar, digital_twin or photo_avatar; HeyGen may add words.
        group_id: The avatar that it is a look of.
        supported_api_engines: Names of engines; empty if HeyGen does not tell.
        preferred_orientation: portrait, landscape or square.
        default_voice_id: Spoken with if a request names no voice.
        status: Of private looks: processing, pending_consent, failed, completed.
        error: Why it failed: code and message.
    """

    id: str
    name: str = ""
    avatar_type: str = ""
    group_id: str | None = None
    supported_api_engines: tuple[str, ...] | None = None
    preferred_orientation: str | None = None
    default_voice_id: str | None = None
    status: str | None = None
    error: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class Voice:
    """A voice. Source: `VoiceDetail`.

    Attributes:
        voice_id: Of the voice.
        name: For people.
        language: Its name in English.
        support_pause: Whether `<break/>` in a script is heard.
        status: Of clones: processing, complete, failed.
        failure_message: Why it failed.
    """

    voice_id: str
    name: str | None = None
    language: str | None = None
    support_pause: bool = True
    status: str | None = None
    failure_message: str | None = None


@attrs.frozen(kw_only=True)
class TemplateDetail:
    """A template. Source: `TemplateDetail`.

    Attributes:
        id: Of the template.
        variables: By name; each has a `type`.
        scene_ids: In its own order.
        aspect_ratio: Such as 16:9.
    """

    id: str
    variables: dict[str, Any] = attrs.field(factory=dict, repr=False)
    scene_ids: tuple[str, ...] = ()
    aspect_ratio: str | None = None


@attrs.frozen(kw_only=True)
class AutoReload:
    """Whether a wallet fills itself. Source: `WalletAutoReload`."""

    enabled: bool = False


@attrs.frozen(kw_only=True)
class Wallet:
    """Money paid in. Source: `UserWallet`."""

    currency: str
    remaining_balance: float | None = None
    auto_reload: AutoReload | None = None


@attrs.frozen(kw_only=True)
class CreditPool:
    """Credits left. Source: `CreditPool`."""

    remaining: float | None = None


@attrs.frozen(kw_only=True)
class Credits:
    """The credits of a plan. Source: `SubscriptionCredits`."""

    premium_credits: CreditPool | None = None
    add_on_credits: CreditPool | None = None


@attrs.frozen(kw_only=True)
class Subscription:
    """A plan. Source: `UserSubscription`."""

    plan: str
    credits: Credits = attrs.field(factory=Credits)


@attrs.frozen(kw_only=True)
class UsageBased:
    """Billing after use, up to a cap in US dollars. Source: `UsageBasedBilling`."""

    spending_cap_usd: float | None = None
    spending_current_usd: float | None = None


@attrs.frozen(kw_only=True)
class User:
    """Who asks and how they pay; one of the three ways is set. Source: `UserInfo`."""

    username: str
    wallet: Wallet | None = None
    subscription: Subscription | None = None
    usage_based: UsageBased | None = None


class Catalog:
    """`heygen.catalog`: GETs only, so nothing here costs money."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def look(self, look_id: str) -> Look:
        """Return a look.

        Raises:
            NotFoundError: There is none; perhaps it is the id of a group: see `looks_of`.

        Source: `GET /v3/avatars/looks/{look_id}`.
        """
        return await self._caller.send(_get("/v3/avatars/looks/{look_id}", {"look_id": look_id}, Look))

    async def looks_of(self, group_id: str) -> tuple[Look, ...]:
        """Return looks of an avatar group, up to 20; none if there is no such group.

        Source: `GET /v3/avatars/looks?group_id=`.
        """
        route = "/v3/avatars/looks"
        query = {"group_id": path_id(group_id)}
        call = Call(method="GET", path=route, route=route, query=query, read=lambda a, s: pages.read_page(a, s, Look))
        return (await self._caller.send(call)).items

    async def voice(self, voice_id: str) -> Voice:
        """Return a voice.

        Raises:
            NotFoundError: There is none.

        Source: `GET /v3/voices/{voice_id}`.
        """
        return await self._caller.send(_get("/v3/voices/{voice_id}", {"voice_id": voice_id}, Voice))

    async def template(self, template_id: str) -> TemplateDetail:
        """Return a template.

        Raises:
            NotFoundError: There is none, or it has no variables.

        Source: `GET /v3/templates/{template_id}`.
        """
        return await self._caller.send(
            _get("/v3/templates/{template_id}", {"template_id": template_id}, TemplateDetail)
        )

    async def user(self) -> User:
        """Return whose key it is, and what is left to spend. Source: `GET /v3/users/me`."""
        return await self._caller.send(_get("/v3/users/me", {}, User))


def _get(route: str, ids: Mapping[str, str], kind: type[T]) -> Call[T]:
    path = route.format(**{name: path_id(value) for name, value in ids.items()})
    return Call(method="GET", path=path, route=route, read=reads(kind))
