from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.uid import CTImageStorage, JPEGLSLossless

from node import dimse
from node.listener.meta import FileMeta, decoded, encoded

uids = st.from_regex(r"[0-9][0-9.]{0,63}", fullmatch=True)
titles = st.from_regex(r"[A-Z_0-9]([A-Z_ 0-9]{0,14}[A-Z_0-9])?", fullmatch=True)


def meta(**changes: object) -> FileMeta:
    usual = {
        "sop_class_uid": CTImageStorage,
        "sop_instance_uid": "1.2.3",
        "transfer_syntax_uid": JPEGLSLossless,
        "source_ae_title": "CT1",
    }
    return FileMeta(**{**usual, **changes})


def test_another_reader_finds_what_we_wrote() -> None:
    read = dcmread(BytesIO(encoded(meta()))).file_meta
    assert read.MediaStorageSOPClassUID == CTImageStorage
    assert read.MediaStorageSOPInstanceUID == "1.2.3"
    assert read.TransferSyntaxUID == JPEGLSLossless
    assert read.SourceApplicationEntityTitle == "CT1"
    assert read.ImplementationClassUID == dimse.IMPLEMENTATION_CLASS_UID
    assert read.ImplementationVersionName == dimse.IMPLEMENTATION_VERSION_NAME
    assert read.FileMetaInformationVersion == b"\0\1"


def test_the_preamble_holds_nothing_that_a_system_could_run() -> None:
    assert encoded(meta())[:132] == bytes(128) + b"DICM"


@given(uids, uids, uids, titles)
def test_what_was_written_is_read_back_whatever_the_lengths(
    sop_class: str, instance: str, syntax: str, title: str
) -> None:
    written = meta(
        sop_class_uid=sop_class, sop_instance_uid=instance, transfer_syntax_uid=syntax, source_ae_title=title
    )
    head = encoded(written)
    assert len(head) % 2 == 0
    assert decoded(head + b"data set") == (written, len(head))


@pytest.mark.parametrize(
    "head", [b"", bytes(200), bytes(128) + b"DICM", encoded(meta())[:150], bytes(128) + b"DICM" + bytes(12)]
)
def test_a_file_of_somebody_else_is_not_taken_for_ours(head: bytes) -> None:
    with pytest.raises(ValueError, match="preamble|group length|missing"):
        decoded(head)
