"""Rules of a preflight in cases that the simulator does not have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from heygen_async.api.generated.avatars import AvatarError, Look
from heygen_async.api.generated.templates import TemplateDetail
from heygen_async.api.generated.users import (
    CreditPool,
    SubscriptionCredits,
    UsageBasedBilling,
    User,
    UserSubscription,
    UserWallet,
    WalletAutoReload,
)
from heygen_async.api.generated.voices import VoiceDetail
from heygen_async.bulk.plan.credit import credit_problems, slot_problems
from heygen_async.bulk.plan.looks_and_voices import look_findings, shape_of, voice_findings
from heygen_async.bulk.plan.template_variables import template_findings
from heygen_async.bulk.plan.urls import address_findings, is_private
from heygen_async.bulk.rows.finding import Finding, Part, parts

BODY = {"avatar_id": "look_1", "script": 'Hi <break time="1s"/>', "voice_id": "voice_1"}


def part(**more: Any) -> Part:
    body = {**BODY, **more}
    return Part(at="", fields=body, request=body)


def look(**more: Any) -> Look:
    return Look(**{"id": "look_1", "name": "Anna", "avatar_type": "", **more})


def spoken(**more: Any) -> VoiceDetail:
    return VoiceDetail(**{"voice_id": "v", "support_pause": True, **more})


def template(**more: Any) -> TemplateDetail:
    return TemplateDetail(**{"id": "t", "name": "Welcome", **more})


def user(**more: Any) -> User:
    return User(email=None, first_name=None, last_name=None, username="u", **more)


def reasons(findings: Any) -> list[tuple[str, str]]:
    return [(finding.field, finding.reason) for finding in findings]


def test_an_engine_of_tomorrow_is_a_warning() -> None:
    """HeyGen's list of a look's engines may lag behind; a known engine that is not in it is an error."""
    made = look(supported_api_engines=("avatar_iv",), default_voice_id="v")
    found = {
        name: finding.severity
        for name in ("avatar_v", "avatar_6")
        for finding in look_findings(made, "look_1", part(engine={"type": name}), "avatar")
    }
    assert found == {"avatar_v": "error", "avatar_6": "warning"}


def test_a_failed_look_is_reported_with_its_message() -> None:
    """A look that could not be made is reported with HeyGen's message."""
    failed = look(status="failed", error=AvatarError(code="x", message="no face found"))
    assert reasons(look_findings(failed, "look_1", part(), "avatar")) == [
        ("avatar_id", "the look could not be made: no face found")
    ]
    assert reasons(look_findings(look(status="failed"), "look_1", part(), "avatar")) == [
        ("avatar_id", "the look could not be made")
    ]


@pytest.mark.parametrize("status", [None, "completed", "sleeping"])
def test_a_look_of_another_status_is_fine(status: str | None) -> None:
    """An unknown status, a missing one and missing properties of a look are no problems."""
    made = look(status=status, default_voice_id="v")
    assert reasons(look_findings(made, "look_1", part(engine={"type": "avatar_x"}, motion_prompt="x"), "avatar")) == []


def test_four_k_is_not_for_photos_by_the_third_engine() -> None:
    """Avatar III does not render photo looks in 4k."""
    photo = look(avatar_type="photo_avatar", default_voice_id="v")
    asked = part(engine={"type": "avatar_iii"}, resolution="4k")
    assert reasons(look_findings(photo, "look_1", asked, "avatar")) == [
        ("resolution", "is not for photo looks by avatar_iii; look look_1 is a photo_avatar")
    ]


def test_the_default_engine_is_named() -> None:
    """The problem names HeyGen's default engine if the request names none."""
    made = look(supported_api_engines=("avatar_iii",), default_voice_id="v")
    assert reasons(look_findings(made, "look_1", part(), "avatar")) == [
        ("engine", "look look_1 cannot be rendered by avatar_iv, HeyGen's default, only by avatar_iii")
    ]


