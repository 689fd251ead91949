"""Candidates: islands above threshold in each slice and how they hang together in 3-D.

In:      HU on a grid, the Protocol, the area of a pixel, the box to search.
Out:     Islands (`find_islands`); connected sets of any voxels, in their slices (`patches`) or in 3-D (`components`).
Keeps:   nothing.
Hostile: any pixels. Few bright voxels are handled as runs, many as label images: no volume costs more than seconds or
         more memory than some 60 bytes a bright voxel. What is no number is never bright.
Alone:   tests/scoring/test_candidates.py: both ways against labels by scipy.ndimage, on small random and on large
         hostile volumes.
"""

from scoring.candidates.connected import components, patches
from scoring.candidates.islands import Islands, Region, find_islands
from scoring.candidates.runs import Indices, Labels, Shape

__all__ = ["Indices", "Islands", "Labels", "Region", "Shape", "components", "find_islands", "patches"]
