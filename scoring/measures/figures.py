"""Agatston, volume, mass and density: per lesion, vessel and total, from islands and whose their voxels are.

An island that belongs to several owners is divided by voxels. The minimum size is that of the whole
island; each part then has the weight of its own maximum. Formulas and sources: METHODS.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.candidates import Islands, Labels, components, find_islands, patches
from scoring.measures.calibration import Calibration
from scoring.measures.isotropic import isotropic_volume_mm3
from scoring.measures.second_threshold import wider_parts
from scoring.protocol import Protocol
from scoring.result import MaskVolume, Measures, Point, Vessel
from scoring.volume import Volume

REFERENCE_INCREMENT_MM = 3.0
"""Agatston's slices lay 3 mm apart; any other sampling is normalised to that."""

VoxelOwners = npt.NDArray[np.uint8]  # (v,) beside Islands.flat: 0 not counted, 1 to 4 `Vessel.label`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredLesion:
    """Scored voxels of one vessel that hang together in three dimensions (26-connected)."""

    vessel: Vessel
    voxels: npt.NDArray[np.int64]  # places in `Islands.flat`, ascending
    agatston: float
    volume_mm3: float
    mass_mg: float
    peak_hu: float
    mean_hu: float
    centre_lps_mm: Point  # mean of its voxel centres, unweighted
    slices: tuple[int, ...]
    density_score: float  # area-weighted mean weight of its islands


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Measures of a series; `vessels` has all four, zeros included."""

    total: Measures
    vessels: Mapping[Vessel, Measures]
    lesions: tuple[MeasuredLesion, ...]  # in the order of vessels, then of first voxels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IslandFigures:
    """Figures of each undivided island, beside `Islands`; of one below the minimum size score and volume are 0."""

    agatston: npt.NDArray[np.float64]  # (n,)
    volume_mm3: npt.NDArray[np.float64]  # (n,)
    mean_hu: npt.NDArray[np.float64]  # (n,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parts:
    """2-D parts of islands, each of one owner: a structure of arrays, p parts; w counted voxels."""

    voxels: npt.NDArray[np.int64]  # (w,) places in Islands.flat
    part: Labels  # (w,) part of each voxel
    label: npt.NDArray[np.uint8]  # (p,) Vessel.label
    lesion: Labels  # (p,) number of the 3-D lesion
    pixels: npt.NDArray[np.int64]
    sum_hu: npt.NDArray[np.float64]
    peak_hu: npt.NDArray[np.float64]
    weight: npt.NDArray[np.int64]
    volume_pixels: npt.NDArray[np.int64]  # what volume and mass count: `pixels`, or more at a threshold of their own
    volume_sum_hu: npt.NDArray[np.float64]


def measure(
    volume: Volume, islands: Islands, vessel_of_voxel: VoxelOwners, protocol: Protocol, calibration: Calibration
) -> Measured:
    """Measures of the voxels that were given to a vessel.

    Parameters
    ----------
    volume : Volume
        The volume in which the islands were found.
    islands : Islands
        Found with the same protocol.
    vessel_of_voxel : (v,) uint8
        0 for a voxel that is not counted, else 1 to 4: `Vessel.label`.
    protocol : Protocol
    calibration : Calibration

    Returns
    -------
    Measured
        Voxels of islands below the minimum size count nothing, whoever owns them. The total is the
        sum of the vessels.

    Raises
    ------
    ValueError
        Islands, owners and volume do not belong together, or an owner is above 4.
    """
    owners = np.asarray(vessel_of_voxel)
    if islands.shape != volume.hu.shape or owners.shape != islands.flat.shape:
        raise ValueError(
            f"islands of shape {islands.shape} with {islands.flat.size} voxels do not fit a volume of shape "
            f"{volume.hu.shape} with owners of {owners.shape}"
        )
    if owners.size and owners.max() > len(Vessel):
        raise ValueError(f"owners are 0 to {len(Vessel)}, got {owners.max()}")
    owned = np.flatnonzero(owners)
    counted = owned[islands.large_enough[islands.island[owned]]]
    parts = _widened(_parts(islands, counted, owners[counted], protocol), volume, islands, protocol)
    isotropic = isotropic_volume_mm3(volume, islands, owners, protocol)
    vessels = {
        vessel: _measures(volume, parts, parts.label == vessel.label, isotropic[vessel.label], calibration)
        for vessel in Vessel
    }
    return Measured(
        total=_total(tuple(vessels.values()), parts),
        vessels=vessels,
        lesions=_lesions(volume, islands, parts, calibration),
    )


def island_figures(volume: Volume, islands: Islands, protocol: Protocol) -> IslandFigures:
    """Agatston score, voxel volume and mean HU of each undivided island, whosever it is, without a look at the image.

    The volume is that above the Agatston threshold, whatever threshold of its own the protocol has for volumes.
    """
    pixels = islands.pixels * islands.large_enough
    area_mm2 = np.asarray(pixels * _pixel_area_mm2(volume), np.float64)
    scale = volume.slice_increment_mm / REFERENCE_INCREMENT_MM
    return IslandFigures(
        agatston=area_mm2 * protocol.weight(islands.peak_hu) * scale,
        volume_mm3=area_mm2 * volume.slice_increment_mm,
        mean_hu=islands.sum_hu / islands.pixels,
    )


def agatston_of(volume: Volume, islands: Islands, voxels: npt.NDArray[Any], protocol: Protocol) -> float:
    """Agatston score that some of the islands' voxels would count; islands below the minimum size count nothing.

    `voxels` are places in `Islands.flat`, or a boolean array beside it.
    """
    places = _places(voxels)
    return agatston_without_minimum_size(
        volume, islands, places[islands.large_enough[islands.island[places]]], protocol
    )


def agatston_without_minimum_size(
    volume: Volume, islands: Islands, voxels: npt.NDArray[Any], protocol: Protocol
) -> float:
    """Agatston score of some of the islands' voxels without a minimum size: what a dropped speck would count."""
    places = _places(voxels)
    parts = _parts(islands, places, np.ones(places.size, np.uint8), protocol)
    return float(np.sum(_agatston(volume, parts)))


