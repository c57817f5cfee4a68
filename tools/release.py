"""Build the wheel and the source archive twice, in two folders, and keep them where every byte is the same.

`python tools/release.py [DIR]`, by default `build/release`; needs git, tar and the package `build`. What is built is
the last commit, whatever else lies in the checkout. The builds differ by their folder, time zone, hash seed and file
modes, as those of two people do. The time in the archives is that of the commit, unless SOURCE_DATE_EPOCH says another.
"""

import os
import subprocess
import sys
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]


def built(archive: Path, folder: Path, epoch: str, zone: str, mask: int) -> dict[str, str]:
    """Unpack and build in a folder; the digests of the files in its `out`, by name."""
    source = folder / "source"
    source.mkdir()
    subprocess.run(["tar", "-xf", str(archive), "-C", str(source)], check=True)
    for path in source.rglob("*"):
        path.chmod(path.stat().st_mode & ~mask)
    command = [sys.executable, "-m", "build", "--outdir", str(folder / "out"), str(source)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch, "PYTHONHASHSEED": "random", "TZ": zone}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, umask=mask)
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in sorted((folder / "out").iterdir())}


def main(target: Path) -> int:
    """0 where both builds are the same, which are then in `target`; 1 where they are not; 2 without `build`."""
    if find_spec("build") is None:
        print("the package 'build' is missing: install it for this Python", file=sys.stderr)
        return 2
    git = ["git", "-C", str(ROOT)]
    logged = subprocess.run([*git, "log", "-1", "--format=%ct"], check=True, capture_output=True, text=True)
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or logged.stdout.strip()
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        archive = Path(one) / "commit.tar"
        subprocess.run([*git, "archive", "--format=tar", f"--output={archive}", "HEAD"], check=True)
        first = built(archive, Path(one), epoch, "UTC", 0o022)
        second = built(archive, Path(other), epoch, "Asia/Kathmandu", 0o077)
        if first != second:
            print(f"the two builds differ: {first} and {second}", file=sys.stderr)
            return 1
        target.mkdir(parents=True, exist_ok=True)
        for name, digest in first.items():
            copy(Path(one) / "out" / name, target / name)
            print(f"{digest}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build" / "release"))
