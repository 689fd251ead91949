"""Age and sex for the risk tables, or why they are not used; never guessed (PS3.3 C.7.1.1, C.7.2.2)."""

import re
from datetime import date, datetime

from pydicom.dataset import Dataset

from node.reading.attributes import text
from scoring.result import Demographics

OLDEST_YEARS = 120
UNITS_IN_A_YEAR = {"Y": 1, "M": 12, "W": 52, "D": 365}


def demographics(header: Dataset, *, ethnic_group: str) -> Demographics:
    """Age in completed years on the day of the scan, sex, and the ethnic group that the site states.

    The ethnic group of the header (0010,2160) is free text and is not used.
    """
    age, age_withheld = _age(header)
    sex, sex_withheld = _sex(header)
    withheld = "; ".join(sentence for sentence in (age_withheld, sex_withheld) if sentence)
    return Demographics(age_years=age, sex=sex, ethnic_group=ethnic_group or None, withheld=withheld or None)


def _sex(header: Dataset) -> tuple[str | None, str]:
    stated = text(header, "PatientSex").upper()
    if stated in ("M", "F", "O"):
        return stated, ""
    return None, "Patient's Sex is none of M, F and O" if stated else ""


def _age(header: Dataset) -> tuple[int | None, str]:
    stated_text = text(header, "PatientAge")
    stated = age_in_years(stated_text)
    if stated_text and stated is None:
        return None, "Patient's Age is not of the form 058Y"
    born, scanned = _day(header, "PatientBirthDate"), _day(header, "AcquisitionDate") or _day(header, "StudyDate")
    counted = completed_years(born, scanned) if born and scanned else None
    for age, name in ((stated, "Patient's Age"), (counted, "the age from birth date and scan date")):
        if age is not None and not 0 < age <= OLDEST_YEARS:
            return None, f"{name} is {age} years, outside 1 to {OLDEST_YEARS}"
    if stated is not None and counted is not None and abs(stated - counted) > 1:
        return None, (
            f"Patient's Age and birth date disagree by {abs(stated - counted)} years; correct the one that is wrong"
        )
    return (counted if counted is not None else stated), ""


def age_in_years(stated: str) -> int | None:
    """Completed years of an Age String; a missing leading zero is tolerated.

    Examples
    --------
    >>> [age_in_years(stated) for stated in ("058Y", "22Y", "018M", "58", "")]
    [58, 22, 1, None, None]
    """
    match = re.fullmatch(r"(\d{1,3})([DWMY])", stated.strip().upper())
    return int(match[1]) // UNITS_IN_A_YEAR[match[2]] if match else None


def completed_years(born: date, on: date) -> int:
    """Completed years; the birthday itself counts.

    Examples
    --------
    >>> completed_years(date(1960, 2, 29), date(2020, 2, 28)), completed_years(date(1960, 2, 29), date(2020, 2, 29))
    (59, 60)
    """
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _day(header: Dataset, keyword: str) -> date | None:
    digits = text(header, keyword).replace(".", "")[:8]  # 1993.08.22 is the old form of ACR-NEMA
    try:
        return datetime.strptime(digits, "%Y%m%d").date() if len(digits) == 8 else None  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
