"""URLs that lead where no request may go, or that reveal too much: MS506 to MS516."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Finding, Rule, Scope, rule
from modelspec.fleet.model import Fleet, Head, Model, Upstream
from modelspec.fleet.providers import ADDRESS_PARAM
from modelspec.rules.examples import model
from modelspec.text.document import Place, Pointer
from modelspec.text.quote import quote
from modelspec.url import Code, UrlFault, has_key, judge, judged

_ATLAS = model(region="eu", endpoint=None)
_NOTHING: Iterator[Finding] = iter(())
_WEB = re.compile(r"[\x00-\x20]*+https?:", re.IGNORECASE)
_HEAD_QUERY = UrlFault(
    code=Code.MALFORMED,
    message="has a query, which the URL of a head must not have",
    help="remove the query: each request brings its own",
)

_EXPLAIN_A_QUERY = (Code.METADATA, Code.FOREIGN_HOST, Code.MALFORMED)
"""Whose URL is to be written anew, query and all."""


def _in_model(code: str, model: Model, fleet: Fleet) -> Iterator[Finding]:
    """Empty at once for nearly every model: the rest runs only where there may be a fault."""
    for deployment in model.deployments:
        endpoint = deployment.endpoint
        if isinstance(endpoint, str) and judged(endpoint, model.local_inference):
            return _model_findings(code, model, fleet)
        for value in deployment.params.values():
            if isinstance(value, str) and ":" in value:
                return _model_findings(code, model, fleet)
    return _NOTHING


def _model_findings(code: str, model: Model, fleet: Fleet) -> Iterator[Finding]:
    local = model.local_inference
    for deployment in model.deployments:
        for name, pointer, url in _urls(deployment):
            faults = judge(url, local=local)
            if any(fault.code is Code.LOOPBACK for fault in faults) and _heads_are_local(model, fleet):
                faults = judge(url, local=True)
            for fault in faults:
                if fault.code == code:
                    yield Finding(
                        place=Place(path=model.path, pointer=pointer),
                        message=f"the {name} of model {quote(model.model_id)} {fault.message}",
                        help=fault.help,
                    )


def _in_fleet(code: str, fleet: Fleet) -> Iterator[Finding]:
    for head in fleet.heads.values():
        for field, faults in _head_faults(head):
            for fault in faults:
                if fault.code == code:
                    yield Finding(
                        place=head.place.below(field),
                        message=f"the {field} of head {quote(head.head_id)} {fault.message}",
                        help=fault.help,
                        subject=head.head_id,
                    )


def _urls(deployment: Upstream) -> Iterator[tuple[str, Pointer, str]]:
    """The name, place and text of each: the endpoint, and params that are URLs by text or name."""
    if isinstance(deployment.endpoint, str):
        yield "endpoint", (*deployment.pointer, "endpoint"), deployment.endpoint
    for key, value in deployment.params.items():
        if isinstance(value, str) and (_WEB.match(value) or ("://" in value and ADDRESS_PARAM.search(key))):
            yield "URL in params", (*deployment.pointer, "params", key), value


def _head_faults(head: Head) -> Iterable[tuple[str, Iterable[UrlFault]]]:
    """Loopback is never a fault of a head: it makes a head local, and inference runs beside its head."""
    faults = judge(head.url, local=True)
    query = head.url.partition("#")[0].partition("?")[1:]
    explained = any(fault.code in _EXPLAIN_A_QUERY for fault in faults) or has_key(query[1])
    if query[0] and not explained:
        faults = (*faults, _HEAD_QUERY)
    yield "url", faults
    if head.inference_url is not None:
        yield "inference_url", judge(head.inference_url, local=True)


def _heads_are_local(model: Model, fleet: Fleet) -> bool:
    """Whether every head of the model stands on a loopback address; unknown ones have their own fault."""
    known = (fleet.heads[head_id] for head_id in model.heads if head_id in fleet.heads)
    return all(_is_loopback(head.url) for head in known)


def _is_loopback(url: str) -> bool:
    return any(fault.code is Code.LOOPBACK for fault in judge(url, local=False))


@rule(
    "MS506",
    Severity.ERROR,
    Scope.MODEL,
    bad=f"{_ATLAS}endpoint: http://api.example.com/v1",
    good=f"{_ATLAS}endpoint: http://atlas.models.svc.cluster.local:8000/v1",
)
def plain_http(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """Plain http to a public host.

    Prompts, responses and the key would cross the internet in clear text. Private addresses (RFC 1918, RFC
    4193, RFC 6598), names of one label and names in `.internal`, `.local`, `.svc`, `.cluster.local`,
    `.home.arpa` and `.lan` may be called over http; a name that contains its address, as in
    `10.0.0.1.nip.io`, is public.
    """
    return _in_model("MS506", model, fleet)


@rule(
    "MS507",
    Severity.ERROR,
    Scope.MODEL,
    bad=f"{_ATLAS}endpoint: https://api.example.com/v1?api_key=PLACEHOLDER",
    good=f"{_ATLAS}endpoint: https://api.example.com/v1\napi_key: {{env: ATLAS_API_KEY}}",
)
def credentials_in_url(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """Credentials, a fragment or a key-like parameter in a URL.

    URLs end up in logs, metrics and on the admin page. Reference the key in `api_key`; a key
    that was pushed must be revoked. A fragment is never sent to a server: it can only mislead. A
    parameter is key-like by its name: `key`, `api_key`, `token`, `sig`, `X-Amz-Signature` and the
    like.
    """
    return _in_model("MS507", model, fleet)


@rule(
    "MS508",
    Severity.ERROR,
    Scope.MODEL,
    bad=f"{_ATLAS}endpoint: http://0xa9fea9fe/latest",
    good=f"{_ATLAS}endpoint: http://10.20.0.5:8000/v1",
)
def metadata_address(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A link-local or metadata address.

    Every cloud serves the credentials of the calling machine there: a request to such an
    endpoint gives the gateway's own identity to anyone who may call the model. Every spelling counts: other
    number bases, addresses inside IPv6, full-width digits, encoded hosts, names such as
    `metadata.google.internal` and public names that contain the address. No setting allows this,
    not even `local_inference`.
    """
    return _in_model("MS508", model, fleet)


