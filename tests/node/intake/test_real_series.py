"""The real scans, by their headers: which go to scoring, and which do not and why."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import pytest

from node.facts import InstanceFacts, Verdict
from node.intake import SeriesTiming, assess
from node.reading import Unreadable, read_headers
from node.settings import IntakeSettings
from tests.support.shared import needs_shared, shared_folder

pytestmark = [needs_shared, pytest.mark.real_data]

CAME = datetime(2026, 1, 1, tzinfo=UTC)


@lru_cache
def verdicts(folder: str, *, score_non_gated: bool) -> list[tuple[str, str]]:
    """Verdict and code of each series of a folder, in the order of the first file."""
    by_series: dict[str, list[InstanceFacts]] = defaultdict(list)
    for one in read_headers(sorted((shared_folder() / "data" / folder).glob("*.dcm")), token_key=b"tests"):
        assert not isinstance(one, Unreadable)
        by_series[one.series_instance_uid].append(one)
    timing = SeriesTiming(first_received=CAME, last_received=CAME, open_associations=0, last_association_closed=CAME)
    found = [
        assess(facts, timing, CAME + timedelta(hours=2), IntakeSettings(), score_non_gated=score_non_gated)
        for facts in by_series.values()
    ]
    return [(said.verdict.value, said.code) for said in found]


@pytest.mark.parametrize(
    ("folder", "asked", "from_the_network"),
    [
        ("qrm-canon", (Verdict.WHOLE, "whole"), (Verdict.WHOLE, "whole")),
        ("chest-philips-5mm", (Verdict.WHOLE, "whole"), (Verdict.INELIGIBLE, "thickness")),
        ("chest-philips-5mm-sharp", (Verdict.WHOLE, "whole"), (Verdict.INELIGIBLE, "thickness")),
        ("chest-siemens-8mm", (Verdict.REFUSED, "thickness"), (Verdict.INELIGIBLE, "thickness")),
        ("petct-siemens-overlap", (Verdict.WHOLE, "whole"), (Verdict.INELIGIBLE, "thickness")),
        ("apex-siemens-no-heart", (Verdict.WHOLE, "whole"), (Verdict.INELIGIBLE, "gating")),
        ("petct-ge-140kv-heart-cut", (Verdict.WHOLE, "whole"), (Verdict.INELIGIBLE, "thickness")),
    ],
)
def test_a_real_series_goes_to_scoring_or_not(
    folder: str, asked: tuple[str, str], from_the_network: tuple[str, str]
) -> None:
    assert verdicts(folder, score_non_gated=True) == [asked]
    assert verdicts(folder, score_non_gated=False) == [from_the_network]


def test_single_slices_are_refused_each_for_its_reason() -> None:
    found = verdicts("slices-ny-sbu", score_non_gated=True)
    assert sorted(code for _, code in found) == ["not_axial"] * 2 + ["too_few"] * 9
    assert {verdict for verdict, _ in found} == {Verdict.INELIGIBLE}


def test_odd_objects_are_not_scored_from_the_network() -> None:
    """In order: legacy converted, CT_small, tilted head, hex UIDs, perfusion map, VR UN, one slice in 12 encodings."""
    assert verdicts("odd", score_non_gated=False) == [
        ("ineligible", code)
        for code in ("thickness", "too_few", "not_axial", "too_few", "image_type", "too_few", "lossy")
    ]
