"""References from whatever a site has: a file, or every file below a folder; one usable reference a series."""

from collections.abc import Sequence
from pathlib import Path

from node.acceptance.contours import contours_of_file, is_contour_file
from node.acceptance.csv_reference import read_csv
from node.acceptance.json_reference import read_json
from node.acceptance.reference import AcceptanceError, Gathered, LeftOut, Reference, References, SeriesHere
from node.acceptance.segmentations import read_segmentations


def read_references(path: Path, here: Sequence[SeriesHere]) -> References:
    """Read a reference file, or every reference below a folder.

    Parameters
    ----------
    path : Path
        CSV with the columns series_uid, LM, LAD, LCX, RCA, total; JSON of `calcium-node score` or truth.json; a DICOM
        Segmentation; a contour property list (its name, or a folder of the series, is the patient's number); or a
        folder with any of these.
    here : sequence of SeriesHere
        The series that can be compared.

    Returns
    -------
    What can be used; a series that is named twice, or with figures that cannot be, is left out with one sentence.

    Raises
    ------
    AcceptanceError
        Nothing in it is a reference.
    """
    gathered = Gathered()
    others: list[Path] = []
    images = {file for one in here for file in one.paths}
    for file in _files(path):
        suffix = file.suffix.lower()
        if suffix == ".csv":
            read_csv(file, gathered)
        elif suffix == ".json":
            read_json(file, gathered, must_be=file == path)
        elif is_contour_file(file):
            contours_of_file(file, here, gathered, alone=file == path)
        elif file.resolve() not in images:
            others.append(file)
    read_segmentations(others, here, gathered, must_be=others == [path])
    if not (gathered.references or gathered.left_out):
        raise AcceptanceError(
            "no_reference",
            f"{path.name} holds no reference: give a CSV with series_uid,LM,LAD,LCX,RCA,total, a JSON of this program, "
            "a DICOM Segmentation, a contour property list, or a folder with such files",
        )
    return _matched(gathered, {one.series_uid for one in here})


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = (file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
    return sorted(file for file in files if file.name != "DICOMDIR")


def _matched(gathered: Gathered, present: set[str]) -> References:
    usable: dict[str, list[Reference]] = {}
    bad: dict[str, list[str]] = {}
    left_out = []
    for one in gathered.references:
        usable.setdefault(one.series_uid, []).append(one)
    for dropped in gathered.left_out:
        if dropped.series_uid:
            bad.setdefault(dropped.series_uid, []).append(dropped.reason)
        else:
            left_out.append(dropped)
    by_series: dict[str, Reference] = {}
    for uid in dict.fromkeys((*usable, *bad)):
        reason = _why_not(usable.get(uid, []), bad.get(uid, []), is_here=uid in present)
        if reason is None:
            by_series[uid] = usable[uid][0]
        else:
            left_out.append(LeftOut(series_uid=uid, reason=reason))
    return References(by_series=by_series, left_out=tuple(left_out))


def _why_not(usable: Sequence[Reference], bad: Sequence[str], *, is_here: bool) -> str | None:
    """Why the references of one series are not used; None where there is exactly one and it can be."""
    times = len(usable) + len(bad)
    if times > 1:
        where = ", ".join(one.source for one in usable)
        return f"the reference names this series {times} times{f' ({where})' if where else ''}: none of them is used"
    if bad:
        return bad[0]
    return None if is_here else f"{usable[0].source} names this series, and no image of it lies in the folder"