@pytest.mark.parametrize(
    ("voice", "reason"),
    [
        (spoken(status="failed"), "the voice could not be made"),
        (spoken(status="failed", failure_message="noise"), "the voice could not be made: noise"),
        (spoken(support_pause=False), "voice voice_1 makes no pauses, and the script has <break/>"),
        (spoken(language="German"), "voice voice_1 speaks German"),
    ],
)
def test_problems_of_voices(voice: VoiceDetail, reason: str) -> None:
    """Voices that failed, make no pauses or speak another language are reported."""
    asked = part(voice_settings={"locale": "pt-BR"})
    assert [finding.reason for finding in voice_findings(voice, asked)] == [reason]


@pytest.mark.parametrize("language", [None, "", "Portuguese", "Portuguese (Brazil)", "pt", "Multilingual", "Xhosa"])
def test_a_voice_that_may_speak_the_language(language: str | None) -> None:
    """A voice of an unknown language, or of none, is no problem."""
    voice = spoken(language=language)
    assert reasons(voice_findings(voice, part(voice_settings={"locale": "pt-BR"}))) == []


@pytest.mark.parametrize(
    ("asked", "shape"),
    [
        *(("16:9", "landscape"), ("9:16", "portrait"), ("4:5", "portrait"), ("5:4", "landscape"), ("1:1", "square")),
        *(("auto", None), (None, None), ("portrait", "portrait"), ("landscape", "landscape"), ("a:b", None)),
    ],
)
def test_shapes(asked: Any, shape: str | None) -> None:
    """A ratio or orientation is portrait, landscape, square or unknown."""
    assert shape_of(asked) == shape


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST.", "nas", "printer.local", "db.internal", "x.home.arpa", "127.0.0.1", "10.1.2.3"),
        *("192.168.1.1", "172.16.0.9", "169.254.169.254", "100.64.0.1", "::1", "fe80::1%eth0", "fd00::1"),
        *("2130706433", "a.test"),
    ],
)
def test_private_hosts(host: str) -> None:
    """Names and addresses of a machine or a private network are private."""
    assert is_private(host)


@pytest.mark.parametrize("host", ["example.com", "cdn.example.com.", "8.8.8.8", "2606:4700::1111", "local.example.com"])
def test_public_hosts(host: str) -> None:
    """Names with a public ending and public addresses are not private."""
    assert not is_private(host)


@pytest.mark.parametrize(
    "value", ["", "ftp://example.com/a", "//example.com/a", "https://", "https://[::1/a", "C:/a.png"]
)
def test_texts_that_are_not_addresses(value: str) -> None:
    """Texts that are not addresses, from `extra` or a journal, are reported."""
    wrong = Part(at="x.", fields={"url": value}, request={})
    assert reasons(address_findings(wrong)) == [("x.url", "is not a web address")]


@given(st.text())
def test_any_text_is_checked(value: str) -> None:
    """Any text as an address gives at most one finding and no error."""
    assert len(list(address_findings(Part(at="", fields={"a_url": value}, request={})))) <= 1


