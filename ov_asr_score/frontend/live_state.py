"""What goes from one utterance of a speaker to the next, as JSON or in files as Kaldi writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ov_asr_score.errors import TableFormatError
from ov_asr_score.features.steps.cmvn_state import encode_cmvn_state, plain_state, read_cmvn_state, state_from_plain
from ov_asr_score.features.steps.online_cmvn import CmvnState
from ov_asr_score.finite import nonfinite_text
from ov_asr_score.ivector.adaptation_state import AdaptationState, encode_state, read_adaptation_state
from ov_asr_score.ivector.plain_state import adaptation_state_from_plain, plain_adaptation_state
from ov_asr_score.kaldi_io.files.output import atomic_output
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK
from ov_asr_score.kaldi_model.double_arrays import open_reader

CMVN_FILE, IVECTOR_FILE = "online_cmvn.state", "ivector.state"


@dataclass(frozen=True, slots=True, eq=False)
class FrontendState:
    """The state of a speaker: of online CMVN among the steps, and of i-vectors; None for what there is none of."""

    cmvn: CmvnState | None = None
    ivectors: AdaptationState | None = None

    def to_json(self) -> str:
        """The state in one line of JSON, of which ``from_json`` makes the same numbers."""
        cmvn = None if self.cmvn is None else plain_state(self.cmvn)
        ivectors = None if self.ivectors is None else plain_adaptation_state(self.ivectors)
        return json.dumps({"cmvn": cmvn, "ivectors": ivectors})

    @staticmethod
    def from_json(text: str | bytes) -> FrontendState:
        """The state that ``to_json`` gave this text of. Raises TableFormatError for anything else."""
        try:
            data = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise TableFormatError(f"state: expected JSON, found something else ({error})") from error
        if not isinstance(data, dict) or set(data) != {"cmvn", "ivectors"}:
            raise TableFormatError("state: expected an object with cmvn and ivectors, found something else")
        state = FrontendState(
            None if data["cmvn"] is None else _plain_cmvn(data["cmvn"]),
            None if data["ivectors"] is None else adaptation_state_from_plain(data["ivectors"]),
        )
        _check_finite(state.cmvn, "state of CMVN")
        return state

    def write_kaldi(self, folder: str | Path, *, text: bool = False) -> None:
        """Write the state to two files in a folder, as Kaldi's classes write theirs; none for what there is none of.

        ``online_cmvn.state`` is an OnlineCmvnState (feat/online-feature.cc), ``ivector.state`` an
        OnlineIvectorExtractorAdaptationState (online2/online-ivector-feature.cc). Raises FileAccessError.
        """
        if self.cmvn is not None:
            with atomic_output(Path(folder) / CMVN_FILE) as file:
                file.write((b"" if text else BINARY_MARK) + encode_cmvn_state(self.cmvn, text=text))
        if self.ivectors is not None:
            with atomic_output(Path(folder) / IVECTOR_FILE) as file:
                file.write(encode_state(self.ivectors, text=text))

    @staticmethod
    def read_kaldi(folder: str | Path) -> FrontendState:
        """The state in the files that ``write_kaldi`` writes, those of them that are there.

        Raises FileAccessError and TableFormatError.
        """
        cmvn, ivectors = (str(Path(folder) / name) for name in (CMVN_FILE, IVECTOR_FILE))
        return FrontendState(
            _read_cmvn(cmvn) if Path(cmvn).exists() else None,
            read_adaptation_state(ivectors) if Path(ivectors).exists() else None,
        )


def _plain_cmvn(data: Any) -> CmvnState:
    if not isinstance(data, dict):
        raise TableFormatError("state of CMVN: expected an object with names, found something else")
    return state_from_plain(data)


def _read_cmvn(path: str) -> CmvnState:
    with open_reader(path) as reader:
        reader.stream.context = "state of online CMVN"
        state = read_cmvn_state(reader.stream, binary=reader.binary)
    _check_finite(state, path)
    return state


def _check_finite(state: CmvnState | None, source: str) -> None:
    for stats in () if state is None else (state.global_stats, state.speaker, state.frozen):
        if stats is not None and (text := nonfinite_text(stats)):
            raise TableFormatError(f"{source}: expected statistics that are finite, found {text}")
