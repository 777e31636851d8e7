"""The questions of `init`: what is typed, what is asked again, and what stands in the file."""

from __future__ import annotations

import contextlib
import io
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heygen_async.bulk.campaign_file.languages import ENGLISH, find_language, guess_language
from heygen_async.cli import main
from heygen_async.simulator import ErrorAnswer, World
from heygen_async.simulator.account.catalog import CatalogVoice
from tests.helpers.commands import Keyboard, call
from tests.helpers.typing_person import type_at_terminal

CRM = "Kunden-Nr.;Vorname;Firma;E-Mail\n7;Jörg;Müller;j@x.example\n8;Zoë;;z@x.example\n"

Typed = Callable[..., str]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Run `init` in this process, at what claims to be a terminal, and return what was shown."""

    def run(*words: str, answers: str, exit_code: int = 0) -> str:
        shown, errors, code = Keyboard(), io.StringIO(), 0
        monkeypatch.setattr("sys.stdin", Keyboard(answers))
        with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(errors):
            try:
                main(["init", *words])
            except SystemExit as exc:
                code = exc.code if isinstance(exc.code, int) else 0
        text = shown.getvalue() + errors.getvalue()
        assert code == exit_code, text
        return text

    return run


def written(path: str = "campaign.toml") -> dict[str, Any]:
    return tomllib.loads(Path(path).read_text("utf-8"))


@pytest.mark.usefixtures("_simulator_thread")
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_person_is_asked_at_a_terminal(world: World, columns: int) -> None:
    """List, language, look and voice by name, with previews; the plan of the file needs no edit. Nothing is charged."""
    Path("crm.csv").write_text(CRM, encoding="utf-8")
    shown = type_at_terminal(["init"], ["1", "", "ben", "", ""], columns=columns)
    assert shown.exit_code == 0, shown.text
    for words in (
        "Which list has your contacts?\n   1  crm.csv\n",
        "Language, or Enter for German: ",
        "Who speaks?\n   1  Anna in the office (landscape)\n   2  Ben at the window (portrait)\n",
        "Ben at the window: https://files.heygen.example/looks/look_ben.jpg",
        "In which voice?\n   1  Jonas (male)\n",
        "Jonas: https://files.heygen.example/voices/voice_jonas.mp3",
        "  heygen-async plan campaign.toml\n",
    ):
        assert words in shown.text, shown.text
    assert shown.widest <= columns
    file = written()
    assert file["locale"] == "de"
    assert file["request"]["avatar_id"] == "look_ben"
    assert file["request"]["voice_id"] == "voice_jonas"
    assert file["request"]["script"] == "Hallo {{ vorname }}, dieses Video ist nur für Sie."
    assert file["rows"] == {"file": "crm.csv", "id": "E-Mail"}
    assert call("plan", "campaign.toml").exit_code == 0
    assert not world.ledger
    assert {seen.method for seen in world.requests} == {"GET"}


@pytest.mark.usefixtures("_simulator_thread")
def test_enter_at_each_question_takes_what_is_proposed(typed: Typed) -> None:
    """It is what `init` writes without a terminal, with the list."""
    Path("list.csv").write_text("email,first_name\na@x.example,Ada\n", encoding="utf-8")
    typed(answers="\n" * 4)
    assert call("init", "other.toml", "list.csv").exit_code == 0
    asked = Path("campaign.toml").read_text("utf-8").replace('locale = "en"', '# locale = "en"')
    assert asked == Path("other.toml").read_text("utf-8")


@pytest.mark.usefixtures("_simulator_thread")
def test_what_options_say_is_not_asked(typed: Typed) -> None:
    """Without a terminal, they stand in the file as well."""
    Path("list.csv").write_text("email,first_name\na@x.example,Ada\n", encoding="utf-8")
    words = ["list.csv", "--look", "look_esi", "--voice", "voice_mine", "--language", "fr"]
    shown = typed("asked.toml", *words, answers="")
    assert shown.startswith("list.csv has the columns email, first_name.\n\nasked.toml is written.")
    assert call("init", "told.toml", *words).exit_code == 0
    assert Path("asked.toml").read_text("utf-8") == Path("told.toml").read_text("utf-8")
    request = written("told.toml")["request"]
    assert (request["avatar_id"], request["voice_id"]) == ("look_esi", "voice_mine")
    assert request["script"].startswith("Bonjour {{ first_name }}")
    assert call("init", "new.toml", "--look", "newer").exit_code == 0
    assert written("new.toml")["request"]["avatar_id"] == "newer"


@pytest.mark.usefixtures("_simulator_thread")
def test_wrong_answers_are_asked_again(typed: Typed) -> None:
    """A list that is not there, a number that is not shown, and a name that nobody has."""
    Path("list.csv").write_text("email,first_name\na@x.example,Ada\n", encoding="utf-8")
    shown = typed(answers="9\ngone.csv\n'list.csv'\nDeutsch\n99\nnobody\n3\nchloe\n\n\n")
    for words in ("gone.csv", "There are 1 to 6.", "None has nobody in its name.", "Chloe on stage: https://"):
        assert words in shown
    assert written()["request"]["avatar_id"] == "look_chloe"
    assert written()["locale"] == "de"


@pytest.mark.usefixtures("_simulator_thread")
def test_an_older_encoding_is_asked_about(typed: Typed) -> None:
    """The line is shown as it would read; a no leaves the error, and the next list may be named."""
    Path("alt.csv").write_bytes("Vorname;Stadt\nAda;Köln\n".encode("cp1252"))
    shown = typed("alt.toml", "alt.csv", answers="\n" * 4)
    assert "is not in UTF-8. In Excel's older encoding it reads:\n    'Ada;Köln'\nIs that right? [Y/n]: " in shown
    assert written("alt.toml")["rows"]["encoding"] == "cp1252"
    Path("head.csv").write_bytes("Größe;Stadt\n7;Bonn\n".encode("cp1252"))
    assert "encoding" in typed("head.toml", "head.csv", answers="n\n", exit_code=2)
    assert not Path("head.toml").exists()


@pytest.mark.usefixtures("_simulator_thread")
def test_voices_of_the_language_are_shown(world: World, typed: Typed) -> None:
    """The look's own voice is proposed if it speaks the language; other voices are found by name."""
    for number in range(30):
        voice = CatalogVoice(id=f"v{number}", name=f"No {number}", language="English", gender="female")
        world.library.voices[voice.id] = voice
    shown = typed("own.toml", answers="\n" * 4)
    assert "   1  Warm (Anna in the office's own)\n" in shown
    assert "voice_id" not in written("own.toml")["request"]
    shown = typed("far.toml", answers="\n\n\nno\nno 27\n\n")
    assert "   8  No 7 (female)\n" in shown
    assert "No 8" not in shown
    assert written("far.toml")["request"]["voice_id"] == "v27"
    shown = typed("none.toml", answers="\nKlingon\n\n")
    assert "HeyGen lists no voice for Klingon" in shown


