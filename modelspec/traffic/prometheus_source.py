"""The outcomes of a round as Prometheus has them, instead of probes of our own.

For each head and upstream the first that has a series decides: the blackbox exporter's probes of
`gateways/prometheus/targets.json`, then what the gateways themselves saw.

- `probe_success`, of the blackbox exporter: 1 up, 0 down; heads by their label `head`, endpoints by `instance`. With it
  `probe_duration_seconds`, `probe_http_status_code` and `probe_ssl_earliest_cert_expiry`.
- `envoy_cluster_membership_healthy`, of Envoy's `/stats/prometheus`: healthy hosts of the cluster that has the name of
  the head in its label `envoy_cluster_name`.
- `litellm_deployment_state`, of LiteLLM: 0 healthy, 1 partial outage, 2 complete outage; by the label `api_base`.
"""

import asyncio
import json
import math
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from modelspec.diagnose.refusal import Refusal
from modelspec.text.quote import quote
from modelspec.traffic.probe import UNANSWERED
from modelspec.traffic.subjects import HEAD, Probed, Watched, upstream_key
from modelspec.url import parts

_PROBES = 'modelspec=~"head|endpoint"'
QUERIES = {
    "up": f"probe_success{{{_PROBES}}}",
    "seconds": f"probe_duration_seconds{{{_PROBES}}}",
    "code": f"probe_http_status_code{{{_PROBES}}}",
    "expires": f"probe_ssl_earliest_cert_expiry{{{_PROBES}}}",
    "edge": "max by (envoy_cluster_name) (envoy_cluster_membership_healthy)",
    "gateway": "min by (api_base) (litellm_deployment_state)",
}
"""What is asked, by what is made of it."""
_LARGEST = 32 * 1024 * 1024
_OUTAGE = 2
_LAST_SECOND = 253402300799  # of the year 9999
_HELP = "check the URL and that Prometheus answers there, or leave out --prometheus to probe"

Samples = Mapping[str, float]
"""The value of each series, by what names a subject in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusSource:
    """Reads a Prometheus at `url`, or what speaks its query API; `seconds` bound a round."""

    url: str
    context: ssl.SSLContext
    seconds: float = 10

    async def __call__(self, subjects: Iterable[Watched]) -> Mapping[Watched, Probed] | Refusal:
        """The outcome for each subject, or why Prometheus could not be read."""
        found: dict[str, Samples] = {}
        try:
            async with (
                asyncio.timeout(self.seconds),
                httpx.AsyncClient(verify=self.context, trust_env=False, timeout=None) as client,  # noqa: S113 - above
            ):
                for name, query in QUERIES.items():
                    samples = await self._ask(client, query)
                    if isinstance(samples, Refusal):
                        return samples
                    found[name] = samples
        except TimeoutError:
            return self._refusal(f"did not answer within {self.seconds:g} s")
        except (*UNANSWERED, httpx.InvalidURL):
            return self._refusal("cannot be reached")
        return {one: _probed(one, found) for one in subjects}

    async def _ask(self, client: httpx.AsyncClient, query: str) -> Samples | Refusal:
        url = f"{self.url.rstrip('/')}/api/v1/query"
        plain = {"accept": "application/json", "accept-encoding": "identity"}
        async with client.stream("GET", url, params={"query": query}, headers=plain) as response:
            if response.status_code != httpx.codes.OK:
                return self._refusal(f"answered HTTP {response.status_code}")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _LARGEST:
                    return self._refusal(f"answered more than {_LARGEST >> 20} MiB")
        samples = _samples(bytes(body))
        if samples is None:
            kind = response.headers.get("content-type", "").partition(";")[0][:60]
            return self._refusal(f"answered {quote(kind)} that is not a result of its query API")
        return samples

    def _refusal(self, what: str) -> Refusal:
        at = parts(self.url)
        return Refusal(message=f"Prometheus at {quote(at.place if at else '')} {what}", help=_HELP)


def _samples(body: bytes) -> Samples | None:
    """The samples of an instant query; None where the answer has another form."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match answer:
        case {"status": "success", "data": {"resultType": "vector", "result": list(results)}}:
            return {key: value for key, value in map(_sample, results) if key and value is not None}
        case _:
            return None


def _sample(result: object) -> tuple[str, float | None]:
    """What a series is about, and its value; a head by its id, all else by its URL or cluster."""
    match result:
        case {"metric": dict(labels), "value": [_, str(text)]}:
            try:
                value = float(text)
            except ValueError:
                return "", None
            return _about(labels), value if math.isfinite(value) else None
        case _:
            return "", None


def _about(labels: Mapping[str, Any]) -> str:
    if "head" in labels:
        return f"{HEAD} {labels['head']}"
    if "envoy_cluster_name" in labels:
        return f"{HEAD} {labels['envoy_cluster_name']}"
    url = labels.get("instance", labels.get("api_base"))
    return upstream_key(url) or "" if isinstance(url, str) and url else ""


def _probed(subject: Watched, found: Mapping[str, Samples]) -> Probed:
    key = f"{HEAD} {subject.key}" if subject.kind == HEAD else upstream_key(subject.url) or ""
    if key in found["up"]:
        is_up = found["up"][key] == 1
        reason = "" if is_up else "the blackbox exporter's probe fails"
    elif subject.kind == HEAD and key in found["edge"]:
        is_up = found["edge"][key] >= 1
        reason = "" if is_up else "no edge finds it healthy"
    elif subject.kind != HEAD and key in found["gateway"]:
        is_up = found["gateway"][key] < _OUTAGE
        reason = "" if is_up else "LiteLLM reports a complete outage"
    else:
        return Probed(is_up=None, reason=subject.skipped or "Prometheus has no series of it")
    seconds, code = found["seconds"].get(key), found["code"].get(key)
    expires = found["expires"].get(key)
    return Probed(
        is_up=is_up,
        reason=reason,
        code=None if not code or not 100 <= code <= 599 else int(code),  # noqa: PLR2004 - of HTTP
        latency_ms=None if seconds is None or not 0 <= seconds < _LAST_SECOND else round(seconds * 1000),
        certificate_expires=None
        if expires is None or not 0 < expires < _LAST_SECOND
        else datetime.fromtimestamp(expires, UTC),
    )
