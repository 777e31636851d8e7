"""Errors name the option in which a value was given; status, account and audit speak of money and time."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from heygen_async import Journal
from heygen_async.api.generated.users import (
    CreditPool,
    SubscriptionCredits,
    UsageBasedBilling,
    User,
    UserSubscription,
    UserWallet,
    WalletAutoReload,
)
from heygen_async.bulk.output.time_left import seconds_left, usual_seconds
from heygen_async.bulk.plan.credit import money_of
from heygen_async.bulk.watch.render_times import TimeDistribution
from heygen_async.cli.rendering.campaign_options import CampaignOptions, words_of
from heygen_async.simulator import World
from tests.helpers.commands import call
from tests.helpers.stories import PEOPLE, run, write


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(PEOPLE)


@contextlib.contextmanager
def elsewhere(journal: str) -> Iterator[None]:
    """Hold the lock of a journal in another process, as a run does."""
    code = f"import heygen_async; j = heygen_async.Journal({journal!r}); print(1, flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "1\n"
        yield
        holder.communicate("\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--script", "Hi {{ name"], "heygen-async: --script: not a template: "),
        (["--set", "avatar_idd=x"], "heygen-async: --set avatar_idd: no such field; did you mean avatar_id?"),
        (["--set", "voice_settings.sped=1"], "heygen-async: --set voice_settings.sped: no such field; did you mean"),
        (["--set", "title={{ a b }}"], "heygen-async: --set title: "),
    ],
)
def test_an_error_names_the_option(words: list[str], message: str) -> None:
    said = call("plan", "list.csv", *words)
    assert said.exit_code == 2
    assert said.stderr.startswith(message), said.stderr


def test_an_error_in_the_file_names_the_file() -> None:
    """Options beside it change nothing."""
    Path("c.toml").write_text('[request]\navatar_idd = "a"\nscript = "Hi"\n', encoding="utf-8")
    said = call("plan", "c.toml", "list.csv", "--set", "title=x")
    assert said.stderr.startswith("heygen-async: c.toml: request.avatar_idd: no such field; did you mean avatar_id?")


def test_an_encoding_is_told_as_an_option() -> None:
    Path("old.csv").write_bytes("name\nJörg\n".encode("cp1252"))
    said = call("plan", "old.csv", "--script", "Hi {{ name }}").output
    assert "--encoding cp1252" in said
    assert "encoding=" not in said


def test_options_are_repeated_as_typed() -> None:
    options = CampaignOptions(set=("a=1", "b=2"), limit=3, no_download=True)
    assert words_of(options) == ["--set", "a=1", "--set", "b=2", "--limit", "3", "--no-download"]


def test_a_missing_upload_is_a_wrong_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said before a key is asked for."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    said = call("assets", "upload", "missing.png")
    assert said.exit_code == 2
    assert "missing.png: there is no such file" in said.stderr


@pytest.mark.usefixtures("_simulator_thread")
def test_an_account_is_shown_in_money(world: World) -> None:
    said = call("account")
    assert said.exit_code == 0, said.output
    assert "US dollars" in said.stdout
    assert "wallet.remaining_balance" not in said.stdout
    assert "wallet" in json.loads(call("account", "--json").stdout)
    assert world.ledger == []


def test_each_way_of_paying_has_its_words() -> None:
    def of(**pays: object) -> list[str]:
        user = User(email=None, first_name=None, last_name=None, username="u", **pays)  # type: ignore[arg-type]  # a test's shorthand
        return [f"{name}: {value}" for name, value in money_of(user)]

    wallet = UserWallet(currency="usd", remaining_balance=1234.5, auto_reload=WalletAutoReload(enabled=True))
    assert of(wallet=wallet) == ["Balance: 1,234.50 US dollars, reloads itself"]
    assert of(wallet=UserWallet(currency="credits", remaining_balance=7.0)) == ["Balance: 7.00 credits"]
    capped = UsageBasedBilling(spending_cap_usd=500.0, spending_current_usd=12.0)
    assert of(usage_based=capped) == ["Spent this month: 12.00 of at most 500.00 US dollars"]
    assert of(usage_based=UsageBasedBilling()) == ["Spent this month: 0.00 US dollars"]
    pools = SubscriptionCredits(premium_credits=CreditPool(remaining=40, resets_at="2026-12-01T00:00:00Z"))
    assert of(subscription=UserSubscription(plan="pro", credits=pools)) == [
        "Plan: pro",
        "Credits of the plan: 40 left, renewed 2026-12-01",
    ]


@pytest.mark.usefixtures("_simulator_thread")
def test_status_tells_money_and_time(world: World) -> None:
    """Of an interrupted campaign: what is left of the budget, how long the rest takes, and how to go on."""
    assert run("--budget", "0.3").exit_code == 6
    left = 3 - len(world.ledger)
    said = call("status", "list.db")
    assert f"{left:>7,}  not yet sent: resume submits them" in said.stdout
    assert "  budget: 0.30 US dollars, 0." in said.stdout
    assert "  no run is in progress; what is left takes about " in said.stdout
    assert "To continue: heygen-async resume" in said.stdout
    facts = json.loads(call("status", "list.db", "--json").stdout)
    assert facts["budget_usd"] == 0.3
    assert facts["seconds_left"] > 0
    assert facts["ready_at"] is not None
    assert facts["running"] is None
    with elsewhere("list.db"):
        busy = call("status", "list.db").stdout
    assert "  a run is in progress (process " in busy
    assert " left, ready about " in busy
    assert "not yet sent\n" in busy


@pytest.mark.usefixtures("_simulator_thread")
def test_status_of_a_finished_campaign_has_no_time() -> None:
    run()
    said = call("status", "list.db").stdout
    assert "in progress" not in said
    with Journal("list.db", read_only=True) as journal:
        assert seconds_left(journal, 10) is None
        assert 0 < usual_seconds(journal) < 10 * TimeDistribution().expected


@pytest.mark.usefixtures("_simulator_thread")
def test_status_is_redrawn_in_a_terminal() -> None:
    """`--watch` ends when no row is open; in a terminal it has one place."""
    run()
    said = call("status", "list.db", "--watch", env={"FORCE_COLOR": "1", "COLUMNS": "100"})
    assert said.exit_code == 0
    assert "\x1b[?25l" in said.stdout
    assert "list.db: 3 rows" in said.stdout