def test_without_a_key_the_list_and_the_language_are_asked(typed: Typed) -> None:
    """The way to a key is told; no list is needed."""
    shown = " ".join(typed(answers="\nit\n").split())
    assert "Name of a file, or Enter for none:" in shown
    assert "cannot be shown: there is no key. To store a key: heygen-async auth login" in shown
    assert written()["request"]["script"].startswith("Buongiorno {{ first_name }}")
    assert "plan campaign.toml leads.csv" in shown


@pytest.mark.usefixtures("_simulator_thread")
def test_without_looks_no_key_is_asked_for(world: World, typed: Typed) -> None:
    """A key that HeyGen accepts is not the fault: the fields are left to be filled in."""
    world.faults.append(ErrorAnswer(method="GET", path="/v3/avatars", status=400, code="invalid_parameter"))
    shown = " ".join(typed(answers="\n\n").split())
    assert "Looks and voices cannot be shown: " in shown
    assert "Fill in avatar_id and voice_id later." in shown
    assert "auth login" not in shown
    assert written()["request"]["avatar_id"] == ""


@pytest.mark.usefixtures("_simulator_thread")
def test_a_heygen_that_fails_midway_leaves_a_file(world: World, typed: Typed) -> None:
    """What was chosen before is in it."""
    world.faults.append(ErrorAnswer(method="GET", path="/v3/voices", status=400, code="invalid_parameter"))
    shown = typed(answers="\n\n2\n\n\n")
    assert "HeyGen cannot be asked" in shown
    assert written()["request"]["avatar_id"] == "look_ben"


def test_the_end_of_the_input_writes_nothing(typed: Typed) -> None:
    """Ctrl-D is no answer."""
    assert "Nothing was written." in typed(answers="", exit_code=130)
    assert not Path("campaign.toml").exists()


def test_a_file_that_exists_is_told_before_the_questions(typed: Typed) -> None:
    Path("campaign.toml").write_text("mine", encoding="utf-8")
    shown = typed(answers="\n" * 4, exit_code=2)
    assert shown.startswith("heygen-async: campaign.toml: exists already")
    assert Path("campaign.toml").read_text("utf-8") == "mine"


@pytest.mark.usefixtures("_simulator_thread")
@pytest.mark.parametrize(("mode", "asked"), [("image", "In which voice?"), ("cinematic", "Who speaks?"), ("agent", "")])
def test_each_mode_asks_for_what_it_needs(typed: Typed, mode: str, asked: str) -> None:
    shown = typed("a.toml", "--mode", mode, answers="\n" * 4)
    questions = [words for words in ("Who speaks?", "In which voice?") if words in shown]
    assert questions == ([asked] if asked else [])
    assert written("a.toml")["mode"] == mode


@pytest.mark.parametrize(
    ("text", "locale"), [("de", "de"), (" Deutsch ", "de"), ("french", "fr"), ("PT", "pt"), ("Klingon", None)]
)
def test_languages_are_found_by_any_of_their_names(text: str, locale: str | None) -> None:
    assert find_language(text).locale == locale


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        (["Vorname", "Firma"], "German"),
        (["Prénom", "Ville"], "French"),
        (["Firma", "email"], "English"),
        ([], "English"),
    ],
)
def test_a_language_is_guessed_by_two_columns(columns: list[str], name: str) -> None:
    assert guess_language(columns).name == name
    assert ENGLISH.locale == "en"
