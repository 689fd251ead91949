"""Measures: Agatston, volume, mass and density per lesion, vessel and total.

In:      a Volume, its Islands, whose voxel each is, the Protocol, a mass Calibration.
Out:     Measured; scores of arbitrary voxels of the islands; the truth inside a known mask.
Keeps:   nothing.
Hostile: owners that do not fit the islands raise ValueError; HU that are not finite never count.
Alone:   tests/scoring/test_measures.py, test_vectors.py: pixel vectors, properties, a slow second scorer.
"""

from scoring.measures.calibration import Calibration, calibration_for, patient_size, per_mm3
from scoring.measures.figures import (
    IslandFigures,
    Measured,
    MeasuredLesion,
    agatston_in_mask,
    agatston_of,
    agatston_without_minimum_size,
    island_figures,
    measure,
)
from scoring.measures.slices import agatston_by_slice
from scoring.measures.spread import spread_of

__all__ = [
    "Calibration",
    "IslandFigures",
    "Measured",
    "MeasuredLesion",
    "agatston_by_slice",
    "agatston_in_mask",
    "agatston_of",
    "agatston_without_minimum_size",
    "calibration_for",
    "island_figures",
    "measure",
    "patient_size",
    "per_mm3",
    "spread_of",
]
