"""References from a table: `series_uid,LM,LAD,LCX,RCA,total`."""

import csv
import math
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from node.acceptance.reference import AcceptanceError, Gathered, Reference, fault_of_numbers, text_of
from scoring.result import Vessel

COLUMNS = ("series_uid", *Vessel, "total")


def read_csv(path: Path, gathered: Gathered) -> None:
    """Read every line; further columns are passed over, four empty vessels mean that the total alone is known.

    Raises
    ------
    AcceptanceError
        A column is missing: then nothing of the file can be understood.
    """
    text = text_of(path)
    first = text.split("\n", 1)[0]
    # Spreadsheets of many countries write semicolons, and a comma where others have a point.
    semicolons = first.count(";") > first.count(",")
    table = csv.DictReader(StringIO(text), delimiter=";" if semicolons else ",", strict=True)
    try:
        table.fieldnames = [name.strip() for name in table.fieldnames or ()]
        missing = [name for name in COLUMNS if name not in table.fieldnames]
        if missing:
            raise AcceptanceError(
                "reference",
                f"{path.name} lacks the column {', '.join(missing)}: the first line must be {','.join(COLUMNS)}",
            )
        for row in table:
            _read_row(row, f"line {table.line_num} of {path.name}", gathered, decimal_comma=semicolons)
    except csv.Error as fault:
        raise AcceptanceError("reference", f"{path.name} is no table: {fault}") from None


def _read_row(row: Mapping[str | None, object], source: str, gathered: Gathered, *, decimal_comma: bool) -> None:
    cells = {name: str(row.get(name) or "").strip() for name in COLUMNS}
    uid = cells["series_uid"]
    if not any(cells.values()):
        return
    if not uid:
        gathered.drop("", f"{source} names no series")
        return
    if decimal_comma:
        cells = {name: cell.replace(",", ".") for name, cell in cells.items()}
    total_alone = not any(cells[vessel] for vessel in Vessel)
    wanted = ("total",) if total_alone else (*Vessel, "total")
    values = {name: _number(cells[name]) for name in wanted}
    wrong = next((name for name in wanted if values[name] is None), None)
    if wrong is not None:
        said = repr(cells[wrong][:20]) if cells[wrong] else "empty"
        gathered.drop(uid, f"{source}: {wrong} is {said}, which is not a number")
        return
    numbers = {name: value for name, value in values.items() if value is not None}
    vessels = None if total_alone else {vessel: numbers[vessel] for vessel in Vessel}
    fault = fault_of_numbers(numbers["total"], vessels)
    if fault:
        gathered.drop(uid, f"{source}: {fault}")
    else:
        gathered.references.append(Reference(series_uid=uid, source=source, total=numbers["total"], vessels=vessels))


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
