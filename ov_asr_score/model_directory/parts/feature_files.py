"""What features of a model directory are computed with, as online2-wav-nnet3-latgen-faster does it.

Tests: tests/model_directory/layouts
"""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any

from ov_asr_score.errors import ConfigFormatError
from ov_asr_score.features.steps.online_cmvn import OnlineCmvnOptions
from ov_asr_score.ivector.extractor_options import cmvn_options
from ov_asr_score.kaldi_io.files.config_file import read_config
from ov_asr_score.model_directory.parts.choices import NO_CHOICES, Choices
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.model_directory.parts.online_options import OnlineOptions
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.frontend import AnyFeatureType, FrontendSettings
from ov_asr_score.text import clipped

_TYPES: tuple[AnyFeatureType, ...] = ("mfcc", "plp", "fbank")


def features_of_options(
    inventory: Inventory, options: OnlineOptions, config: str, choices: Choices = NO_CHOICES
) -> FrontendSettings:
    """The features that ``online.conf`` (``config`` in messages) asks for: type, pitch, online CMVN.

    A file of options among the ``choices`` counts in place of the one that it names.

    Raises ConfigFormatError and FileAccessError. Source: OnlineNnet2FeaturePipelineInfo.
    """
    kind = choices.feature_type or _type(options)
    configs = {}
    for name in _TYPES:
        written = options.said(f"{name}_config")
        if not written:
            continue
        place = options.place(f"{name}_config")
        if name == kind and choices.feature_config:
            inventory.notes.append(f"{place}: {name}-config is not used, as model.toml names another file")
        elif name == kind:
            configs[name] = inventory.named(written, place, f"options of {name} features")
        else:
            inventory.notes.append(f"{place}: {name}-config has no effect, because features are {kind}")
            if located := inventory.located(written, place):
                inventory.ignore(located, f"features are {kind}")
    if choices.feature_config:
        configs[kind] = inventory.need(choices.feature_config, f"options of {kind} features")
    if kind not in configs:
        inventory.notes.append(f"{config}: no {kind}-config; Kaldi's defaults are taken")
    return FrontendSettings(
        feature_type=kind,
        feature_config=configs.get(kind, ""),
        pitch_config=_pitch(inventory, options),
        steps=_cmvn(inventory, options),
    )


def online_cmvn_steps(stats: str, config: str = "") -> FeatureSteps:
    """Online CMVN of what the network gets, which begins with the statistics in a file. Raises ConfigFormatError."""
    found = cmvn_options(read_config(config) if config else [])
    default = OnlineCmvnOptions()
    said: dict[str, Any] = {
        each.name: getattr(found, each.name)
        for each in fields(FeatureSteps)
        if hasattr(default, each.name) and getattr(found, each.name) != getattr(default, each.name)
    }
    return FeatureSteps(cmvn="online", cmvn_stats=stats, **said)


def _type(options: OnlineOptions) -> AnyFeatureType:
    said = options.said("feature_type")
    found = next((kind for kind in _TYPES if kind == said), None)
    if said is not None and found is None:
        raise ConfigFormatError(
            f"{options.place('feature_type')}: feature-type: expected {', '.join(_TYPES)}, found {clipped(said)}"
        )
    return found or "mfcc"


def _pitch(inventory: Inventory, options: OnlineOptions) -> str:
    written, place = options.said("online_pitch_config"), options.place("online_pitch_config")
    if not options.said("add_pitch"):
        if written:
            inventory.notes.append(f"{place}: online-pitch-config has no effect without add-pitch")
            if located := inventory.located(written, place):
                inventory.ignore(located, "pitch is not asked for")
        return ""
    if written:
        return inventory.named(written, place, "options of pitch, whose columns are appended")
    inventory.notes.append(f"{options.place('add_pitch')}: no online-pitch-config; Kaldi's defaults are taken")
    return os.devnull


def _cmvn(inventory: Inventory, options: OnlineOptions) -> FeatureSteps:
    written, place = options.said("cmvn_config"), options.place("cmvn_config")
    stats, place_of_stats = options.said("global_cmvn_stats"), options.place("global_cmvn_stats")
    if not written:
        if stats:
            inventory.notes.append(f"{place_of_stats}: global-cmvn-stats has no effect without cmvn-config")
        return FeatureSteps()
    if not stats:
        raise ConfigFormatError(f"{place}: cmvn-config: expected global-cmvn-stats with it, found none")
    config = inventory.named(written, place, "options of online CMVN of the network's input")
    return online_cmvn_steps(
        inventory.named(stats, place_of_stats, "statistics that online CMVN of the network's input begins with"), config
    )
