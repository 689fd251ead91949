import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from node.reports import document, envelope, failed_document
from scoring.result import Demographics, Finding, Percentile, Score, Severity, Unfit, Vessel
from tests.support import report_case as rc
from tests.support.shared import shared_folder

SCHEMA = shared_folder() / "contracts" / "score-1.schema.json"
needs_schema = pytest.mark.skipif(not SCHEMA.is_file(), reason="the contract's schema is not beside this checkout")


def told(result: Score | Unfit) -> dict:
    return document(
        result, study_uid="1.2.3", series_uid="1.2.3.4", frame_of_reference_uid=None, timings_s={"read": 0.31}
    )


RESULTS = {
    "positive": told(rc.positive(size=64).result),
    "zero": told(rc.zero(size=64).result),
    "uncalibrated": told(rc.positive(size=64, calibrated=False).result),
    "refused": told(rc.refused(size=64).result),
    "refused before a protocol": told(Unfit(reason=rc.CONTRAST)),
    "failed": failed_document(series_uid="1.2.3", study_uid=None, code="crash", sentence="the child process ended"),
}


@needs_schema
@pytest.mark.parametrize("name", RESULTS)
def test_every_result_is_what_the_contract_promises(name: str) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    whole = json.loads(json.dumps(envelope([RESULTS[name]], "0.1.0"), allow_nan=False))
    jsonschema.validate(whole, schema, cls=jsonschema.Draft202012Validator)


def test_numbers_are_not_rounded() -> None:
    case = rc.positive(size=64)
    exact = rc.scored(case, total=replace(case.result.total, agatston=312.4470588235294))
    assert told(exact.result)["total"]["agatston"] == 312.4470588235294


def test_a_refusal_keeps_every_key_and_states_no_number() -> None:
    refused, scored = RESULTS["refused"], RESULTS["positive"]
    assert set(refused) == set(scored)
    assert set(refused["total"]) == set(scored["total"])
    assert set(refused["vessels"]) == {"LM", "LAD", "LCX", "RCA"}
    assert not [value for value in refused["total"].values() if value is not None]
    assert refused["lesions"] == refused["excluded"] == []
    assert refused["reason"] == {
        "code": "contrast",
        "sentence": rc.CONTRAST.sentence,
        "measured": 312.0,
        "unit": "HU",
    }


def test_a_failure_keeps_every_key_too() -> None:
    assert set(RESULTS["failed"]) == set(RESULTS["positive"])
    assert RESULTS["failed"]["status"] == "failed"


def test_all_four_vessels_stand_there_with_their_zeros() -> None:
    vessels = RESULTS["zero"]["vessels"]
    assert list(vessels) == ["LM", "LAD", "LCX", "RCA"]
    assert {row["agatston"] for row in vessels.values()} == {0.0}
    assert {row["peak_hu"] for row in vessels.values()} == {None}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("nan")])
def test_a_number_that_is_none_is_an_error_and_not_a_null(value: float) -> None:
    case = rc.positive(size=64)
    vessels = {**case.result.vessels, Vessel.LAD: replace(case.result.vessels[Vessel.LAD], mass_mg=value)}
    with pytest.raises(ValueError, match="where a number must stand"):
        told(replace(case.result, vessels=vessels))


def test_a_finding_that_measured_nothing_is_told_without_a_figure() -> None:
    finding = Finding(code="noise", severity=Severity.NOTE, sentence="no blood pool found", measured=float("nan"))
    assert told(replace(rc.zero(size=64).result, quality=(finding,)))["quality"][0]["measured"] is None


def test_numbers_of_numpy_become_plain_json() -> None:
    case = rc.positive(size=64)
    total = replace(case.result.total, agatston=np.float32(12.5), lesions=np.int64(3), peak_hu=np.int16(400))
    assert json.loads(json.dumps(told(replace(case.result, total=total))))["total"]["lesions"] == 3


def test_a_band_has_no_value() -> None:
    case = rc.positive(size=64)
    hoff = Percentile(value=None, band=(75, 90), population="Hoff, men", source="Hoff 2001")
    risk = told(replace(case.result, risk=replace(case.result.risk, percentile=hoff)))["risk"]
    assert risk["percentile"] == {"value": None, "band": [75, 90], "population": "Hoff, men", "source": "Hoff 2001"}


def test_words_outside_the_contract_are_unknown() -> None:
    odd = told(Unfit(reason=rc.CONTRAST, demographics=Demographics(age_years=58, sex="X", ethnic_group="other")))
    assert odd["patient"] == {"age_years": 58, "sex": None, "ethnic_group": None}
