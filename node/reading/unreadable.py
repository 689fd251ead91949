"""The one error of reading: a file, or a series, that cannot be read, and why."""

from node.facts import CalciumNodeError


class ReadingError(CalciumNodeError):
    """Bytes that cannot be read as what they should be: a code for machines, a sentence for people.

    Codes: ``not_dicom``, ``truncated``, ``too_complex``, ``too_large``, ``unreadable``, ``no_uid`` of a file;
    ``syntax``, ``lossy``, ``pixels``, ``rescale``, ``not_hu`` of its image; ``mixed_series``, ``mixed_patients``,
    ``duplicates`` of a series.
    """
