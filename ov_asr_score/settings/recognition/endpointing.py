"""When an utterance ends, by the rules of Kaldi."""

import math
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any

from ov_asr_score.settings.recognition.phones import parse_given_phones
from ov_asr_score.settings.setting import ENDPOINTS, Setting, parse_flag


@dataclass(frozen=True, slots=True)
class EndpointRule:
    """All of it must hold: silence of ``min_trailing_silence`` seconds at the end, after words if they are demanded,
    a relative cost of the final states of at most ``max_relative_cost``, and ``min_utterance_length`` seconds.

    Source: online2/online-endpoint.h, OnlineEndpointRule.
    """

    must_contain_nonsilence: bool = True
    min_trailing_silence: float = 1.0
    max_relative_cost: float = math.inf
    min_utterance_length: float = 0.0


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """The five rules, of which one suffices, and the phones that are silence.

    Source: online2/online-endpoint.h, OnlineEndpointConfig.
    """

    silence_phones: tuple[int, ...] = ()
    rule1: EndpointRule = EndpointRule(False, 5.0, math.inf, 0.0)
    rule2: EndpointRule = EndpointRule(True, 0.5, 2.0, 0.0)
    rule3: EndpointRule = EndpointRule(True, 1.0, 8.0, 0.0)
    rule4: EndpointRule = EndpointRule(True, 2.0, math.inf, 0.0)
    rule5: EndpointRule = EndpointRule(False, 0.0, math.inf, 20.0)

    @property
    def rules(self) -> tuple[EndpointRule, ...]:
        """The rules in their order."""
        return (self.rule1, self.rule2, self.rule3, self.rule4, self.rule5)


def _demand(number: int) -> Setting:
    return Setting(
        f"Rule {number}: only after words.",
        names=(f"--endpoint.rule{number}.must-contain-nonsilence",),
        metavar="true|false",
        panel=ENDPOINTS,
        parse=parse_flag,
        changes_bytes=True,
    )


def _limit(number: int, name: str, help: str) -> Setting:
    return Setting(
        f"Rule {number}: {help}",
        names=(f"--endpoint.rule{number}.{name}",),
        metavar="X",
        panel=ENDPOINTS,
        changes_bytes=True,
    )


def _silence(number: int) -> Setting:
    return _limit(number, "min-trailing-silence", "seconds of silence at the end, at least.")


def _cost(number: int) -> Setting:
    return _limit(number, "max-relative-cost", "by how much a final state may be worse than the best state.")


def _length(number: int) -> Setting:
    return _limit(number, "min-utterance-length", "seconds of the utterance, at least.")


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """The options of Kaldi's OnlineEndpointConfig; what is None is as the model directory has it.

    Names of fields are those of Kaldi's options with underscores.
    """

    endpoint_silence_phones: Annotated[
        tuple[int, ...] | None,
        Setting(
            "Phones that are silence: 1:2:3 (default: those of the model directory).",
            names=("--endpoint.silence-phones",),
            metavar="PHONES",
            panel=ENDPOINTS,
            parse=parse_given_phones,
            changes_bytes=True,
        ),
    ] = None
    endpoint_rule1_must_contain_nonsilence: Annotated[bool | None, _demand(1)] = None
    endpoint_rule1_min_trailing_silence: Annotated[float | None, _silence(1)] = None
    endpoint_rule1_max_relative_cost: Annotated[float | None, _cost(1)] = None
    endpoint_rule1_min_utterance_length: Annotated[float | None, _length(1)] = None
    endpoint_rule2_must_contain_nonsilence: Annotated[bool | None, _demand(2)] = None
    endpoint_rule2_min_trailing_silence: Annotated[float | None, _silence(2)] = None
    endpoint_rule2_max_relative_cost: Annotated[float | None, _cost(2)] = None
    endpoint_rule2_min_utterance_length: Annotated[float | None, _length(2)] = None
    endpoint_rule3_must_contain_nonsilence: Annotated[bool | None, _demand(3)] = None
    endpoint_rule3_min_trailing_silence: Annotated[float | None, _silence(3)] = None
    endpoint_rule3_max_relative_cost: Annotated[float | None, _cost(3)] = None
    endpoint_rule3_min_utterance_length: Annotated[float | None, _length(3)] = None
    endpoint_rule4_must_contain_nonsilence: Annotated[bool | None, _demand(4)] = None
    endpoint_rule4_min_trailing_silence: Annotated[float | None, _silence(4)] = None
    endpoint_rule4_max_relative_cost: Annotated[float | None, _cost(4)] = None
    endpoint_rule4_min_utterance_length: Annotated[float | None, _length(4)] = None
    endpoint_rule5_must_contain_nonsilence: Annotated[bool | None, _demand(5)] = None
    endpoint_rule5_min_trailing_silence: Annotated[float | None, _silence(5)] = None
    endpoint_rule5_max_relative_cost: Annotated[float | None, _cost(5)] = None
    endpoint_rule5_min_utterance_length: Annotated[float | None, _length(5)] = None


def endpoint_options(settings: EndpointSettings, base: EndpointOptions) -> EndpointOptions:
    """The options of a model directory with what is asked for in their place."""
    given = {each.name.removeprefix("endpoint_"): getattr(settings, each.name) for each in fields(settings)}
    given = {name: value for name, value in given.items() if value is not None}
    changed: dict[str, Any] = {}
    for number, rule in enumerate(base.rules, 1):
        prefix = f"rule{number}_"
        changed[f"rule{number}"] = replace(
            rule, **{name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}
        )
    return replace(base, silence_phones=given.get("silence_phones", base.silence_phones), **changed)
