"""Kaldi's data directories (``data/test``): which of the usual files are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ov_asr_score.errors import FileAccessError
from ov_asr_score.text import printable_name

WAV_SCP = "wav.scp"
FEATS_SCP = "feats.scp"


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The paths of the files in a data directory; empty for those that are not there.

    ``sides`` is reco2file_and_channel; ``warps`` the VTLN warps, of speakers or of utterances,
    in the order in which steps/make_mfcc.sh looks for them.
    """

    folder: str
    wav_scp: str
    segments: str = ""
    utt2spk: str = ""
    spk2utt: str = ""
    sides: str = ""
    warps: str = ""
    feats_scp: str = ""


def load_data_directory(folder: str) -> DataDirectory:
    """What is in a data directory that is to give sound. Raises FileAccessError if it has no wav.scp."""

    def path_of(*names: str) -> str:
        paths = [Path(folder) / name for name in names]
        return next((str(path) for path in paths if path.is_file()), "")

    shown = printable_name(folder)
    found = DataDirectory(
        folder,
        wav_scp=path_of(WAV_SCP),
        segments=path_of("segments"),
        utt2spk=path_of("utt2spk"),
        spk2utt=path_of("spk2utt"),
        sides=path_of("reco2file_and_channel"),
        warps=path_of("spk2warp", "utt2warp"),
        feats_scp=path_of(FEATS_SCP),
    )
    if found.wav_scp:
        return found
    if not Path(folder).is_dir():
        raise FileAccessError(f"{shown}: expected a data directory, found no folder of this name")
    if found.feats_scp:
        advice = f"found {FEATS_SCP}, features that were computed before; use scp:{printable_name(found.feats_scp)}"
    else:
        advice = f"found none; if its files are sound, use wav:{shown}"
    raise FileAccessError(f"{shown}: expected a data directory with {WAV_SCP}, {advice}")
