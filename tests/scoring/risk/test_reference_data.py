"""Every answer and vector of the reference beside the checkout, and the shipped tables against its tables."""

import json
from typing import Any

import pytest

from scoring.result import Demographics, printed_agatston
from scoring.risk import (
    ChdInputs,
    arterial_age_years,
    cac_drs,
    category,
    category_classic,
    chd_risk,
    hoff_band,
    mesa_percentile,
)
from scoring.risk.tables import table
from tests.support.shared import needs_shared, shared_folder

pytestmark = needs_shared

SEX = {"male": "M", "female": "F"}


@pytest.fixture(scope="module")
def reference() -> Any:
    return json.loads((shared_folder() / "reference" / "scoring_data.json").read_text("utf-8"))


def test_every_category_vector(reference: Any) -> None:
    assert len(reference["category_vectors"]) == 13
    for vector in reference["category_vectors"]:
        printed = printed_agatston(vector["score"])
        assert printed == vector["printed"]
        assert category(printed) == vector["four"]
        assert category_classic(printed) == vector["classic"].replace("-", "–")
        assert cac_drs(printed, None) == vector["cac_drs"]


def test_the_mesa_table_is_that_of_the_reference_and_gives_its_answers(reference: Any) -> None:
    mesa = reference["mesa_percentile"]
    assert {key: row["t"] for key, row in mesa["table"].items()} == table("mesa_percentile")["scores"]
    for group, sex, age, score, percentile in mesa["known_answers"] + mesa["more_answers"]:
        person = Demographics(age_years=age, sex=SEX[sex], ethnic_group=group)
        assert mesa_percentile(score, person).value == percentile, (group, sex, age, score)


def test_the_quartiles_of_the_mesa_table_are_those_of_the_paper(reference: Any) -> None:
    """The r-values are table 2 of McClelland 2006 at mid-decade: the score there must reach that percentile."""
    for key, row in reference["mesa_percentile"]["table"].items():
        group, sex, age = key.split(":")
        person = Demographics(age_years=int(age), sex=SEX[sex], ethnic_group=group)
        for percentile, score in zip((25, 50, 75, 90), row["r"], strict=True):
            if score:
                assert abs((mesa_percentile(score, person).value or 0) - percentile) <= 3, (key, percentile)


def test_the_hoff_table_is_that_of_the_reference_and_gives_its_answers(reference: Any) -> None:
    hoff, ours = reference["hoff_2001"], table("hoff_2001")
    assert (ours["male"], ours["female"]) == (hoff["male"], hoff["female"])
    bands = {"<25": (0, 25), "25-50": (25, 50), "50-75": (50, 75), "75-90": (75, 90), ">=90": (90, 100)}
    for sex, age, score, band in hoff["answers"]:
        assert hoff_band(score, Demographics(age_years=age, sex=SEX[sex])).band == bands[band]


def test_every_arterial_age(reference: Any) -> None:
    for score, years, printed in reference["arterial_age"]["vectors"]:
        assert arterial_age_years(score) == pytest.approx(years, abs=5e-5)
        assert int(arterial_age_years(score) + 0.5) == printed


def test_every_mesa_risk_with_and_without_calcium(reference: Any) -> None:
    assert len(reference["mesa_chd_risk_2015"]["vectors"]) == 7
    for vector in reference["mesa_chd_risk_2015"]["vectors"]:
        given = dict(vector["input"])
        calcium = given.pop("cac")
        inputs = {
            "age_years": given.pop("age"),
            "sex": SEX[given.pop("sex")],
            "ethnic_group": given.pop("group"),
            "family_history": bool(given.pop("family_history_heart_attack")),
            **given,
        }
        for name in ("diabetes", "smoker", "lipid_medication", "bp_medication"):
            inputs[name] = bool(inputs[name])
        assert chd_risk(ChdInputs(**inputs, agatston=calcium)) == pytest.approx(vector["with_cac_percent"], abs=6e-4)
        assert chd_risk(ChdInputs(**inputs, agatston=None)) == pytest.approx(vector["without_cac_percent"], abs=6e-4)
