"""A model directory in sections: what it is, what each file is for, what is missing, what is ignored and why."""

from __future__ import annotations

from pathlib import Path

from ov_asr_score.decoding.words.pair_files import SECOND_HALF, is_pair
from ov_asr_score.job.inspection.sections import Facts, Section
from ov_asr_score.model_directory.model_directory import FileRole, ModelDirectory
from ov_asr_score.model_directory.reading import survey_model_directory
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.text import printable_name

_TITLES: dict[FileRole, str] = {"used": "Used files", "missing": "Missing files", "ignored": "Ignored files"}
_SEARCH = ("beam", "max_active", "min_active", "lattice_beam", "decoding_scale")


def directory_sections(path: str) -> list[Section]:
    """Everything about the folder; why it cannot be used is a fact of it.

    Raises FileAccessError for a folder that is none of the layouts, or no folder.
    """
    survey = survey_model_directory(path)
    if survey.problem is not None and not survey.layout:
        raise survey.problem
    found = survey.directory
    facts: Facts = {"path": path, "layout": survey.layout}
    if survey.problem is not None:
        facts["cannot be used"] = str(survey.problem).removeprefix(f"{printable_name(path)}: ")
    sections: list[Section] = [("Model directory", facts)]
    if found is not None:
        facts |= {"words of whole files as by": found.program, "language": found.language}
        sections += [("Recognition", _recognition(found))]
    for role, title in _TITLES.items():
        files: Facts = {printable_name(each.path): each.use for each in survey.files if each.role == role}
        if files:
            sections.append((title, files))
    if survey.notes:
        sections.append(("Notes", {str(number): note for number, note in enumerate(survey.notes, 1)}))
    return sections


def _recognition(directory: ModelDirectory) -> Facts:
    """What decides the words, as far as it is set."""
    frontend = directory.frontend
    steps = "" if frontend.steps.cmvn in (None, "none") else f", {frontend.steps.cmvn} CMVN"
    pitch = ", pitch" if frontend.pitch_config else ""
    facts: Facts = {
        "model": _relative(directory.model, directory),
        "features": f"{frontend.feature_type or 'as the configuration is called'}{pitch}{steps}",
        "i-vectors": "online" if frontend.wants_ivectors else "none",
        "graph": _graph_text(directory),
        "tokens": _relative(directory.words.ctc.tokens, directory),
    }
    if directory.program != "ctc":
        facts["search"] = _search_text(directory.words.search)
        facts["frames per row of scores"] = directory.looped.frame_subsampling_factor
        facts["phones of silence"] = ":".join(map(str, directory.endpoints.silence_phones)) or "none"
        facts["endpoints"] = _endpoint_text(directory.endpoints)
    if directory.program == "online2-wav-nnet3-latgen-faster":
        facts["frames per chunk"] = directory.looped.frames_per_chunk
    else:
        facts["frames per chunk"] = directory.kaldi.frames_per_chunk or "all"
    if directory.silence_weighting.is_active:
        facts["silence in i-vectors"] = f"weight {directory.silence_weighting.silence_weight:g}"
    return facts


def _graph_text(directory: ModelDirectory) -> str:
    graph = directory.words.graph.graph
    shown = _relative(graph, directory)
    return f"{shown} with {SECOND_HALF}, composed while it is searched" if graph and is_pair(graph) else shown


def _relative(path: str, directory: ModelDirectory) -> str:
    try:
        return Path(path).relative_to(directory.folder).as_posix() if path else ""
    except ValueError:
        return path


def _search_text(search: DecodingOptions) -> str:
    said = {name: getattr(search, name) for name in _SEARCH}
    shown = {"acoustic_scale" if name == "decoding_scale" else name: value for name, value in said.items()}
    return ", ".join(f"{name.replace('_', '-')} {value:g}" for name, value in shown.items() if value is not None)


def _endpoint_text(endpoints: EndpointOptions) -> str:
    """The rules that differ from Kaldi's defaults, by what they demand."""
    defaults = EndpointOptions().rules
    changed = [str(number) for number, rule in enumerate(endpoints.rules, 1) if rule != defaults[number - 1]]
    return f"Kaldi's rules, but for {', '.join(changed)}" if changed else "Kaldi's rules"
