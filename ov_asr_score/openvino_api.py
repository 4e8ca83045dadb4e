"""Imports of OpenVINO that differ between releases, and the interpretation of its error messages.

Release 2023.3 has the operation sets in ``openvino.runtime`` only, 2026 in ``openvino`` only.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def _without_telemetry() -> Iterator[None]:
    """Import OpenVINO as if its package openvino_telemetry were not installed.

    The import alone starts a process that reports the use to OpenVINO's makers, unless the user has opted out.
    """
    name = "openvino_telemetry"
    loaded = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]  # makes its import an ImportError, which OpenVINO expects
    try:
        yield
    finally:
        if loaded is None:
            del sys.modules[name]
        else:
            sys.modules[name] = loaded


with _without_telemetry():
    import openvino as ov
    from openvino import frontend, preprocess

    try:
        from openvino import opset13 as opset
    except ImportError:  # 2023.3
        from openvino.runtime import opset13 as opset  # type: ignore[no-redef,unused-ignore]

__all__ = [
    "EMPTY_CONSTANTS_BEGIN_STATES",
    "READING_ERRORS",
    "RUNTIME_ERRORS",
    "first_cause",
    "front_end",
    "opset",
    "ov",
    "preprocess",
    "version",
]

# Raised by the bindings: errors of the runtime, arguments they cannot convert, text that is not UTF-8.
RUNTIME_ERRORS = (RuntimeError, TypeError, ValueError)
# Front ends have errors of their own, which are no RuntimeError.
READING_ERRORS = (
    *RUNTIME_ERRORS,
    frontend.GeneralFailure,
    frontend.InitializationFailure,
    frontend.NotImplementedFailure,
    frontend.OpConversionFailure,
    frontend.OpValidationFailure,
)

# CPU plugins before take a variable that is empty at first only if its initial value has a length known when it runs.
EMPTY_CONSTANTS_BEGIN_STATES = int(str(ov.__version__).split(".", maxsplit=1)[0]) >= 2024

_NOISE = re.compile(
    r"^(Exception from \S+?:\d+:?|Check '.*' failed at \S+?:\d+:?|While validating node .*|"
    r"FrontEnd API failed with \w+:)$"
)


@cache
def front_end(framework: str) -> frontend.FrontEnd:
    """The part of the runtime that reads files of ``onnx`` or ``ir``; no other one is asked, or writes to stderr.

    It is kept to the end of the process, because models may hold code of its library.
    """
    return _front_ends().load_by_framework(framework)


@cache
def _front_ends() -> frontend.FrontEndManager:
    return frontend.FrontEndManager()


def version() -> str:
    """Release of the runtime without the build number, such as ``2026.4.1``."""
    return str(ov.__version__).split("-", maxsplit=1)[0]


def first_cause(error: BaseException, limit: int = 300) -> str:
    """The actual cause in a runtime error, in one line of at most ``limit`` characters.

    OpenVINO wraps causes in lines that name source files; these are dropped.
    """
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not _NOISE.match(line)]
    text = " ".join(telling) or " ".join(lines) or type(error).__name__
    text = re.sub(r"Exception from \S+?:\d+:\s*", "", text).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"
