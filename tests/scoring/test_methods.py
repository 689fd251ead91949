"""METHODS.md against the code: every name that it gives exists, and its tables are those of the code."""

import importlib
import re
from pathlib import Path

import pytest

from scoring.protocol import PRESETS
from tests.methods_table import BEGIN, COLUMNS, END, METHODS, Row, table, written

TEXT = METHODS.read_text("utf-8")
NAMES = sorted(set(re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)*):([A-Za-z_0-9]+)`", TEXT)))
MODULES = sorted(set(re.findall(r"`((?:measures|protocol|risk|quality|interval|qa)/[a-z_0-9]+)`", TEXT)))
FILES = sorted(set(re.findall(r"`((?:tests|node)/[a-z_0-9/]+(?:\.py)?)`", TEXT)))


def test_there_are_names_to_check() -> None:
    assert len(NAMES) >= 25


@pytest.mark.parametrize(("module", "name"), NAMES, ids=[f"{module}:{name}" for module, name in NAMES])
def test_a_constant_has_the_home_that_is_stated(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(f"scoring.{module.replace('/', '.')}"), name)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_is_named_exists(module: str) -> None:
    importlib.import_module(f"scoring.{module.replace('/', '.')}")


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_named_exists(file: str) -> None:
    assert (Path(__file__).parents[2] / file).exists()


def test_every_preset_has_its_row() -> None:
    for name, preset in PRESETS.items():
        (row,) = re.findall(rf"^\| {name}(?: \(default\))? \| (.*?) \| (.*?) \| (.*?) \|$", TEXT, re.MULTILINE)
        smallest, volume, threshold = row
        size = (
            f"{preset.minimum_area_mm2:g} mm2"
            if preset.minimum_area_mm2
            else f"{preset.minimum_pixels} pixel{'s' if preset.minimum_pixels > 1 else ''}"
        )
        assert (smallest, volume.removesuffix("s")) == (size, preset.printed_volume)
        assert threshold.startswith(f"{preset.volume_threshold_hu or 130:g} HU")


def test_the_made_table_stands_between_its_marks() -> None:
    block = TEXT.split(BEGIN)[1].split(END)[0].strip().splitlines()
    assert block[0] == f"| {' | '.join(COLUMNS)} |"
    rules = [line.split(" | ")[1] for line in block[2:]]
    assert set(PRESETS) <= set(rules)
    assert sum("adapt" in rule for rule in rules) == sum("flag" in rule for rule in rules) == 4
    for scan in (
        "2.5 mm every 2.5 mm",
        "1.5 mm every 1.5 mm",
        "3 mm every 1.5 mm",
        "5 mm every 5 mm",
        "70 kVp",
        "135 kVp",
    ):
        assert any(scan in line for line in block[2:]), scan


def test_a_new_table_replaces_the_old_one_and_nothing_else() -> None:
    first = Row(scan="a", rule="literature", figures=(100.0, 50.0, 40.0, 10.0))
    other = Row(scan="b", rule="ge", figures=(110.0, 50.0, 30.0, 10.04))
    block = table([first, other])
    assert block.splitlines()[2] == "| a | literature | 100.0 | 50.0 | 40.0 | 10.0 |"
    assert block.splitlines()[3] == "| b | ge | 110.0 (+10 %) | 50.0 (+0 %) | 30.0 (-25 %) | 10.0 (+0 %) |"
    assert written(f"x\n{BEGIN}\nold\n{END}\ny\n", "new") == f"x\n{BEGIN}\nnew\n{END}\ny\n"
