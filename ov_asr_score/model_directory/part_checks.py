"""Whether the parts of a model directory belong together: features, extractor, network, graph, words, phones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ov_asr_score.decoding.words.pair_files import SECOND_HALF, PairFiles
from ov_asr_score.decoding.words.word_model import WordModel, open_word_model
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.frontend.frontend import Frontend
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.fst.arc_columns import used_labels
from ov_asr_score.kaldi_model.loading import ModelInputs, load_inputs
from ov_asr_score.lattice.word_boundary import WordBoundary
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.parts.feature_dims import frontend_dim
from ov_asr_score.settings.speech.feature_steps import NO_STEPS
from ov_asr_score.text import printable_name

_MOST_OF = 0.9  # a lexicon has a few words that its language model lacks
_KALDI = (".mdl", ".raw")
_INPUT, _IVECTOR = "input", "ivector"


@dataclass(frozen=True, slots=True)
class PartNotes:
    """What a user should know: ``of_parts`` each says by itself when it is opened, ``together`` is about several."""

    of_parts: tuple[str, ...] = ()
    together: tuple[str, ...] = ()


def check_parts(directory: ModelDirectory) -> PartNotes:
    """What a user should know of parts that can be used together; everything is opened for it.

    Raises ShapeMismatchError with both numbers and both files for parts that do not belong together, and what opening
    them raises.
    """
    frontend = open_sound_frontend(directory.frontend)
    check_frontend(directory, frontend)
    if not directory.words.graph.graph:
        return PartNotes(frontend.notes)
    model = open_word_model(directory.words.graph, directory.words.search, directory.model)
    return PartNotes((*frontend.notes, *model.notes), check_words(directory, model))


def check_frontend(directory: ModelDirectory, frontend: Frontend) -> None:
    """Raise ShapeMismatchError unless features and i-vectors are what extractor and network of nnet3 take.

    Models of other kinds are checked where they are scored.
    """
    if frontend.wave is not None:
        return
    dim = frontend_dim(frontend, directory.frontend.steps)
    if frontend.ivectors is not None:
        _check_extractor(directory, frontend)
    if not directory.model.endswith(_KALDI):
        return
    inputs = load_inputs(directory.model)
    _check_features(directory, inputs, dim)
    _check_ivectors(directory, inputs, frontend)


def check_words(directory: ModelDirectory, model: WordModel) -> tuple[str, ...]:
    """What a user should know of graph and phones that can be used together, besides what ``open_word_model`` says.

    Raises ShapeMismatchError for phones of the graph of which word_boundary.int says nothing. Kaldi:
    ``WordBoundaryInfo::TypeOfPhone``.
    """
    known = set(np.unique(model.transitions.phones[1:]).tolist())
    notes = _words_of_pair(model.pair) if model.pair is not None else ()
    if isinstance(model.source, WordBoundary):
        phones = np.unique(model.transitions.phones[model.used_transition_ids()]).tolist()
        missing = [phone for phone in phones if phone not in model.source.positions]
        if missing:
            raise ShapeMismatchError(
                f"{printable_name(model.source.name)}: expected the position of each of the {len(phones)} phones in "
                f"{printable_name(model.graph.path)}, found none for {len(missing)} of them, the first {missing[0]}; "
                "give the file of the language that the graph was made for"
            )
    silence = directory.endpoints.silence_phones
    if silence and not known & set(silence):
        model_name = printable_name(directory.model)
        return (*notes, f"none of the {len(silence)} phones of silence is among the {len(known)} of {model_name}")
    if not silence:
        return (
            *notes,
            "no phones of silence are known: live utterances end by their length only (rule 5 of endpoints)",
        )
    return notes


def _words_of_pair(files: PairFiles) -> tuple[str, ...]:
    """A note where the halves of a lookahead graph have few labels in common, as halves of two graphs have."""
    hclr, words = files.pair.hclr, files.pair.model.words_of_label
    most = int(hclr.interval_end.max(initial=0))  # labels are numbered without gaps
    if np.count_nonzero(words[1:most]) >= _MOST_OF * max(most, int(np.count_nonzero(words))):
        return ()
    spelled, known = used_labels(hclr.olabels), int(np.count_nonzero(words))
    in_both = int(np.count_nonzero(words[spelled[spelled < len(words)]]))
    if in_both >= _MOST_OF * max(len(spelled), known):
        return ()
    return (
        f"{SECOND_HALF} has {in_both} of the {len(spelled)} words of the graph, and {known - in_both} others: only "
        "those in both are found; if this is not meant, the files are halves of two graphs",
    )


def _features_shown(directory: ModelDirectory) -> str:
    settings = directory.frontend
    return printable_name(settings.feature_config) if settings.feature_config else f"{settings.feature_type} features"


def _check_extractor(directory: ModelDirectory, frontend: Frontend) -> None:
    """Kaldi extracts i-vectors of features before pitch, CMVN and other steps."""
    assert frontend.ivectors is not None
    extractor = frontend.ivectors.extractor
    widths = [frontend_dim(_without_steps(frontend, with_pitch), NO_STEPS) for with_pitch in (False, True)]
    if extractor.feature_dim not in widths:
        raise ShapeMismatchError(
            f"{extractor.source}: the extractor takes features of {extractor.feature_dim} columns, "
            f"{_features_shown(directory)} gives {widths[0]}; give the extractor that the network was trained with"
        )


def _without_steps(frontend: Frontend, with_pitch: bool) -> Frontend:
    pitch = frontend.pitch if with_pitch or frontend.features is None else None
    return replace(frontend, chain=None, ivectors=None, pitch=pitch)


def _check_features(directory: ModelDirectory, inputs: ModelInputs, dim: int) -> None:
    wanted = inputs.dims.get(_INPUT)
    if wanted is not None and wanted != dim:
        raise ShapeMismatchError(
            f"{printable_name(directory.model)}: the network takes features of {wanted} columns, "
            f"{_features_shown(directory)} gives {dim}; give the options of features that the network was trained with"
        )


def _check_ivectors(directory: ModelDirectory, inputs: ModelInputs, frontend: Frontend) -> None:
    wanted = inputs.dims.get(_IVECTOR)
    name = printable_name(directory.model)
    if frontend.ivectors is None:
        if wanted is not None:
            raise ShapeMismatchError(
                f"{name}: the network takes i-vectors of {wanted} columns, and {printable_name(str(directory.folder))} "
                "has no extractor of them (final.ie, final.dubm, final.mat, global_cmvn.stats)"
            )
        return
    extractor = frontend.ivectors.extractor
    if wanted is None:
        raise ShapeMismatchError(
            f"{name}: the network takes no i-vectors, {extractor.source} gives i-vectors of {extractor.ivector_dim} "
            "columns; take the extractor away, or give the network that was trained with it"
        )
    if wanted != extractor.ivector_dim:
        raise ShapeMismatchError(
            f"{name}: the network takes i-vectors of {wanted} columns, {extractor.source} gives "
            f"{extractor.ivector_dim}; give the extractor that the network was trained with"
        )
