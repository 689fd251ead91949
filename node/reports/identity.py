"""Who wrote the object: the constants by which our own objects are known again."""

from node.uids import derive

PRODUCT = "calcium-node"
"""Manufacturer (0008,0070) of every object we write: the mark by which an object that comes back is known as ours."""

IMPLEMENTATION_CLASS_UID = derive("implementation")
"""Implementation Class UID (0002,0012): ours, not the library's, so that a library's new version changes no byte."""


def implementation_version_name(software_version: str) -> str:
    """Implementation Version Name (0002,0013), SH: at most 16 characters.

    Examples
    --------
    >>> implementation_version_name("0.1.0")
    'CALCIUM_0.1.0'
    """
    return f"CALCIUM_{software_version}"[:16]
