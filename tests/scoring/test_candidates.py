"""Islands and components of bright voxels, against labels of the whole volume by scipy.ndimage."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from scoring.candidates import Islands, components, connected, find_islands, images, islands, patches, runs
from scoring.protocol import PRESETS, Protocol

shapes = st.tuples(st.integers(1, 5), st.integers(1, 8), st.integers(1, 8))
volumes = shapes.flatmap(lambda shape: arrays(np.int16, shape, elements=st.sampled_from([-1000, 40, 129, 130, 500])))


def _any_size(connectivity: int) -> Protocol:
    return Protocol(name="test", connectivity=connectivity)


def _planar_labels(bright: npt.NDArray[np.bool_], connectivity: int) -> npt.NDArray[Any]:
    structure = np.zeros((3, 3, 3), bool)
    structure[1] = ndimage.generate_binary_structure(2, 2 if connectivity == 8 else 1)
    labels: npt.NDArray[Any] = ndimage.label(bright, structure)[0]
    return labels


def _same_partition(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


@settings(max_examples=150, deadline=None)
@given(volumes, st.sampled_from([4, 8]))
def test_islands_and_components_are_those_of_a_label_image(hu: npt.NDArray[Any], connectivity: int) -> None:
    """Broken by hand: no border between the last row of a slice and the first of the next; no widening for 8."""
    found = find_islands(hu, _any_size(connectivity), 1.0)
    bright = hu >= 130
    assert found.flat.tolist() == np.flatnonzero(bright).tolist()
    assert _same_partition(found.island, _planar_labels(bright, connectivity)[bright])
    in_space = ndimage.label(bright, np.ones((3, 3, 3)))[0][bright]
    assert _same_partition(found.component[found.island], in_space)
    assert _same_partition(components(found.flat, found.shape), in_space)


@settings(max_examples=60, deadline=None)
@given(volumes)
def test_the_figures_of_an_island_are_those_of_its_voxels(hu: npt.NDArray[Any]) -> None:
    found = find_islands(hu, _any_size(8), 1.0)
    places = np.argwhere(hu >= 130)
    for number in range(len(found)):
        mine = found.island == number
        values = hu.ravel()[found.flat[mine]]
        assert found.hu[mine].tolist() == values.tolist()
        assert found.pixels[number] == mine.sum()
        assert found.peak_hu[number] == values.max()
        assert found.sum_hu[number] == values.sum()
        assert found.slice_index[number] == places[mine][0, 0]
        assert found.centre_index[number] == pytest.approx(places[mine].mean(axis=0))
    first_voxels = [np.flatnonzero(found.island == number)[0] for number in range(len(found))]
    assert first_voxels == sorted(first_voxels)


def _comparable(found: Islands) -> dict[str, list[Any]]:
    names = ("flat", "island", "hu", "slice_index", "pixels", "peak_hu", "sum_hu", "centre_index", "component")
    return {name: getattr(found, name).tolist() for name in names}


ONE_WAY: dict[str, list[tuple[Any, str, float]]] = {
    "always by runs": [(connected, "CROWDED_SHARE", 2.0)],
    "always by images": [(connected, "CROWDED_SHARE", 0.0)],
    "runs in small parts": [(connected, "CROWDED_SHARE", 2.0), (runs, "RUNS_AT_ONCE", 2)],
    "images in thin slabs": [(connected, "CROWDED_SHARE", 0.0), (images, "SLAB_VOXELS", 1)],
    "few voxels at once": [(islands, "VOXELS_AT_ONCE", 2)],
}


@pytest.mark.parametrize("way", sorted(ONE_WAY))
@settings(max_examples=60, deadline=None)
@given(volumes, st.sampled_from([4, 8]), st.data())
def test_whichever_way_is_taken_the_sets_are_the_same(
    way: str, hu: npt.NDArray[Any], connectivity: int, data: st.DataObject
) -> None:
    """Broken by hand: slabs that share no slice; kinds numbered one after the other."""
    flat = np.flatnonzero(hu >= 130)
    kind = data.draw(arrays(np.uint8, flat.size, elements=st.integers(0, 2)))

    def answers() -> list[Any]:
        found = find_islands(hu, _any_size(connectivity), 1.0)
        in_plane = patches(flat, found.shape, connectivity, kind).tolist()
        return [_comparable(found), in_plane, components(flat, found.shape, kind).tolist()]

    expected = answers()
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in ONE_WAY[way]:
            patch.setattr(module, name, value)
        assert answers() == expected


@settings(max_examples=60, deadline=None)
@given(volumes, st.sampled_from([4, 8]), st.data())
def test_voxels_of_different_kinds_never_touch(hu: npt.NDArray[Any], connectivity: int, data: st.DataObject) -> None:
    flat = np.flatnonzero(hu >= 130)
    kind = data.draw(arrays(np.uint8, flat.size, elements=st.integers(1, 3)))
    image = np.zeros(hu.shape, np.uint8)
    image.reshape(-1)[flat] = kind
    in_plane, in_space = np.zeros(hu.shape, int), np.zeros(hu.shape, int)
    for one in (1, 2, 3):
        in_plane += (image == one) * (10_000 * one + _planar_labels(image == one, connectivity))
        in_space += (image == one) * (10_000 * one + ndimage.label(image == one, np.ones((3, 3, 3)))[0])
    shape = (hu.shape[0], hu.shape[1], hu.shape[2])
    assert _same_partition(patches(flat, shape, connectivity, kind), in_plane.reshape(-1)[flat])
    assert _same_partition(components(flat, shape, kind), in_space.reshape(-1)[flat])


@settings(max_examples=60, deadline=None)
@given(volumes, st.data())
def test_a_region_is_the_volume_with_everything_else_dark(hu: npt.NDArray[Any], data: st.DataObject) -> None:
    box = [sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size)))) for size in hu.shape]
    region = (slice(*box[0]), slice(*box[1]), slice(*box[2]))
    elsewhere_dark = np.full_like(hu, -1000)
    elsewhere_dark[region] = hu[region]
    assert _comparable(find_islands(hu, _any_size(8), 1.0, region=region)) == _comparable(
        find_islands(elsewhere_dark, _any_size(8), 1.0)
    )


def test_values_that_are_no_number_never_count() -> None:
    hu = np.array([[[np.nan, np.inf, 200.0, -np.inf, 130.0]]], np.float32)
    assert find_islands(hu, _any_size(8), 1.0).flat.tolist() == [2, 4]


def test_a_fractional_threshold_holds_for_whole_and_broken_numbers() -> None:
    protocol = Protocol(name="test", threshold_hu=112.5, weight_steps_hu=(112.5, 200.0, 300.0, 400.0))
    assert find_islands(np.array([[[112, 113]]], np.int16), protocol, 1.0).flat.tolist() == [1]
    assert find_islands(np.array([[[112.4, 112.5]]], np.float32), protocol, 1.0).flat.tolist() == [1]


def test_a_view_that_runs_backwards_is_read_as_it_looks() -> None:
    hu = np.arange(100, 124, dtype=np.int16).reshape(2, 3, 4)[::-1, :, ::-1] + 15
    assert find_islands(hu, _any_size(8), 1.0).hu.tolist() == hu[hu >= 130].tolist()


def test_the_minimum_size_is_told_of_each_island() -> None:
    hu = np.full((1, 2, 12), 40, np.int16)
    hu[0, 0, :4], hu[0, 0, 6:11] = 200, 200
    assert find_islands(hu, PRESETS["literature"], 0.488**2).large_enough.tolist() == [False, True]


@pytest.mark.parametrize("shape", [(0, 4, 4), (2, 0, 4), (2, 4, 0), (2, 4, 4)])
def test_a_volume_without_bright_voxels_has_no_islands(shape: tuple[int, int, int]) -> None:
    found = find_islands(np.zeros(shape, np.int16), _any_size(8), 1.0)
    assert (len(found), found.flat.size, found.centre_index.shape) == (0, 0, (0, 3))


def test_an_absurd_volume_is_one_component_and_no_surprise() -> None:
    hu = np.full((4, 64, 64), 3071, np.int16)
    hu[:, ::2, ::2] = -1000
    found = find_islands(hu, _any_size(4), 1.0)
    assert len(found) == 4
    assert set(found.component.tolist()) == {0}


def test_what_cannot_be_searched_is_told() -> None:
    hu = np.zeros((2, 4, 4), np.int16)
    with pytest.raises(ValueError, match="axes"):
        find_islands(hu[0], _any_size(8), 1.0)
    with pytest.raises(ValueError, match="area of a pixel"):
        find_islands(hu, _any_size(8), float("nan"))
    with pytest.raises(ValueError, match="without steps"):
        find_islands(hu, _any_size(8), 1.0, region=(slice(None, None, 2), slice(None), slice(None)))
