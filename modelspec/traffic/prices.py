"""What requests cost by the organisation's own price list, per million tokens."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal
from modelspec.load import read
from modelspec.load.find import Tree
from modelspec.text.names import is_match
from modelspec.text.quote import quote
from modelspec.traffic.stage import KnownNames

_KEYS = ("model", "region", "deployment", "input", "output")
_CURRENCY = re.compile("[A-Z]{3}")
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Of models that a glob matches, at upstreams of a region (None: of any), per million tokens in and out."""

    model: str
    region: str | None
    input: float
    output: float

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """The higher, the closer: without a `*`, with a region, the longer glob."""
        return "*" not in self.model, self.region is not None, len(self.model)

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """What so many tokens cost."""
        return (input_tokens * self.input + output_tokens * self.output) / _MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices in a currency, the closest first; of equally close ones the first of the file counts."""

    currency: str
    prices: tuple[Price, ...]

    def cost(self, model: str, region: str, input_tokens: int, output_tokens: int) -> float | None:
        """What tokens cost; None where the list has no price."""
        price = self.price_of(model, region)
        return None if price is None else price.cost(input_tokens, output_tokens)

    def price_of(self, model: str, region: str) -> Price | None:
        """The closest price; None where the list has none."""
        return next(
            (one for one in self.prices if one.region in (None, region) and is_match(one.model, model)), None
        )


def price_list(tree: Tree, path: str, known: KnownNames) -> PriceList | Refusal:
    """Read the list at a path of the repository."""
    file = tree.other(path)
    if file is None or isinstance(file, Diagnostic):
        return _refused(path, "it does not exist, or cannot be read")
    reading = read(file)
    found = reading.faults[0].message if reading.faults else _prices(reading.value, known)
    return _refused(path, found) if isinstance(found, str) else found


def _prices(value: object, known: KnownNames) -> PriceList | str:
    """A price list, or what is wrong with it."""
    if not isinstance(value, dict) or value.keys() - {"currency", "prices"}:
        return "it is not a mapping of `currency` and `prices`"
    currency, listed = value.get("currency", "USD"), value.get("prices")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        return "`currency` is not a code of three letters, such as USD"
    if not isinstance(listed, list):
        return "`prices` is not a list"
    prices = []
    for number, one in enumerate(listed, 1):
        price = _price(one, known)
        if isinstance(price, str):
            return f"entry {number} of `prices`: {price}"
        prices.append(price)
    return PriceList(currency=currency, prices=tuple(sorted(prices, key=lambda one: one.rank, reverse=True)))


def _price(one: object, known: KnownNames) -> Price | str:
    """A price, or what is wrong with it."""
    if not isinstance(one, dict) or one.keys() - set(_KEYS):
        return f"it is not a mapping of {', '.join(_KEYS)}"
    model, region, deployment = one.get("model", "*"), one.get("region"), one.get("deployment")
    if not isinstance(model, str) or not model:
        return "`model` is not the id of a model, in which * matches any characters"
    if region is not None and region not in known.allowed:
        return f"no region is named {quote(str(region))}"
    if deployment is not None:
        place = (model, deployment if isinstance(deployment, int) else -1)
        if region is not None or place not in known.upstreams:
            return (
                "`deployment` is not the number of a deployment of `model` in a region that is known, from 0"
            )
        region = known.upstreams[place]
    amounts = [_amount(one, "input"), _amount(one, "output")]
    if None in amounts:
        return "`input` and `output` are not amounts per million tokens"
    return Price(model=model, region=region, input=amounts[0] or 0.0, output=amounts[1] or 0.0)


def _amount(one: Mapping[str, Any], key: str) -> float | None:
    value = one.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def _refused(path: str, why: str) -> Refusal:
    return Refusal(
        message=f"the price list {quote(path)}: {why}", help="correct it: docs/traffic.md shows the form"
    )
