"""Reports: spell a result as the objects that a radiologist's viewer opens, and as JSON.

In:      Score or Unfit; the volume; SourceHeader; ReportChoices (the moment, the version, the site's choices).
Out:     Built: DICOM files as bytes in sending order, PNG pictures; `document`: one result of the JSON contract.
Keeps:   nothing. UIDs and bytes are functions of the arguments.
Hostile: the CT's text goes through as bytes and is never read; our own text is ASCII, so no character set can break it.
Alone:   tests/node/reports: small made-up scores; foreign judges in tests/peers/test_judges.py.
"""

from node.reports.build import build
from node.reports.choices import Built, ReportChoices
from node.reports.document import Document, document, envelope, failed_document, risk_document
from node.reports.evidence import explain
from node.reports.identity import PRODUCT

__all__ = [
    "PRODUCT",
    "Built",
    "Document",
    "ReportChoices",
    "build",
    "document",
    "envelope",
    "explain",
    "failed_document",
    "risk_document",
]
