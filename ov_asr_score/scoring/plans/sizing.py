"""How much goes into requests, and how many of them run at a time: by the model, the cores and the memory."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.device.gna_properties import requests_at_a_time
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.plan import Grouping
from ov_asr_score.scoring.requests.utterance_groups import can_cut
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.settings.device import base_devices, static_reason

# Measured (benchmarks/): matrix products over more frames than these are no faster, and what lies between the layers no
# longer fits into the caches. Steps of a recurrence are, the more utterances take them together.
_FRAMES, _RECURRENT_FRAMES = 1600, 9600
_UTTERANCES, _RECURRENT_UTTERANCES = 64, 32
_LONGEST = 4096
_WASTE = 0.1
# Properties of plugins that settle the number of streams, however they are given.
_STREAM_PROPERTIES = frozenset({"NUM_STREAMS", "PERFORMANCE_HINT", "CPU_THROUGHPUT_STREAMS"})


def num_cores(options: ScorerOptions) -> int:
    """Threads that inference may use."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, options.device.threads) if options.device.threads else available


def num_streams(options: ScorerOptions, *, recurrent: bool = False) -> int:
    """Inferences that run at the same time; 0 where the user or the plugin settles it.

    The steps of a recurrence are too small for several threads, so that every core takes its own request; other layers
    lose little by two threads, which halve the memory. Layers are timed with nothing beside them.
    """
    device = options.device
    if device.profile and not device.streams:
        return 1
    if device.streams or not takes_any_shape(options) or not _STREAM_PROPERTIES.isdisjoint(device.config):
        return device.streams
    cores = num_cores(options)
    return cores if recurrent or cores <= 2 else -(-cores // 2)


def num_slots(options: ScorerOptions, streams: int) -> int:
    """Infer requests under way at a time: one more than compute, so that the next is filled meanwhile."""
    mode = options.device.gna_mode
    if mode is not None:
        return requests_at_a_time(mode, options.device.streams)
    return options.requests or max(2, streams + 1)


def takes_any_shape(options: ScorerOptions) -> bool:
    """Whether requests may differ in shape; plugins other than that of the CPU compile anew for each."""
    return not static_reason(options.device) and set(base_devices(options.device.device)) <= {"CPU"}


def is_frame_local(conversion: ConversionFacts) -> bool:
    """Whether a row of scores depends on one frame and on nothing else."""
    local = conversion.reach_left == conversion.reach_right == conversion.left_context == conversion.right_context == 0
    return local and conversion.frame_subsampling_factor == conversion.alignment == 1 and not conversion.ivector_inputs


def group_by_length(
    inputs: Sequence[PortInfo],
    outputs: Sequence[PortInfo],
    conversion: ConversionFacts,
    options: ScorerOptions,
    slots: int,
) -> Grouping:
    """How utterances share requests of a converted model, within the memory limit.

    A quarter of the limit is for requests under way, a quarter for what waits for its turn; the rest is for what is
    read and written meanwhile.
    """
    bytes_per_frame = 4 * (_width(inputs) + _width(outputs) / conversion.frame_subsampling_factor)
    quarter = int(options.memory_limit / 4 / bytes_per_frame)
    recurrent = conversion.reach_left < 0
    most = max(1, quarter // slots)
    frames = min(most, _RECURRENT_FRAMES if recurrent else _FRAMES)
    return Grouping(
        max_utterances=options.batch_size or (_RECURRENT_UTTERANCES if recurrent else _UTTERANCES),
        frames=frames,
        waste=_WASTE if conversion.can_pad else 0.0,
        look_ahead=min(quarter, 4 * frames),
        longest=min(most, _LONGEST) if can_cut(conversion) else 0,
    )


def _width(ports: Sequence[PortInfo]) -> int:
    return sum((port.shape or (1,))[-1] or 1 for port in ports)
