"""The pages of faults of single files: of reading, `MS001` to `MS026`, and of the schemas, `MS101` to `MS111`."""

from modelspec.diagnose.rule import Rule, stage_rule
from modelspec.rules.examples import MODEL

RULES: tuple[Rule, ...] = (
    stage_rule(
        "MS001",
        "A file cannot be read.",
        """
        It is a folder, a pipe, a socket or a device, or reading it is not permitted. Only regular files
        are read.

        Put a readable regular file in its place.
        """,
    ),
    stage_rule(
        "MS002",
        "A file or folder is a symbolic link.",
        """
        A link could point outside the repository, to a file of the machine that validates a pull request. Links
        are never followed, not even for `models.d` itself.

        Put the file itself in its place.
        """,
    ),
    stage_rule(
        "MS003",
        "A file is larger than 256 KiB.",
        """
        A model definition is a few kilobytes at the most. The limit bounds the time of a check.

        Keep one model per file, and large documents elsewhere.
        """,
    ),
    stage_rule(
        "MS004",
        "A file is not UTF-8.",
        """
        Only UTF-8 is read, with or without a byte order mark: in another encoding the reviewer and the compiler
        may see different text.

        Save the file as UTF-8.
        """,
    ),
    stage_rule(
        "MS005",
        "A file contains a control character.",
        """
        Only tabs and line ends (LF or CRLF) are allowed. Other control characters control terminals and cannot be
        seen; an escape such as `"\\e"` in a quoted string counts as well.

        Delete the character.
        """,
        bad=MODEL + 'tags: ["\\x1b[2J"]',
        good=MODEL + "tags: [chat]",
    ),
    stage_rule(
        "MS006",
        "A file contains an invisible character.",
        """
        Bidirectional controls, zero-width and other invisible characters make a reviewer see different text than
        the compiler, including in comments. Joiners are allowed where emoji of several parts, Arabic and Indic scripts
        need them.

        Delete the character.
        """,
        bad=MODEL + 'tags: ["chat\\u202e"]',
        good=MODEL + "tags: [chat]",
    ),
    stage_rule(
        "MS007",
        "A file contains a conflict marker.",
        """
        A merge was not finished: both sides are still in the file.

        Keep one side and delete the lines of the markers.
        """,
        bad=MODEL + "<<<<<<< HEAD\ntags: [chat]\n=======\ntags: [code]\n>>>>>>> other",
        good=MODEL + "tags: [chat]",
    ),
    stage_rule(
        "MS008",
        "A file is not valid YAML.",
        """
        The position is where the parser stopped; the mistake is often just before it: an open quote or
        bracket, a tab, a wrong indentation, a value with a colon that needs quotes.

        Correct the syntax there.
        """,
        bad=MODEL + "tags: [chat",
        good=MODEL + "tags: [chat]",
    ),
    stage_rule(
        "MS009",
        "A file contains more than one document.",
        """
        One file defines one model, so that its history, its owners and its review are its own.

        Move the part after `---` to its own file.
        """,
        bad=MODEL + "---\nmodel_id: bison",
        good=MODEL,
    ),
    stage_rule(
        "MS010",
        "A file is empty.",
        """
        There is nothing in it, or only comments.

        Write a model, or delete the file. To leave it out on purpose, begin its name with `_`.
        """,
        bad=MODEL + "# file: models.d/bison.yaml\n# to be written",
        good=MODEL,
    ),
    stage_rule(
        "MS011",
        "A mapping has a duplicate key.",
        """
        YAML parsers disagree about which one wins: the gateway could see another value than the reviewer.

        Keep one of the two.
        """,
        bad=MODEL + "name: Atlas Two",
        good=MODEL,
    ),
    stage_rule(
        "MS012",
        "A key is not a string.",
        """
        JSON, and therefore every output, has only string keys.

        Quote the key.
        """,
        bad=MODEL + "metadata: {1: one}",
        good=MODEL + 'metadata: {"1": one}',
    ),
    stage_rule(
        "MS013",
        "A tag or another YAML version is used.",
        """
        Tags (`!!python/object`, `!include`, `!!str`) make parsers build objects other than plain values; `%YAML`
        directives change how scalars are read. Everything here is plain YAML 1.2.

        Delete the tag; quote a value that is to be a string.
        """,
        bad=MODEL + "tags: [!!str chat]",
        good=MODEL + "tags: [chat]",
    ),
    stage_rule(
        "MS014",
        "A merge key is used.",
        """
        `<<` is not part of YAML 1.2, parsers merge differently, and a few hundred bytes of it can keep a parser
        busy for minutes. Anchors and aliases are fine.

        Write the fields out; use an alias only for a whole value.
        """,
        bad=MODEL + "metadata:\n  a: &a {x: 1}\n  b:\n    <<: *a",
        good=MODEL + "metadata:\n  a: &a {x: 1}\n  b: *a",
    ),
    stage_rule(
        "MS015",
        "A number is not finite.",
        """
        JSON has no infinity and no NaN.

        Write a finite number, or quote the string.
        """,
        bad=MODEL + "metadata: {score: .inf}",
        good=MODEL + "metadata: {score: 1.5}",
    ),
    stage_rule(
        "MS016",
        "An integer does not fit in 64 bits.",
        """
        Gateways and browsers would round it, each in its own way.

        Quote it if it is an identifier.
        """,
        bad=MODEL + "metadata: {build: 99999999999999999999}",
        good=MODEL + "metadata: {build: '99999999999999999999'}",
    ),
    stage_rule(
        "MS017",
        "A file is nested deeper than 32 levels.",
        """
        Deep nesting crashes parsers and carries no information.

        Flatten it.
        """,
        bad=MODEL + "metadata: {x: " + "[" * 33 + "]" * 33 + "}",
        good=MODEL + "metadata: {x: [[[1]]]}",
    ),
    stage_rule(
        "MS018",
        "A file contains more than 100 aliases.",
        """
        Aliases multiply the content: a short file can expand to gigabytes.

        Write the values out.
        """,
        bad=MODEL + "metadata: {a: &a 1, b: [" + ", ".join(["*a"] * 101) + "]}",
        good=MODEL + "metadata: {a: &a 1, b: [*a, *a]}",
    ),
    stage_rule(
        "MS019",
        "A file contains more than 20,000 values.",
        """
        The values behind aliases count each time, and those that defaults give to a model count as its own. What one
        `_defaults.yaml` gives to all models below it together is at most a million values.

        Split the file, or write less by alias or in the defaults.
        """,
    ),
    stage_rule(
        "MS020",
        "An alias has no anchor.",
        """
        The anchor is missing above it, or the alias is inside its own anchor and would never end.

        Define the anchor first, or write the value out.
        """,
        bad=MODEL + "metadata: {a: *b}",
        good=MODEL + "metadata: {b: &b 1, a: *b}",
    ),
    stage_rule(
        "MS022",
        "A required file is missing.",
        """
        Every repository has `regions.yaml` and `heads.yaml` in its root.

        Create the file.
        """,
    ),
    stage_rule(
        "MS023",
        "models.d contains no model.",
        """
        A build would drop every route of the fleet, which is rarely intended.

        Add a model. To take the last one out of service, disable it.
        """,
    ),
    stage_rule(
        "MS024",
        "The name of a file is not plain text.",
        """
        Names with line breaks, other control characters or bytes that are not UTF-8 mislead terminals and
        reviewers.

        Rename the file.
        """,
    ),
    stage_rule(
        "MS025",
        "A file looks like a model or like defaults but is not read.",
        """
        Only names that end in `.yaml` or `.yml`, in lower case, are models. A model in `atlas.YAML` would
        silently have no route. The defaults of a folder are in `_defaults.yaml`, in exactly this spelling, so that
        there is one such file and it is easy to find. In the same way `heads.yml` and `modelspec.json` are not read.

        Rename it, or begin the name of a model with `_` to leave it out on purpose.
        """,
        bad=MODEL + "# file: models.d/bison.json\n{}",
        good=MODEL,
    ),
    stage_rule(
        "MS026",
        "A file has more than 200 faults.",
        """
        The rest is counted, not shown, so that one file cannot bury the faults of all others.

        Correct those that are shown, and validate again.
        """,
    ),
    stage_rule(
        "MS027",
        "A name differs from that of a file that is read by case only.",
        """
        `Heads.yaml` and `heads.yaml` are one file on macOS and Windows: which of the two is read depends on who has
        checked them out. The same holds for `Models.d`, and for letters that differ by their width, or by how an accent
        is written.

        Rename or delete it.
        """,
        bad=MODEL + "# file: Heads.yaml\nheads: []",
        good=MODEL,
    ),
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
        YAML 1.2 applies: only `true` and `false` are booleans, `no` and `on` are strings, `012` is the number
        twelve.

        Quote a string that looks like something else; write `true` or `false` for a boolean.
        """,
        bad=MODEL + "local_inference: no",
        good=MODEL + "local_inference: false",
    ),
    stage_rule(
        "MS104",
        "A value has the wrong form.",
        "The message describes the form. Correct the value.",
        bad=MODEL.replace("region: eu", "region: EU"),
        good=MODEL,
    ),
    stage_rule(
        "MS105",
        "A value is not one of the allowed values.",
        "Use one of the allowed values.",
        bad=MODEL + "status: retired",
        good=MODEL + "status: disabled",
    ),
    stage_rule(
        "MS106",
        "A value is too large, too small, too long or too short.",
        "Stay within the bounds in the message.",
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
        `deployments` replaces `endpoint`, `provider`, `upstream_model`, `api_key` and `params`; a key
        reference has one kind.

        Keep one of them.
        """,
        bad=MODEL + "deployments: [{endpoint: https://a.example.com}]",
        good=MODEL,
    ),
    stage_rule(
        "MS109",
        "Metadata does not satisfy the organisation's schema.",
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
    stage_rule(
        "MS111",
        "The price list cannot be used.",
        """
        `prices` in modelspec.yaml names a YAML file of the repository, by which `usage` and `suggest` count cost.

        Correct the path or the entry, or remove `prices`.
        """,
        bad=MODEL + "# file: modelspec.yaml\nprices: prices.yaml\n# file: prices.yaml\n"
        "prices: [{model: atlas, region: us, deployment: 0, input: 1, output: 2}]",
        good=MODEL + "# file: modelspec.yaml\nprices: prices.yaml\n# file: prices.yaml\n"
        "prices: [{model: atlas, region: us, input: 1, output: 2}]",
    ),
)
