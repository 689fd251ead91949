"""Acceptance: a site's own cases with a reference against what this node says of them.

In:      series on disk; a reference: CSV, our JSON, truth.json, DICOM SEG or contour property lists.
Out:     `CaseOutcome` of each series, one `evaluation_document` of all; why a series or a line was left out.
Keeps:   nothing but the folder that it is given: outcomes of finished series, so that a stopped run goes on.
Hostile: references are typed by people and exported by programs: whatever is wrong with one costs that one series, with
         a sentence; images are read, scored and compared in the sandbox.
Alone:   tests/node/acceptance: written references in, sentences and figures out.
"""

from node.acceptance.gather import read_references
from node.acceptance.outcome import CaseOutcome, evaluate_series, outcome_key
from node.acceptance.reference import AcceptanceError, LeftOut, Reference, References, SeriesHere
from node.acceptance.summary import compared_cases, evaluation_document

__all__ = [
    "AcceptanceError",
    "CaseOutcome",
    "LeftOut",
    "Reference",
    "References",
    "SeriesHere",
    "compared_cases",
    "evaluate_series",
    "evaluation_document",
    "outcome_key",
    "read_references",
]
