"""The pages of the guards of `plan`: `MS801` to `MS807`."""

from collections.abc import Mapping
from types import MappingProxyType

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Rule, stage_rule

GUARDS: Mapping[str, str] = MappingProxyType(
    {
        "MS801": "max_changed",
        "MS802": "max_removed",
        "MS803": "max_moved",
        "MS804": "last_model_of_region",
        "MS805": "empty_head",
        "MS806": "endpoint_host_change",
    }
)
"""The guard of each code, as modelspec.yaml and waivers.yaml name it."""

RULES: tuple[Rule, ...] = (
    stage_rule(
        "MS801",
        "A change alters the routes of too many models.",
        """
        A script gone wrong, or an edit of a head, can reroute a fleet at once. A model is changed where anything
        differs that steers its traffic, residency, keys or access: its heads, tiers and weights, the URL or region
        of a head that serves it, its deployments, fallback models, reach, limits, names, groups. What only
        describes it (name, tags, metadata, sunset) does not count.

        Split the change. Without `max_changed`, 30 % of the models may change, and three in a small fleet.
        """,
    ),
    stage_rule(
        "MS802",
        "A change removes too many models.",
        """
        Clients that still send the name get a 404. A model is removed where requests for its id were answered
        and no longer are: its file is gone, or it is disabled. A renamed model counts too, unless the new one
        keeps the old id as an alias.

        Split the change, keep the old id as an alias, or deprecate the models first. Without `max_removed`, 10 %
        of the models may go, and always one.
        """,
    ),
    stage_rule(
        "MS803",
        "A change moves too many models to another region.",
        """
        The region of a model decides whose law its requests are under.

        Split the change. Without `max_moved`, 10 % of the models may move, and always one.
        """,
    ),
    stage_rule(
        "MS804",
        "A change leaves a region without a model.",
        """
        The last model that was served in the region is removed, disabled, moved away, or without a head that
        works. Clients there find nothing that may serve them under their residency rules.

        Leave one, or move a model there first.
        """,
    ),
    stage_rule(
        "MS805",
        "A change leaves a head without a model.",
        """
        Every client that is sent to this head gets a 404 from then on. It counts also where the head itself is
        set offline or removed, so that taking one out of service is a decision with a name under it.

        Leave a model on it, or waive this once its clients are gone.
        """,
    ),
    stage_rule(
        "MS806",
        "A change sends a key, or a model's requests, to another host.",
        """
        Who owns the new host reads prompts, answers and the key. This is how a pull request would steal them,
        and it looks like any other edit.

        It counts where a model with a key, in the base or now, gets a host that it had not, and where a key that
        the base knows gets a host that no model with this key had; new models are no exception. It counts too where
        a name, or part of a wildcard, goes over to a model at another host. Every way to
        name a host counts: `endpoint`, URLs in `params`, a variable, the provider, its region. A host that is
        only left out is no break. Deployments of disabled models count, so that enabling one is no way around.

        Check the host with the provider, then waive it. The subject is the model id, a space and the host, so
        that a waiver allows this one host and no other.
        """,
    ),
    stage_rule(
        "MS807",
        "There was nothing to hold the guards against.",
        """
        The base does not compile, or has no models. Then nobody can say how many models a change removes, or
        where a key went before, and no guard stands in the way.

        Correct the base first, or review this change as you would review a new fleet.
        """,
        severity=Severity.WARNING,
    ),
)
