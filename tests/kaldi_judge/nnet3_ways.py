"""One change of an nnet3 model, in one of all ways."""

from __future__ import annotations

from tests.kaldi_judge.nnet3_chance import Numbers
from tests.kaldi_judge.nnet3_fields import FIELDS
from tests.kaldi_judge.nnet3_lines import CONFIG
from tests.kaldi_judge.nnet3_text import TextModel


def change(model: TextModel, numbers: Numbers) -> None:
    """Change a model once, in one of all ways, and note how. Raises ValueError where that way has nothing to change."""
    ways = CONFIG if numbers.random() < 0.45 else FIELDS
    way = ways[int(numbers.integers(len(ways)))]
    model.notes.append(f"{way.__name__.strip('_')}: {way(model, numbers)}")
