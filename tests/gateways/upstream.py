"""Small upstream servers on loopback, which answer like the API of a provider and record requests."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A received request: header names in lower case, the body parsed."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True, kw_only=True)
class Upstream:
    """A running server, whose responses have the text `says`. Set `fails` to (status, code, message) for errors."""

    url: str
    says: str
    seen: list[Seen] = field(default_factory=list)
    fails: tuple[int, str, str] | None = None

    def take(self) -> list[Seen]:
        """The requests since the last call."""
        taken, self.seen = self.seen, []
        return taken


@contextmanager
def upstream(says: str) -> Iterator[Upstream]:
    """Run a server on a free port until the block ends."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            body = json.loads(raw) if raw else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.seen.append(Seen(path=self.path, headers=headers, body=body))
            if isinstance(body, dict) and body.get("stream") is True and state.fails is None:
                self._stream(body["model"])
                return
            status, answer = 200, _answer(self.path, body, says)
            if state.fails is not None:
                status, code, message = state.fails
                kind = "invalid_request_error" if status < 500 else "server_error"
                answer = {"error": {"code": code, "type": kind, "message": message}}
            self._write(status, answer)

        def do_GET(self) -> None:
            self._write(200, {"status": "ok", "head": says})

        def _stream(self, model: str) -> None:
            """A chat completion in three chunks."""
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}
            for delta, reason in (({"role": "assistant"}, None), ({"content": says}, None), ({}, "stop")):
                choice = {"index": 0, "delta": delta, "finish_reason": reason}
                self.wfile.write(f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode())
                self.wfile.flush()
            self.wfile.write(b"data: [DONE]\n\n")
            self.close_connection = True

        def _write(self, status: int, answer: object) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    state = Upstream(url=f"http://127.0.0.1:{server.server_port}", says=says)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(path: str, body: Any, says: str) -> object:  # noqa: C901, PLR0911 - one a protocol
    """The response of the API with this path; for unknown paths, a chat completion."""
    end = urlsplit(path).path.rsplit("/", 1)[-1]
    message = {"role": "assistant", "content": says}
    model = body.get("model", "m") if isinstance(body, dict) else "m"
    if end == "messages":
        text = [{"type": "text", "text": says}]
        usage = {"input_tokens": 1, "output_tokens": 1}
        stop = {"stop_reason": "end_turn", "stop_sequence": None}
        return {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": text,
            "usage": usage,
            **stop,
        }
    if end.endswith(":generateContent"):
        part = {"content": {"role": "model", "parts": [{"text": says}]}, "finishReason": "STOP", "index": 0}
        usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
        return {"candidates": [part], "usageMetadata": usage}
    if end == "converse":
        output = {"message": {"role": "assistant", "content": [{"text": says}]}}
        usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
        return {"output": output, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}}
    if end == "generate":
        return {"model": model, "response": says, "done": True, "prompt_eval_count": 1, "eval_count": 1}
    if path.endswith("/api/chat"):
        counts = {"prompt_eval_count": 1, "eval_count": 1}
        return {"model": model, "message": message, "done": True, "done_reason": "stop", **counts}
    if path == "/api/embed":
        return {"model": model, "embeddings": [[0.5]], "prompt_eval_count": 1}
    if path == "/v2/embed":
        meta = {"billed_units": {"input_tokens": 1}}
        return {"id": "e", "embeddings": {"float": [[0.5]]}, "texts": ["Hello"], "meta": meta}
    if path == "/v2/rerank":
        meta = {"billed_units": {"search_units": 1}}
        return {"id": "r", "results": [{"index": 0, "relevance_score": 0.5}], "meta": meta}
    if end == "embeddings":
        return {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
            "model": model,
            "usage": _USAGE,
            "service_tier": "default",
        }
    if end == "chat" and "choices" not in path:
        text = [{"type": "text", "text": says}]
        return {
            "id": "c",
            "finish_reason": "COMPLETE",
            "message": {"role": "assistant", "content": text},
            "usage": {"tokens": {"input_tokens": 1, "output_tokens": 1}},
        }
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [choice],
        "usage": _USAGE,
        "service_tier": "default",
    }
