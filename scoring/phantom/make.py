"""From a specification to images with known truth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.measures import agatston_in_mask
from scoring.phantom.deposits import Deposit, distractor_deposit, plaque_deposit
from scoring.phantom.paint import paint_patient
from scoring.phantom.patient import Patient, draw_patient
from scoring.phantom.scan import Cover, Stack, blank_canvas, cover_of, image_of, noise_of
from scoring.phantom.spec import PhantomSpec
from scoring.protocol import Acquisition, Gating, ScoringChoices, protocol_for
from scoring.result import Demographics, LabelVolume, Point, Vessel
from scoring.volume import Volume

MASK_FLOOR_HU = 8.0
"""A voxel belongs to a deposit that brightens it by this much, and so do its neighbours in the slice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueLesion:
    """A plaque as the image shows it: `agatston` is 0 where blur and noise leave nothing above threshold."""

    vessel: Vessel
    centre_lps_mm: Point
    agatston: float
    radius_mm: float  # of the ball about the centre that holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueDistractor:
    """Something bright that is not coronary, with what it would count."""

    what: str
    centre_lps_mm: Point
    agatston: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What a perfect reader finds with the same protocol on the same image, noise included.

    A vessel's score is measured in the union of its plaques' masks, the total is the sum of the
    vessels. `labels` has the volume's axes: 1 to 4 are the vessels' plaques, 9 what must not count.
    """

    agatston: float
    vessels: Mapping[Vessel, float]
    lesions: tuple[TrueLesion, ...]
    distractors: tuple[TrueDistractor, ...]
    labels: LabelVolume


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Phantom:
    """Images of a synthetic patient, in the form in which scoring gets real ones, and the truth."""

    spec: PhantomSpec
    volume: Volume
    acquisition: Acquisition
    demographics: Demographics
    truth: Truth
    patient: Patient


def make_phantom(spec: PhantomSpec) -> Phantom:
    """Paint, scan and measure one synthetic patient.

    The volume is int16 HU, slices ascending; x and y are the middle of the heart, so that the field
    of view is centred on it. The same specification gives the same bytes.
    """
    patient = draw_patient(spec)
    stack = _stack(spec, patient)
    canvas = blank_canvas(stack)
    paint_patient(canvas, patient)
    image = image_of(canvas, stack)
    deposits = [plaque_deposit(plaque, k, patient) for k, plaque in enumerate(spec.plaques)]
    deposits += [distractor_deposit(distractor, k, patient) for k, distractor in enumerate(spec.distractors)]
    covers = [cover_of(deposit, stack) for deposit in deposits]
    _lay(image, deposits, covers)
    volume = Volume(hu=_whole_hu(image, spec, stack), voxel_to_lps_mm=_affine(stack))
    acquisition = _acquisition(spec)
    truth = _truth(spec, volume, acquisition, deposits, covers)
    return Phantom(
        spec=spec,
        volume=volume,
        acquisition=acquisition,
        demographics=Demographics(age_years=spec.age_years, sex=spec.sex),
        truth=truth,
        patient=patient,
    )


def _stack(spec: PhantomSpec, patient: Patient) -> Stack:
    centre = patient.frame.centre_lps_mm
    offset = (np.arange(spec.matrix) - (spec.matrix - 1) / 2) * spec.pixel_mm
    # a large field of view is centred on the body, a small one on the heart
    wide = float(np.clip((spec.fov_mm - 260) / 100, 0, 1))
    x = (1 - wide) * centre[0] + wide * patient.thorax.midline_x_mm
    y = centre[1] + wide * 22.0
    x, y = x + spec.grid_shift_mm[0], y + spec.grid_shift_mm[1]
    low, high = centre[2] - spec.below_mm * patient.size, centre[2] + spec.above_mm * patient.size
    count = int(np.floor((high - low) / spec.slice_increment_mm)) + 1
    z = np.round(low, 2) + spec.table_shift_mm + np.arange(count) * spec.slice_increment_mm
    return Stack(x=x + offset, y=y + offset, z=z, thickness_mm=spec.slice_thickness_mm)


def _affine(stack: Stack) -> npt.NDArray[np.float64]:
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = stack.increment_mm, stack.pixel_mm, stack.pixel_mm
    affine[:, 3] = stack.x[0], stack.y[0], stack.z[0], 1.0
    return affine


def _acquisition(spec: PhantomSpec) -> Acquisition:
    return Acquisition(
        kvp=spec.kvp,
        slice_thickness_mm=spec.slice_thickness_mm,
        kernel="B35f",
        manufacturer="calcium-node phantom",
        gating=Gating.STATED,
        reconstruction_diameter_mm=spec.fov_mm,
        padding_hu=None if spec.padding_hu is None else float(spec.padding_hu),
    )


def _lay(image: npt.NDArray[np.float32], deposits: list[Deposit], covers: list[Cover | None]) -> None:
    for deposit, cover in zip(deposits, covers, strict=True):
        if cover is not None:
            image[cover.window] += cover.share * (np.float32(deposit.density_hu) - image[cover.window])


def _whole_hu(image: npt.NDArray[np.float32], spec: PhantomSpec, stack: Stack) -> npt.NDArray[np.int16]:
    noise = noise_of(spec, stack)
    if noise is not None:
        image += noise
    hu = np.clip(np.rint(image), -1024, 3071).astype(np.int16)
    if spec.padding_hu is not None:
        away = np.hypot((stack.x - stack.x.mean())[None, :], (stack.y - stack.y.mean())[:, None])
        hu[:, away > spec.fov_mm / 2] = spec.padding_hu
    return hu


def _truth(
    spec: PhantomSpec,
    volume: Volume,
    acquisition: Acquisition,
    deposits: list[Deposit],
    covers: list[Cover | None],
) -> Truth:
    owner = _owners(volume, deposits, covers)
    labels = np.array([0, *(deposit.label for deposit in deposits)], np.uint8)[owner]
    labels.flags.writeable = False
    protocol = protocol_for(ScoringChoices(), acquisition)[0]

    def counts(mask: npt.NDArray[np.bool_]) -> float:
        return agatston_in_mask(volume, mask, protocol).agatston if mask.any() else 0.0

    scores = [counts(owner == k + 1) for k in range(len(deposits))]
    vessels = {vessel: counts(labels == vessel.label) for vessel in Vessel}
    plaques = len(spec.plaques)
    lesions = zip(spec.plaques, deposits[:plaques], scores[:plaques], strict=True)
    others = zip(spec.distractors, deposits[plaques:], scores[plaques:], strict=True)
    return Truth(
        agatston=sum(vessels.values()),
        vessels=vessels,
        lesions=tuple(
            TrueLesion(vessel=p.vessel, centre_lps_mm=_point(d), agatston=s, radius_mm=d.reach_mm)
            for p, d, s in lesions
        ),
        distractors=tuple(TrueDistractor(what=o.what, centre_lps_mm=_point(d), agatston=s) for o, d, s in others),
        labels=labels,
    )


def _owners(volume: Volume, deposits: list[Deposit], covers: list[Cover | None]) -> npt.NDArray[np.uint8]:
    """Number (from 1) of the deposit that brightens a voxel most, grown by one pixel in the slice; 0 none."""
    owner = np.zeros(volume.hu.shape, np.uint8)
    most = np.zeros(volume.hu.shape, np.float32)
    for number, (deposit, cover) in enumerate(zip(deposits, covers, strict=True), start=1):
        if cover is None:
            continue
        added = _grown(cover.share * np.float32(deposit.density_hu))
        mine = added > np.maximum(most[cover.window], MASK_FLOOR_HU)
        owner[cover.window][mine] = number
        most[cover.window][mine] = added[mine]
    return owner


def _grown(added: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    grown = added.copy()
    for axis in (1, 2):
        padded = np.pad(grown, [(1, 1) if a == axis else (0, 0) for a in range(3)])
        first, last = [slice(None)] * 3, [slice(None)] * 3
        first[axis], last[axis] = slice(0, -2), slice(2, None)
        grown = np.maximum(grown, 0.999 * np.maximum(padded[tuple(first)], padded[tuple(last)]))
    return grown


def _point(deposit: Deposit) -> Point:
    x, y, z = deposit.centre_lps_mm.tolist()
    return (x, y, z)
