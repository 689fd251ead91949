"""Whole, waiting, incomplete, refused: by geometry and quiet time; how the images came never matters."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.facts import Assessment, InstanceFacts, Verdict
from node.intake import SeriesTiming, assess
from node.settings import IntakeSettings
from tests.support.series_facts import one_fact, plane, series_facts

BEGAN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
RULES = IntakeSettings(quiet_seconds=5.0, quiet_limit_seconds=120.0, hard_cap_seconds=3600.0)
WHOLE = series_facts(40)
HOLED = WHOLE[:20] + WHOLE[23:]
CHEST = series_facts(40, gating_stated=False, protocol_words="thorax")


@dataclass(frozen=True)
class Came:
    """When the images came, in seconds after the first."""

    last: float = 10.0
    closed: float | None = 10.0
    still_open: int = 0

    def timing(self) -> SeriesTiming:
        return SeriesTiming(
            first_received=BEGAN,
            last_received=at(self.last),
            open_associations=self.still_open,
            last_association_closed=None if self.closed is None else at(self.closed),
        )


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def assessed(facts: list[InstanceFacts], came: Came, seconds: float, *, score_non_gated: bool = False) -> Assessment:
    return assess(facts, came.timing(), at(seconds), RULES, score_non_gated=score_non_gated)


@pytest.mark.parametrize(
    ("facts", "came", "until"),
    [
        pytest.param(WHOLE, Came(), 15.0, id="whole: 5 s after the association closed"),
        pytest.param(WHOLE, Came(closed=12.5), 17.5, id="whole: after the close, not after the image"),
        pytest.param(WHOLE, Came(closed=4.0), 15.0, id="whole: an image came after the last close that is known"),
        pytest.param(WHOLE, Came(closed=None), 15.0, id="whole: it came by no association"),
        pytest.param(WHOLE, Came(still_open=1), 130.0, id="whole, and its association is open"),
        pytest.param(HOLED, Came(), 130.0, id="a hole: 120 s after the last image"),
        pytest.param(HOLED, Came(still_open=1), 130.0, id="a hole, and its association is open"),
        pytest.param(HOLED, Came(last=3590.0, closed=3590.0), 3600.0, id="a hole: the hard cap"),
        pytest.param(WHOLE, Came(last=3599.0, closed=3599.0), 3600.0, id="whole: the hard cap"),
        pytest.param(WHOLE[:2], Came(), 130.0, id="too few so far"),
        pytest.param(WHOLE[::2], Came(), 130.0, id="every second image so far"),
        pytest.param(series_facts(40, modality="MR"), Came(), 15.0, id="more images would not help"),
    ],
)
def test_a_series_waits_until_its_time_and_not_longer(facts: list[InstanceFacts], came: Came, until: float) -> None:
    waiting = assessed(facts, came, until - 0.001)
    assert (waiting.verdict, waiting.until) == (Verdict.WAITING, at(until))
    assert assessed(facts, came, until).verdict is not Verdict.WAITING


@pytest.mark.parametrize(
    ("facts", "came", "words"),
    [
        (WHOLE, Came(), "nothing more has come for 5 s"),
        (WHOLE, Came(still_open=1), "the association that sends them is still open"),
        (HOLED, Came(), "37 images so far; slices 20 and 21 lie 12.0 mm apart"),
        (WHOLE[:1], Came(), "1 image so far"),
    ],
)
def test_waiting_says_for_what(facts: list[InstanceFacts], came: Came, words: str) -> None:
    assert words in assessed(facts, came, 11.0).sentence


@pytest.mark.parametrize(
    ("facts", "verdict", "code"),
    [
        pytest.param(WHOLE, Verdict.WHOLE, "whole", id="a calcium scan"),
        pytest.param(HOLED, Verdict.INCOMPLETE, "gap", id="a calcium scan with a hole"),
        pytest.param(CHEST, Verdict.INELIGIBLE, "gating", id="a chest CT"),
        pytest.param(CHEST[:20] + CHEST[22:], Verdict.INELIGIBLE, "gap", id="a chest CT with a hole"),
        pytest.param(
            series_facts(40, thickness_mm=5.0, increment_mm=5.0),
            Verdict.REFUSED,
            "thickness",
            id="a thick calcium scan",
        ),
        pytest.param(series_facts(40, lossy=True), Verdict.REFUSED, "lossy", id="a calcium scan with loss"),
        pytest.param(WHOLE[::2], Verdict.REFUSED, "increment", id="every second image never came"),
        pytest.param(WHOLE[:2], Verdict.INELIGIBLE, "too_few", id="two images"),
        pytest.param(
            series_facts(2, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")),
            Verdict.INELIGIBLE,
            "image_type",
            id="a scout",
        ),
        pytest.param(
            [one_fact(place, planes=(plane(0.0),)) for place in range(8)],
            Verdict.INELIGIBLE,
            "too_few",
            id="a test bolus",
        ),
    ],
)
def test_when_the_time_is_over_the_verdict_has_its_reason(
    facts: list[InstanceFacts], verdict: Verdict, code: str
) -> None:
    found = assessed(facts, Came(), 4000.0)
    assert (found.verdict, found.code, found.until) == (verdict, code, None)


@pytest.mark.parametrize(("allowed", "verdict"), [(True, Verdict.WHOLE), (False, Verdict.INELIGIBLE)])
def test_a_chest_ct_is_scored_where_the_site_wants_it(*, allowed: bool, verdict: Verdict) -> None:
    assert assessed(CHEST, Came(), 4000.0, score_non_gated=allowed).verdict is verdict


def test_one_missing_image_of_sixty_is_never_whole() -> None:
    facts = series_facts(60)
    for missing in range(1, 59):
        assert assessed(facts[:missing] + facts[missing + 1 :], Came(), 4000.0).verdict is Verdict.INCOMPLETE


def test_an_image_that_comes_late_makes_it_whole() -> None:
    assert assessed(HOLED, Came(), 200.0).verdict is Verdict.INCOMPLETE
    assert assessed(WHOLE, Came(last=300.0, closed=300.0), 305.0).verdict is Verdict.WHOLE


SERIES: dict[str, list[InstanceFacts]] = {
    "whole": series_facts(12),
    "holed": series_facts(5) + series_facts(12)[7:],
    "two": series_facts(2),
    "mixed": [*series_facts(6), one_fact(6, patient_token="b")],  # noqa: S106 - a hash of nobody
    "phases": [*series_facts(6), one_fact(3, sop_instance_uid="1.9.9", temporal_position=2)],
    "overlapping": series_facts(12, increment_mm=1.5),
    "jitter": [one_fact(place, planes=(plane(place * 3.0 + 0.0004 * (place % 3)),)) for place in range(9)],
}


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[str, list[InstanceFacts]]:
    """A series as it might come: in any order, with objects sent again."""
    name = draw(st.sampled_from(sorted(SERIES)))
    again = draw(st.lists(st.sampled_from(SERIES[name]), max_size=5))
    return name, draw(st.permutations([*SERIES[name], *again]))


@settings(deadline=None)
@given(arrival=arrivals(), closed=st.floats(0, 10), count_open=st.integers(0, 1), later=st.floats(4000, 9000))
def test_order_duplicates_and_association_borders_never_change_the_verdict(
    arrival: tuple[str, list[InstanceFacts]], closed: float, count_open: int, later: float
) -> None:
    """Turns red when the increment is taken from the first two files, or duplicates count as slices."""
    name, facts = arrival
    expected = assessed(SERIES[name], Came(), 4000.0)
    assert assessed(facts, Came(closed=closed, still_open=count_open), later) == expected


@settings(deadline=None)
@given(
    arrival=arrivals(),
    seconds=st.floats(10, 4000),
    came=st.builds(Came, st.just(10.0), st.floats(0, 60), st.integers(0, 1)),
)
def test_a_wait_always_ends_in_the_future_and_never_after_the_cap(
    arrival: tuple[str, list[InstanceFacts]], seconds: float, came: Came
) -> None:
    found = assessed(arrival[1], came, seconds)
    if found.verdict is Verdict.WAITING:
        assert found.until is not None
        assert at(seconds) < found.until <= at(RULES.hard_cap_seconds)
    else:
        assert found.until is None


@pytest.mark.parametrize("overrides", [{"kvp": None}, {"kernel": ""}, {"manufacturer": ""}, {"acquisition_time": ""}])
def test_what_only_names_the_scanner_never_decides(overrides: dict[str, Any]) -> None:
    assert assessed(series_facts(**overrides), Came(), 4000.0).verdict is Verdict.WHOLE
