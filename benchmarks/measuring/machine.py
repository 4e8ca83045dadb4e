"""The machine on which figures were measured."""

from __future__ import annotations

import datetime
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from ov_asr_score.openvino_api import ov


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine and its software; ``memory`` in bytes, ``date`` of the run.

    ``load`` is the load average of the previous minute: figures of a busy machine are noisy.
    """

    cpu: str
    cores: int
    memory: int
    openvino: str
    python: str
    system: str
    has_bf16: bool
    date: str
    load: float


def this_machine() -> Machine:
    """This machine."""
    core = ov.Core()
    return Machine(
        cpu=_cpu_name() or str(core.get_property("CPU", "FULL_DEVICE_NAME")),
        cores=usable_cores(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        openvino=str(ov.__version__).split("-", maxsplit=1)[0],
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        has_bf16="BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"),
        date=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        load=os.getloadavg()[0],
    )


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu_name() -> str:
    """Name and relevant vector instructions of the processor, as reported by Linux."""
    info = Path("/proc/cpuinfo")
    fields: dict[str, str] = {}
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            fields.setdefault(name.strip(), value.strip())
    flags = [flag for flag in ("avx512f", "avx512_bf16", "amx_bf16") if flag in fields.get("flags", "").split()]
    name = fields.get("model name", "")
    return f"{name} ({', '.join(flags)})" if name and flags else name
