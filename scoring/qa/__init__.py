"""Phantom QA: the QRM cardiac calcification insert found, measured and judged.

For:     the physicist who asks what a scanner makes of known calcium, and which mass factor it has.
In:      a Volume, what the header says of the acquisition, preset and connectivity, perhaps an earlier scan.
Out:     `examine` gives a PhantomQa (nine inserts, factor, noise, verdict with reasons), or None: no such phantom.
Keeps:   nothing; limits stand in `verdict.LIMITS`, the phantom's make in `geometry`.
Hostile: any volume: a patient or an empty scan is None, a cut phantom fails by name, what is no number is air.
Alone:   tests/scoring/qa: a drawn phantom of any size, tilt, voltage and noise; the published scan turned and mirrored.
"""

from scoring.qa.examine import QaChoices, examine
from scoring.qa.result import Baseline, Handedness, Insert, Measured, PhantomQa, QaVerdict, Scanner
from scoring.qa.verdict import LIMITS

__all__ = [
    "LIMITS",
    "Baseline",
    "Handedness",
    "Insert",
    "Measured",
    "PhantomQa",
    "QaChoices",
    "QaVerdict",
    "Scanner",
    "examine",
]
