"""The first evening of somebody with a German CRM export: from `init` to the links, over a kill and a failed row."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from heygen_async.simulator import FailedRender, World
from tests.helpers.commands import call
from tests.helpers.typing_person import type_at_terminal

# As a CRM writes it for Excel: cp1252, a separator at each end of line, and cells that nobody has cleaned.
HEAD = "Kunden-Nr.;Anrede;Vorname;Nachname;Firma;E-Mail;Ort;Vertragsende;Umsatz;"
DIRTY = [
    "00017;Frau;Änne;Müller;Müller GmbH;aenne@kunde.example;Köln;01.03.2027;1.234,50;",
    "00018;Herr;JÖRG;SCHMIDT;Schmidt & Söhne;joerg@kunde.example;Bonn;15.04.2027;980,00;",
    "00019;Frau; Zoë ;Weiß;;zoe@kunde.example;Aachen;;;",
    "00020;Herr;;Becker;Becker KG;becker@kunde.example;Köln;01.05.2027;12,00;",
    '00021;Frau;Mia;Wolf;"Wolf; Wolf & Partner";mia@kunde.example;Düren;#NV;100,00;',
    "00022;Herr;Tom;Fuchs;Fuchs &amp; Co;tom@kunde.example;Trier;01.01.2027;7,90;",
]
CLEAN = [
    f"{number:05};Frau;Kim{chr(number + 42)};Kurz;Kurz {number};kim{number}@kunde.example;Ulm;01.02.2027;{number},00;"
    for number in range(23, 41)
]
LIST = [*DIRTY, *CLEAN]
ROWS = len(LIST)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kunden.csv").write_bytes("\r\n".join([HEAD, *LIST, ""]).encode("cp1252"))


def typed(line: str, exit_code: int) -> str:
    """Run what somebody types after `heygen-async`, and return what is seen."""
    done = call(*line.split())
    assert done.exit_code == exit_code, done.output
    return done.output


def table(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def edit(path: str, old: str, new: str, encoding: str = "utf-8") -> None:
    text = Path(path).read_bytes().decode(encoding)
    assert old in text
    Path(path).write_bytes(text.replace(old, new).encode(encoding))


def killed_in_the_midst(line: str) -> None:
    """Begin a command in a process of its own, and kill it as soon as the first links are there."""
    with subprocess.Popen([sys.executable, "-m", "heygen_async.cli", *line.split()], stdout=subprocess.DEVNULL) as run:
        while not Path("videos/mail-merge.csv").exists():
            assert run.poll() is None
        run.kill()


@pytest.mark.usefixtures("_simulator_thread")
def test_from_a_crm_export_to_links_in_a_mailing(world: World) -> None:
    """Every row has its video and its link, is paid for once, and nobody had to know an id or an encoding."""
    world.slots = 5
    world.faults.append(FailedRender(contains="Tom", times=1, code="content_policy_violation", message="Flagged."))

    asked = type_at_terminal(["init", "campaign.toml", "kunden.csv"], ["", "", "chloe", "", ""])
    assert asked.exit_code == 0, asked.text
    assert "In Excel's older encoding it reads:\n    '00017;Frau;Änne;Müller;" in asked.text
    assert "Language, or Enter for German: " in asked.text
    assert "Chloe on stage: https://" in asked.text
    assert "   1  Jonas (male)" in asked.text

    refused = typed("plan campaign.toml", 2)
    assert "kunden.csv line 5, column Vorname: is empty here" in refused
    assert "kunden.csv line 7: 11 cells, but the header has 9" in refused
    edit("kunden.csv", "Fuchs &amp; Co", "Fuchs & Co", "cp1252")
    edit("campaign.toml", "{{ vorname }}", '{{ vorname | title_name | default("und willkommen") }}')
    planned = typed("plan campaign.toml", 0)
    assert f"{ROWS} rows, {ROWS} can be rendered, 0 cannot" in planned
    assert re.search(r"Price: (about )?\d", planned)
    assert "Hallo Jörg, dieses Video ist nur für Sie." in typed("preview campaign.toml --row 3", 0)
    assert "Hallo und willkommen, dieses" in typed("preview campaign.toml --row 5", 0)
    assert not world.ledger

    killed_in_the_midst("run campaign.toml --budget 50usd --canary 2")
    assert 2 <= len(world.ledger) < ROWS
    world.median_seconds, world.p95_seconds = 20, 40  # the test need not wait for the rest
    assert "heygen_link" in Path("videos/mail-merge.csv").read_text("utf-8-sig").splitlines()[0]
    assert re.search(r"campaign\.db: 24 rows\n +\d+  completed", typed("status campaign.db", 0))
    resumed = typed("resume campaign.db", 5)
    assert re.search(r"Failed +1: 1 content_policy_violation", resumed)
    assert "heygen-async resume campaign.db" in typed("retry campaign.db --failed", 0)
    assert re.search(r"Completed +1 of 1 row", typed("resume campaign.db", 0))

    assert "campaign.html: open it in a browser" in typed("report campaign.db", 0)
    page = Path("campaign.html").read_text("utf-8")
    assert all(name in page for name in ("JÖRG", "Zoë", "Tom"))
    assert f"{ROWS} rows written to links.csv" in typed("export campaign.db links.csv --mail-merge", 0)
    links = table("links.csv")
    assert [row["E-Mail"] for row in links] == [re.findall(r"\w+@kunde.example", line)[0] for line in LIST]
    assert {row["heygen_link"].rpartition("/")[2] for row in links} <= set(world.videos)
    assert len({row["heygen_link"] for row in links}) == ROWS
    assert (len(world.ledger), len(world.refunds)) == (ROWS + 1, 1)
