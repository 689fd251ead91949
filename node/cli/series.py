"""The series below some paths, and what intake says of each: what `score` and `evaluate` share."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from node.cli.progress import progress
from node.cli.render import say

if TYPE_CHECKING:
    from node.facts import Assessment, InstanceFacts
    from node.settings import Settings

FILES_AT_ONCE = 200


def read_by_series(files: Sequence[Path]) -> "dict[str, list[tuple[Path, InstanceFacts]]]":
    """Facts of every readable object that is not ours, by Series Instance UID; what cannot be read is said."""
    from node.reading import Unreadable, read_headers

    by_series: dict[str, list[tuple[Path, InstanceFacts]]] = {}
    with progress("reading headers", len(files)) as advance:
        for start in range(0, len(files), FILES_AT_ONCE):
            batch = files[start : start + FILES_AT_ONCE]
            # The token only has to tell patients apart within this call.
            for path, read in zip(batch, read_headers(batch, token_key=b"one call"), strict=True):
                if isinstance(read, Unreadable):
                    say(f"{path.name}: {read.sentence}")
                elif not read.made_by_us:
                    by_series.setdefault(read.series_instance_uid, []).append((path, read))
            advance(len(batch))
    return by_series


def assessed(settings: "Settings", facts: "Sequence[InstanceFacts]") -> "Assessment":
    """What intake would say of this set once nothing more comes."""
    from datetime import UTC, datetime, timedelta

    from node.intake import SeriesTiming, assess

    came = datetime(2000, 1, 1, tzinfo=UTC)
    timing = SeriesTiming(first_received=came, last_received=came, open_associations=0, last_association_closed=came)
    later = came + timedelta(seconds=settings.intake.quiet_limit_seconds + settings.intake.quiet_seconds + 1)
    return assess(facts, timing, later, settings.intake, score_non_gated=True)
