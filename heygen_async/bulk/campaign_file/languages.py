"""Languages of campaigns: their names at HeyGen, their locales, and a first sentence in each."""

from __future__ import annotations

from collections.abc import Iterable

import attrs


@attrs.frozen(kw_only=True)
class Language:
    """A language that videos may speak.

    Attributes:
        locale: Code of the filters `number` and `date`; None if it is not known here.
        name: English name, by which HeyGen lists voices.
        own_name: Name in the language itself.
        greeting: First script, with `NAME` for the placeholder.
        columns: Names of columns, in lower case, that lists in this language have.
    """

    locale: str | None
    name: str
    own_name: str
    greeting: str
    columns: frozenset[str] = frozenset()


ENGLISH = Language(
    locale="en",
    name="English",
    own_name="English",
    greeting="Hi NAME, I made this video just for you.",
)
LANGUAGES = (
    ENGLISH,
    Language(
        locale="de",
        name="German",
        own_name="Deutsch",
        greeting="Hallo NAME, dieses Video ist nur für Sie.",
        columns=frozenset({"vorname", "nachname", "anrede", "firma", "ort", "stadt"}),
    ),
    Language(
        locale="fr",
        name="French",
        own_name="Français",
        greeting="Bonjour NAME, cette vidéo est faite pour vous.",
        columns=frozenset({"prénom", "prenom", "nom", "société", "ville"}),
    ),
    Language(
        locale="es",
        name="Spanish",
        own_name="Español",
        greeting="Hola, NAME: este vídeo es solo para usted.",
        columns=frozenset({"nombre", "apellido", "apellidos", "empresa", "ciudad"}),
    ),
    Language(
        locale="it",
        name="Italian",
        own_name="Italiano",
        greeting="Buongiorno NAME, questo video è solo per lei.",
        columns=frozenset({"nome", "cognome", "azienda", "città"}),
    ),
    Language(
        locale="nl",
        name="Dutch",
        own_name="Nederlands",
        greeting="Hallo NAME, deze video is speciaal voor u gemaakt.",
        columns=frozenset({"voornaam", "achternaam", "bedrijf", "plaats"}),
    ),
    Language(
        locale="pt",
        name="Portuguese",
        own_name="Português",
        greeting="Olá, NAME: este vídeo é só para você.",
        columns=frozenset({"sobrenome", "empresa", "cidade"}),
    ),
)


def find_language(text: str) -> Language:
    """Return the language of a code or a name; for a name that is not known here, one without a locale."""
    wanted = text.strip().casefold()
    for language in LANGUAGES:
        if wanted in {language.locale, language.name.casefold(), language.own_name.casefold()}:
            return language
    return Language(locale=None, name=text.strip().capitalize(), own_name=text.strip(), greeting=ENGLISH.greeting)


def guess_language(columns: Iterable[str]) -> Language:
    """Return the language with most of the names of *columns*; English if none has two."""
    names = {column.strip().casefold() for column in columns}
    best = max(LANGUAGES, key=lambda language: len(language.columns & names))
    return best if len(best.columns & names) > 1 else ENGLISH
