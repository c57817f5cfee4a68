"""Build the image of the Containerfile and try it, as root, with buildah: `python tools/image.py [BASE]`.

Without a base that buildah knows, one is made of Debian by debootstrap, which takes minutes. Nothing is published; the
image stays as `localhost/modelspec`. Both programs are packages of Debian.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
IMAGE = "localhost/modelspec"
CERTIFICATES = "/etc/ssl/certs:/etc/ssl/certs:ro"
"""Those of this machine: a registry may be behind a proxy."""

TRIED = (
    ("test $(id -u) = 10001 && test $HOME = /tmp && test $PWD = /fleet", None),
    ("modelspec --version", None),
    ("modelspec validate --strict && modelspec plan --base HEAD && modelspec test", None),
    ("modelspec build --output /tmp/dist && modelspec build --check --output /tmp/dist", None),
    ("modelspec validate --strict", "4321:4321"),
    ("! touch /fleet/mine", None),
    ("! command -v pip && ! ls /opt/modelspec/bin/pip* 2>/dev/null", None),
    ("ls -d /root/.cache /source /var/lib/apt/lists/* 2>/dev/null | grep . && exit 1 || exit 0", "0:0"),
)
"""Commands that must end well in the image, before a clone of this repository, and as whom."""


def main(base: str | None) -> int:
    """0 where everything ended well."""
    with TemporaryDirectory() as folder:
        built_on = base or _debian(Path(folder))
        _buildah(
            "build", "--isolation", "chroot", "--network", "host", "--build-arg", f"BASE={built_on}",
            "--volume", CERTIFICATES, "--tag", IMAGE, str(ROOT),
        )  # fmt: skip
        fleet = Path(folder) / "fleet"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(fleet)], check=True)
        Path(folder).chmod(0o755)
        container = _buildah("from", IMAGE)
        try:
            for command, user in TRIED:
                print(f"{user or 'the user of the image'}: {command}", flush=True)
                _buildah(
                    "run", "--isolation", "chroot", *(("--user", user) if user else ()),
                    "--volume", f"{fleet}:/fleet", container, "--", "sh", "-c", command,
                )  # fmt: skip
        finally:
            _buildah("rm", container)
    return 0


def _debian(folder: Path) -> str:
    """An image of Debian with Python, made of its packages."""
    root = folder / "debian"
    subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=python3-venv,ca-certificates", "bookworm", str(root)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    container = _buildah("from", "scratch")
    mounted = _buildah("mount", container)
    subprocess.run(["cp", "-a", f"{root}/.", mounted], check=True)
    _buildah("commit", "--quiet", container, "localhost/debian-python")
    _buildah("rm", container)
    return "localhost/debian-python"


def _buildah(*arguments: str) -> str:
    """What it printed. It ends the program where it fails, after saying why."""
    return subprocess.run(
        ["buildah", *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if sys.argv[1:] else None))
