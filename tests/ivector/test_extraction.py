"""I-vectors of tables against ivector-extract-online2, and that they do not depend on how they are computed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, TableFormatError
from ov_asr_score.ivector import utterance_queue
from ov_asr_score.ivector.adaptation_state import first_state
from ov_asr_score.ivector.extraction import extract_ivectors
from ov_asr_score.ivector.utterance_queue import IvectorUtterance
from tests.ivector.references import KALDI, differences, extractor, table, utterances

# name of Kaldi's archive: options
RUNS: dict[str, dict[str, Any]] = {
    "spk_p10": {},
    "utt_p10": {},
    "utt_p10_max-count=5": {"max_count": 5.0},
    "spk_p10_max-count=5": {"max_count": 5.0},
    "spk_p10_max-count=20": {"max_count": 20.0},
    "spk_p10_max-count=100": {"max_count": 100.0},
    "spk_p10_num-gselect=1": {"num_gselect": 1},
    "spk_p10_num-gselect=20": {"num_gselect": 20},
    "spk_p10_num-gselect=64": {"num_gselect": 64},
    "spk_p10_min-post=0": {"min_post": 0.0},
    "spk_p10_min-post=0.2": {"min_post": 0.2},
    "spk_p10_posterior-scale=0.02": {"posterior_scale": 0.02},
    "spk_p10_posterior-scale=1.0": {"posterior_scale": 1.0},
    "spk_p10_max-remembered-frames=100": {"max_remembered_frames": 100.0},
    "spk_p10_online-cmvn-iextractor=true": {"online_cmvn_iextractor": True},
    "spk_p10_use-most-recent-ivector=false": {"use_most_recent_ivector": False},
    "spk_p10_use-most-recent-ivector=true": {"use_most_recent_ivector": True},
    "spk_p10_greedy-ivector-extractor=true": {"greedy_ivector_extractor": True},
    "spk_p10_cmvn_vars_w100_g30_s60": {"cmvn_config": "online_cmvn_vars.conf"},
    "spk_p10_cmvn_norm_means_false": {"cmvn_config": "online_cmvn_nomeans.conf"},
    "two_utt_p1": {"ivector_period": 1},
    "two_spk_p1": {"ivector_period": 1},
    "two_spk_p7": {"ivector_period": 7},
    "two_utt_p10_repeat": {"repeat": True},
    "two_spk_p10_repeat": {"repeat": True},
    "two_spk_p10_weights": {},
}
LISTS = {"utt": "utt2utt", "spk": "spk2utt", "two_utt": "utt2utt_two", "two_spk": "spk2utt_two"}


# Median, 99 % and greatest distance: about as far as Kaldi is from itself between the kernels of OpenBLAS. Two rows of
# speakers with a history, the first of their utterances, move by up to 0.09 with the last bit of double precision.
ALONE = (1e-5, 2e-3, 4e-2)
AFTER_OTHERS = (1e-5, 2e-3, 0.17)
KALDI_FROM_ITSELF = {
    "spk_p10_greedy-ivector-extractor=true": (1e-5, 1.6e-2, 0.17),
    "spk_p10_cmvn_norm_means_false": (6e-5, 8e-3, 0.2),
    "spk_p10_cmvn_vars_w100_g30_s60": (3e-4, 4e-2, 0.4),
}


def extracted(
    spk2utt: str, weights: str = "", lanes: int | None = None, **options: Any
) -> dict[str, NDArray[np.float32]]:
    found = extract_ivectors(extractor(**options), utterances(spk2utt, weights), lanes=lanes)
    return {each.key: each.ivectors for each in found}


@pytest.mark.parametrize("name", RUNS)
def test_ivectors_are_those_of_kaldi(name: str) -> None:
    options = dict(RUNS[name])
    if "cmvn_config" in options:
        options["cmvn_config"] = str(KALDI / "conf" / options["cmvn_config"])
    weights = "frame_weights.txt" if name.endswith("weights") else ""
    found = extracted(LISTS[name.partition("_p")[0]], weights, **options)
    distances = differences(found, table(f"online/{name}.ark"))
    bounds = KALDI_FROM_ITSELF.get(name, AFTER_OTHERS if name.startswith("spk") else ALONE)
    found_bounds = (np.median(distances), np.quantile(distances, 0.99), distances.max())
    assert all(distance <= bound for distance, bound in zip(found_bounds, bounds, strict=True)), found_bounds


def test_every_archive_is_compared() -> None:
    assert sorted(RUNS) == sorted(path.stem for path in (KALDI / "online").glob("*.ark"))


@pytest.mark.parametrize("lanes", [1, 3, 64])
def test_number_of_lanes_does_not_change_a_bit(lanes: int) -> None:
    usual = extracted("spk2utt_two", max_count=5.0)
    other = extracted("spk2utt_two", max_count=5.0, lanes=lanes)
    assert list(other) == list(usual)
    assert all(np.array_equal(other[key], usual[key]) for key in usual)


def test_neighbours_do_not_change_a_bit() -> None:
    together = extracted("utt2utt_two")
    for utterance in list(utterances("utt2utt_two"))[::5]:
        (alone,) = extract_ivectors(extractor(), [utterance])
        assert np.array_equal(alone.ivectors, together[utterance.key])


def test_states_are_given_and_taken() -> None:
    all_at_once = extracted("spk2utt_two")
    half = len(all_at_once) // 2
    begun = list(extract_ivectors(extractor(), list(utterances("spk2utt_two"))[:half], keep_states=True))
    states = {each.speaker: each.state for each in begun}
    rest = list(extract_ivectors(extractor(), list(utterances("spk2utt_two"))[half:], first_states=states.get))
    found = {each.key: each.ivectors for each in (*begun, *rest)}
    assert all(np.array_equal(found[key], all_at_once[key]) for key in all_at_once)
    assert all(each.state is None for each in rest)


def test_states_are_those_after_each_utterance() -> None:
    kept = list(extract_ivectors(extractor(), utterances("spk2utt_two"), keep_states=True))
    counts = [each.state.stats.count for each in kept if each.state is not None and each.speaker == "es_Annie"]
    assert len(counts) == 9 and counts[0] < counts[1] < counts[2]


def features(num_frames: int, value: float = 0.0, columns: int = 40) -> NDArray[np.float32]:
    return np.random.default_rng(num_frames).normal(value, 1, (num_frames, columns)).astype(np.float32)


def test_rows_are_as_many_as_periods() -> None:
    for num_frames in (1, 9, 10, 11, 20, 21):
        (found,) = extract_ivectors(extractor(), [IvectorUtterance("a", features(num_frames))])
        assert found.ivectors.shape == (-(-num_frames // 10), 24)


def test_long_utterances_are_the_same_in_chunks() -> None:
    """Also when a group of frames is longer than a chunk."""
    long = np.concatenate(list(table("feats.ark").values()))[:2500]
    (each,) = extract_ivectors(extractor(ivector_period=1, max_count=5.0), [IvectorUtterance("a", long)])
    for period in (7, 600, 2499, 5000):
        (found,) = extract_ivectors(extractor(ivector_period=period, max_count=5.0), [IvectorUtterance("a", long)])
        assert found.ivectors.shape == (-(-2500 // period), 24)
        np.testing.assert_allclose(found.ivectors, each.ivectors[::period], atol=0.01)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (features(5, columns=39), "expected features of 40 columns, as .*final.ie takes, found 39"),
        (features(0), "expected a frame or more, found none; it is too short"),
        (features(3)[0], "expected features of 40 columns, as .*final.ie takes, found a vector"),
        (features(3, np.nan), r"expected features that are finite, found \[0, 0\] is NaN, and 119 more"),
    ],
)
def test_unusable_features_are_refused(given: NDArray[np.float32], message: str) -> None:
    good = IvectorUtterance("good", features(30))
    with pytest.raises(OvAsrScoreError, match=f"^utterance 'bad': {message}$"):
        list(extract_ivectors(extractor(), [good, IvectorUtterance("bad", given)]))
    skipped: list[tuple[str, str]] = []
    found = extract_ivectors(
        extractor(),
        [IvectorUtterance("bad", given), good],
        on_skip=lambda key, error: skipped.append((key, str(error))),
    )
    assert [each.key for each in found] == ["good"]
    assert [key for key, _ in skipped] == ["bad"]


@pytest.mark.parametrize("size", [1e18, 1e30, 3e38])
def test_features_that_are_too_large(size: float) -> None:
    """Either there are i-vectors, or it is said of which utterance there are none; the speaker goes on."""
    good, wild = features(30), features(30).copy()
    wild[17] = size
    skipped: list[str] = []
    given = [IvectorUtterance(key, rows, "s") for key, rows in (("a", good), ("b", wild), ("c", good))]
    found = list(extract_ivectors(extractor(), given, on_skip=lambda key, error: skipped.append(f"{key} {error}")))
    assert all(np.isfinite(each.ivectors).all() for each in found)
    if size > 1e20:
        assert [each.key for each in found] == ["a", "c"]
        assert skipped == [
            "b utterance 'b': expected features with likelihoods that are finite, found some that are too large"
        ]
        without = list(extract_ivectors(extractor(), [given[0], given[2]]))
        assert np.array_equal(found[1].ivectors, without[1].ivectors)


def test_statistics_without_a_solution() -> None:
    """A state may hold anything: the utterance is refused, and so are those after it."""
    state = first_state(extractor())
    wild = replace(state, stats=replace(state.stats, count=1.0, quadratic=np.full(300, 1e308)))
    skipped: list[str] = []
    given = [IvectorUtterance(key, features(30), speaker) for key, speaker in (("a", "x"), ("b", "y"), ("c", "x"))]
    found = extract_ivectors(
        extractor(),
        given,
        first_states=lambda speaker: wild if speaker == "x" else None,
        on_skip=lambda _, error: skipped.append(str(error)),
    )
    assert [each.key for each in found] == ["b"]
    assert skipped[0] == (
        "utterance 'a': expected statistics that lead to an i-vector, found some that are far too large"
    )


def test_utterances_before_an_error_are_given() -> None:
    """Also before an error of the table, which is read ahead."""

    def damaged() -> Iterator[IvectorUtterance]:
        yield IvectorUtterance("a", features(50))
        raise TableFormatError("the table is damaged")

    found = extract_ivectors(extractor(), damaged())
    assert next(found).key == "a"
    with pytest.raises(TableFormatError, match="the table is damaged"):
        next(found)


def test_pitch_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Three columns more are taken for pitch, as by ivector-extract-online2."""
    wide = features(30, columns=43)
    found = list(extract_ivectors(extractor(), [IvectorUtterance(key, wide) for key in "ab"]))
    (alone,) = extract_ivectors(extractor(), [IvectorUtterance("a", wide[:, :40])])
    assert all(np.array_equal(each.ivectors, alone.ivectors) for each in found)
    assert [record.message for record in caplog.records] == [
        "features have 3 columns more than the extractor takes: taken for pitch, and left out"
    ]


