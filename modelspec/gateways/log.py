"""The fields of the log lines that emitted gateways write and `modelspec usage` reads: the one mapping.

Where the OpenTelemetry conventions for GenAI and HTTP name a field, this is its name
(https://opentelemetry.io/docs/specs/semconv/gen-ai/); the others begin with `modelspec.`. No field holds a prompt, a
key or an address of a client.
"""

from collections.abc import Mapping
from types import MappingProxyType

VERSION = 1
"""In every line as `modelspec.log`. A field is added without a new version, and keeps its meaning within one."""

LOG = "modelspec.log"
LAYER = "modelspec.layer"
"""Which gateway wrote the line: `edge` or `head`. Lines of one request are joined by `REQUEST_ID`."""
TIME = "time"
"""RFC 3339 in UTC with milliseconds: when the request arrived."""
REQUEST_ID = "modelspec.request_id"
"""The `x-request-id` that the edge gives a request and the head receives."""
ASKED = "gen_ai.request.model"
"""The name as the client sent it, cut to 128 characters."""
MODEL = "modelspec.model"
"""The id of the model that took the request: the declared one, a wildcard as it is declared."""
STATUS = "http.response.status_code"
DURATION = "modelspec.duration_ms"
FIRST_BYTE = "modelspec.first_byte_ms"
HEAD = "modelspec.head"

EDGE_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        LOG: "integer",
        LAYER: "string",
        TIME: "string",
        REQUEST_ID: "string",
        "modelspec.key_id": "string",
        ASKED: "string",
        MODEL: "string",
        "modelspec.edge": "string",
        "modelspec.client_region": "string",
        HEAD: "string",
        STATUS: "integer",
        "modelspec.flags": "string",
        DURATION: "integer",
        FIRST_BYTE: "integer",
        "http.request.body.size": "integer",
        "http.response.body.size": "integer",
        "modelspec.attempts": "integer",
        "modelspec.commit": "string",
    }
)
"""What an edge writes, with the JSON type of each; what is not known is null.

`HEAD` is the head that answered, or else the last that was tried; `modelspec.flags` are Envoy's response flags, `-` for
none; times are whole milliseconds, sizes bytes; `modelspec.attempts` counts tries; `modelspec.commit` is the commit of
the build, or else the digest of its sources.
"""

HEAD_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        LOG: "integer",
        LAYER: "string",
        TIME: "string",
        REQUEST_ID: "string",
        MODEL: "string",
        HEAD: "string",
        "modelspec.deployment": "string",
        "gen_ai.provider.name": "string",
        "gen_ai.response.model": "string",
        "gen_ai.operation.name": "string",
        "gen_ai.usage.input_tokens": "integer",
        "gen_ai.usage.output_tokens": "integer",
        STATUS: "integer",
        "error.type": "string",
        DURATION: "integer",
        FIRST_BYTE: "integer",
        "modelspec.stream": "boolean",
        "modelspec.cost": "number",
        "modelspec.commit": "string",
    }
)
"""What a head writes, one line for each call of an upstream.

`MODEL` is the group that the head served; `modelspec.deployment` is the id of the deployment; `gen_ai.response.model`
is the upstream's name of the model; `modelspec.cost` is in US dollars as the gateway estimates it, null where unknown.
"""
