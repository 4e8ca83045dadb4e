"""Peak resident memory of a command: ``python peak_memory.py SOURCE COMMAND``, both JSON lists of words.

COMMAND reads what SOURCE writes. Prints one JSON line: the peak of COMMAND in bytes, its seconds and exit code. This is
a separate, small program, because Linux includes the memory of a process before its exec in the peak.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

KILOBYTE = 1024 if sys.platform != "darwin" else 1


def main() -> None:
    """Run both, wait, and print."""
    source_words, command_words = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    started = time.perf_counter()
    with subprocess.Popen(source_words, stdout=subprocess.PIPE) as source:
        command = subprocess.Popen(command_words, stdin=source.stdout, stdout=subprocess.DEVNULL)
        if source.stdout is not None:
            source.stdout.close()  # so that the source ends with the command
        _, status, usage = os.wait4(command.pid, 0)
        command.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    print(json.dumps({"bytes": usage.ru_maxrss * KILOBYTE, "seconds": seconds, "exit_code": command.returncode}))


if __name__ == "__main__":
    main()
