"""Write the benchmark models into a folder: ``python -m benchmarks.models FOLDER``."""

import sys
from pathlib import Path

from benchmarks.models.networks import make_models

if __name__ == "__main__":
    print("\n".join(map(str, make_models(Path(sys.argv[1])))))
