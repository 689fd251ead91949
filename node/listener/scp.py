"""The negotiation table: SOP classes and transfer syntaxes that the node takes. Conformance tables are made of it."""

from pydicom import uid
from pynetdicom.ae import ApplicationEntity
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import time from a table

from node.dimse import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from node.settings import ReceiveSettings

STORED_CLASSES: tuple[uid.UID, ...] = (
    uid.CTImageStorage,
    uid.EnhancedCTImageStorage,
    uid.LegacyConvertedEnhancedCTImageStorage,
    uid.SegmentationStorage,
    uid.Comprehensive3DSRStorage,
    uid.ComprehensiveSRStorage,
    uid.EnhancedSRStorage,
    uid.BasicTextSRStorage,
    uid.SecondaryCaptureImageStorage,
)
"""What C-STORE takes: CT to be scored, and what a PACS sends back of our own results."""

TRANSFER_SYNTAXES: tuple[uid.UID, ...] = (
    uid.ExplicitVRLittleEndian,
    uid.ImplicitVRLittleEndian,
    uid.JPEGLSLossless,
    uid.JPEG2000Lossless,
    uid.JPEGLosslessSV1,
    uid.JPEGLossless,
    uid.RLELossless,
)
"""In our order of preference. Lossy ones change scores, a deflated one hides its size, big endian is retired: each of
these is refused, context by context."""

UNCOMPRESSED = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)

REQUEST_WITHIN_SECONDS = 10.0
"""A connection that has not asked for an association by then is closed (ARTIM, PS3.8 9.1.4)."""

# pynetdicom counts threads, silent connections among them, and rejects good callers for it; the node counts
# associations itself (node.listener.associations).
_NOT_LIMITED_BY_THREADS = 1_000_000


def application_entity(settings: ReceiveSettings) -> ApplicationEntity:
    """Set up the application entity of the listener: titles, limits, and the table above."""
    entity = ApplicationEntity(settings.ae_title.strip())
    entity.implementation_class_uid = uid.UID(IMPLEMENTATION_CLASS_UID)
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.maximum_pdu_size = settings.maximum_pdu_bytes
    entity.maximum_associations = _NOT_LIMITED_BY_THREADS
    entity.acse_timeout = REQUEST_WITHIN_SECONDS
    entity.network_timeout = settings.idle_seconds
    entity.add_supported_context(Verification, list(UNCOMPRESSED))
    for sop_class in STORED_CLASSES:
        entity.add_supported_context(sop_class, list(TRANSFER_SYNTAXES))
    return entity
