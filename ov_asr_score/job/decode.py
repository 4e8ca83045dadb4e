"""Decode stored scores, and write the words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TypeAlias

from ov_asr_score.decoding.hypotheses import Hypotheses
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job.overwriting import NamedFiles, check_files, files_read
from ov_asr_score.job.versions import versions
from ov_asr_score.job.words.word_model import frames_per_row
from ov_asr_score.job.words.word_run import WordRun, files_with_words, open_word_run, word_files_read
from ov_asr_score.kaldi_io import atomic_output, parse_read_specifier, read_table
from ov_asr_score.report.data.words import FORMAT, FORMAT_VERSION, DecodeReport
from ov_asr_score.report.data.run import as_dict
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.words.decode_job import DecodeJob

OnHypotheses: TypeAlias = Callable[[Hypotheses], None]
