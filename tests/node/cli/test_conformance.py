"""The conformance statement says what the code does; each test names the change that it must notice."""

from pathlib import Path
from typing import Any

import pytest
from pydicom.sr.coding import Code
from pydicom.uid import CTImageStorage
from typer.testing import CliRunner

from node import dimse
from node.cli.app import app
from node.conformance import statement, wire
from node.listener import scp, store
from node.reports import codes
from node.settings import IntakeSettings

DOCUMENT = Path(__file__).parents[3] / "docs" / "conformance.md"


def _written() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def test_the_document_is_what_the_command_writes() -> None:
    said = CliRunner().invoke(app, ["conformance"])
    assert said.exit_code == 0
    assert said.output == _written(), "the code has changed: run `make conformance` and read the difference"


def test_the_command_writes_a_file(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["conformance", "--out", str(tmp_path / "c.md")])
    assert said.exit_code == 0
    assert (tmp_path / "c.md").read_text(encoding="utf-8") == _written()


@pytest.mark.parametrize(
    ("module", "name", "value", "line"),
    [
        (scp, "STORED_CLASSES", (CTImageStorage,), "| CT Image Storage | `1.2.840.10008.5.1.4.1.1.2` |  | yes |"),
        (dimse, "STATUSES", dimse.STATUSES[1:], "| any other | unknown |"),
        (codes, "VOLUME", Code("122660", "DCM", "Another volume"), "Another volume"),
        (IntakeSettings.model_fields["quiet_seconds"], "default", 7.5, "| `quiet_seconds` | `7.5` |"),
    ],
    ids=["a SOP class less", "a status less", "a code's other meaning", "another default"],
)
def test_a_change_of_the_code_changes_the_document(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, value: Any, line: str
) -> None:
    monkeypatch.setattr(module, name, value)
    changed = statement()
    assert changed != _written()
    assert line in changed


def test_every_answer_of_the_listener_is_in_its_table() -> None:
    answers = {
        value for name, value in vars(store).items() if name.isupper() and isinstance(value, int) and name[0] != "_"
    }
    rows = wire.store_answers().splitlines()[2:]
    assert {int(row.split("|")[1], 16) for row in rows} == answers


def test_no_path_and_no_name_of_a_sample_stands_in_the_document() -> None:
    text = _written()
    assert "Somebody" not in text
    assert "/tmp" not in text  # noqa: S108 - looked for, not written
