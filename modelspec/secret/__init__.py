"""Finding and hiding secrets: pure functions of text, which know nothing of modelspec."""

from modelspec.secret.names import (
    GATEWAY_MASTER_KEYS,
    IDENTITY_FOLDERS,
    REVOKE,
    STEERING_PREFIXES,
    STEERING_VARIABLES,
    VAULT_OWN,
    covered,
    is_harmless,
    is_identity_token,
    is_plain_key,
    known,
    looks_like_key,
    mask,
    spoken,
    steers_process,
    telling_key,
)
from modelspec.secret.scan import Hit, is_placeholder, scan
from modelspec.secret.view import is_suspect_name, suspect

__all__ = [
    "GATEWAY_MASTER_KEYS",
    "IDENTITY_FOLDERS",
    "REVOKE",
    "STEERING_PREFIXES",
    "STEERING_VARIABLES",
    "VAULT_OWN",
    "Hit",
    "covered",
    "is_harmless",
    "is_identity_token",
    "is_placeholder",
    "is_plain_key",
    "is_suspect_name",
    "known",
    "looks_like_key",
    "mask",
    "scan",
    "spoken",
    "steers_process",
    "suspect",
    "telling_key",
]
