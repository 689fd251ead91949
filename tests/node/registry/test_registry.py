"""The registry through its functions, on SQLite and PostgreSQL alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from node.facts import (
    AssociationEnd,
    AssociationFact,
    Delivery,
    DeliveryState,
    InstanceFacts,
    RefusedCaller,
    ReportObject,
    ReportRole,
    SeriesState,
    StoredObject,
)
from node.registry import Registry, RegistryError, deliveries, hold_slot, instances, jobs, open_registry, peers, series
from node.registry.schema import metadata

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def stored(
    key: str, *, uid: str = "1.2.3", sha256: str = "aa", seconds: float = 0, association: str = "a1"
) -> StoredObject:
    return StoredObject(
        key=key,
        sha256=sha256,
        size_bytes=10,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        sop_instance_uid=uid,
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        association=association,
        calling_ae_title="CT1",
        received=NOON + timedelta(seconds=seconds),
    )


def facts(uid: str) -> InstanceFacts:
    return InstanceFacts(
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        sop_instance_uid=uid,
        study_instance_uid="1.2",
        series_instance_uid="1.2.9",
    )


def association(end: AssociationEnd, key: str = "a1") -> AssociationFact:
    closed = None if end is AssociationEnd.OPEN else NOON + timedelta(seconds=9)
    return AssociationFact(
        key=key,
        calling_ae_title="CT1",
        called_ae_title="CALCIUM",
        address="127.0.0.1",
        opened=NOON,
        end=end,
        closed=closed,
    )


def a_series(connection: Any) -> series.SeriesRow:
    return series.joined(connection, key="s1", series_uid="1.2.9", study_uid="1.2", received=NOON)


def a_job(connection: Any, key: str = "j1", version: int = 1) -> jobs.Job:
    job = jobs.Job(
        key=key,
        series_key="s1",
        version=version,
        set_digest="d",
        created=NOON,
        state=SeriesState.QUEUED,
        attempts=0,
        code="",
        reason="waits",
    )
    jobs.add(connection, job, ["o1"])
    series.settle(connection, "s1", SeriesState.QUEUED, code="", reason="waits", now=NOON, job_key=key)
    return job


def an_object(connection: Any, key: str, role: ReportRole, sequence: int) -> None:
    entry = ReportObject(
        key=key,
        job_key="j1",
        role=role,
        sequence=sequence,
        sop_class_uid="1",
        sop_instance_uid=f"2.25.{sequence}",
        series_instance_uid="2",
        path=f"results/j1/{key}.dcm",
    )
    jobs.add_report_object(connection, entry)
    deliveries.add(
        connection,
        Delivery(
            key=f"d-{key}",
            object_key=key,
            destination="pacs",
            state=DeliveryState.PENDING,
            attempts=0,
            first=NOON,
            due=NOON,
            answer="waits",
        ),
    )


def filled(connection: Any) -> None:
    instances.record(connection, stored("o1"))
    row = a_series(connection)
    instances.note_facts(connection, "o1", row.key, facts("1.2.3"))
    a_job(connection)


def test_the_migrated_tables_are_those_of_the_schema(registry: Registry) -> None:
    with registry.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
                "compare_type": True,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    first = open_registry("sqlite", tmp_path)
    with first.begin() as connection:
        instances.record(connection, stored("o1"))
    first.close()
    second = open_registry("sqlite", tmp_path)
    with second.read() as connection:
        assert instances.known_keys(connection) == {"o1"}
    second.close()


def test_an_object_recorded_twice_is_one_row(registry: Registry) -> None:
    for _ in range(2):
        with registry.begin() as connection:
            instances.record(connection, stored("o1"))
    with registry.read() as connection:
        assert [one.key for one in instances.unread(connection, 10)] == ["o1"]


def test_the_facts_of_an_object_come_back_as_they_were(registry: Registry) -> None:
    with registry.begin() as connection:
        filled(connection)
    with registry.read() as connection:
        (member,) = instances.members(connection, "s1")
    assert member.facts == facts("1.2.3")


def test_the_same_bytes_are_told_from_other_bytes_under_one_uid(registry: Registry) -> None:
    with registry.begin() as connection:
        filled(connection)
        assert instances.same_bytes(connection, stored("o2"))
        assert not instances.same_bytes(connection, stored("o3", sha256="bb"))


def test_an_open_association_is_counted_until_it_ends(registry: Registry) -> None:
    with registry.begin() as connection:
        peers.record_association(connection, "node-0", association(AssociationEnd.OPEN))
        filled(connection)
        came = instances.arrival(connection, "s1")
        assert came is not None
        assert came.open_associations == 1
        peers.record_association(connection, "node-0", association(AssociationEnd.RELEASED))
        came = instances.arrival(connection, "s1")
    assert came is not None
    assert (came.open_associations, came.last_association_closed) == (0, NOON + timedelta(seconds=9))


def test_a_restart_closes_its_own_lost_associations_only(registry: Registry) -> None:
    with registry.begin() as connection:
        peers.record_association(connection, "node-0", association(AssociationEnd.OPEN))
        peers.record_association(connection, "node-1", association(AssociationEnd.OPEN, key="a2"))
        assert peers.close_lost_associations(connection, "node-0", NOON) == 1


def test_a_refused_caller_is_one_row_with_a_count(registry: Registry) -> None:
    caller = RefusedCaller(calling_ae_title="X", called_ae_title="CALCIUM", address="127.0.0.1", reason="why", at=NOON)
    with registry.begin() as connection:
        for _ in range(3):
            peers.record_refused_caller(connection, caller)
        assert [(row.calling_ae_title, row.times) for row in peers.refused(connection)] == [("X", 3)]


def test_a_series_is_due_when_its_time_has_come_and_not_before(registry: Registry) -> None:
    with registry.begin() as connection:
        a_series(connection)
        later = NOON + timedelta(seconds=5)
        series.settle(connection, "s1", SeriesState.WAITING, code="w", reason="waits", now=NOON, due_at=later)
        assert series.due(connection, NOON) == []
        assert [row.key for row in series.due(connection, later)] == ["s1"]


def test_a_settled_job_shows_on_its_series(registry: Registry) -> None:
    result = jobs.JobResult(
        state=SeriesState.SCORED,
        code="scored",
        reason="Agatston score 7",
        agatston=7.2,
        category="1–99",
        document={"é": 1},
    )
    with registry.begin() as connection:
        filled(connection)
        assert jobs.begin_attempt(connection, "j1", NOON) == 1
        jobs.settle(connection, "j1", result, NOON)
        (line,) = series.lines(connection)
        assert (line.state, line.agatston, line.version) == (SeriesState.SCORED, 7.2, 1)
        assert jobs.document(connection, "1.2.9") == {"é": 1}


def test_an_old_job_that_ends_late_does_not_overwrite_a_newer_one(registry: Registry) -> None:
    late = jobs.JobResult(
        state=SeriesState.FAILED, code="late", reason="too late", agatston=None, category=None, document=None
    )
    with registry.begin() as connection:
        filled(connection)
        a_job(connection, key="j2", version=2)
        jobs.settle(connection, "j1", late, NOON)
        (line,) = series.lines(connection)
    assert (line.state, line.version) == (SeriesState.QUEUED, 2)


def test_the_summary_goes_first_and_the_segmentation_last(registry: Registry) -> None:
    with registry.begin() as connection:
        filled(connection)
        for sequence, role in enumerate(
            (ReportRole.SEG, ReportRole.SC, ReportRole.SR, ReportRole.SUMMARY, ReportRole.TEXT)
        ):
            an_object(connection, f"r{sequence}", role, sequence)
        due = deliveries.due(connection, "pacs", NOON, 10)
    assert [one.path.stem for one in due] == ["r3", "r2", "r4", "r1", "r0"]


def test_a_delivery_is_added_once_and_leaves_the_backlog_when_it_is_delivered(registry: Registry) -> None:
    with registry.begin() as connection:
        filled(connection)
        an_object(connection, "r0", ReportRole.SR, 0)
        an_object(connection, "r0", ReportRole.SR, 0)
        assert [one.objects for one in deliveries.backlog(connection)] == [1]
        deliveries.settle(connection, "d-r0", DeliveryState.DELIVERED, answer="stored", now=NOON)
        assert deliveries.backlog(connection) == []
        assert deliveries.resend(connection, now=NOON, series_uid="1.2.9", destination=None) == 1
        assert [one.state for one in deliveries.lines(connection)] == [DeliveryState.PENDING]


def test_a_rerun_opens_the_series_and_forgets_which_set_was_scored(registry: Registry) -> None:
    with registry.begin() as connection:
        filled(connection)
        assert series.ask_rerun(connection, "1.2.9", NOON)
        assert not series.ask_rerun(connection, "no.such", NOON)
        row = series.by_key(connection, "s1")
    assert row is not None
    assert (row.state, row.job_key) == (SeriesState.RECEIVING, None)


def test_a_second_process_under_one_name_is_refused(registry: Registry, tmp_path: Path) -> None:
    held = hold_slot(registry, tmp_path, "host-all-0")
    with pytest.raises(RegistryError, match="another calcium-node works under the name host-all-0"):
        hold_slot(registry, tmp_path, "host-all-0")
    assert held.name == "host-all-0"
    if not isinstance(held.lock, int):
        held.lock.close()


def test_a_database_that_is_not_there_is_a_sentence_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="does not answer") as fault:
        open_registry("postgresql+psycopg://calcium:secret@127.0.0.1:1/none", tmp_path)
    assert "secret" not in fault.value.sentence


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(stored("o1"), received=datetime(2026, 1, 1))  # noqa: DTZ001 - the missing zone is the point
