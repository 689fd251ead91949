"""Small DICOM files for tests of transport: their content does not matter, their bytes do."""

from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from node.facts import ObjectToSend


def small_object(
    folder: Path, name: str, *, sop_class: str = CTImageStorage, syntax: str = ExplicitVRLittleEndian
) -> ObjectToSend:
    """Write a small object; `name` is its file name, its delivery key and the end of its UID."""
    data = Dataset()
    data.SOPClassUID = UID(sop_class)
    data.SOPInstanceUID = UID(f"1.2.3.{sum(name.encode())}.{len(name)}")
    data.PatientName = "Doe^Jane"
    data.Rows = 2
    data.Columns = 2
    data.ContentDescription = name
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = UID(syntax)
    data.file_meta = meta
    path = folder / f"{name}.dcm"
    folder.mkdir(parents=True, exist_ok=True)
    dcmwrite(path, data, enforce_file_format=True)
    return ObjectToSend(
        delivery_key=name, path=path, sop_class_uid=str(data.SOPClassUID), sop_instance_uid=str(data.SOPInstanceUID)
    )


def data_set_bytes(path: Path) -> bytes:
    """What follows the file meta information, as it lies in the file."""
    content = path.read_bytes()
    assert content[128:132] == b"DICM"
    return content[144 + int.from_bytes(content[140:144], "little") :]
