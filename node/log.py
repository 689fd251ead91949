"""The diagnostic log: one JSON object a line on standard error, with an allow-list of fields.

A field that is not on the list is dropped, so that nothing that names a patient can slip in by a new call.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset({
    "address", "agatston_known", "assoc", "bytes", "code", "count", "destination", "event", "folder", "job", "level",
    "logger", "module", "ms", "n", "objects", "peer", "port", "reason", "reason_code", "role", "roles", "seconds",
    "series", "slot", "state", "status", "timestamp", "url", "version", "waiting",
})  # fmt: skip
"""Fields that may be logged. Values are ours: keys, counts, codes, words, addresses and AE titles of peers."""

LIBRARIES = ("pynetdicom", "pydicom", "dbos", "alembic", "uvicorn", "uvicorn.access", "uvicorn.error", "py.warnings")
"""Their messages may repeat a peer's values: only where and how severe goes on, never the text."""


def set_up(level: str, form: str) -> None:
    """Send the events of node, and the fact that a library complained, to standard error.

    Parameters
    ----------
    level : {"debug", "info", "warning", "error"}
    form : {"json", "console"}
    """
    spelling = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allowed_fields,
            spelling,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(capture=True)
    handler = LibraryHandler()
    for name in LIBRARIES:
        library = logging.getLogger(name)
        library.handlers = [handler]
        library.propagate = False
        library.setLevel(logging.WARNING)


def allowed_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's door
    """Drop every field that is not on the allow-list."""
    return {key: value for key, value in event.items() if key in ALLOWED}


class LibraryHandler(logging.Handler):
    """Turns a library's record into an event of ours without its text."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log where and how severe; the text may hold what a peer sent."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        structlog.get_logger().warning(
            "library_message", logger=record.name, module=f"{record.module}:{record.lineno}", reason_code=kind
        )
