"""Headers → facts: what stands there comes over; what is absurd costs only itself, and names nobody."""

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.facts import InstanceFacts
from node.reading import HEADER_LIMITS, ReadingError, Unreadable, read_headers
from node.reading.header import instance_facts
from tests.support.ct_objects import GONE, ct_object, encoded, enhanced_ct, written

KEY = b"0123456789abcdef"


def facts_of(folder: Path, header: object) -> InstanceFacts:
    (path,) = written(folder, [header])  # type: ignore[list-item]
    return instance_facts(path, token_key=KEY)


def test_what_a_header_says_comes_over(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, ct_object(2, ConvolutionKernel=["I30f", "3"], SeriesDescription="CaSc   3.0 "))
    assert facts.kernel == "I30f\\3"
    assert facts.protocol_words == "casc 3.0"
    assert facts.planes[0].position_lps_mm == (-100.0, -120.0, 56.0)
    assert facts.planes[0].pixel_spacing_mm == (0.5, 0.4)
    assert (facts.kvp, facts.frames, facts.rows, facts.gating_stated) == (120.0, 1, 16, True)
    assert facts.acquisition_time == "20080601101730"


@pytest.mark.parametrize(
    ("overrides", "field", "expected"),
    [
        ({"ContrastBolusAgent": "IOMERON"}, "contrast_agent", "IOMERON"),
        ({"ContrastBolusAgent": ""}, "contrast_agent", ""),
        ({}, "contrast_agent", None),
        ({"KVP": "0"}, "kvp", None),
        ({"KVP": None}, "kvp", None),
        ({"LossyImageCompression": "01"}, "lossy", True),
        ({"PatientIdentityRemoved": "YES"}, "identity_removed", True),
        ({"Manufacturer": "calcium-node"}, "made_by_us", True),
        ({"ImagePositionPatient": GONE}, "planes", ()),
        ({"ImageOrientationPatient": [1, 0, 0]}, "planes", ()),
        ({"PixelData": GONE}, "has_pixels", False),
        ({"NumberOfFrames": 7}, "planes", ()),
    ],
)
def test_one_attribute_makes_one_fact(
    tmp_path: Path, overrides: dict[str, object], field: str, expected: object
) -> None:
    assert getattr(facts_of(tmp_path, ct_object(**overrides)), field) == expected


@pytest.mark.parametrize(
    ("overrides", "stated"),
    [
        ({"ScanOptions": ["TP70PC1300", "OSCRATEAVG046BPM"]}, True),
        ({"ScanOptions": "HELICAL MODE"}, False),
        ({"ScanOptions": "RESP GATED"}, False),
        ({"ScanOptions": GONE, "TriggerTime": "620"}, True),
        ({"ScanOptions": GONE, "HeartRate": "61"}, True),
        ({"ScanOptions": GONE, "CardiacSynchronizationTechnique": "PROSPECTIVE"}, True),
        ({"ScanOptions": GONE, "LowRRValue": "70"}, False),
        ({"ScanOptions": GONE, "AcquisitionType": "SEQUENCED"}, True),
        ({"ScanOptions": GONE, "AcquisitionType": "SEQUENCED", "ReconstructionDiameter": "400"}, False),
        ({"ScanOptions": GONE, "ProtocolName": "Calcium Score    (Volume)"}, True),
    ],
)
def test_gating_is_stated_by_any_trace_of_the_ecg(
    tmp_path: Path, overrides: dict[str, object], *, stated: bool
) -> None:
    header = ct_object(**{"SeriesDescription": "chest", **overrides})
    assert facts_of(tmp_path, header).gating_stated is stated


def test_frames_of_an_enhanced_object_have_their_planes(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, enhanced_ct(4))
    assert [plane.position_lps_mm[2] for plane in facts.planes] == [50.0, 47.0, 44.0, 41.0]
    assert (facts.frames, facts.kvp, facts.acquisition_number) == (4, 120.0, 4)
    assert facts.planes[3].pixel_spacing_mm == (0.5, 0.4)
    assert facts.planes[3].slice_thickness_mm == 3.0


