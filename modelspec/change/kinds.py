"""Every kind of effect, in the order in which a plan is read: the worst consequence first."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelspec.change.effect import Rank


@dataclass(frozen=True, slots=True)
class EffectKind:
    """A kind of effect: what it costs, and how the summary counts it.

    `one` and `many` stand behind a number and its noun: "1 model moves", "3 models move". The group is put
    where they say `{}`.
    """

    name: str
    rank: Rank
    what: str
    one: str
    many: str


KINDS: tuple[EffectKind, ...] = (
    # --- service that is lost
    EffectKind("model-removed", Rank.SERVICE, "model", "is removed", "are removed"),
    EffectKind("model-disabled", Rank.SERVICE, "model", "is disabled", "are disabled"),
    EffectKind("no-head-left", Rank.SERVICE, "model", "has no head left", "have no head left"),
    EffectKind("name-lost", Rank.SERVICE, "name", "is no longer answered", "are no longer answered"),
    EffectKind("region-removed", Rank.SERVICE, "region", "is removed", "are removed"),
    EffectKind("head-removed", Rank.SERVICE, "head", "is removed", "are removed"),
    EffectKind("head-offline", Rank.SERVICE, "head", "goes offline", "go offline"),
    # --- where requests and keys may go, and who may call
    EffectKind(
        "reach-beyond-residency",
        Rank.EXPOSURE,
        "model",
        "breaks the residency of {}",
        "break the residency of {}",
    ),
    EffectKind("reach-left-home", Rank.EXPOSURE, "model", "leaves {}", "leave {}"),
    EffectKind("reach-entered", Rank.EXPOSURE, "model", "reaches another region", "reach another region"),
    EffectKind(
        "model-region-changed",
        Rank.EXPOSURE,
        "model",
        "changes its home region",
        "change their home region",
    ),
    EffectKind(
        "residency-relaxed", Rank.EXPOSURE, "region", "relaxes its residency", "relax their residency"
    ),
    EffectKind("endpoint-host-changed", Rank.EXPOSURE, "model", "calls another host", "call another host"),
    EffectKind("key-changed", Rank.EXPOSURE, "model", "uses another key", "use another key"),
    EffectKind(
        "access-widened", Rank.EXPOSURE, "model", "is opened to more callers", "are opened to more callers"
    ),
    EffectKind("provider-changed", Rank.EXPOSURE, "model", "changes its provider", "change their provider"),
    EffectKind(
        "upstream-moved",
        Rank.EXPOSURE,
        "model",
        "is served in another place",
        "are served in another place",
    ),
    EffectKind("head-moved", Rank.EXPOSURE, "head", "moves to another region", "move to another region"),
    EffectKind("head-host-changed", Rank.EXPOSURE, "head", "moves to another host", "move to another host"),
    EffectKind(
        "inference-host-changed",
        Rank.EXPOSURE,
        "head",
        "runs models on another host",
        "run models on another host",
    ),
    # --- what is left when a head fails
    EffectKind(
        "last-fallback-lost",
        Rank.RESILIENCE,
        "model",
        "loses its only fallback",
        "lose their only fallback",
    ),
    EffectKind(
        "no-active-head", Rank.RESILIENCE, "model", "has no active head left", "have no active head left"
    ),
    EffectKind("single-point", Rank.RESILIENCE, "model", "now depends on one head", "now depend on one head"),
    EffectKind("fallback-lost", Rank.RESILIENCE, "model", "loses a fallback", "lose a fallback"),
    EffectKind("head-draining", Rank.RESILIENCE, "head", "is drained", "are drained"),
    EffectKind(
        "fallback-models-changed",
        Rank.RESILIENCE,
        "model",
        "changes its fallback models",
        "change their fallback models",
    ),
    # --- where requests go
    EffectKind("first-tier-moved", Rank.TRAFFIC, "model", "moves", "move"),
    EffectKind("name-moved", Rank.TRAFFIC, "name", "routes to another model", "route to another model"),
    EffectKind("model-renamed", Rank.TRAFFIC, "model", "is renamed", "are renamed"),
    EffectKind("model-added", Rank.TRAFFIC, "model", "is added", "are added"),
    EffectKind("model-enabled", Rank.TRAFFIC, "model", "is enabled", "are enabled"),
    EffectKind("served-again", Rank.TRAFFIC, "model", "is served again", "are served again"),
    EffectKind(
        "local-inference-changed",
        Rank.TRAFFIC,
        "model",
        "switches local inference",
        "switch local inference",
    ),
    EffectKind(
        "upstream-model-changed",
        Rank.TRAFFIC,
        "model",
        "calls another upstream model",
        "call another upstream model",
    ),
    EffectKind("deployment-added", Rank.TRAFFIC, "model", "gains a deployment", "gain a deployment"),
    EffectKind("deployment-removed", Rank.TRAFFIC, "model", "loses a deployment", "lose a deployment"),
    EffectKind(
        "access-narrowed", Rank.TRAFFIC, "model", "is closed to some callers", "are closed to some callers"
    ),
    EffectKind(
        "weights-changed", Rank.TRAFFIC, "model", "splits its requests anew", "split their requests anew"
    ),
    EffectKind("fallback-added", Rank.TRAFFIC, "model", "gains a fallback", "gain a fallback"),
    EffectKind(
        "fallback-reordered", Rank.TRAFFIC, "model", "reorders its fallbacks", "reorder their fallbacks"
    ),
    EffectKind(
        "single-point-ended",
        Rank.TRAFFIC,
        "model",
        "no longer depends on one head",
        "no longer depend on one head",
    ),
    EffectKind("reach-left", Rank.TRAFFIC, "model", "no longer reaches a region", "no longer reach a region"),
    EffectKind("reach-returned-home", Rank.TRAFFIC, "model", "now stays within {}", "now stay within {}"),
    EffectKind("head-active", Rank.TRAFFIC, "head", "takes requests again", "take requests again"),
    EffectKind("head-renamed", Rank.TRAFFIC, "head", "is renamed", "are renamed"),
    EffectKind("head-added", Rank.TRAFFIC, "head", "is added", "are added"),
    EffectKind("region-renamed", Rank.TRAFFIC, "region", "changes its code", "change their code"),
    EffectKind("region-added", Rank.TRAFFIC, "region", "is added", "are added"),
    EffectKind("name-added", Rank.TRAFFIC, "name", "is answered now", "are answered now"),
    # --- settings
    EffectKind("endpoint-path-changed", Rank.SETTINGS, "model", "calls another path", "call another path"),
    EffectKind(
        "params-changed",
        Rank.SETTINGS,
        "model",
        "changes its provider settings",
        "change their provider settings",
    ),
    EffectKind(
        "deployment-weight-changed",
        Rank.SETTINGS,
        "model",
        "weighs its deployments anew",
        "weigh their deployments anew",
    ),
    EffectKind(
        "deployments-reordered",
        Rank.SETTINGS,
        "model",
        "lists its deployments in another order",
        "list their deployments in another order",
    ),
    EffectKind("policy-changed", Rank.SETTINGS, "model", "balances in another way", "balance in another way"),
    EffectKind("limits-changed", Rank.SETTINGS, "model", "changes its limits", "change their limits"),
    EffectKind("model-deprecated", Rank.SETTINGS, "model", "is deprecated", "are deprecated"),
    EffectKind(
        "model-undeprecated", Rank.SETTINGS, "model", "is no longer deprecated", "are no longer deprecated"
    ),
    EffectKind("sunset-changed", Rank.SETTINGS, "model", "changes when it ends", "change when they end"),
    EffectKind(
        "residency-tightened", Rank.SETTINGS, "region", "tightens its residency", "tighten their residency"
    ),
    EffectKind(
        "head-path-changed",
        Rank.SETTINGS,
        "head",
        "is called at another path",
        "are called at another path",
    ),
    EffectKind(
        "inference-path-changed",
        Rank.SETTINGS,
        "head",
        "runs models at another path",
        "run models at another path",
    ),
    EffectKind(
        "health-path-changed",
        Rank.SETTINGS,
        "head",
        "is checked at another path",
        "are checked at another path",
    ),
    EffectKind("capacity-changed", Rank.SETTINGS, "head", "changes its capacity", "change their capacity"),
    EffectKind(
        "heads-listed-changed",
        Rank.SETTINGS,
        "model",
        "names other heads that take no requests",
        "name other heads that take no requests",
    ),
    EffectKind(
        "aliases-rewritten",
        Rank.SETTINGS,
        "model",
        "writes its names in another way",
        "write their names in another way",
    ),
    EffectKind(
        "written-otherwise",
        Rank.SETTINGS,
        "model",
        "is compiled to other bytes",
        "are compiled to other bytes",
    ),
    # --- nothing that a request notices
    EffectKind("title-changed", Rank.NOTES, "model", "changes its name", "change their name"),
    EffectKind("region-title-changed", Rank.NOTES, "region", "changes its name", "change their name"),
    EffectKind("location-changed", Rank.NOTES, "region", "moves on the map", "move on the map"),
    EffectKind("tags-changed", Rank.NOTES, "model", "changes its tags", "change their tags"),
    EffectKind("metadata-changed", Rank.NOTES, "model", "changes its metadata", "change their metadata"),
    EffectKind("file-moved", Rank.NOTES, "model", "moves to another file", "move to another file"),
    EffectKind(
        "heads-reordered",
        Rank.NOTES,
        "file",
        "lists the heads in another order",
        "list the heads in another order",
    ),
    EffectKind(
        "regions-reordered",
        Rank.NOTES,
        "file",
        "lists the regions in another order",
        "list the regions in another order",
    ),
)

BY_NAME: Mapping[str, EffectKind] = {kind.name: kind for kind in KINDS}
ORDER: Mapping[str, int] = {kind.name: number for number, kind in enumerate(KINDS)}
"""By name, where a kind stands in a plan."""
