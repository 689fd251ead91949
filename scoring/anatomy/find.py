"""The order of the search: chest, descending aorta, heart, ascending aorta, distances, blood."""

import numpy as np

from scoring.anatomy.aorta import find_ascending, find_descending, whole_ascending
from scoring.anatomy.blood import measure_blood, refuse_bright_blood
from scoring.anatomy.chest import Chest, find_chest
from scoring.anatomy.circles import Track, Votes, cast_votes
from scoring.anatomy.frame import Anatomy, distance_to
from scoring.anatomy.grid import Grid, coarse_grid
from scoring.anatomy.heart import Core, OpenedHeart, centre_by_aorta, find_core, level_by_aorta, open_heart
from scoring.anatomy.sides import refuse_mirrored
from scoring.result import UnfitError
from scoring.volume import Volume

FAT_HU = (-170.0, -35.0)
AIRWAY_HU = -400.0
LUNG_EDGE_CELLS = 1.5
"""Between lung and muscle a voxel averages to the HU of fat: so near to lung it is none."""
LEAST_CORE_MM = 8.0
"""Radius of soft tissue flanked by lung: whole hearts measured 13 to 27 mm, chests without a heart 0 to 4."""
LEAST_DESCENDING_MM = 20.0
LEAST_HEART_ML = 80.0
LEAST_ASCENDING_MM = 18.0
LEAST_SHARE = 0.95
"""A track of the ascending aorta so long and so clear may correct the heart's centre."""
MOVES = 2
LEAST_FLANK = 0.25


def find_anatomy(volume: Volume) -> Anatomy:
    """Find the heart and what surrounds it.

    Parameters
    ----------
    volume : Volume
        An axial chest or heart scan; the order of its rows, columns and slices does not matter.

    Returns
    -------
    Anatomy

    Raises
    ------
    UnfitError
        ``contrast`` where vessels are far brighter than blood; ``mirrored`` where the heart lies on the right and no
        aorta descends on the left; ``no_heart`` where there are no lungs, no descending aorta or no heart between the
        lungs. Whether the heart is covered is for `quality` to say.
    """
    grid = coarse_grid(volume)
    chest = find_chest(grid)
    if chest is None or not chest.compartment.any():
        raise _no_heart("no lungs were found")
    refuse_bright_blood(grid, chest)
    votes = cast_votes(grid, chest.hull)
    descending = find_descending(votes, chest.spine_mm)
    if descending is None or descending.length_mm < min(LEAST_DESCENDING_MM, _depth_mm(grid) * 0.5):
        refuse_mirrored(grid, chest)
        raise _no_heart("no descending aorta was found in front of the spine")
    core = find_core(grid, chest, descending)
    if core is None or core.strength_mm < LEAST_CORE_MM or core.flank < LEAST_FLANK:
        raise _no_heart("no heart was found between the lungs", core)
    core, ascending = _agreed(grid, chest, votes, descending, core)
    opened = open_heart(grid, chest, core.centre_mm, descending)
    if opened is None or opened.body.sum() * float(np.prod(grid.spacing_mm)) < LEAST_HEART_ML * 1000:
        raise _no_heart("the soft tissue between the lungs is too small for a heart", core)
    return _anatomy(volume, grid, chest, core, opened, (descending, ascending))


def _agreed(grid: Grid, chest: Chest, votes: Votes, descending: Track, core: Core) -> tuple[Core, Track | None]:
    """Centre and ascending aorta that agree: the middle of the soft tissue alone may be an atrium or the liver.

    A sure track whose root lies elsewhere has the centre sought again about the place that it points to.
    """
    ascending = find_ascending(votes, core.centre_mm)
    for _ in range(MOVES):
        whole = whole_ascending(votes, core.centre_mm, ascending)
        if whole is None or not _is_sure(whole):
            break
        place = centre_by_aorta(whole, core)
        other = find_core(grid, chest, descending, place) if place else None
        if other is None or other.strength_mm < LEAST_CORE_MM or other.flank < LEAST_FLANK:
            break
        core, ascending = other, find_ascending(votes, other.centre_mm)
    whole = whole_ascending(votes, core.centre_mm, ascending)
    return (level_by_aorta(core, whole) if whole is not None and _is_sure(whole) else core), ascending


def _is_sure(track: Track) -> bool:
    return track.length_mm >= LEAST_ASCENDING_MM and float(np.mean(track.share)) >= LEAST_SHARE


def _anatomy(
    volume: Volume,
    grid: Grid,
    chest: Chest,
    core: Core,
    opened: OpenedHeart,
    tracks: tuple[Track | None, Track | None],
) -> Anatomy:
    hu = grid.hu[opened.box]
    lung_mm = distance_to((hu < AIRWAY_HU) | chest.lungs[opened.box], grid.spacing_mm)
    fat = (hu > FAT_HU[0]) & (hu < FAT_HU[1]) & (lung_mm > LUNG_EDGE_CELLS * grid.spacing_mm[1])
    centre = core.centre_mm
    voxel = grid.voxels(np.array([centre]))
    x, y, z = volume.to_lps_mm(voxel)[0]
    return Anatomy(
        grid=grid,
        chest=chest,
        centre_mm=centre,
        core_strength_mm=core.strength_mm,
        descending=tracks[0],
        ascending=tracks[1],
        opened=opened,
        fat_mm=distance_to(fat, grid.spacing_mm),
        lung_mm=lung_mm,
        bone_mm=distance_to(chest.bones[opened.box], grid.spacing_mm),
        blood=measure_blood(volume, grid, centre, *tracks),
        lateral_width_mm=_lateral_width(grid, centre[0]),
        centre_lps_mm=(float(x), float(y), float(z)),
    )


def _depth_mm(grid: Grid) -> float:
    heights = grid.axis_mm(0)
    return float(heights[-1] - heights[0])


def _lateral_width(grid: Grid, z_mm: float) -> float | None:
    """Width of the body at a height, or None where the field of view cuts it."""
    body = grid.hu[int(np.abs(grid.axis_mm(0) - z_mm).argmin())] > -300.0
    outside = grid.padded[int(np.abs(grid.axis_mm(0) - z_mm).argmin())]
    # Arms and table are thin or low: rows in which tissue fills little of its own width do not count.
    extents = []
    for row, missing in zip(body, outside, strict=True):
        at = np.flatnonzero(row)
        if len(at) < 20:
            continue
        beside = (at[0] == 0 or missing[at[0] - 1]) or (at[-1] == len(row) - 1 or missing[at[-1] + 1])
        extents.append((at[-1] - at[0] + 1, beside))
    if not extents:
        return None
    widest, cut = max(extents)
    return None if cut else float(widest * grid.spacing_mm[2])


def _no_heart(found: str, core: Core | None = None) -> UnfitError:
    measured = core.strength_mm if core else None
    return UnfitError(
        "no_heart",
        f"not scored: {found}, so this is no scan of a whole heart; send the axial series that covers it",
        measured=measured,
        unit="mm" if core else None,
    )