def test_an_enhanced_object_that_places_only_some_frames_has_no_geometry(tmp_path: Path) -> None:
    header = enhanced_ct(4)
    del header.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence
    assert facts_of(tmp_path, header).planes == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({}, {"PatientName": "TEST^PERSON^^^ "}, True),
        ({}, {"PatientID": "T2"}, False),
        ({}, {"PatientName": "Test^Other"}, False),
        ({}, {"PatientBirthDate": "19500102"}, False),
    ],
)
def test_the_token_tells_patients_apart_and_not_spellings(
    tmp_path: Path, one: dict[str, object], other: dict[str, object], *, same: bool
) -> None:
    tokens = [facts_of(tmp_path, ct_object(**overrides)).patient_token for overrides in (one, other)]
    assert (tokens[0] == tokens[1]) is same


def test_nothing_in_the_facts_names_the_patient(tmp_path: Path) -> None:
    header = ct_object(PatientName="Secret^Name", PatientID="SECRET-1", AccessionNumber="SECRET2")
    facts = facts_of(tmp_path, header)
    assert "SECRET" not in repr(dataclasses.asdict(facts)).upper()
    (path,) = written(tmp_path, [header])
    assert instance_facts(path, token_key=b"another").patient_token != facts.patient_token


@pytest.mark.parametrize(
    ("overrides", "code", "words"),
    [
        ({"Rows": 20000}, "too_large", "Rows is 20000"),
        ({"NumberOfFrames": 100_000}, "too_large", "Number of Frames is 100000"),
        ({"Rows": 4096, "Columns": 4096, "NumberOfFrames": 5000}, "too_large", "GB of pixels"),
        ({"SeriesInstanceUID": GONE}, "no_uid", "SeriesInstanceUID is missing"),
        ({"SOPInstanceUID": "1.2\n3"}, "no_uid", "SOPInstanceUID holds something that is no UID"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, about values that this test writes on purpose
def test_claims_beyond_reason_are_refused_in_words(
    tmp_path: Path, overrides: dict[str, object], code: str, words: str
) -> None:
    with pytest.raises(ReadingError, match=words) as caught:
        facts_of(tmp_path, ct_object(**overrides))
    assert caught.value.code == code


def test_a_file_without_preamble_is_read_if_it_is_a_data_set(tmp_path: Path) -> None:
    whole = encoded(ct_object())
    bare = tmp_path / "bare"
    bare.write_bytes(whole[132:])
    assert instance_facts(bare, token_key=KEY).modality == "CT"


def test_one_bad_file_costs_only_itself_and_the_order_is_kept(tmp_path: Path) -> None:
    good = written(tmp_path, [ct_object(place) for place in range(3)])
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"no image at all, only words " * 20)
    gone = tmp_path / "gone.dcm"
    read = read_headers([good[0], bad, good[1], gone, good[2]], token_key=KEY)
    assert [getattr(one, "instance_number", None) or getattr(one, "code", None) for one in read] == [
        1, "not_dicom", 2, "unreadable", 3,
    ]  # fmt: skip


def test_a_batch_that_kills_its_child_is_halved_until_the_killer_stands_alone(tmp_path: Path) -> None:
    """The killer is a pipe that nobody writes to: whoever opens it waits for ever."""
    paths = written(tmp_path, [ct_object(place) for place in range(5)])
    paths[3].unlink()
    os.mkfifo(paths[3])
    read = read_headers(paths, token_key=KEY, limits=dataclasses.replace(HEADER_LIMITS, wall_seconds=0.7))
    assert [isinstance(one, Unreadable) for one in read] == [False, False, False, True, False]
    assert isinstance(read[3], Unreadable)
    assert read[3].code == "too_long"


SEEDS = (encoded(ct_object()), encoded(enhanced_ct(2)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(132, 1400), st.binary(min_size=1, max_size=6)), min_size=1, max_size=6),
    cut=st.none() | st.integers(0, 1400),
)
@pytest.mark.filterwarnings("ignore")
def test_whatever_bytes_come_they_are_facts_or_a_reason(
    tmp_path: Path, seed: bytes, edits: list[tuple[int, bytes]], cut: int | None
) -> None:
    data = bytearray(seed)
    for at, new in edits:
        data[at : at + len(new)] = new
    path = tmp_path / "fuzz.dcm"
    path.write_bytes(data[:cut])
    try:
        assert isinstance(instance_facts(path, token_key=KEY), InstanceFacts)
    except ReadingError as fault:
        assert len(fault.sentence) > 20  # noqa: PT017 - both endings are right; this one must say why
