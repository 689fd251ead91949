"""Files on disk that are no result of ours, as objects to send: for the command `send` and the demo."""

from collections.abc import Sequence
from pathlib import Path

from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info

from node.facts import ObjectToSend


def objects_of_files(files: Sequence[Path]) -> tuple[list[ObjectToSend], list[str]]:
    """Objects that can be offered, and a sentence for each file that cannot: only the file meta information is read."""
    objects: list[ObjectToSend] = []
    unfit: list[str] = []
    for path in files:
        try:
            meta = read_file_meta_info(path)
            sop_class, instance = meta.get("MediaStorageSOPClassUID"), meta.get("MediaStorageSOPInstanceUID")
        except (InvalidDicomError, OSError, EOFError, ValueError):
            sop_class = instance = None
        if not sop_class or not instance:
            unfit.append(f"{path.name}: is no DICOM file with file meta information; it is not sent")
            continue
        objects.append(
            ObjectToSend(
                delivery_key=str(path), path=path, sop_class_uid=str(sop_class), sop_instance_uid=str(instance)
            )
        )
    return objects, unfit
