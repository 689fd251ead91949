"""Who came: associations, and callers that were rejected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from node.facts import AssociationEnd, AssociationFact, RefusedCaller
from node.registry.schema import allowed_callers, associations, refused_callers


def record_association(connection: Connection, receiver: str, fact: AssociationFact) -> None:
    """Insert an opened association, or note how it ended."""
    values = {"end": fact.end.value, "closed": fact.closed}
    known = connection.execute(sa.update(associations).where(associations.c.key == fact.key).values(values))
    if known.rowcount:
        return
    connection.execute(
        sa.insert(associations).values(
            key=fact.key,
            receiver=receiver,
            calling_ae_title=fact.calling_ae_title,
            called_ae_title=fact.called_ae_title,
            address=fact.address,
            opened=fact.opened,
            **values,
        )
    )


def close_lost_associations(connection: Connection, receiver: str, now: datetime) -> int:
    """Close what an earlier run of this receiver left open; returns how many."""
    lost = sa.update(associations).where(associations.c.receiver == receiver, associations.c.end == "open")
    return connection.execute(lost.values(end=AssociationEnd.LOST.value, closed=now)).rowcount


def record_refused_caller(connection: Connection, caller: RefusedCaller) -> None:
    """Count one more rejection of this caller."""
    table = refused_callers
    same = sa.and_(
        table.c.calling_ae_title == caller.calling_ae_title,
        table.c.called_ae_title == caller.called_ae_title,
        table.c.address == caller.address,
    )
    again = connection.execute(
        sa.update(table).where(same).values(times=table.c.times + 1, last=caller.at, reason=caller.reason)
    )
    if not again.rowcount:
        connection.execute(
            sa.insert(table).values(
                calling_ae_title=caller.calling_ae_title,
                called_ae_title=caller.called_ae_title,
                address=caller.address,
                reason=caller.reason,
                times=1,
                last=caller.at,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCallerRow:
    """A caller that was rejected, how often, and when last."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    reason: str
    times: int
    last: datetime


def refused(connection: Connection) -> Sequence[RefusedCallerRow]:
    """Rejected callers, newest first."""
    rows = connection.execute(sa.select(refused_callers).order_by(refused_callers.c.last.desc()))
    return [RefusedCallerRow(**row._asdict()) for row in rows]


def allow(connection: Connection, calling_ae_title: str, now: datetime) -> bool:
    """Let a caller in from now on, beside those of the configuration; False: it was let in before."""
    if calling_ae_title in allowed(connection):
        return False
    connection.execute(sa.insert(allowed_callers).values(calling_ae_title=calling_ae_title, since=now))
    connection.execute(sa.delete(refused_callers).where(refused_callers.c.calling_ae_title == calling_ae_title))
    return True


def forbid(connection: Connection, calling_ae_title: str) -> bool:
    """Take back what `allow` did; False: there was nothing to take back."""
    gone = sa.delete(allowed_callers).where(allowed_callers.c.calling_ae_title == calling_ae_title)
    return connection.execute(gone).rowcount > 0


def allowed(connection: Connection) -> frozenset[str]:
    """Calling AE titles that were let in by the command."""
    return frozenset(connection.scalars(sa.select(allowed_callers.c.calling_ae_title)))