@rule(
    "MS509",
    Severity.ERROR,
    Scope.MODEL,
    bad=f"{_ATLAS}endpoint: http://localhost:11434/v1",
    good=f"{_ATLAS}local_inference: true\nendpoint: http://localhost:11434/v1",
)
def loopback_address(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A loopback address without local inference.

    On each head, `localhost` is a different server, usually the head itself or its admin interface. Where the
    head does run the model, set `local_inference: true`. Where every head of the model has
    a loopback address itself (a developer's machine), loopback endpoints are allowed. The `url` and
    `inference_url` of a head may be loopback: the one makes the head local, the other is the server
    beside it.
    """
    return _in_model("MS509", model, fleet)


@rule(
    "MS510",
    Severity.ERROR,
    Scope.MODEL,
    bad=f"{_ATLAS}endpoint: https://\u0430pi.example.com/v1",
    good=f"{_ATLAS}endpoint: https://xn--bcher-kva.example/v1",
)
def foreign_host(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A host that is not ASCII, or whose punycode misleads.

    Letters of different scripts look alike: a reviewer cannot distinguish a Cyrillic a from a Latin one. Hosts
    are written in ASCII, international ones in punycode (`xn--…`), of which each label must be valid and
    keep to one script (UTS 39, "highly restrictive"), and must not consist of letters that imitate Latin
    ones.
    """
    return _in_model("MS510", model, fleet)


@rule(
    "MS511",
    Severity.ERROR,
    Scope.MODEL,
    bad=f"{_ATLAS}endpoint: https://api.example.com/v1%0d%0aHost:%20internal",
    good=f"{_ATLAS}endpoint: https://api.example.com/v1/my%20model",
)
def encoded_control(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """Encoded control characters, or an encoded path traversal.

    `%0d%0a` splits a request in two in a server that decodes too early, `%00` truncates a path, `%2e%2e%2f`
    leaves it. Encoding twice (`%250a`) only hides it from one more server. No endpoint needs
    these.
    """
    return _in_model("MS511", model, fleet)


@rule("MS512", Severity.ERROR, Scope.MODEL)
def long_url(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A URL of more than 2,048 characters.

    Proxies and gateways truncate or reject longer ones, each at its own limit, and they cannot be reviewed.
    """
    return _in_model("MS512", model, fleet)


@rule(
    "MS516",
    Severity.ERROR,
    Scope.MODEL,
    bad=f"{_ATLAS}endpoint: https://api.example.com:99999/v1",
    good=f"{_ATLAS}endpoint: https://api.example.com:8443/v1",
)
def malformed_url(model: Model, fleet: Fleet) -> Iterator[Finding]:
    """A malformed URL.

    A URL here is `http://` or `https://`, a host of letters, digits, hyphens and dots or a usual
    address, optionally a port from 1 to 65535, a path without `..`, and a query: ASCII only, without spaces
    or backslashes, and each `%` followed by two hexadecimal digits. Attacks exploit URLs that parsers read
    differently: so no part of the path is empty or `.`, no letter is percent-encoded, and no host ends in a dot, which
    gateways take into the name that they look for in a certificate. The `url` of a head has no query either.
    """
    return _in_model("MS516", model, fleet)


RULES: tuple[Rule, ...] = tuple(
    replace(one, fleet_check=partial(_in_fleet, one.code))
    for one in (
        plain_http,
        credentials_in_url,
        metadata_address,
        loopback_address,
        foreign_host,
        encoded_control,
        long_url,
        malformed_url,
    )
)
"""In the order of their codes; each has a check of a model and one of the heads."""
