"""Objects of the spool that the registry does not know: after a crash between file and row, or a lost database."""

from node.listener import recovered
from node.registry import Registry, instances
from node.spool import Spool


def register_unknown(registry: Registry, spool: Spool) -> int:
    """Record every object of the spool without a row; returns how many there were."""
    with registry.read() as connection:
        known = instances.known_keys(connection)
    missing = [key for key in spool.keys() if key not in known]
    for key in missing:
        stored = recovered(spool.path(key), key)
        with registry.begin() as connection:
            instances.record(connection, stored)
    return len(missing)
