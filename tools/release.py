"""Build the wheel and the source archive twice, in two folders, and keep them where every byte is the same.

`python tools/release.py [DIR]`, by default `build/release`; needs the package `build`. The time in the archives is that
of the commit, unless SOURCE_DATE_EPOCH says another.
"""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]


def built(folder: Path, source: Path, epoch: str) -> dict[str, str]:
    """Build into a folder; the digests of the files by name."""
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(source)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch, "PYTHONHASHSEED": "random"}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def main(target: Path, source: Path = ROOT) -> int:
    """0 where both builds are the same, which are then in `target`."""
    logged = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=source, check=True, capture_output=True, text=True
    )
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or logged.stdout.strip()
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        first, second = (built(Path(folder), source, epoch) for folder in (one, other))
        if first != second:
            print(f"the two builds differ: {first} and {second}", file=sys.stderr)
            return 1
        target.mkdir(parents=True, exist_ok=True)
        for name, digest in first.items():
            copy(Path(one) / name, target / name)
            print(f"{digest}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build" / "release"))
