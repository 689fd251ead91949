"""The project's own promises: what the wheel holds, what the configuration says, where the map points."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from node.settings import DestinationSettings, Settings, load

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_node_and_scoring_and_nothing_else(tmp_path: Path) -> None:
    build = "import hatchling.build, sys; hatchling.build.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"node", "scoring"}
    for needed in ("node/pictures/fonts/", "node/web/templates/status.html", "scoring/METHODS.md", "scoring/risk/"):
        assert any(name.startswith(needed) for name in names), needed


def _keys(model: type[BaseModel]) -> dict[str, set[str]]:
    sections = {name: field.annotation for name, field in model.model_fields.items() if name != "destinations"}
    return {name: set(section.model_fields) for name, section in sections.items() if isinstance(section, type)}


def test_the_shipped_configuration_has_every_key_with_its_default() -> None:
    text = (ROOT / "config" / "node.toml").read_text()
    shipped: dict[str, Any] = tomllib.loads(text)
    assert {name: set(keys) for name, keys in shipped.items()} == _keys(Settings)
    assert load(ROOT / "config" / "node.toml", {}) == Settings()
    commented = set(re.findall(r"^# (\w+) = ", text, flags=re.MULTILINE))
    assert commented == set(DestinationSettings.model_fields)


def test_every_setting_has_its_sentence() -> None:
    for section in [*Settings.model_fields.values(), *DestinationSettings.model_fields.values()]:
        inner = section.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            assert all(field.description for field in inner.model_fields.values()), inner


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml", "Makefile", ".ci/run", "docker/Dockerfile"])
def test_no_registry_host_is_named(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"--(extra-)?index-url|https?://\S*(pypi|simple|debian|npmjs)", text)


def test_the_map_points_to_what_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    paths = set(re.findall(r"`((?:node|scoring|tests|config|docs|docker)/[\w./-]+)`", text))
    assert len(paths) > 20
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_the_readme_links_to_what_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text())
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_compose_file_runs_node_database_and_pacs_together() -> None:
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    assert set(compose["services"]) == {"node", "postgres", "orthanc"}
    environment = compose["services"]["node"]["environment"]
    text = (ROOT / "docker" / "node.toml").read_text()
    settings = load(
        ROOT / "docker" / "node.toml",
        {name: str(value) for name, value in environment.items() if not name.endswith("_FILE")},
    )
    assert settings.destinations[0].host == "orthanc"
    assert text


def test_the_dockerfile_runs_as_a_user_of_its_own() -> None:
    lines = (ROOT / "docker" / "Dockerfile").read_text().splitlines()
    instructions = [line.split()[0] for line in lines if line and not line.startswith(("#", " "))]
    assert instructions[0] == "FROM"
    assert any(line.startswith("USER ") and line != "USER root" for line in lines)


def test_version_and_changelog_agree_that_this_is_unreleased() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()
