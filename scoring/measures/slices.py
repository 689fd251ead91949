"""The score of each slice of a finished result: what a reader can recompute on the image before him."""

import numpy as np

from scoring.candidates import patches
from scoring.measures.figures import REFERENCE_INCREMENT_MM
from scoring.result import LabelVolume, ProtocolUsed, Vessel
from scoring.volume import HuVolume


def agatston_by_slice(
    hu: HuVolume, labels: LabelVolume, protocol: ProtocolUsed, pixel_area_mm2: float
) -> dict[int, float]:
    """Agatston score by slice, slices without calcium left out; the sum over all is the total.

    Parameters
    ----------
    hu, labels : (slice, row, column)
        The scored volume, and `Score.labels`: its pixels of 1 to 4 are those that were counted.
    protocol : ProtocolUsed
        Weight steps, connectivity and increment with which the total was made.
    pixel_area_mm2 : float
        Row spacing times column spacing.

    Raises
    ------
    ValueError
        The protocol does not say its weight steps, or HU and labels have different shapes.
    """
    if not protocol.weight_steps_hu:
        raise ValueError(f"the protocol {protocol.preset!r} does not say its weight steps")
    if hu.shape != labels.shape:
        raise ValueError(f"labels of shape {labels.shape} do not fit a volume of shape {hu.shape}")
    flat = np.flatnonzero(labels)
    label = labels.reshape(-1)[flat]
    counted = label <= len(Vessel)
    flat, label = flat[counted], label[counted]
    if not flat.size:
        return {}
    part = patches(flat, hu.shape, protocol.connectivity, label)
    peak_hu = np.full(int(part.max()) + 1, -np.inf)
    np.maximum.at(peak_hu, part, hu.reshape(-1)[flat].astype(float))
    pixels = np.bincount(part)
    weight = np.searchsorted(protocol.weight_steps_hu, peak_hu, side="right")
    scale = pixel_area_mm2 * (protocol.slice_increment_mm / REFERENCE_INCREMENT_MM)
    score = np.asarray(pixels * weight * scale, np.float64)
    slice_of = np.empty(pixels.size, np.int64)
    slice_of[part] = flat // (hu.shape[1] * hu.shape[2])
    sums = np.bincount(slice_of, score)
    return {int(index): float(sums[index]) for index in np.unique(slice_of)}
