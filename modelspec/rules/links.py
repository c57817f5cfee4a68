"""The pages of links, ignores, waivers and defaults: `MS201` to `MS208`, `MS608` to `MS613`, `MS616`."""

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Rule, stage_rule
from modelspec.rules.examples import MODEL, model

_BISON = model("bison", "eu")
_ACME = _BISON.partition("\n")[2].replace("model_id: bison", "model_id: acme/atlas")

RULES: tuple[Rule, ...] = (
    stage_rule(
        "MS201",
        "No region has this name.",
        """
        Regions are declared in regions.yaml. The nearest declared name is suggested.

        Correct the name, or declare the region.
        """,
        bad=MODEL.replace("region: eu", "region: ue"),
        good=MODEL,
    ),
    stage_rule(
        "MS202",
        "No head has this name.",
        """
        Heads are declared in heads.yaml. The nearest declared name is suggested.

        Correct the name, or declare the head.
        """,
        bad=MODEL.replace("priority_head: head-eu-1", "priority_head: head-ue-1"),
        good=MODEL,
    ),
    stage_rule(
        "MS203",
        "No model has this name.",
        """
        `fallback_models` and `replaced_by` name a model by its id, by an alias, or by a name that a wildcard
        covers.

        Correct the name.
        """,
        bad=MODEL + "fallback_models: [bisson]\n" + _BISON,
        good=MODEL + "fallback_models: [bison]\n" + _BISON,
    ),
    stage_rule(
        "MS204",
        "A region, head or edge is declared twice.",
        """
        Which of the two wins would depend on the parser.

        Delete one, or rename it.
        """,
        bad="""
        # file: regions.yaml
        regions:
          - {code: us, name: United States}
          - {code: eu, name: Europe}
          - {code: uk, name: United Kingdom}
          - {code: cn, name: China}
          - {code: eu, name: European Union}
        """,
        good="""
        # file: regions.yaml
        regions:
          - {code: us, name: United States}
          - {code: eu, name: Europe}
          - {code: uk, name: United Kingdom}
          - {code: cn, name: China}
        """,
    ),
    stage_rule(
        "MS205",
        "A model's name is declared twice.",
        """
        Ids and aliases share one namespace, in which names must differ by more than case: some gateways, and
        every page on a case-insensitive file system, would confuse them.

        Rename one of the two.
        """,
        bad=MODEL + "aliases: [Bison]\n" + _BISON,
        good=MODEL + "aliases: [titan]\n" + _BISON,
    ),
    stage_rule(
        "MS206",
        "The names of two files or folders differ by case only.",
        """
        On macOS and Windows they are one: a checkout there loses a model, or takes the defaults of another folder. The
        same holds for letters that differ by their width, or by how an accent is written.

        Rename one of the two.
        """,
        bad=MODEL + "# file: models.d/Atlas.yaml\n" + _ACME,
        good=MODEL + "# file: models.d/acme_atlas.yaml\n" + _ACME,
    ),
    stage_rule(
        "MS207",
        "No rule has this code, or the rule cannot be turned off or waived.",
        """
        `rules` in modelspec.yaml and `rule` in waivers.yaml name a rule by its code. Faults of reading, schema
        and links (`MS0xx` to `MS2xx`) cannot be turned off or waived: the compiler could not continue. Guards
        (`MS8xx`) are set under `guards` and waived by `guard`, not by a code.

        Correct the code, or delete the entry.
        """,
        bad=MODEL + "# file: modelspec.yaml\nrules: {MS499: off}",
        good=MODEL + "# file: modelspec.yaml\nrules: {MS402: error}",
    ),
    stage_rule(
        "MS208",
        "No provider has this name.",
        """
        `provider` is one of the words that modelspec knows: those of its own table, and those of LiteLLM. It decides
        which protocol is spoken, where a request without an `endpoint` goes, and what is known of the place where it
        is answered. The nearest known word is suggested.

        Correct the word. Most providers speak the protocol of OpenAI: write `provider: openai` with their endpoint.
        """,
        bad=MODEL + "provider: opneai",
        good=MODEL + "provider: openai",
    ),
    stage_rule(
        "MS608",
        "An ignore silences nothing.",
        """
        `# modelspec: ignore[MS402] reason` silences warnings and infos on its own line or, alone on a line, on
        the next one. An error is never silenced from inside the file that a pull request edits.

        Delete the comment.
        """,
        bad=MODEL + "tags: [chat]  # modelspec: ignore[MS402] there is one head",
        good=MODEL.replace("fallback_heads: [head-uk-1]\n", "").replace(
            "priority_head: head-eu-1", "priority_head: head-eu-1  # modelspec: ignore[MS402] a trial"
        ),
        severity=Severity.WARNING,
    ),
    stage_rule(
        "MS609",
        "An ignore gives no reason, or names no rule.",
        """
        The next reader must know why the warning does not matter here.

        Write the code in brackets and the reason after it.
        """,
        bad=MODEL.replace("fallback_heads: [head-uk-1]\n", "").replace(
            "priority_head: head-eu-1", "priority_head: head-eu-1  # modelspec: ignore[MS402]"
        ),
        good=MODEL.replace("fallback_heads: [head-uk-1]\n", "").replace(
            "priority_head: head-eu-1", "priority_head: head-eu-1  # modelspec: ignore[MS402] a trial"
        ),
        severity=Severity.WARNING,
    ),
    stage_rule(
        "MS610",
        "A waiver waives nothing.",
        """
        The fault is gone, or the subject is misspelt. If it stays, it would allow the same fault later.

        Delete it, or correct its subject: the model id, head id or region code that the diagnostic names, or
        its file. A waiver of a guard is checked by `plan`: once the change is merged, it is
        obsolete.
        """,
        bad=MODEL + "# file: waivers.yaml\nwaivers:\n  - {rule: MS402, subject: atlas, reason: a trial, "
        "expires: 2026-11-01, approved_by: alice}",
        good=MODEL + "# file: waivers.yaml\nwaivers: []",
        severity=Severity.WARNING,
    ),
    stage_rule(
        "MS611",
        "A waiver has expired.",
        """
        It no longer has any effect.

        Delete it, or have it reviewed again.
        """,
        bad=MODEL + "# file: waivers.yaml\nwaivers:\n  - {rule: MS402, subject: atlas, reason: a trial, "
        "expires: 2020-12-31, approved_by: alice}",
        good=MODEL + "# file: waivers.yaml\nwaivers: []",
        severity=Severity.WARNING,
    ),
    stage_rule(
        "MS612",
        "A waiver still contains a placeholder.",
        """
        modelspec prints the entry that would allow a fault, except for what it cannot know: why this is acceptable and
        who approves it. A waiver without both has not been reviewed, and has no effect.

        Write the reason, and name the approver.
        """,
        bad=MODEL + "# file: waivers.yaml\nwaivers:\n  - {guard: max_removed, subject: bison, "
        "reason: why this is acceptable, expires: 2026-11-01, approved_by: alice}",
        good=MODEL + "# file: waivers.yaml\nwaivers:\n  - {guard: max_removed, subject: bison, "
        "reason: its clients have moved to atlas, expires: 2026-11-01, approved_by: alice}",
    ),
    stage_rule(
        "MS616",
        "A waiver lasts too long.",
        """
        An exception that never ends is a rule that nobody has decided. A waiver may last `guards.max_waiver_days` from
        today, 180 without it; one that ends later has no effect. For a change, the setting of its base counts.

        Write an earlier day, and have the waiver reviewed again then; or correct the rule, if it is wrong for good.
        """,
        bad=MODEL + "# file: waivers.yaml\nwaivers:\n  - {guard: max_removed, subject: bison, "
        "reason: its clients have moved to atlas, expires: 9999-12-31, approved_by: alice}",
        good=MODEL + "# file: waivers.yaml\nwaivers:\n  - {guard: max_removed, subject: bison, "
        "reason: its clients have moved to atlas, expires: 2026-11-01, approved_by: alice}",
    ),
    stage_rule(
        "MS613",
        "No model uses the defaults of a folder.",
        """
        `_defaults.yaml` gives values to the models in its folder and below it. Without such a model it has no effect;
        most often the models were moved and the file was left behind.

        Delete it, or move it to the folder of its models.
        """,
        bad=MODEL + "# file: models.d/old/_defaults.yaml\nregion: eu",
        good=MODEL.replace("region: eu\n", "") + "# file: models.d/_defaults.yaml\nregion: eu",
        severity=Severity.INFO,
    ),
)
