"""Conformance: the DICOM Conformance Statement (PS3.2), its tables made from the code that they describe.

In:      the settings' defaults, the negotiation tables, the status table, the coded concepts, sample results.
Out:     `statement`: the whole document as text; the same code gives the same text.
Keeps:   nothing; sample objects are written to a folder that is gone afterwards.
Hostile: nothing comes from outside.
Alone:   tests/node/cli/test_conformance.py compares docs/conformance.md with it.
"""

from node.conformance.statement import statement

__all__ = ["statement"]
