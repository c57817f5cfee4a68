"""The clients of `make demo`: OpenAI's own, in several threads."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from openai import OpenAI, OpenAIError

TRAFFIC = (
    ("smol", "us"),
    ("smol", "eu"),
    ("small", "eu"),
    ("smol-eu", "eu"),
    ("smol", "eu"),
    ("smol-eu", "us"),
)
"""The name that is asked for, and the region of the client, in turn."""
CLIENTS = 4
"""As many requests are under way at a time."""
QUESTIONS = ("Name a colour.", "Name a river.", "Name a fruit.")


@dataclass
class Clients:
    """OpenAI's client, in several threads; it does not try twice, so that a request is a request."""

    port: int
    key: str
    seconds: float
    served: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    example: str = ""

    def send(self, number: int, *, streams: bool, midway: Callable[[], None] = lambda: None) -> None:
        """Send a number of requests, a third of them streamed; do something while the middle of them is under way."""
        address = f"http://127.0.0.1:{self.port}/v1"
        client = OpenAI(base_url=address, api_key=self.key, max_retries=0, timeout=self.seconds)
        with client, ThreadPoolExecutor(CLIENTS) as pool:
            asked = [pool.submit(self._ask, client, k, streams and k % 3 == 0) for k in range(number)]
            try:
                asked[number // 2].result()
                midway()
                for one in asked:
                    one.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _ask(self, client: OpenAI, number: int, stream: bool) -> None:  # noqa: FBT001 - for a thread
        name, region = TRAFFIC[number % len(TRAFFIC)]
        question = QUESTIONS[number % len(QUESTIONS)]
        asked: dict[str, Any] = {
            "model": name,
            "messages": [{"role": "user", "content": question}],
            "max_tokens": 8,
            "extra_headers": {"x-client-region": region},
        }
        head, fault = "nobody", ""
        try:
            raw: Any = client.chat.completions.with_raw_response.create(**asked, stream=stream)
            head = raw.headers.get("x-modelspec-head", head)
            if stream:
                text = "".join(c.delta.content or "" for chunk in raw.parse() for c in chunk.choices)
            else:
                text = raw.parse().choices[0].message.content or ""
            self.example = self.example or f"{question!r} to {name}: {text!r}"
        except OpenAIError as error:
            fault = f"{name} from {region}: {type(error).__name__}: {error}"
        with self.lock:
            self.served[name, region, head] += 1
            self.failed += [fault] if fault else []

    @property
    def sent(self) -> int:
        """How many requests were sent."""
        return self.served.total()

    def report(self, since: Counter[tuple[str, str, str]]) -> None:
        """Print who answered the requests that were sent since."""
        for (name, region, head), count in sorted((self.served - since).items()):
            print(f"  {count:3} x {name} from {region}, answered by {head}")
        print(f"  {len(self.failed)} of {self.sent} requests so far without an answer", flush=True)
