"""What requests cost by the organisation's own price list, per million tokens."""

from dataclasses import dataclass

from modelspec.diagnose.diagnostic import Diagnostic
from modelspec.diagnose.refusal import Refusal
from modelspec.load import read
from modelspec.load.find import Tree
from modelspec.text.names import is_match
from modelspec.text.quote import quote
from modelspec.traffic.stage import KnownNames

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
    """The list at a path of a repository that has no errors: its form and its regions are checked."""
    file = tree.other(path)
    if file is None or isinstance(file, Diagnostic):
        return _refused(path, "it does not exist, or cannot be read")
    value = read(file).value
    assert isinstance(value, dict), "validate checks it"
    prices = []
    for number, one in enumerate(value["prices"], 1):
        model, region, deployment = one.get("model", "*"), one.get("region"), one.get("deployment")
        if deployment is not None:
            region = known.upstreams.get((model, deployment))
            if region is None:
                why = "`deployment` is not the number of a deployment of `model` in a region that is known, from 0"
                return _refused(path, f"entry {number} of `prices`: {why}")
        prices.append(
            Price(model=model, region=region, input=float(one["input"]), output=float(one["output"]))
        )
    prices.sort(key=lambda one: one.rank, reverse=True)
    return PriceList(currency=value.get("currency", "USD"), prices=tuple(prices))


def _refused(path: str, why: str) -> Refusal:
    return Refusal(
        message=f"the price list {quote(path)}: {why}", help="correct it: docs/traffic.md shows the form"
    )
