"""The door: one result in, every object of it out."""

import numpy as np
import numpy.typing as npt

from node.facts import Picture, Report, SourceHeader
from node.pictures import png
from node.reports.captures import Overlays, overlay_name, overlay_reports, page_report
from node.reports.choices import Built, ReportChoices
from node.reports.page import refusal, summary
from node.reports.plan import Numbers, ReportPlan, plan
from node.reports.segmentation import cannot_segment, segmentation
from node.reports.sr import structured_report
from node.reports.text_sr import text_report
from scoring.result import Score, Unfit, Vessel

Hu = npt.NDArray[np.generic]  # Hounsfield units, axes (slice, row, column)


def build(result: Score | Unfit, hu: Hu | None, source: SourceHeader, choices: ReportChoices) -> Built:
    """Spell one result as DICOM objects and pictures.

    Scored: summary page, SR, Basic Text SR, overlay slices, and a segmentation when there is calcium. Refused: a
    page that says why (unless the site does not want it), a PARTIAL SR and the text.

    Parameters
    ----------
    result : Score or Unfit
    hu : (slice, row, column) or None
        The volume that was scored, in the order of `source.slices`; None only with a refusal.
    source : SourceHeader
        What is repeated of the CT.
    choices : ReportChoices
        Moment, version, and the site's choices.

    Returns
    -------
    Built
        Reports in sending order. The same arguments give the same bytes.

    Raises
    ------
    ValueError
        When the volume, the labels and the slices of the source do not belong together.
    """
    shared = plan(result, source, choices)
    if shared.numbers is None:
        return _refused(shared)
    if hu is None:
        raise ValueError("a scored series needs its volume to draw the overlay, got none")
    _check_shapes(shared, shared.numbers, hu)
    return _scored(shared, shared.numbers, hu)


def _scored(shared: ReportPlan, numbers: Numbers, hu: Hu) -> Built:
    overlays = Overlays(shared, numbers, hu)
    page = summary(shared, numbers, overlays)
    drawn = [(index, overlays.picture(index)) for index in overlays.wanted()]
    reports = [page_report(shared, page), structured_report(shared), text_report(shared)]
    reports += overlay_reports(shared, drawn)
    left_out: list[str] = []
    if overlays.with_calcium:
        sentence = cannot_segment(shared)
        if sentence:
            left_out.append(sentence)
        else:
            reports.append(segmentation(shared, numbers))
    shown = sorted({numbers.busiest_first(vessel)[0] for vessel in Vessel if numbers.has_voxels(vessel)})
    pictures = [Picture(file_name="summary.png", data=png(page))]
    pictures += [Picture(file_name=f"{overlay_name(index)}.png", data=png(overlays.picture(index))) for index in shown]
    return Built(reports=tuple(reports), pictures=tuple(pictures), left_out=tuple(left_out))


def _refused(shared: ReportPlan) -> Built:
    reports: list[Report] = []
    pictures: list[Picture] = []
    if shared.choices.refusal_page:
        page = refusal(shared)
        reports.append(page_report(shared, page))
        pictures.append(Picture(file_name="summary.png", data=png(page)))
    reports += [structured_report(shared), text_report(shared)]
    return Built(reports=tuple(reports), pictures=tuple(pictures))


def _check_shapes(shared: ReportPlan, numbers: Numbers, hu: Hu) -> None:
    expected = (len(shared.source.slices), shared.source.rows, shared.source.columns)
    for what, array in (("volume", hu), ("labels", numbers.score.labels), ("heart", numbers.score.heart)):
        if array.shape != expected:
            raise ValueError(f"the {what} has shape {array.shape} where the CT has {expected} (slices, rows, columns)")
