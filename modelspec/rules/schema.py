"""The pages of faults against the schemas: `MS101` to `MS110`."""

from modelspec.diagnose.rule import Rule, stage_rule
from modelspec.rules.examples import MODEL

RULES: tuple[Rule, ...] = (
    stage_rule(
        "MS101",
        "A field is unknown.",
        """
        A misspelt field would be ignored by a gateway, or sent upstream. Only `metadata` and `params` are free.

        Correct the name.
        """,
        bad=MODEL + "fallback_head: head-eu-2",
        good=MODEL,
    ),
    stage_rule(
        "MS102",
        "A required field is missing.",
        "Add the field.",
        bad=MODEL.replace("name: Atlas\n", ""),
        good=MODEL,
    ),
    stage_rule(
        "MS103",
        "A value has the wrong type.",
        """
        YAML 1.2 decides: only `true` and `false` are booleans, `no` and `on` are strings, `012` is the number
        twelve.

        Quote a string that looks like something else; write `true` or `false` for a boolean.
        """,
        bad=MODEL + "local_inference: no",
        good=MODEL + "local_inference: false",
    ),
    stage_rule(
        "MS104",
        "A value has the wrong form.",
        "The message says what the form is. Correct the value.",
        bad=MODEL.replace("region: eu", "region: EU"),
        good=MODEL,
    ),
    stage_rule(
        "MS105",
        "A value is not among the choices.",
        "Use one of the choices.",
        bad=MODEL + "status: retired",
        good=MODEL + "status: disabled",
    ),
    stage_rule(
        "MS106",
        "A value is too large, too small, too long or too short.",
        "Keep to the bounds that the message names.",
        bad=MODEL + "limits: {rpm: 0}",
        good=MODEL + "limits: {rpm: 60}",
    ),
    stage_rule(
        "MS107",
        "An item is repeated in a list.",
        "Delete one of the two.",
        bad=MODEL.replace("[head-uk-1]", "[head-uk-1, head-uk-1]"),
        good=MODEL,
    ),
    stage_rule(
        "MS108",
        "Fields exclude each other, or need each other.",
        """
        `deployments` stands in place of `endpoint`, `provider`, `upstream_model`, `api_key` and `params`; a key
        reference has one kind.

        Keep one of them.
        """,
        bad=MODEL + "deployments: [{endpoint: https://a.example.com}]",
        good=MODEL,
    ),
    stage_rule(
        "MS109",
        "Metadata breaks the organisation's own schema.",
        """
        `metadata_schema` in modelspec.yaml names a JSON Schema that every `metadata` must satisfy.

        Correct the metadata, or have the schema changed by its owners.
        """,
    ),
    stage_rule(
        "MS110",
        "The organisation's metadata schema cannot be used.",
        """
        It must be JSON Schema draft 2020-12 in a regular JSON file of the repository, without references to
        other files, with linear-time patterns, within the limits.

        Correct the schema, or remove `metadata_schema`.
        """,
        bad=MODEL + "# file: modelspec.yaml\nmetadata_schema: metadata.schema.json\n"
        '# file: metadata.schema.json\n{"type": "objekt"}',
        good=MODEL + "# file: modelspec.yaml\nmetadata_schema: metadata.schema.json\n"
        '# file: metadata.schema.json\n{"type": "object"}',
    ),
)
