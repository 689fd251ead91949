"""Why a series is not scored, as the header tells it."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One failed test: a stable code, a sentence with the figure, and the figure."""

    code: str
    sentence: str
    measured: float | None = None
    unit: str | None = None


def quoted(stated: str) -> str:
    """Words of a header inside a sentence of ours: a peer wrote them, so printable ASCII only, and short."""
    return re.sub(r"[^ -~]", "?", stated)[:64]
