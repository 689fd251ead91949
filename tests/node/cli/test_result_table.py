"""The answer of `score` as a person reads it: the numbers, how sure they are, every sentence."""

from typing import Any

import pytest

from node.cli.result_table import headline, show
from node.reports import document
from scoring.result import Score, Unfit
from tests.support import report_case as rc


def told(result: Score | Unfit) -> dict[str, Any]:
    return document(result, study_uid="1.2", series_uid="1.2.3", frame_of_reference_uid=None, timings_s={})


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "240")

    def answer(result: Score | Unfit) -> str:
        show(told(result))
        return capsys.readouterr().out

    return answer


def test_a_score_is_told_with_everything_that_a_reader_asks_for(printed: Any) -> None:
    case = rc.positive(size=64).result
    said = printed(case)
    assert said.startswith("Series 1.2.3: scored. Agatston score ")
    for word in ("LM", "LAD", "LCX", "RCA", "total", "density score", "lesions", "isotropic"):
        assert word in said, word
    for word in ("category", "CAC-DRS", "84th (MESA, men, white", "arterial age", "spread", "literature", "120 kVp"):
        assert word in said, word
    for finding in case.quality:
        assert finding.sentence in said
    assert "to be verified by a physician" in said


def test_a_mass_that_is_not_calibrated_is_called_so(printed: Any) -> None:
    """Broken by hand: "mass mg" for both."""
    assert "mass mg, uncalibrated" in printed(rc.positive(size=64, calibrated=False).result)
    assert "uncalibrated" not in printed(rc.positive(size=64, calibrated=True).result)


def test_a_refusal_is_told_with_its_reason_and_what_else_was_noticed(printed: Any) -> None:
    refused = rc.refused(size=64).result
    said = printed(refused)
    assert refused.reason.sentence in said
    assert rc.GATING.sentence in said
    assert "Agatston" not in said


def test_a_zero_says_that_no_vessel_has_calcium(printed: Any) -> None:
    assert "Agatston score 0" in printed(rc.zero(size=64).result)


@pytest.mark.parametrize(
    ("agatston", "category", "interval", "says"),
    [
        (97.3, "1–99", None, "Agatston score 97"),
        (
            97.3,
            "1–99",
            ((78.2, 120.9), {"0": 0.0, "1–99": 0.59, "100–399": 0.41, "≥400": 0.0}),
            "Agatston score 97; repeat interval 78–121; 100–399 with 41 %",
        ),
        (
            0.4,
            "1–99",
            ((0.0, 3.2), {"0": 0.3, "1–99": 0.7, "100–399": 0.0, "≥400": 0.0}),
            "Agatston score 1; repeat interval 0–3; 0 with 30 %",
        ),
        (
            900.0,
            "≥400",
            ((850.0, 950.0), {"0": 0.0, "1–99": 0.0, "100–399": 0.001, "≥400": 0.999}),
            "Agatston score 900; repeat interval 850–950",
        ),
    ],
)
def test_the_headline_names_the_categories_that_a_repeat_may_fall_into(
    agatston: float, category: str, interval: Any, says: str
) -> None:
    stated = interval and {"agatston": list(interval[0]), "category_probability": interval[1]}
    given = {"total": {"agatston": agatston}, "interval": stated, "risk": {"category": category}}
    assert headline(given) == says
