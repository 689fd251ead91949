"""Phantoms that several tests share, drawn once a process, and scans made of their images."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy import ndimage

from scoring.phantom import Phantom, demo_spec, make_phantom
from scoring.volume import Volume


@lru_cache(maxsize=1)
def demo_phantom() -> Phantom:
    """The demo's phantom at a coarser matrix."""
    return make_phantom(replace(demo_spec(), matrix=256, fov_mm=220.0))


@lru_cache(maxsize=1)
def empty_phantom() -> Phantom:
    """The same person without any calcium."""
    return make_phantom(replace(demo_spec(), matrix=256, fov_mm=220.0, plaques=(), distractors=()))


def noisier(volume: Volume, sd_hu: float) -> Volume:
    """The scan with so much noise added that what it had and this make about the sum of squares."""
    noise = np.random.default_rng(5).normal(0.0, sd_hu, volume.hu.shape)
    return _with(volume, volume.hu + noise)


def brighter(volume: Volume, by_hu: float) -> Volume:
    """The scan with everything that is as dense as blood raised, as contrast medium does."""
    smooth = ndimage.uniform_filter(volume.hu.astype(np.float32), (1, 5, 5))
    return _with(volume, volume.hu + by_hu * (smooth > 10))


def slices_of(volume: Volume, part: slice) -> Volume:
    """Some neighbouring slices of a scan."""
    affine = volume.voxel_to_lps_mm.copy()
    affine[:3, 3] += affine[:3, 0] * part.indices(len(volume.hu))[0]
    return Volume(hu=np.array(volume.hu[part]), voxel_to_lps_mm=affine)


def _with(volume: Volume, hu: np.ndarray) -> Volume:
    return Volume(hu=np.rint(hu).astype(np.int16), voxel_to_lps_mm=volume.voxel_to_lps_mm.copy())
