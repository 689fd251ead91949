"""Reading: bytes of a stranger in, facts and a volume in HU out.

In:      paths of DICOM files, of any quality.
Out:     InstanceFacts or Unreadable for each file (`read_headers`); Volume, Acquisition, Demographics and SourceHeader
         of one series (`read_series`); GivenMasks of a segmentation on its grid (`read_masks`).
Keeps:   nothing.
Hostile: every byte. `read_headers` sends the work into the sandbox itself; the others must be called inside it.
Alone:   tests/node/reading: written objects in, arrays and sentences out; the corpus of odd files.
"""

from node.reading.header import HEADER_LIMITS, Unreadable, read_headers
from node.reading.masks import read_masks
from node.reading.series import SeriesRead, read_series
from node.reading.unreadable import ReadingError

__all__ = ["HEADER_LIMITS", "ReadingError", "SeriesRead", "Unreadable", "read_headers", "read_masks", "read_series"]
