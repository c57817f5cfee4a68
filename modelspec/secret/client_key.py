"""The keys of clients: `ms_<key_id>_<secret>_<checksum>`, made here and nowhere else.

The secret is 256 bits of the operating system in 43 digits of base 62; the checksum is a CRC-32 of all before it in 6.
No part holds `_`, so that a key is taken apart in one way only. What is stored is its SHA-256: 256 random bits can be
neither guessed nor looked up, so that a salt or a slow hash would add nothing.
"""

import re
import secrets
from binascii import crc32
from hashlib import sha256
from string import ascii_lowercase, ascii_uppercase, digits

_DIGITS = digits + ascii_uppercase + ascii_lowercase
_BITS = 256
_SECRET = 43
_CHECKSUM = 6
BODY = "[0-9A-Za-z]{43}_[0-9A-Za-z]{6}"
"""What stands behind `ms_<key_id>_`."""
_KEY_ID = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
KEY = re.compile(f"ms_{_KEY_ID}_{BODY}", re.ASCII)
_LONGEST_NAME = 52
"""So that a day fits behind it."""


def new_key(key_id: str, number: int | None = None) -> str:
    """A key that nobody has had before; `number` takes the place of the random bits in a test."""
    drawn = secrets.randbits(_BITS) if number is None else number
    text = f"ms_{key_id}_{_in_base_62(drawn, _SECRET)}"
    return f"{text}_{checksum(text)}"


def is_key_id(text: str) -> bool:
    """Whether a text can be the name of a key."""
    return re.fullmatch(_KEY_ID, text, re.ASCII) is not None


def suggested_key_id(owner: str, day: str) -> str:
    """A name for a key that its owner gets on a day: `search-team-2026-01-15`."""
    plain = re.sub(r"[^a-z0-9]+", "-", owner.lower().partition("@")[0]).strip("-")[:_LONGEST_NAME].strip("-")
    return f"{plain or 'key'}-{day}"


def checksum(text: str) -> str:
    """Of all of a key that stands before its last `_`."""
    return _in_base_62(crc32(text.encode()), _CHECKSUM)


def is_client_key(text: str) -> bool:
    """Whether a text has the form of a key, and the right checksum."""
    return KEY.fullmatch(text) is not None and checksum(text[: -_CHECKSUM - 1]) == text[-_CHECKSUM:]


def digest(key: str) -> str:
    """What keys.yaml says of a key."""
    return sha256(key.encode()).hexdigest()


def _in_base_62(number: int, length: int) -> str:
    text = ""
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text
