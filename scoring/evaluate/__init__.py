"""Agreement statistics: how near scores come to a reference, and in which way they miss.

For:     a site's acceptance test and our own evaluation suite.
In:      scores and reference scores of cases; label volumes where calcium is known voxel by voxel; confidences.
Out:     `Agreement` of cases, `Comparison` of one volume, `CalibrationBin`: frozen numbers, None where not defined.
Keeps:   nothing.
Hostile: what degenerates (one case, constant ratings) is None, never 1.0; figures that are not finite raise ValueError.
Alone:   tests/scoring/evaluate: published tables, worked examples, properties.
"""

from scoring.evaluate.agreement import (
    Agreement,
    BlandAltman,
    CaseScores,
    ZeroCases,
    agreement,
    bland_altman,
    category_index,
    icc_absolute,
    weighted_kappa,
)
from scoring.evaluate.confidence import CalibrationBin, calibration_table
from scoring.evaluate.lesions import (
    ANATOMY,
    Comparison,
    FoundLesion,
    LesionSummary,
    ReferenceLesion,
    ScoredCalcium,
    compare_labels,
    summarise_lesions,
)

__all__ = [
    "ANATOMY",
    "Agreement",
    "BlandAltman",
    "CalibrationBin",
    "CaseScores",
    "Comparison",
    "FoundLesion",
    "LesionSummary",
    "ReferenceLesion",
    "ScoredCalcium",
    "ZeroCases",
    "agreement",
    "bland_altman",
    "calibration_table",
    "category_index",
    "compare_labels",
    "icc_absolute",
    "summarise_lesions",
    "weighted_kappa",
]
