"""Every kind of effect, in the order in which a plan is read: the worst consequence first."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelspec.plan.effect import Rank


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of effect: what it costs, and how the summary counts it.

    `one` and `many` stand behind a number and its noun: "1 model moves", "3 models move". The group is put
    where they say `{}`.
    """

    name: str
    rank: Rank
    what: str
    one: str
    many: str


KINDS: tuple[Kind, ...] = (
    # --- service that is lost
    Kind("model-removed", Rank.SERVICE, "model", "is removed", "are removed"),
    Kind("model-disabled", Rank.SERVICE, "model", "is disabled", "are disabled"),
    Kind("no-head-left", Rank.SERVICE, "model", "has no head left", "have no head left"),
    Kind("name-lost", Rank.SERVICE, "name", "is no longer answered", "are no longer answered"),
    Kind("region-removed", Rank.SERVICE, "region", "is removed", "are removed"),
    Kind("head-removed", Rank.SERVICE, "head", "is removed", "are removed"),
    Kind("head-offline", Rank.SERVICE, "head", "goes offline", "go offline"),
    # --- where requests and keys may go, and who may call
    Kind(
        "reach-beyond-residency",
        Rank.EXPOSURE,
        "model",
        "breaks the residency of {}",
        "break the residency of {}",
    ),
    Kind("reach-left-home", Rank.EXPOSURE, "model", "leaves {}", "leave {}"),
    Kind("reach-entered", Rank.EXPOSURE, "model", "reaches another region", "reach another region"),
    Kind(
        "model-region-changed",
        Rank.EXPOSURE,
        "model",
        "changes its home region",
        "change their home region",
    ),
    Kind("residency-relaxed", Rank.EXPOSURE, "region", "relaxes its residency", "relax their residency"),
    Kind("endpoint-host-changed", Rank.EXPOSURE, "model", "calls another host", "call another host"),
    Kind("key-changed", Rank.EXPOSURE, "model", "uses another key", "use another key"),
    Kind("access-widened", Rank.EXPOSURE, "model", "is opened to more callers", "are opened to more callers"),
    Kind("provider-changed", Rank.EXPOSURE, "model", "changes its provider", "change their provider"),
    Kind(
        "upstream-moved",
        Rank.EXPOSURE,
        "model",
        "is served in another place",
        "are served in another place",
    ),
    Kind("head-moved", Rank.EXPOSURE, "head", "moves to another region", "move to another region"),
    Kind("head-host-changed", Rank.EXPOSURE, "head", "moves to another host", "move to another host"),
    Kind(
        "inference-host-changed",
        Rank.EXPOSURE,
        "head",
        "runs models on another host",
        "run models on another host",
    ),
    # --- what is left when a head fails
    Kind(
        "last-fallback-lost",
        Rank.RESILIENCE,
        "model",
        "loses its only fallback",
        "lose their only fallback",
    ),
    Kind("no-active-head", Rank.RESILIENCE, "model", "has no active head left", "have no active head left"),
    Kind("single-point", Rank.RESILIENCE, "model", "now depends on one head", "now depend on one head"),
    Kind("fallback-lost", Rank.RESILIENCE, "model", "loses a fallback", "lose a fallback"),
    Kind("head-draining", Rank.RESILIENCE, "head", "is drained", "are drained"),
    Kind(
        "fallback-models-changed",
        Rank.RESILIENCE,
        "model",
        "changes its fallback models",
        "change their fallback models",
    ),
    # --- where requests go
    Kind("first-tier-moved", Rank.TRAFFIC, "model", "moves", "move"),
    Kind("name-moved", Rank.TRAFFIC, "name", "routes to another model", "route to another model"),
    Kind("model-renamed", Rank.TRAFFIC, "model", "is renamed", "are renamed"),
    Kind("model-added", Rank.TRAFFIC, "model", "is added", "are added"),
    Kind("model-enabled", Rank.TRAFFIC, "model", "is enabled", "are enabled"),
    Kind("served-again", Rank.TRAFFIC, "model", "is served again", "are served again"),
    Kind(
        "local-inference-changed",
        Rank.TRAFFIC,
        "model",
        "switches local inference",
        "switch local inference",
    ),
    Kind(
        "upstream-model-changed",
        Rank.TRAFFIC,
        "model",
        "calls another upstream model",
        "call another upstream model",
    ),
    Kind("deployment-added", Rank.TRAFFIC, "model", "gains a deployment", "gain a deployment"),
    Kind("deployment-removed", Rank.TRAFFIC, "model", "loses a deployment", "lose a deployment"),
    Kind("access-narrowed", Rank.TRAFFIC, "model", "is closed to some callers", "are closed to some callers"),
    Kind("weights-changed", Rank.TRAFFIC, "model", "splits its requests anew", "split their requests anew"),
    Kind("fallback-added", Rank.TRAFFIC, "model", "gains a fallback", "gain a fallback"),
    Kind("fallback-reordered", Rank.TRAFFIC, "model", "reorders its fallbacks", "reorder their fallbacks"),
    Kind(
        "single-point-ended",
        Rank.TRAFFIC,
        "model",
        "no longer depends on one head",
        "no longer depend on one head",
    ),
    Kind("reach-left", Rank.TRAFFIC, "model", "no longer reaches a region", "no longer reach a region"),
    Kind("reach-returned-home", Rank.TRAFFIC, "model", "now stays within {}", "now stay within {}"),
    Kind("head-active", Rank.TRAFFIC, "head", "takes requests again", "take requests again"),
    Kind("head-renamed", Rank.TRAFFIC, "head", "is renamed", "are renamed"),
    Kind("head-added", Rank.TRAFFIC, "head", "is added", "are added"),
    Kind("region-renamed", Rank.TRAFFIC, "region", "changes its code", "change their code"),
    Kind("region-added", Rank.TRAFFIC, "region", "is added", "are added"),
    Kind("name-added", Rank.TRAFFIC, "name", "is answered now", "are answered now"),
    # --- settings
    Kind("endpoint-path-changed", Rank.SETTINGS, "model", "calls another path", "call another path"),
    Kind(
        "params-changed",
        Rank.SETTINGS,
        "model",
        "changes its provider settings",
        "change their provider settings",
    ),
    Kind(
        "deployment-weight-changed",
        Rank.SETTINGS,
        "model",
        "weighs its deployments anew",
        "weigh their deployments anew",
    ),
    Kind(
        "deployments-reordered",
        Rank.SETTINGS,
        "model",
        "lists its deployments in another order",
        "list their deployments in another order",
    ),
    Kind("policy-changed", Rank.SETTINGS, "model", "balances in another way", "balance in another way"),
    Kind("limits-changed", Rank.SETTINGS, "model", "changes its limits", "change their limits"),
    Kind("model-deprecated", Rank.SETTINGS, "model", "is deprecated", "are deprecated"),
    Kind("model-undeprecated", Rank.SETTINGS, "model", "is no longer deprecated", "are no longer deprecated"),
    Kind("sunset-changed", Rank.SETTINGS, "model", "changes when it ends", "change when they end"),
    Kind("residency-tightened", Rank.SETTINGS, "region", "tightens its residency", "tighten their residency"),
    Kind(
        "head-path-changed",
        Rank.SETTINGS,
        "head",
        "is called at another path",
        "are called at another path",
    ),
    Kind(
        "inference-path-changed",
        Rank.SETTINGS,
        "head",
        "runs models at another path",
        "run models at another path",
    ),
    Kind(
        "health-path-changed",
        Rank.SETTINGS,
        "head",
        "is checked at another path",
        "are checked at another path",
    ),
    Kind("capacity-changed", Rank.SETTINGS, "head", "changes its capacity", "change their capacity"),
    Kind(
        "heads-listed-changed",
        Rank.SETTINGS,
        "model",
        "names other heads that take no requests",
        "name other heads that take no requests",
    ),
    Kind(
        "aliases-rewritten",
        Rank.SETTINGS,
        "model",
        "writes its names in another way",
        "write their names in another way",
    ),
    Kind(
        "written-otherwise",
        Rank.SETTINGS,
        "model",
        "is compiled to other bytes",
        "are compiled to other bytes",
    ),
    # --- nothing that a request notices
    Kind("title-changed", Rank.NOTES, "model", "changes its name", "change their name"),
    Kind("region-title-changed", Rank.NOTES, "region", "changes its name", "change their name"),
    Kind("location-changed", Rank.NOTES, "region", "moves on the map", "move on the map"),
    Kind("tags-changed", Rank.NOTES, "model", "changes its tags", "change their tags"),
    Kind("metadata-changed", Rank.NOTES, "model", "changes its metadata", "change their metadata"),
    Kind("file-moved", Rank.NOTES, "model", "moves to another file", "move to another file"),
    Kind(
        "heads-reordered",
        Rank.NOTES,
        "file",
        "lists the heads in another order",
        "list the heads in another order",
    ),
    Kind(
        "regions-reordered",
        Rank.NOTES,
        "file",
        "lists the regions in another order",
        "list the regions in another order",
    ),
)

BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
ORDER: Mapping[str, int] = {kind.name: number for number, kind in enumerate(KINDS)}
"""By name, where a kind stands in a plan."""