def agatston_in_mask(volume: Volume, mask: MaskVolume, protocol: Protocol) -> Measures:
    """What the protocol measures inside a known mask: the truth of a phantom.

    Parameters
    ----------
    volume : Volume
        Image as rendered, with its noise.
    mask : (slices, rows, columns) bool
        Voxels at or above the threshold count where the mask is set; an island that crosses its border
        is divided there, and its size before the division decides.

    Returns
    -------
    Measures
        Mass is the uncalibrated equivalent.
    """
    if mask.shape != volume.hu.shape:
        raise ValueError(f"a mask of shape {mask.shape} does not fit a volume of shape {volume.hu.shape}")
    filled = np.flatnonzero(mask.any(axis=(1, 2)))
    if not filled.size:
        return Measures()
    span = slice(int(filled[0]), int(filled[-1]) + 1)
    islands = find_islands(volume.hu, protocol, _pixel_area_mm2(volume), region=(span, slice(None), slice(None)))
    owners = mask.reshape(-1)[islands.flat].astype(np.uint8)
    return measure(volume, islands, owners, protocol, Calibration()).total


def _places(voxels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    return np.flatnonzero(voxels) if voxels.dtype == bool else np.sort(voxels).astype(np.int64)


def _parts(
    islands: Islands, counted: npt.NDArray[np.int64], label: npt.NDArray[np.uint8], protocol: Protocol
) -> _Parts:
    flat = islands.flat[counted]
    part = patches(flat, islands.shape, protocol.connectivity, label)
    number = int(part.max()) + 1 if part.size else 0
    lesion = np.empty(number, np.int32)
    lesion[part] = components(flat, islands.shape, label)
    values = islands.hu[counted].astype(float)
    peak, label_of_part = np.full(number, -np.inf), np.zeros(number, np.uint8)
    np.maximum.at(peak, part, values)
    label_of_part[part] = label
    pixels = np.bincount(part, minlength=number)
    sum_hu = np.bincount(part, values, number).astype(float)  # without voxels bincount gives integers
    return _Parts(
        voxels=counted,
        part=part,
        label=label_of_part,
        lesion=lesion,
        pixels=pixels,
        sum_hu=sum_hu,
        peak_hu=peak,
        weight=protocol.weight(peak),
        volume_pixels=pixels,
        volume_sum_hu=sum_hu,
    )


def _widened(parts: _Parts, volume: Volume, islands: Islands, protocol: Protocol) -> _Parts:
    """The same parts, with volume and mass at the threshold that the protocol has for them."""
    if protocol.volume_threshold_hu is None or not parts.voxels.size:
        return parts
    wider = wider_parts(
        volume, islands.flat[parts.voxels], parts.part, parts.label, protocol, protocol.volume_threshold_hu
    )
    return replace(parts, volume_pixels=parts.pixels + wider.pixels, volume_sum_hu=parts.sum_hu + wider.sum_hu)


def _pixel_area_mm2(volume: Volume) -> float:
    row, column = volume.pixel_spacing_mm
    return row * column


def _agatston(volume: Volume, parts: _Parts) -> npt.NDArray[np.float64]:
    """Score of each part: pixels x pixel area x weight x increment / 3 mm."""
    scale = _pixel_area_mm2(volume) * (volume.slice_increment_mm / REFERENCE_INCREMENT_MM)
    score: npt.NDArray[np.float64] = (parts.pixels * parts.weight).astype(float) * scale
    return score


def _measures(
    volume: Volume, parts: _Parts, chosen: npt.NDArray[np.bool_], isotropic_mm3: float, calibration: Calibration
) -> Measures:
    if not chosen.any():
        return Measures(mass_calibrated=calibration.calibrated)
    voxel_mm3 = _pixel_area_mm2(volume) * volume.slice_increment_mm
    pixels = parts.pixels[chosen]
    return Measures(
        agatston=float(_agatston(volume, parts)[chosen].sum()),
        volume_mm3=float(parts.volume_pixels[chosen].sum() * voxel_mm3),
        volume_isotropic_mm3=float(isotropic_mm3),
        # Mean HU of an island times its volume is the sum of its HU times the volume of a voxel.
        mass_mg=float(parts.volume_sum_hu[chosen].sum() * voxel_mm3 * calibration.mg_per_mm3_hu),
        mass_calibrated=calibration.calibrated,
        density_score=float((parts.weight[chosen] * pixels).sum() / pixels.sum()),
        lesions=int(np.count_nonzero(np.bincount(parts.lesion[chosen]))),
        peak_hu=float(parts.peak_hu[chosen].max()),
        mean_hu=float(parts.sum_hu[chosen].sum() / pixels.sum()),
    )


def _total(vessels: tuple[Measures, ...], parts: _Parts) -> Measures:
    return Measures(
        agatston=sum(vessel.agatston for vessel in vessels),
        volume_mm3=sum(vessel.volume_mm3 for vessel in vessels),
        volume_isotropic_mm3=sum(vessel.volume_isotropic_mm3 for vessel in vessels),
        mass_mg=sum(vessel.mass_mg for vessel in vessels),
        mass_calibrated=vessels[0].mass_calibrated,
        density_score=float((parts.weight * parts.pixels).sum() / parts.pixels.sum()) if parts.pixels.size else None,
        lesions=sum(vessel.lesions for vessel in vessels),
        peak_hu=float(parts.peak_hu.max()) if parts.pixels.size else None,
        mean_hu=float(parts.sum_hu.sum() / parts.pixels.sum()) if parts.pixels.size else None,
    )


def _lesions(volume: Volume, islands: Islands, parts: _Parts, calibration: Calibration) -> tuple[MeasuredLesion, ...]:
    if not parts.voxels.size:
        return ()
    voxel_mm3 = _pixel_area_mm2(volume) * volume.slice_increment_mm
    number = int(parts.lesion.max()) + 1
    peak, label = np.full(number, -np.inf), np.zeros(number, np.uint8)
    np.maximum.at(peak, parts.lesion, parts.peak_hu)
    label[parts.lesion] = parts.label
    agatston = np.bincount(parts.lesion, _agatston(volume, parts), number)
    pixels = np.bincount(parts.lesion, parts.pixels, number)
    sum_hu = np.bincount(parts.lesion, parts.sum_hu, number)
    weighted = np.bincount(parts.lesion, parts.weight * parts.pixels, number)
    volume_mm3 = np.bincount(parts.lesion, parts.volume_pixels, number) * voxel_mm3
    mass_mg = np.bincount(parts.lesion, parts.volume_sum_hu, number) * voxel_mm3 * calibration.mg_per_mm3_hu
    lesion_of_voxel = parts.lesion[parts.part]
    order = np.argsort(lesion_of_voxel, kind="stable")
    voxels = np.split(parts.voxels[order], np.cumsum(np.bincount(lesion_of_voxel))[:-1])
    slice_index, row, column = np.unravel_index(islands.flat[parts.voxels], islands.shape)
    sums = [np.bincount(lesion_of_voxel, axis, number) for axis in (slice_index, row, column)]
    centre = volume.to_lps_mm(np.stack(sums, axis=1) / pixels[:, None]).tolist()
    slices = _slices(lesion_of_voxel[order], slice_index[order], number)
    return tuple(
        MeasuredLesion(
            vessel=tuple(Vessel)[int(label[lesion]) - 1],
            voxels=voxels[lesion],
            agatston=float(agatston[lesion]),
            volume_mm3=float(volume_mm3[lesion]),
            mass_mg=float(mass_mg[lesion]),
            peak_hu=float(peak[lesion]),
            mean_hu=float(sum_hu[lesion] / pixels[lesion]),
            centre_lps_mm=(centre[lesion][0], centre[lesion][1], centre[lesion][2]),
            slices=tuple(slices[lesion].tolist()),
            density_score=float(weighted[lesion] / pixels[lesion]),
        )
        for lesion in np.argsort(label, kind="stable")
    )


def _slices(lesion: npt.NDArray[Any], slice_index: npt.NDArray[Any], number: int) -> list[npt.NDArray[Any]]:
    """Slices of each lesion; the voxels come by lesion, and in each by slice."""
    new = np.ones(lesion.size, bool)
    new[1:] = (lesion[1:] != lesion[:-1]) | (slice_index[1:] != slice_index[:-1])
    return np.split(slice_index[new], np.cumsum(np.bincount(lesion[new], minlength=number))[:-1])
