"""What the picture of a route is made from: every text as it is shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A deployment: `title` is its host or URL, `region` a title (`Europe (eu)`), `note` a word such as the provider.

    `weight` is worded (`weight 3`); `is_later` where others are tried before it.
    """

    title: str
    region: str = ""
    weight: str = ""
    note: str = ""
    is_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head: `title` is its id, `region` a title (`Europe (eu)`), `weight` worded (`weight 3`).

    `weight` is empty where the head stands alone in its tier.
    `local` is where it runs the model itself; `note` is a word such as `draining`.
    """

    title: str
    region: str
    weight: str = ""
    note: str = ""
    local: Target | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Heads that are tried together, one or more."""

    heads: tuple[Head, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteView:
    """A route in the order in which it is tried; `tiers` is empty where nothing serves the model.

    `targets` are the deployments that every head calls, empty where each head has a `local` one.
    """

    model: str
    region: str
    tiers: tuple[Tier, ...]
    targets: tuple[Target, ...] = ()

    @property
    def heads(self) -> tuple[Head, ...]:
        """The heads of all tiers."""
        return tuple(head for tier in self.tiers for head in tier.heads)
