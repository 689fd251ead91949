"""What several rooms' tests start from: one small phantom on disk, a database of each kind."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from node.demo.modality import truth_document, write_series
from node.registry import Registry, open_registry
from scoring.phantom import demo_spec, make_phantom
from tests.support.postgres import PROGRAMS, postgres


@dataclass(frozen=True)
class WrittenPhantom:
    folder: Path
    series_uid: str
    truth: dict[str, Any]


@pytest.fixture(scope="session")
def phantom_series(tmp_path_factory: pytest.TempPathFactory) -> WrittenPhantom:
    """The demo's patient on 256 x 256 pixels, as a scanner would have written it."""
    phantom = make_phantom(replace(demo_spec(), matrix=256))
    folder = tmp_path_factory.mktemp("phantom")
    created = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    written = write_series(phantom, folder, vendor="siemens", created=created, uid_seed="tests")
    return WrittenPhantom(folder, written.series_instance_uid, truth_document(phantom, written.series_instance_uid))


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed")
    with postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """An empty registry, on each of the two databases."""
    url = "sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = open_registry(url, tmp_path)
    try:
        yield opened
    finally:
        if request.param == "postgresql":
            with opened.begin() as connection:
                connection.exec_driver_sql("drop schema public cascade; create schema public")
        opened.close()
