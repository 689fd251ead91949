"""Objects of the spool that the registry does not know: after a crash between file and row, or a lost database."""

import structlog

from node.listener import recovered
from node.registry import Registry, instances
from node.spool import Spool, SpoolError

UNKNOWN_ASSOCIATION = ""
"""What the file does not tell: it has ended, whichever it was."""


def register_unknown(registry: Registry, spool: Spool) -> int:
    """Record every object of the spool without a row; returns how many there were."""
    with registry.read() as connection:
        known = instances.known_keys(connection)
    missing = sorted(set(spool.keys()) - known)
    for key in missing:
        try:
            stored = recovered(spool, key, association=UNKNOWN_ASSOCIATION)
        except SpoolError as fault:
            structlog.get_logger().error("object_not_registered", code=fault.code, reason=fault.sentence)
            continue
        with registry.begin() as connection:
            instances.record(connection, stored)
    return len(missing)
