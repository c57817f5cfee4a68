"""The pages of the guards of `plan`: `MS801` to `MS811`."""

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
        "MS808": "unreadable_base",
        "MS809": "residency_change",
        "MS810": "head_host_change",
        "MS811": "policy_loosened",
        "MS850": "max_moved_requests",
    }
)
"""The guard of each code, as modelspec.yaml and waivers.yaml name it."""

RULES: tuple[Rule, ...] = (
    stage_rule(
        "MS801",
        "A change alters the routes of too many models.",
        """
        A faulty script, or an edit of a head, can reroute a whole fleet. A model is changed where anything
        differs that controls its traffic, residency, keys or access: its heads, tiers and weights, the URL or region
        of a head that serves it, its deployments, fallback models, reach, limits, names, groups. Fields that only
        describe it (name, tags, metadata, sunset) do not count.

        Split the change. Without `max_changed`, 30 % of the models may change, and at least three.
        """,
    ),
    stage_rule(
        "MS802",
        "A change removes too many models.",
        """
        Clients that still send the name get a 404. A model is removed where requests for its id were served
        and no longer are: its file is gone, or it is disabled. A renamed model counts too, unless the new one
        keeps the old id as an alias.

        Split the change, keep the old id as an alias, or deprecate the models first. Without `max_removed`, 10 %
        of the models may be removed, and at least one.
        """,
    ),
    stage_rule(
        "MS803",
        "A change moves too many models to another region.",
        """
        The region of a model determines which law applies to its requests.

        Split the change. Without `max_moved`, 10 % of the models may move, and at least one.
        """,
    ),
    stage_rule(
        "MS804",
        "A change leaves a region without a model.",
        """
        The last model that was served in the region is removed, disabled, moved away, or without a working
        head. Clients there have no model that may serve them under their residency rules.

        Keep one, or move a model there first.
        """,
    ),
    stage_rule(
        "MS805",
        "A change leaves a head without a model.",
        """
        Every client that is sent to this head then gets a 404. It also counts where the head itself is
        set offline or removed, so that taking one out of service is an approved decision.

        Keep a model on it, or waive this once its clients are gone.
        """,
    ),
    stage_rule(
        "MS806",
        "A change sends a key, or a model's requests, to another host.",
        """
        The owner of the new host reads prompts, responses and the key. This is how a pull request would steal them,
        and it looks like any other edit.

        It counts where a model with a key, in the base or now, gets a host that it did not have, and where a key that
        the base knows gets a host that no model with this key had; new models are included. It also counts where
        a name, or part of a wildcard, moves to a model at another host. Every way to
        name a host counts: `endpoint`, URLs in `params`, a variable, the provider, its region. Removing a
        host does not count. Deployments of disabled models count, so that enabling one is not a loophole.

        Check the host with the provider, then waive it. The subject is the model id, a space and the host, so
        that a waiver allows only this host.
        """,
    ),
    stage_rule(
        "MS807",
        "The guards could not be checked.",
        """
        The base has no models. Then no guard applies.

        Review this change as you would review a new fleet.
        """,
        severity=Severity.WARNING,
    ),
    stage_rule(
        "MS808",
        "A file of the base cannot be read.",
        """
        A change is held against its base: its routes are compared, and the policy of the base judges. What this version
        refuses in the base is left out of the comparison, value by value, so that a change that corrects it is reviewed
        like any other. Of a file that cannot be read at all, nothing is known: a model in it could be removed, or
        a rule turned off, unseen.

        Correct the file in the base first, in a change of its own, or have that change waived. The subject is the path.
        """,
    ),
    stage_rule(
        "MS809",
        "A change removes or widens the residency of a region.",
        """
        The residency of a region says where requests for its models may be served. Widened together with a model that
        uses it, a breach looks like any other edit. What newly counts as a region that some residency allows, by
        `upstreams` or `countries`, widens it too.

        Keep the residency, or have the change waived by whoever answers for data protection. The subject is the code of
        the region; for what newly counts as it, the code, a space and that.
        """,
    ),
    stage_rule(
        "MS810",
        "A change moves a head to another host or region.",
        """
        Every request that a head takes goes to its `url`, with the key of the client. The owner of another host reads
        them. It counts where the host of `url` or `inference_url` differs, where a new head takes over from one that is
        gone, and where a head counts as another region. The path and the port do not count.

        Check the host, then waive it. The subject is the head id, a space and the host, or the region.
        """,
    ),
    stage_rule(
        "MS811",
        "A change loosens the policy.",
        """
        Severities, guards, `key_policy`, `secret_folders`, `metadata_schema` and the life of waivers decide what a
        change may do, and keys.yaml or `auth.jwt` who may call. The policy of the base judges the change itself; what
        is loosened here holds for all that follow.

        Leave it out, or have it waived. The subject names the setting, such as `rules.MS301`, or `keys.yaml`.
        """,
    ),
    stage_rule(
        "MS850",
        "A change moves too many requests.",
        """
        One model may get more requests than a hundred others. With `plan --replay`, the requests of the last days are
        decided by both tables; those that another head or model takes have moved. Without usage nothing is counted:
        the plan says so, and the other guards count models.

        Split the change, so that what moves can be watched. Without `max_moved_requests`, any share may move. The
        subject of a waiver is a model, whose requests then do not count.
        """,
    ),
)