def test_lengths_of_weights() -> None:
    given = features(30)
    weights = np.ones(28, np.float32)
    with pytest.raises(ShapeMismatchError, match="utterance 'a': expected 30 weights of frames, found 28"):
        list(extract_ivectors(extractor(), [IvectorUtterance("a", given, weights=weights)]))
    tolerant = replace(extractor(), options=replace(extractor().options, length_tolerance=2))
    full = np.concatenate((weights, np.zeros(2, np.float32)))
    (short,) = extract_ivectors(tolerant, [IvectorUtterance("a", given, weights=weights)])
    (long,) = extract_ivectors(tolerant, [IvectorUtterance("a", given, weights=np.append(full, [1, 1]))])
    (exact,) = extract_ivectors(extractor(), [IvectorUtterance("a", given, weights=full)])
    assert np.array_equal(short.ivectors, exact.ivectors) and np.array_equal(long.ivectors, exact.ivectors)
    with pytest.raises(TableFormatError, match=r"expected weights that are finite, found \[0\] is NaN"):
        list(extract_ivectors(extractor(), [IvectorUtterance("a", given, weights=full * np.nan)]))


def test_weights_of_one_change_nothing() -> None:
    given = features(60)
    (plain,) = extract_ivectors(extractor(), [IvectorUtterance("a", given)])
    (weighted,) = extract_ivectors(extractor(), [IvectorUtterance("a", given, weights=np.ones(60, np.float32))])
    assert np.array_equal(plain.ivectors, weighted.ivectors)


