"""Forms: the shapes in which one object may go, best first, and the writing of one that its file does not have.

A peer that does not take an object as its file holds it may take the same content in another transfer syntax, under
another SOP class whose rules it keeps too, or another object of the same result that says it in words.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread, uid
from pynetdicom.dsutils import split_dataset
from pynetdicom.presentation import PresentationContext, build_context

from node.facts import Compression, ObjectToSend
from node.uids import derive

UNCOMPRESSED: tuple[uid.UID, ...] = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)

TREE_CLASSES: tuple[str, ...] = (uid.Comprehensive3DSRStorage, uid.ComprehensiveSRStorage, uid.EnhancedSRStorage)
"""Classes under which our measurement report is the same tree: it has no 3D coordinate and no reference by place."""

_SYNTAX_OF = {Compression.JPEG_LS: uid.JPEGLSLossless}
_SQUEEZED = (uid.SecondaryCaptureImageStorage,)  # bits of a segmentation and words gain nothing
_AGAIN_AS = "as"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way in which an object may go."""

    path: Path
    sop_class: uid.UID
    syntax: uid.UID
    file_class: uid.UID
    file_syntax: uid.UID

    @property
    def as_it_lies(self) -> bool:
        """Whether the file goes out byte for byte."""
        return (self.sop_class, self.syntax) == (self.file_class, self.file_syntax)


def other_classes(sop_class_uid: str) -> tuple[str, ...]:
    """Classes that may stand in for the one of an object of ours, best first.

    Examples
    --------
    >>> [uid.UID(one).name for one in other_classes(uid.Comprehensive3DSRStorage)]
    ['Comprehensive SR Storage', 'Enhanced SR Storage']
    >>> other_classes(uid.SegmentationStorage)
    ()
    """
    return TREE_CLASSES[TREE_CLASSES.index(sop_class_uid) + 1 :] if sop_class_uid in TREE_CLASSES else ()


def forms(item: ObjectToSend, compression: Compression) -> tuple[Form, ...]:
    """Ways in which an object may go, best first; only the file meta information is read.

    Raises
    ------
    OSError, InvalidDicomError, AttributeError, ValueError
        The file is gone or is no DICOM file with file meta information.
    """
    found = _of_file(item.path, item.other_classes, compression)
    return found if item.stand_in is None else (*found, *_of_file(item.stand_in, (), Compression.NONE))


def contexts(wanted: Iterable[Form]) -> list[PresentationContext]:
    """One context for each class and encoding, so that a peer takes what it can as it is; no encoding is left to it."""
    kinds = dict.fromkeys((form.sop_class, form.syntax) for form in wanted)
    return [build_context(sop_class, [syntax]) for sop_class, syntax in kinds]


def accepted(choices: Sequence[Form], taken: Iterable[PresentationContext]) -> list[Form]:
    """Those that the peer accepted, best first, one for each class."""
    kinds = {(context.abstract_syntax, context.transfer_syntax[0]) for context in taken}
    first: dict[uid.UID, Form] = {}
    for form in choices:
        if (form.sop_class, form.syntax) in kinds:
            first.setdefault(form.sop_class, form)
    return list(first.values())


def data_set(form: Form) -> Dataset:
    """The object in this form. Elements that need no change keep their bytes, whatever character set they are in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a value that breaks its own representation came with the CT, and stays
        ds = dcmread(form.path)
        if form.sop_class != form.file_class:
            _under(ds, form.sop_class)
        if form.syntax.is_compressed:
            ds.compress(form.syntax, generate_instance_uid=False)  # without loss: the same instance (PS3.5 A.4)
        _keep_bytes(ds, implicit=form.syntax.is_implicit_VR)
    ds.file_meta.TransferSyntaxUID = form.syntax
    return ds


def in_words(form: Form, item: ObjectToSend) -> str:
    """What the reader of the list should know of the form; nothing where it is the object's own."""
    if form.path != item.path:
        return f"; sent instead: the text report ({form.sop_class.name})"
    told = [] if form.sop_class == form.file_class else [f"sent as {form.sop_class.name}"]
    if form.syntax != form.file_syntax:
        told.append(f"written anew in {form.syntax.name}")
    return "".join(f"; {words}" for words in told)


def _of_file(path: Path, classes: Sequence[str], compression: Compression) -> tuple[Form, ...]:
    meta, _ = split_dataset(path)
    own, syntax = uid.UID(meta.MediaStorageSOPClassUID), uid.UID(meta.TransferSyntaxUID)
    return tuple(
        Form(path=path, sop_class=uid.UID(sop_class), syntax=one, file_class=own, file_syntax=syntax)
        for sop_class in (own, *classes)
        for one in _syntaxes(own, syntax, compression)
    )


def _syntaxes(sop_class: uid.UID, syntax: uid.UID, compression: Compression) -> list[uid.UID]:
    """Explicit VR little endian brings implicit, which every peer must take; nothing is ever decoded here."""
    if syntax != uid.ExplicitVRLittleEndian:
        return [syntax]
    squeezed = [_SYNTAX_OF[compression]] if compression in _SYNTAX_OF and sop_class in _SQUEEZED else []
    return [*squeezed, *UNCOMPRESSED]


def _under(ds: Dataset, sop_class: uid.UID) -> None:
    """The same document under another class: an instance of its own, and so are the versions before it."""
    for named in (ds, *_predecessors(ds)):
        prefix = "" if named is ds else "Referenced"
        was = str(named[f"{prefix}SOPInstanceUID"].value)
        setattr(named, f"{prefix}SOPClassUID", sop_class)
        setattr(named, f"{prefix}SOPInstanceUID", derive(was, _AGAIN_AS, sop_class))
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = sop_class, ds.SOPInstanceUID


def _predecessors(ds: Dataset) -> list[Dataset]:
    return [
        instance
        for study in ds.get("PredecessorDocumentsSequence", ())
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    ]


def _keep_bytes(ds: Dataset, *, implicit: bool) -> None:
    """Say that elements which were never decoded are in this encoding: in little endian their bytes are the same."""
    for tag in list(ds.keys()):
        if ds.get_item(tag).VR == "SQ":
            for item in ds[tag].value:
                _keep_bytes(item, implicit=implicit)
    ds.set_original_encoding(is_implicit_vr=implicit, is_little_endian=True)