@pytest.mark.unmeasured
@given(
    st.recursive(st.integers() | st.text(max_size=3), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_every_object_within_a_request_is_a_part_of_its_own(value: Any) -> None:
    """All objects of a body, at any depth, are parts."""

    def objects(one: Any) -> int:
        inner = list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else []
        return isinstance(one, dict) + sum(map(objects, inner))

    body = {"value": value}
    assert len(list(parts(body))) == objects(body)


def test_paths_of_parts() -> None:
    """Parts have the paths of their objects."""
    body = {"scenes": [{"input": {"script": "a"}}, {"items": [[{"x": 1}]]}]}
    assert [one.at for one in parts(body)] == [
        "",
        "scenes[0].",
        "scenes[0].input.",
        "scenes[1].",
        "scenes[1].items[0][0].",
    ]


def test_a_template_without_types_and_ratio() -> None:
    """Missing types and ratios of a template are no problems."""
    made = template(variables={"logo": {"type": "image"}, "odd": 3})
    body = {"variables": {"odd": "x"}, "dimension": {"width": 720, "height": 720}}
    assert reasons(template_findings(made, body)) == []
    (finding,) = template_findings(template(), {"variables": {"a": 1}})
    assert finding.mend == "it has none"
    square = template(aspect_ratio="1:1")
    assert reasons(template_findings(square, {"variables": [], "dimension": {"width": "720"}})) == []


USD = "usd"
ACCOUNTS: list[tuple[User, float | None, list[tuple[str, str]]]] = [
    (user(), 5.0, []),
    (user(wallet=UserWallet(currency=USD)), 5.0, []),
    (user(wallet=UserWallet(currency=USD, remaining_balance=5.0)), 5.0, []),
    (
        user(wallet=UserWallet(currency=USD, remaining_balance=4.0)),
        5.0,
        [("error", "wallet.remaining_balance")],
    ),
    (
        user(
            wallet=UserWallet(currency=USD, remaining_balance=4.0, auto_reload=WalletAutoReload(enabled=True)),
        ),
        5.0,
        [("warning", "wallet.remaining_balance")],
    ),
    (
        user(wallet=UserWallet(currency=USD, remaining_balance=0.0)),
        None,
        [("error", "wallet.remaining_balance")],
    ),
    (user(wallet=UserWallet(currency="credits", remaining_balance=1.0)), 5.0, []),
    (user(usage_based=UsageBasedBilling()), 5.0, []),
    (user(usage_based=UsageBasedBilling(spending_cap_usd=9.0, spending_current_usd=4.0)), 5.0, []),
    (
        user(usage_based=UsageBasedBilling(spending_cap_usd=9.0, spending_current_usd=5.0)),
        5.0,
        [("error", "usage_based.spending_cap_usd")],
    ),
    (
        user(usage_based=UsageBasedBilling(spending_cap_usd=9.0, spending_current_usd=9.0)),
        None,
        [("error", "usage_based.spending_cap_usd")],
    ),
    (user(subscription=UserSubscription(plan="pro", credits=SubscriptionCredits())), 5.0, []),
    (
        user(
            subscription=UserSubscription(
                plan="pro",
                credits=SubscriptionCredits(
                    premium_credits=CreditPool(remaining=0), add_on_credits=CreditPool(remaining=2)
                ),
            ),
        ),
        5.0,
        [],
    ),
    (
        user(
            subscription=UserSubscription(
                plan="pro", credits=SubscriptionCredits(premium_credits=CreditPool(remaining=0))
            ),
        ),
        5.0,
        [("error", "subscription.credits")],
    ),
]


@pytest.mark.parametrize(("user", "price", "expected"), ACCOUNTS)
def test_credit_of_accounts(user: User, price: float | None, expected: list[tuple[str, str]]) -> None:
    """Wallets, spending caps and credits are compared with the price."""
    found = list(credit_problems(user, price))
    assert [(problem.severity, problem.field) for problem in found] == expected
    assert all(problem.mend and problem.place == "the account" for problem in found)


def test_an_enterprise_has_more_slots() -> None:
    """An enterprise plan has 20 renders at once, and more at a surcharge; a boolean is not a number of renders."""
    big = user(subscription=UserSubscription(plan="enterprise", credits=SubscriptionCredits()))
    assert list(slot_problems(big, 20)) == []
    (burst,) = slot_problems(big, 21)
    assert "20 renders at once for this account; up to 50 more of each kind of work may cost 1.5 times" in burst.reason
    assert burst.mend == "take 20"
    (learnt,) = slot_problems(big, 21, 12)
    assert "12 renders at once for this account; more are refused, cost nothing and wait" in learnt.reason
    assert list(slot_problems(big, True)) == []


def test_the_unspecified_address_is_private() -> None:
    """The address 0.0.0.0 is private."""
    assert is_private(".".join("0000"))


def test_a_finding_hides_its_value_from_logs() -> None:
    """The value of a cell is not in the finding's repr."""
    assert "secret" not in repr(Finding(field="f", value="secret", reason="r", mend="m"))