def test_no_weight_gives_the_prior() -> None:
    (found,) = extract_ivectors(extractor(), [IvectorUtterance("a", features(60), weights=np.zeros(60, np.float32))])
    np.testing.assert_allclose(found.ivectors, 0, atol=1e-5)


def test_negative_weights_are_solved() -> None:
    """Then the quadratic term has no inverse, and steps may lead astray; Kaldi solves exactly then, too."""
    (found,) = extract_ivectors(
        extractor(posterior_scale=1.0),
        [IvectorUtterance("a", features(60), weights=np.linspace(1, -2, 60, dtype=np.float32))],
    )
    assert np.isfinite(found.ivectors).all()


def test_matrix_products_have_one_thread_meanwhile() -> None:
    """With more they would wait for each other: i-vectors of a large extractor would take several times as long."""

    def threads() -> set[int]:
        numpys = (each for each in threadpool_info() if each["user_api"] == "blas" and "numpy" in each["filepath"])
        return {library["num_threads"] for library in numpys}

    gc.collect()
    before = threads()
    found = extract_ivectors(extractor(), utterances("utt2utt_two"))
    next(found)
    assert threads() == {1}
    found.close()  # type: ignore[attr-defined]
    del found
    gc.collect()
    assert threads() == before


def test_memory_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one long utterance is worked on, only so much is read ahead."""
    monkeypatch.setattr(utterance_queue, "_MOST_HELD", 200 * 40)
    read: list[str] = []

    def source() -> Iterator[IvectorUtterance]:
        for key in range(40):
            read.append(str(key))
            yield IvectorUtterance(str(key), features(3000 if key == 0 else 50))

    found = extract_ivectors(extractor(), source())
    assert next(found).key == "0"
    assert len(read) <= 2
    assert [each.key for each in found] == [str(key) for key in range(1, 40)]
