"""A head that speaks the APIs of OpenAI and Anthropic well enough for their clients, with streams and WebSockets."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
_PIECES = ("Hel", "lo")
_WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class ClientHead:
    """A running head, and the paths that it was asked for."""

    url: str
    asked: list[str] = field(default_factory=list)


def _chat(model: str, **more: Any) -> dict[str, Any]:
    return {"id": "c", "created": 1, "model": model, "object": "chat.completion", **more}


def _answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
    model = body.get("model", "")
    message = {"role": "assistant", "content": "Hello"}
    answers: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": _chat(
            model, choices=[{"index": 0, "message": message, "finish_reason": "stop"}], usage=_USAGE
        ),
        "/v1/completions": _chat(
            model, object="text_completion", choices=[{"index": 0, "text": "Hello", "finish_reason": "stop"}]
        ),
        "/v1/embeddings": {
            "object": "list",
            "model": model,
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
            "usage": _USAGE,
        },
        "/v1/responses": {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "model": model,
            "output": [
                {
                    "id": "m",
                    "type": "message",
                    "role": "assistant",
                    "status": "completed",
                    "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
                }
            ],
        },
        "/v1/moderations": {"id": "m", "model": model, "results": []},
        "/v1/images/generations": {"created": 1, "data": [{"url": "https://images.example.com/1"}]},
        "/v1/images/edits": {"created": 1, "data": [{"url": "https://images.example.com/2"}]},
        "/v1/audio/transcriptions": {"text": "Hello"},
        "/v1/audio/translations": {"text": "Hello"},
        "/v1/messages": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": "Hello"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 2},
        },
        "/v1/messages/count_tokens": {"input_tokens": 7},
    }
    return answers[path]


def _events(path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    model = body.get("model", "")
    if path == "/v1/chat/completions":
        for piece in _PIECES:
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
            yield _chat(model, object="chat.completion.chunk", choices=[choice])
        return
    start = _answer("/v1/messages", body)
    yield {"type": "message_start", "message": {**start, "content": [], "stop_reason": None}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for piece in _PIECES:
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 2},
    }
    yield {"type": "message_stop"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    head: ClientHead

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.headers.get("upgrade") == "websocket":
            self.head.asked.append(self.path)
            self._websocket()
        else:
            self._send(b"{}", "application/json")

    def do_POST(self) -> None:
        self.head.asked.append(self.path)
        path = self.path.partition("?")[0]
        data = self._body()
        body = json.loads(data) if self.headers["content-type"] == "application/json" else {}
        if body.get("stream"):
            texts = [
                f"event: {one.get('type', 'x')}\ndata: {json.dumps(one)}\n\n" for one in _events(path, body)
            ]
            if path == "/v1/chat/completions":
                texts = [text.partition("\n")[2] for text in texts] + ["data: [DONE]\n\n"]
            self._send("".join(texts).encode(), "text/event-stream")
        elif path == "/v1/audio/speech":
            self._send(b"\x00\xffsound", "audio/mpeg")
        else:
            self._send(json.dumps(_answer(path, body)).encode(), "application/json")

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", "0")))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _websocket(self) -> None:
        """Accept, and say that a session was made."""
        key = sha1(self.headers["sec-websocket-key"].encode() + _WEBSOCKET, usedforsecurity=False).digest()
        self.send_response(101)
        for name, value in {
            "upgrade": "websocket",
            "connection": "upgrade",
            "sec-websocket-accept": b64encode(key).decode(),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        said = json.dumps(
            {"type": "session.created", "event_id": "e", "session": {"type": "realtime"}}
        ).encode()
        self.wfile.write(bytes((0x81, len(said))) + said)
        self.rfile.read(1)  # until the client closes
        self.close_connection = True


@contextmanager
def client_head() -> Iterator[ClientHead]:
    """A head on loopback."""
    handler: Any = type("_Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.head = ClientHead(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield handler.head
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
