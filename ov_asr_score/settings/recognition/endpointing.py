"""When an utterance ends, by the rules of Kaldi.

Tests: tests/decoding/test_endpointing.py
"""

import math
from dataclasses import dataclass


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
