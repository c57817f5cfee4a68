"""Asking the real LiteLLM what it makes of configurations, in a process that reaches nothing.

`ask_router.py` runs in LiteLLM's own Python: with an empty environment, in an empty folder, within limits of time and
memory. LiteLLM is found as Envoy is: beside this Python, on the PATH, or where the user says.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which
from typing import Any

from modelspec.diagnose.refusal import Refusal, shown
from modelspec.gateways import program_text
from modelspec.text.quote import visible

LITELLM_VERSION = "1.108.7"
"""The release whose behaviour is known; another one is asked all the same."""
_SCRIPT = "ask_router.py"
_TOOLS = Path(".tools/litellm")
_PACKAGE = f"'litellm[proxy]=={LITELLM_VERSION}'"
_SECONDS = 120
_SECONDS_A_DEPLOYMENT = 2
_MEMORY = 6 * 1024**3
_INSTALL = (
    f"python3 -m venv {_TOOLS} && {_TOOLS}/bin/pip install {_PACKAGE}"  # what follows is prose
    ", or name its Python with --litellm"
)

Question = Mapping[str, object]
"""`variables`: an environment. `configs`: configurations that are asked in it, as values."""
Answer = dict[str, Any]


def find_litellm(named: str | None = None) -> str | Refusal:
    """The Python that has LiteLLM: the named one, or that of the `litellm` on the PATH or in `.tools/litellm`."""
    if named is not None:
        found = which(named)
        return found or Refusal(
            message=f"{shown(named)} is not a program", help=f"install LiteLLM: {_INSTALL}"
        )
    program = which("litellm")
    folders = [Path(sys.executable).parent, _TOOLS.absolute() / "bin"]
    if program is not None:
        folders.insert(0, Path(program).resolve().parent)
    for folder in folders:
        python = folder / "python"
        if os.access(python, os.X_OK) and (folder / "litellm").exists():
            return str(python)
    return Refusal(message="no LiteLLM to ask", help=f"install it: {_INSTALL}")


def ask(python: str, questions: Sequence[Question], deployments: int) -> list[list[Answer]] | Refusal:
    """The answers of LiteLLM to each question, one for each configuration; `deployments` is their number."""
    command = [python, "-I", "-c", program_text(__package__, _SCRIPT)]
    with tempfile.TemporaryDirectory(prefix="modelspec-") as home:
        environment = {
            "PATH": os.defpath,
            "HOME": home,
            "TMPDIR": home,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        try:
            done = subprocess.run(  # noqa: S603 - a program that the user named, with our own text
                command,
                input=json.dumps(questions),
                env=environment,
                cwd=home,
                capture_output=True,
                text=True,
                timeout=_SECONDS + _SECONDS_A_DEPLOYMENT * deployments,
                preexec_fn=_limit,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            late = isinstance(error, subprocess.TimeoutExpired)
            reason = "it did not finish" if late else "it cannot be run"
            return Refusal(
                message=f"cannot ask '{visible(python)}': {reason}", help=f"install LiteLLM: {_INSTALL}"
            )
    try:
        answers: list[list[Answer]] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        # Its output may quote the configuration, so only the kind of the error is shown.
        kind = (done.stderr.strip().splitlines() or [""])[-1].partition(":")[0]
        return Refusal(
            message=f"LiteLLM did not answer (exit code {done.returncode}, {visible(kind, 80)})",
            help=f"ask LiteLLM {LITELLM_VERSION}: {_INSTALL}",
        )
    return answers


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
