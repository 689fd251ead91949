"""The page, health and metrics, in memory over a filled registry."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from node.clock import ManualClock
from node.facts import RefusedCaller, SeriesState
from node.registry import Registry, open_registry, peers, series
from node.settings import NodeSettings, Settings
from node.web import build_app

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = open_registry("sqlite", tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def page(registry: Registry, tmp_path: Path) -> TestClient:
    settings = Settings(node=NodeSettings(data=tmp_path))
    return TestClient(build_app(registry, settings, ManualClock(NOON), version="0.1.0"))


def test_a_series_is_shown_with_its_state_and_reason(registry: Registry, page: TestClient) -> None:
    with registry.begin() as connection:
        series.joined(connection, key="s1", series_uid="1.2.9", study_uid="1.2", received=NOON)
        reason = "blood measures 312 HU, above 100 HU"
        series.settle(connection, "s1", SeriesState.REFUSED, code="contrast", reason=reason, now=NOON)
    text = page.get("/").text
    assert "refused" in text
    assert reason in text


def test_what_a_caller_calls_itself_is_escaped(registry: Registry, page: TestClient) -> None:
    caller = RefusedCaller(
        calling_ae_title="<b>X</b>", called_ae_title="CALCIUM", address="127.0.0.1", reason="unknown", at=NOON
    )
    with registry.begin() as connection:
        peers.record_refused_caller(connection, caller)
    text = page.get("/").text
    assert "<b>X</b>" not in text
    assert "&lt;b&gt;X&lt;/b&gt;" in text


def test_the_page_forbids_scripts(page: TestClient) -> None:
    assert page.get("/").headers["content-security-policy"].startswith("default-src 'none'")


def test_the_process_is_alive_whatever_else_is_not(page: TestClient) -> None:
    assert page.get("/healthz").json() == {"ok": True}


def test_a_node_that_nobody_may_send_to_is_not_ready_and_says_why(page: TestClient) -> None:
    answer = page.get("/readyz")
    assert answer.status_code == 503
    said = {check["name"]: check["reason"] for check in answer.json()["checks"]}
    assert said["database"] == "answers"
    assert said["listener"] == "nobody may send: [receive] callers is empty"


def test_a_database_that_does_not_answer_makes_the_node_not_ready(registry: Registry, tmp_path: Path) -> None:
    """Seen red with the database check answering True."""
    settings = Settings(node=NodeSettings(data=tmp_path))
    page = TestClient(build_app(registry, settings, ManualClock(NOON), version="0.1.0"))
    registry.close()
    for file in tmp_path.glob("registry.sqlite*"):
        file.unlink()
    (tmp_path / "registry.sqlite").mkdir()
    checks = {check["name"]: check for check in page.get("/readyz").json()["checks"]}
    assert not checks["database"]["ok"]
    assert page.get("/").status_code == 503


def test_metrics_count_series_by_state(registry: Registry, page: TestClient) -> None:
    with registry.begin() as connection:
        series.joined(connection, key="s1", series_uid="1.2.9", study_uid="1.2", received=NOON)
    assert 'calcium_series{state="receiving"} 1.0' in page.get("/metrics").text
