"""A CT of the phantom from a volume to a judged result: the room's one entry."""

import math
from dataclasses import dataclass, replace

import numpy as np

from scoring.measures import patient_size
from scoring.measures.calibration import UNCALIBRATED_MG_PER_MM3_HU
from scoring.protocol import Acquisition, Protocol, ScoringChoices, protocol_for
from scoring.qa.arms import Arms, identify
from scoring.qa.body import lateral_width_mm
from scoring.qa.geometry import ROD_REGION_RADIUS_MM, Pose, point_of
from scoring.qa.inserts import measure_inserts
from scoring.qa.locate import locate
from scoring.qa.result import Baseline, MassFactor, Measured, PhantomQa, Placement, Scanner
from scoring.qa.rods import Rods
from scoring.qa.sample import disc, index_of
from scoring.qa.verdict import judge
from scoring.result import UnfitError
from scoring.volume import Volume

ASSUMED_KVP = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QaChoices:
    """What the physicist asked for."""

    preset: str = "literature"
    connectivity: int | None = None  # 4 or 8; None: the preset's
    stated_factor_mg_per_mm3_hu: float | None = None  # a known mass factor, used instead of the scan's own
    stated_size: str | None = None  # small, medium or large, used instead of the width that the scan shows


def examine(
    volume: Volume, acquisition: Acquisition, choices: QaChoices, baseline: Baseline | None = None
) -> PhantomQa | None:
    """Find, measure and judge the QRM cardiac calcification insert.

    Parameters
    ----------
    volume : Volume
        Any rotation, centre and size of the phantom, tilts up to 20 degrees; mirrored scans are found and said to be.
    acquisition : Acquisition
        Tube voltage and kernel choose the threshold; who made the scanner decides what a baseline is compared with.
    choices : QaChoices
    baseline : Baseline, optional
        An earlier scan.

    Returns
    -------
    PhantomQa or None
        None where the scan does not show the phantom.

    Raises
    ------
    ValueError
        There is no preset of that name.
    """
    pose = locate(volume)
    if pose is None:
        return None
    arms = identify(volume, pose)
    protocol, notes = _protocol(choices, acquisition)
    factor = _factor(choices.stated_factor_mg_per_mm3_hu, arms.rods)
    noise, noise_in = _noise(volume, pose, arms.rods)
    placement = _placement(volume, pose, arms, choices.stated_size)
    measured = Measured(
        inserts=measure_inserts(volume, pose, arms.order, protocol, factor, acquisition.slice_thickness_mm),
        noise_sd_hu=noise,
        noise_in=noise_in,
        rods=arms.rods,
        factor=factor,
        protocol=protocol.used(volume.slice_increment_mm, acquisition),
        scanner=Scanner.of(acquisition),
        placement=placement,
        notes=(*notes, *_size_note(placement)),
    )
    return PhantomQa(measured=measured, judgement=judge(measured, baseline))


def _protocol(choices: QaChoices, acquisition: Acquisition) -> tuple[Protocol, tuple[str, ...]]:
    """The preset at the scan's tube voltage; where no rule exists for it, 130 HU, and a sentence that says so."""
    asked = ScoringChoices(preset=choices.preset, connectivity=choices.connectivity)
    try:
        protocol, findings = protocol_for(asked, acquisition)
    except UnfitError as fault:
        stated = replace(acquisition, kvp=ASSUMED_KVP)
        protocol, _ = protocol_for(asked, stated)
        return protocol, (f"measured with {protocol.threshold_hu:g} HU as at 120 kVp: {fault}",)
    return protocol, tuple(finding.sentence for finding in findings)


def _factor(stated: float | None, rods: Rods | None) -> MassFactor:
    if stated is not None:
        return MassFactor(mg_per_mm3_hu=stated, source="stated", calibrated=True)
    if rods is not None:
        return MassFactor(
            mg_per_mm3_hu=rods.mg_per_mm3_hu, source="rods of 200 mg/cm3 and water in this scan", calibrated=True
        )
    return MassFactor(
        mg_per_mm3_hu=UNCALIBRATED_MG_PER_MM3_HU, source="none: uncalibrated equivalent", calibrated=False
    )


def _noise(volume: Volume, pose: Pose, rods: Rods | None) -> tuple[float | None, str]:
    """SD in the water rod, or in the middle of the inserts, where no insert is near."""
    if rods is not None:
        return rods.noise_sd_hu, "the water rod"
    at = index_of(volume, pose.centre_lps_mm)
    nearest = np.argsort(np.abs(np.arange(len(volume.hu)) - at[0]))[:3]
    discs = [disc(volume, int(index), (float(at[1]), float(at[2])), ROD_REGION_RADIUS_MM) for index in nearest]
    found = [one.sd_hu for one in discs if one is not None]
    return (float(np.median(found)) if found else None), "the body of the insert"


def _placement(volume: Volume, pose: Pose, arms: Arms, stated_size: str | None) -> Placement:
    width_mm = lateral_width_mm(volume, pose)
    upright = min(1.0, abs(float(pose.axis @ volume.normal)))
    return Placement(
        centre_lps_mm=point_of(pose.centre_lps_mm),
        axis_lps=point_of(pose.axis),
        tilt_degrees=math.degrees(math.acos(upright)),
        handedness=arms.handedness,
        order_sure=arms.sure,
        water_agrees=arms.water_agrees,
        lateral_width_mm=width_mm,
        size=stated_size or patient_size(width_mm),
    )


def _size_note(placement: Placement) -> tuple[str, ...]:
    if placement.size is not None:
        return ()
    return ("the field of view cuts the phantom: it is not known whether it was the small, medium or large one",)
