"""The real LiteLLM proxy, started with a configuration of modelspec."""

import json
import os
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

from upstreams import free_port

ROOT = Path(__file__).parents[2]
MASTER_KEY = "sk-master-of-the-tests"


def litellm_program() -> Path:
    """The program, in its own virtual environment; if it is missing, the test fails."""
    named = os.environ.get("MODELSPEC_LITELLM")
    program = Path(named) if named else ROOT / ".tools" / "litellm" / "bin" / "litellm"
    assert program.is_file(), (
        f"{program} is missing: set MODELSPEC_LITELLM, or run .ci/run, which installs it"
    )
    return program


def environment(home: Path, variables: Mapping[str, str] = {}) -> dict[str, str]:
    """An environment without the caller's variables and without internet access."""
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",  # do not read .env files
        "NO_PROXY": "*",
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response of the proxy."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def says(self) -> Any:
        """The text of a chat completion."""
        assert self.status == 200, self.body
        return self.body["choices"][0]["message"]["content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A running proxy; `log` has its last lines."""

    port: int
    log: deque[str]

    def post(
        self, path: str, body: object, key: str | None = MASTER_KEY, headers: Mapping[str, str] = {}
    ) -> Answer:
        """Send a request with a key."""
        return self._ask("POST", path, json.dumps(body).encode(), key, headers)

    def get(self, path: str, key: str | None = MASTER_KEY) -> Answer:
        """Send a GET request with a key."""
        return self._ask("GET", path, None, key)

    def chat(self, model: str, **more: object) -> Answer:
        """Send a request for a chat completion."""
        messages = [{"role": "user", "content": "Hello"}]
        return self.post("/v1/chat/completions", {"model": model, "messages": messages, **more})

    def _ask(
        self, method: str, path: str, body: bytes | None, key: str | None, more: Mapping[str, str] = {}
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"content-type": "application/json", **more}
            if key is not None:
                headers["authorization"] = f"Bearer {key}"
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
            known = {name.lower(): value for name, value in response.getheaders()}
            body = json.loads(content) if "json" in known.get("content-type", "") else content
            return Answer(status=response.status, headers=known, body=body)
        finally:
            connection.close()


@contextmanager
def proxy(
    config: Path, home: Path, variables: Mapping[str, str], *, port: int | None = None
) -> Iterator[Proxy]:
    """Start the proxy, at a free port unless one is given, wait until it listens, and stop it at the end."""
    port = port or free_port()
    command: list[str | Path] = [
        litellm_program(),
        "--config",
        config,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        command,
        env=environment(home, {"LITELLM_MASTER_KEY": MASTER_KEY, **variables}),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    log: deque[str] = deque(maxlen=20_000)
    try:
        for line in process.stdout:
            log.append(line)
            if "Uvicorn running on" in line:
                break
        else:
            raise AssertionError("".join(log))
        drain = Thread(target=log.extend, args=(process.stdout,), daemon=True)
        drain.start()
        yield Proxy(port=port, log=log)
        process.terminate()
        process.wait(timeout=30)
        drain.join()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
