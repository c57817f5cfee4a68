"""Finding and hiding secrets: pure functions of text, which know nothing of modelspec."""

from modelspec.secret.hit import Hit
from modelspec.secret.mask import mask
from modelspec.secret.names import GATEWAY_MASTER_KEYS, looks_like_key, steers_process, telling_key
from modelspec.secret.placeholder import is_placeholder
from modelspec.secret.scan import scan
from modelspec.secret.suspect import suspect

__all__ = [
    "GATEWAY_MASTER_KEYS",
    "Hit",
    "is_placeholder",
    "looks_like_key",
    "mask",
    "scan",
    "steers_process",
    "suspect",
    "telling_key",
]
