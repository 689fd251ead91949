"""From a specification to images with known truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.phantom.cover import Cover, cover_of
from scoring.phantom.deposits import Deposit, plaque_deposit
from scoring.phantom.expectation import KVP_WITH_RULE, expectation_of
from scoring.phantom.lookalikes import distractor_deposit
from scoring.phantom.movement import Movement, movement_of
from scoring.phantom.noise import add_metal_streaks, noise_of, streaks_of
from scoring.phantom.paint import paint_patient
from scoring.phantom.patient import Patient, draw_patient
from scoring.phantom.scan import Stack, blank_canvas, image_of, stack_of
from scoring.phantom.spec import METAL, Look, PhantomSpec
from scoring.phantom.truth import Laid, Truth, truth_of
from scoring.protocol import Acquisition, Gating, ScoringChoices, protocol_for
from scoring.result import Demographics
from scoring.volume import Volume

Image = npt.NDArray[np.float32]


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
    stack = stack_of(spec, patient)
    canvas = blank_canvas(stack)
    paint_patient(canvas, patient, graft=any(one.what is Look.CLIP for one in spec.distractors))
    movement = movement_of(spec, patient.frame, len(stack.z))
    image = image_of(canvas, stack, movement)
    plaques = [plaque_deposit(plaque, k, patient) for k, plaque in enumerate(spec.plaques)]
    others = [distractor_deposit(distractor, k, patient) for k, distractor in enumerate(spec.distractors)]
    covers = [cover_of(deposit, stack, movement) for deposit in (*plaques, *others)]
    _lay(image, [*plaques, *others], covers)
    middle = (patient.thorax.midline_x_mm, patient.thorax.middle_y_mm + 13 * patient.thorax.scale)
    _add_streaks(image, spec, stack, covers[len(plaques) :], middle)
    volume = Volume(hu=_whole_hu(image, spec, stack, middle), voxel_to_lps_mm=_affine(stack))
    acquisition = _acquisition(spec)
    laid = _laid(spec, plaques, others, covers, stack, movement)
    rule = "adapt" if spec.kvp in KVP_WITH_RULE else "flag"
    protocol = protocol_for(ScoringChoices(kvp_rule=rule), acquisition)[0]
    return Phantom(
        spec=spec,
        volume=volume,
        acquisition=acquisition,
        demographics=Demographics(age_years=spec.age_years, sex=spec.sex),
        truth=truth_of(volume, protocol, laid, expectation_of(spec, patient, stack)),
        patient=patient,
    )


def _affine(stack: Stack) -> npt.NDArray[np.float64]:
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = stack.increment_mm, stack.pixel_mm, stack.pixel_mm
    affine[:, 3] = stack.x[0], stack.y[0], stack.z[0], 1.0
    return affine


def _acquisition(spec: PhantomSpec) -> Acquisition:
    return Acquisition(
        kvp=spec.kvp,
        slice_thickness_mm=spec.slice_thickness_mm,
        kernel=spec.kernel,
        manufacturer=spec.manufacturer,
        gating=Gating.STATED if spec.gated else Gating.NOT_STATED,
        reconstruction_diameter_mm=spec.fov_mm,
        padding_hu=None if spec.padding_hu is None else float(spec.padding_hu),
    )


def _lay(image: Image, deposits: Sequence[Deposit], covers: Sequence[Cover | None]) -> None:
    for deposit, cover in zip(deposits, covers, strict=True):
        if cover is not None:
            image[cover.window] += cover.share * (np.float32(deposit.density_hu) - image[cover.window])


def _add_streaks(
    image: Image, spec: PhantomSpec, stack: Stack, covers: Sequence[Cover | None], middle_mm: tuple[float, float]
) -> None:
    if spec.physique is not None:  # metal of the plain phantom is clean
        rng = np.random.default_rng([spec.seed, 15])
        for distractor, cover in zip(spec.distractors, covers, strict=True):
            if distractor.what in METAL and cover is not None:
                add_metal_streaks(image, cover, stack, rng)
    if spec.streak_hu > 0:
        image += streaks_of(spec, stack, middle_mm)


def _whole_hu(image: Image, spec: PhantomSpec, stack: Stack, middle_mm: tuple[float, float]) -> npt.NDArray[np.int16]:
    noise = noise_of(spec, stack, middle_mm)
    if noise is not None:
        image += noise
    hu = np.clip(np.rint(image), -1024, 3071).astype(np.int16)
    if spec.padding_hu is not None:
        away = np.hypot((stack.x - stack.x.mean())[None, :], (stack.y - stack.y.mean())[:, None])
        hu[:, away > spec.fov_mm / 2] = spec.padding_hu
    return hu


def _laid(
    spec: PhantomSpec,
    plaques: Sequence[Deposit],
    others: Sequence[Deposit],
    covers: Sequence[Cover | None],
    stack: Stack,
    movement: Movement | None,
) -> list[Laid]:
    laid = []
    for plaque, deposit, cover in zip(spec.plaques, plaques, covers[: len(plaques)], strict=True):
        if not deposit.parts or plaque.into is None:
            laid.append(Laid(deposit=deposit, cover=cover, vessel=plaque.vessel))
            continue
        for part, vessel in zip(deposit.parts, (plaque.vessel, plaque.into), strict=True):
            laid.append(Laid(deposit=part, cover=cover_of(part, stack, movement), vessel=vessel))
    return laid + [
        Laid(deposit=deposit, cover=cover, what=distractor.what)
        for distractor, deposit, cover in zip(spec.distractors, others, covers[len(plaques) :], strict=True)
    ]
