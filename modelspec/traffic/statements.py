"""The SQL of reading: constants, with our own names and numbers filled in; what a log holds is never part of one."""

from collections.abc import Sequence

from modelspec.traffic.layouts import FIELDS
from modelspec.traffic.store import COLUMNS, MOST_MS, OTHER, SUMS, WIDTH, WINDOW_MS

FIRST_MS, LAST_MS = 946_684_800_000, 4_102_444_800_000
"""2000 and 2100: a time outside is none."""

TAIL_MS = 3_600_000
"""What an edge's log may still lack before the time of its last row: requests are logged when they end."""

MOST_CODED = 16_384
"""Texts of a column that are written as numbers and a list of them; the list is in each part of each file."""

TEXTS = (
    "layer", "model", "client", "head", "key_id", "asked", "edge", "commit", "deployment", "code_class",
)  # fmt: skip
"""What describes a row; `g` is the hash of all of them."""

KEPT = {
    "asked": 200,
    "model": 200,
    "head": 200,
    "client": 200,
    "edge": 200,
    "commit": 200,
    "deployment": 1000,
    "key_id": 1000,
}
"""How many names that the table does not have are kept of a chunk; the most frequent ones."""

_KNOWN = {"asked": "names", "model": "models", "head": "heads", "client": "allowed"}

_CODE_CLASS = """CASE WHEN status IN (401, 403, 404, 429, 503) THEN CAST(status AS VARCHAR)
    WHEN status BETWEEN 100 AND 599 THEN CAST(status // 100 AS VARCHAR) || 'xx' ELSE 'none' END"""


def _bucket(name: str) -> str:
    return f"""CASE WHEN {name} >= 0 AND {name} <= {MOST_MS}
        THEN CAST(floor(ln(greatest(floor({name}), 1)) / ln({WIDTH})) AS SMALLINT) END"""


def _count(name: str) -> str:
    return f"CASE WHEN {name} >= 0 AND {name} < 9007199254740992 THEN CAST({name} AS BIGINT) ELSE 0 END"


def chunk(raw: str) -> str:
    """The table `c` of a chunk, from an expression that gives `FIELDS` and `line`; `$src` is the number of the file."""
    texts = ", ".join(f"coalesce({name}, '') AS {name}" for name in TEXTS if name != "code_class")
    return f"""CREATE OR REPLACE TEMP TABLE c AS
    SELECT * EXCLUDE (request_id), hash({", ".join(TEXTS)}) AS g,
        CASE WHEN h IS NULL THEN NULL WHEN is_edge THEN h ELSE hash(h, head, deployment, ms) END AS d
    FROM (SELECT CAST($src AS INTEGER) AS src, line, epoch_ms(try_cast(time AS TIMESTAMPTZ)) AS ms,
        request_id, CASE WHEN request_id <> '' THEN hash(request_id) END AS h,
        layer IS DISTINCT FROM 'head' AS is_edge, {texts},
        {_CODE_CLASS} AS code_class,
        {_bucket("duration_ms")} AS b1, {_bucket("first_byte_ms")} AS b2,
        coalesce(attempts > 1, false) AS retried,
        {_count("input_tokens")} AS input_tokens, {_count("output_tokens")} AS output_tokens,
        CASE WHEN cost >= 0 AND cost < 1e6 THEN CAST(round(cost * 1e9) AS BIGINT) ELSE 0 END AS cost_nano
    FROM ({raw}))"""


def emitted(path: str) -> str:
    """The rows of a chunk that our own gateways wrote, in a file of ours."""
    columns = ", ".join(f"'{field}': '{kind}'" for field, kind in FIELDS.values())
    names = ", ".join(f'"{field}" AS {name}' for name, (field, _) in FIELDS.items() if name != "time")
    return f"""SELECT $first + row_number() OVER () - 1 AS line, {names},
        CASE WHEN "modelspec.log" IS NOT NULL THEN "time" END AS time
        FROM read_json({_quoted(path)}, columns = {{'modelspec.log': 'BIGINT', {columns}}},
        format = 'newline_delimited', maximum_object_size = 4194304)"""


def made(path: str) -> str:
    """The rows that were made line by line, in a file of ours."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, (_, kind) in FIELDS.items())
    return f"""SELECT * FROM read_json({_quoted(path)}, columns = {{'line': 'BIGINT', {columns}}},
        format = 'newline_delimited', maximum_object_size = 4194304)"""


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


_UNTIMED = f"ms IS NULL OR ms < {FIRST_MS} OR ms >= {LAST_MS}"
CHECK = f"SELECT count(*), count(*) FILTER ({_UNTIMED}) FROM c"
UNTIMED = f"SELECT line FROM c WHERE {_UNTIMED} ORDER BY line"
TIMED = f"DELETE FROM c WHERE {_UNTIMED}"

DESCRIBED = f"""CREATE OR REPLACE TEMP TABLE dd AS
    SELECT g, {", ".join(f"left({name}, 256) AS {name}" for name in TEXTS)}
    FROM c WHERE rowid IN (SELECT min(rowid) FROM c GROUP BY g)"""
"""The descriptions of a chunk, each once: cheaper than to group by the texts."""

WEIGHED = "CREATE OR REPLACE TEMP TABLE dn AS SELECT g, count(*) AS n FROM c GROUP BY g"


def unknown(name: str) -> str:
    """The condition that a name is not in the table."""
    known = _KNOWN.get(name)
    return f"{name} <> ''" + (f" AND {name} NOT IN (SELECT {known}.name FROM {known})" if known else "")


EXCESS = f"""SELECT {", ".join(f"approx_count_distinct(CASE WHEN {unknown(name)} THEN {name} END)" for name in KEPT)}
    FROM dd"""
"""About how many names of each kind there are that the table does not have."""


def capped(name: str) -> str:
    """Replace all but the most frequent names: of a wildcard by the wildcard, else by one word for all."""
    other = f"'{OTHER}'"
    if name == "asked":
        other = f"CASE WHEN model IN (SELECT name FROM models) THEN model ELSE {other} END"
    return f"""UPDATE dd SET {name} = {other} WHERE {unknown(name)} AND {name} NOT IN (
        SELECT {name} FROM dd JOIN dn USING (g) WHERE {unknown(name)} GROUP BY {name}
        ORDER BY sum(n) DESC, {name} LIMIT {KEPT[name]})"""


_ALL = ", ".join(TEXTS)
NUMBERS = "src, line, ms, h, d, is_edge, g, b1, b2, retried, input_tokens, output_tokens, cost_nano"
SPOOL = f"INSERT INTO spool SELECT {NUMBERS} FROM c"
DESCRIBE = f"INSERT INTO fresh SELECT g, {_ALL} FROM dd"
SPOOL_CAPPED = f"""INSERT INTO spool SELECT {NUMBERS.replace(" g,", " m.g2,")}
    FROM c JOIN (SELECT g, hash({_ALL}) AS g2 FROM dd) m USING (g)"""
DESCRIBE_CAPPED = f"INSERT INTO fresh SELECT hash({_ALL}), {_ALL} FROM dd GROUP BY {_ALL}"

_WORDS = {
    "measure": ("asked", "duration", "edges", "first_byte", "requests"),
    "layer": ("direct", "edge", "head"),
}

ASIDE = "(FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1)"
"""How a file is written that this run reads again: looking for repeated numbers would take half of the time."""

EMPTY = {
    "spool": """CREATE OR REPLACE TEMP TABLE spool (src INTEGER, line BIGINT, ms BIGINT, h UBIGINT, d UBIGINT,
        is_edge BOOLEAN, g UBIGINT, b1 SMALLINT, b2 SMALLINT, retried BOOLEAN, input_tokens BIGINT,
        output_tokens BIGINT, cost_nano BIGINT)""",
    "fresh": f"CREATE OR REPLACE TEMP TABLE fresh (g UBIGINT, {', '.join(f'{name} VARCHAR' for name in TEXTS)})",
    "partial": """CREATE OR REPLACE TEMP TABLE partial (measure measure_text, layer layer_text, gr UBIGINT, date DATE,
        hour SMALLINT, bucket SMALLINT, requests BIGINT, retried BIGINT, failovers BIGINT, input_tokens BIGINT,
        output_tokens BIGINT, cost_nano BIGINT)""",
}
"""Tables that are filled and emptied again. They are made anew, since deleted rows keep their memory for a time."""

SETUP = (
    # Checkpoints, which would compress what is soon thrown away, took a third of the time of putting lines aside.
    "SET checkpoint_threshold = '1TB'",
    *(
        f"CREATE TYPE {name}_text AS ENUM ({', '.join(map(_quoted, words))})"
        for name, words in _WORDS.items()
    ),
    *EMPTY.values(),
    f"CREATE TEMP TABLE dims (g UBIGINT, {', '.join(f'{name} VARCHAR' for name in TEXTS)})",
    """CREATE TEMP TABLE known (g UBIGINT, outside BOOLEAN, failover BOOLEAN, served VARCHAR, upstream VARCHAR,
        gr UBIGINT, ga UBIGINT, ge UBIGINT)""",
    """CREATE TEMP TABLE groups (gr UBIGINT, model VARCHAR, client VARCHAR, head VARCHAR, served VARCHAR,
        upstream VARCHAR, code_class VARCHAR, key_id VARCHAR, asked VARCHAR, edge VARCHAR, commit VARCHAR)""",
    """CREATE TEMP TABLE breaches (src INTEGER, line BIGINT, ms BIGINT, h UBIGINT, layer VARCHAR, model VARCHAR,
        head VARCHAR, served VARCHAR, upstream VARCHAR, edge VARCHAR, commit VARCHAR)""",
    "CREATE TABLE names (name VARCHAR, model VARCHAR)",
    "CREATE TABLE models (name VARCHAR, home VARCHAR)",
    "CREATE TABLE heads (name VARCHAR, region VARCHAR)",
    "CREATE TABLE allowed (name VARCHAR, is_restricted BOOLEAN)",
    "CREATE TABLE inside (home VARCHAR, region VARCHAR)",
    "CREATE TABLE first_heads (model VARCHAR, head VARCHAR)",
    "CREATE TABLE upstreams (model VARCHAR, number INTEGER, region VARCHAR)",
)

MEET = (
    f"""CREATE OR REPLACE TEMP TABLE met AS SELECT g, {_ALL} FROM fresh
        WHERE rowid IN (SELECT min(rowid) FROM fresh WHERE g NOT IN (SELECT g FROM dims) GROUP BY g)""",
    EMPTY["fresh"],
    f"INSERT INTO dims SELECT g, {_ALL} FROM met",
    """CREATE OR REPLACE TEMP TABLE judged AS
        SELECT *, hash('r', model, client, head, served, upstream, code_class, key_id) AS gr,
            CASE WHEN asked <> '' THEN hash('a', asked, client, model, code_class) END AS ga,
            CASE WHEN edge <> '' OR commit <> '' THEN hash('e', edge, commit, code_class) END AS ge
        FROM (SELECT met.*, coalesce(h.region, '') AS served, coalesce(u.region, '') AS upstream,
            coalesce(a.is_restricted, false) AND ((h.region IS NOT NULL AND i.region IS NULL)
                OR (u.region IS NOT NULL AND j.region IS NULL)) AS outside,
            met.head <> '' AND t.model IS NOT NULL AND f.model IS NULL AS failover
        FROM met
        LEFT JOIN heads h ON h.name = met.head
        LEFT JOIN names d ON d.name = regexp_extract(met.deployment, '^(?:fallback#)?(.*)#[0-9]{1,6}$', 1)
        LEFT JOIN upstreams u ON u.model = d.model
            AND u.number = try_cast(regexp_extract(met.deployment, '#([0-9]{1,6})$', 1) AS INTEGER)
        LEFT JOIN models m ON m.name = met.model
        LEFT JOIN allowed a ON a.name = m.home
        LEFT JOIN inside i ON i.home = m.home AND i.region = h.region
        LEFT JOIN inside j ON j.home = m.home AND j.region = u.region
        LEFT JOIN (SELECT DISTINCT model FROM first_heads) t ON t.model = met.model
        LEFT JOIN first_heads f ON f.model = met.model AND f.head = met.head)""",
    "INSERT INTO known SELECT g, outside, failover, served, upstream, gr, ga, ge FROM judged",
    """INSERT INTO groups SELECT DISTINCT gr, model, client, head, served, upstream, code_class, key_id, '', '', ''
        FROM judged""",
    """INSERT INTO groups SELECT DISTINCT ga, model, client, '', '', '', code_class, '', asked, '', ''
        FROM judged WHERE ga IS NOT NULL""",
    """INSERT INTO groups SELECT DISTINCT ge, '', '', '', '', '', code_class, '', '', edge, commit
        FROM judged WHERE ge IS NOT NULL""",
)
"""New descriptions: what the table says of each, and the groups that its rows are counted in."""

REPEATED = "SELECT count(d) - count(DISTINCT d) FROM spool"


def without_repeats(table: str) -> str:
    """Delete rows that come again, within the window after the first that is kept."""
    return f"""DELETE FROM {table} WHERE rowid IN (SELECT id FROM (
        SELECT rowid AS id, ms, row_number() OVER w AS k, first_value(ms) OVER w AS first
        FROM {table} WHERE d IN (SELECT d FROM {table} WHERE d IS NOT NULL GROUP BY d HAVING count(*) > 1)
        WINDOW w AS (PARTITION BY d ORDER BY ms, src, line)) WHERE k > 1 AND ms - first < {WINDOW_MS})"""


def without_seen(table: str, seen: str) -> str:
    """Delete rows that an earlier round or run has counted; `seen` is an expression with `d` and `ms`."""
    return f"""DELETE FROM {table} WHERE rowid IN (SELECT t.rowid FROM {table} t
        JOIN ({seen}) s ON s.d = t.d WHERE abs(s.ms - t.ms) < {WINDOW_MS})"""


_MOMENT = "CAST(epoch_ms({at} * 3600000) AS DATE), CAST({at} % 24 AS SMALLINT)"
_DAY = "CAST(epoch_ms({at} * 86400000) AS DATE), 0"

COUNT_EDGES = (
    f"""INSERT INTO partial SELECT 'requests', 'edge', gr, {_MOMENT.format(at="slot")}, 0, n, r, f, i, o, c FROM (
        SELECT gr, ms // 3600000 AS slot, count(*) AS n, count(*) FILTER (retried) AS r,
            count(*) FILTER (failover) AS f, sum(input_tokens) AS i, sum(output_tokens) AS o, sum(cost_nano) AS c
        FROM spool JOIN known USING (g) WHERE is_edge GROUP BY gr, slot)""",
    *(
        f"""INSERT INTO partial SELECT '{measure}', 'edge', gr, {_DAY.format(at="slot")}, b, n, 0, 0, 0, 0, 0 FROM (
        SELECT gr, ms // 86400000 AS slot, {column} AS b, count(*) AS n
        FROM spool JOIN known USING (g) WHERE is_edge AND {column} IS NOT NULL GROUP BY gr, slot, b)"""
        for measure, column in (("duration", "b1"), ("first_byte", "b2"))
    ),
    *(
        f"""INSERT INTO partial SELECT '{measure}', 'edge', gr, {_MOMENT.format(at="slot")}, 0, n, 0, 0, 0, 0, 0 FROM (
        SELECT {group} AS gr, ms // 3600000 AS slot, count(*) AS n
        FROM spool JOIN known USING (g) WHERE is_edge AND {group} IS NOT NULL GROUP BY {group}, slot)"""
        for measure, group in (("asked", "ga"), ("edges", "ge"))
    ),
)

BREACHES_OF_EDGES = """INSERT INTO breaches SELECT src, line, ms, h, 'edge', model, head, served, upstream, edge, commit
    FROM spool JOIN known USING (g) JOIN dims USING (g) WHERE is_edge AND outside"""


def match(edges: str) -> tuple[str, ...]:
    """Find the edge's row for each waiting row of a head, in `edges`, an expression with `h`, `ms` and `g`."""
    return (
        f"""CREATE OR REPLACE TEMP TABLE eh AS SELECT w.rowid AS id, arg_min(s.g, s.ms) AS eg, min(s.ms) AS ems
            FROM waiting w JOIN ({edges}) s ON s.h = w.h WHERE abs(s.ms - w.ms) < {WINDOW_MS} GROUP BY w.rowid""",
        f"""CREATE OR REPLACE TEMP TABLE headed AS SELECT w.*, eh.eg, eh.ems,
            CASE WHEN eh.eg IS NOT NULL THEN 'edge' WHEN w.ms < r.last - {TAIL_MS} THEN 'direct'
                ELSE 'head' END AS layer,
            w.h IS NULL OR row_number() OVER (PARTITION BY w.h ORDER BY w.ms DESC, w.src, w.line) = 1 AS is_last
            FROM waiting w JOIN dims d ON d.g = w.g LEFT JOIN eh ON eh.id = w.rowid
            LEFT JOIN reach r ON r.head = d.head""",
    )


def reach(edges: str) -> str:
    """Up to when each head's requests are known from edges."""
    return f"""CREATE OR REPLACE TEMP TABLE reach AS
        SELECT head, max(ms) AS last FROM ({edges}) JOIN dims USING (g) WHERE head <> '' GROUP BY head"""


COUNT_HEADS = (
    """CREATE OR REPLACE TEMP TABLE joined AS
        SELECT *, hash('r', model, client, head, served, upstream, code_class, key_id) AS gr FROM (
        SELECT e.model, e.client, e.head, ek.served, hk.upstream, e.code_class, e.key_id, slot, i, o, c FROM (
            SELECT eg, g, ems // 3600000 AS slot, sum(input_tokens) AS i, sum(output_tokens) AS o, sum(cost_nano) AS c
            FROM headed WHERE eg IS NOT NULL GROUP BY eg, g, slot) s
        JOIN dims e ON e.g = s.eg JOIN known ek ON ek.g = s.eg JOIN known hk ON hk.g = s.g)""",
    """INSERT INTO groups SELECT DISTINCT gr, model, client, head, served, upstream, code_class, key_id, '', '', ''
        FROM joined""",
    f"""INSERT INTO partial SELECT 'requests', 'edge', gr, {_MOMENT.format(at="slot")}, 0, 0, 0, 0, i, o, c
        FROM joined""",
    f"""INSERT INTO partial SELECT 'requests', layer, gr, {_MOMENT.format(at="slot")}, 0, n, 0, f, i, o, c FROM (
        SELECT layer, gr, ms // 3600000 AS slot, count(*) FILTER (is_last) AS n,
            count(*) FILTER (is_last AND failover) AS f,
            sum(input_tokens) AS i, sum(output_tokens) AS o, sum(cost_nano) AS c
        FROM headed JOIN known USING (g) WHERE eg IS NULL GROUP BY layer, gr, slot)""",
    *(
        f"""INSERT INTO partial SELECT '{measure}', layer, gr, {_DAY.format(at="slot")}, b, n, 0, 0, 0, 0, 0 FROM (
        SELECT layer, gr, ms // 86400000 AS slot, {column} AS b, count(*) AS n FROM headed JOIN known USING (g)
        WHERE eg IS NULL AND is_last AND {column} IS NOT NULL GROUP BY layer, gr, slot, b)"""
        for measure, column in (("duration", "b1"), ("first_byte", "b2"))
    ),
    """INSERT INTO breaches SELECT src, line, ms, h, 'head', model, head, served, upstream, '', commit FROM (
        SELECT s.src, s.line, s.ms, s.h, coalesce(nullif(e.model, ''), d.model) AS model,
            coalesce(nullif(d.head, ''), e.head) AS head, k.served, k.upstream, d.commit
        FROM headed s JOIN dims d ON d.g = s.g JOIN known k ON k.g = s.g LEFT JOIN dims e ON e.g = s.eg) b
    JOIN models m ON m.name = b.model JOIN allowed a ON a.name = m.home
    LEFT JOIN inside i ON i.home = m.home AND i.region = b.served
    LEFT JOIN inside j ON j.home = m.home AND j.region = b.upstream
    WHERE a.is_restricted AND ((b.served <> '' AND i.region IS NULL) OR (b.upstream <> '' AND j.region IS NULL))""",
)

STATE = f"""SELECT d, h, ms, g, is_edge, {_ALL}"""
"""The columns of the rows that later runs compare with: those of the last hours of what was read."""


_GROUPED = (
    "model",
    "client",
    "head",
    "served",
    "upstream",
    "code_class",
    "key_id",
    "asked",
    "edge",
    "commit",
)

RANK = f"""CREATE OR REPLACE TEMP TABLE ranked AS SELECT *, row_number() OVER (ORDER BY {", ".join(_GROUPED)}) AS place
    FROM (SELECT gr, {", ".join(f"any_value({name}) AS {name}" for name in _GROUPED)} FROM groups GROUP BY gr)"""
"""The groups in their order: to sort by their places costs a third of sorting by their texts."""

VALUES = f"SELECT {', '.join(f'count(DISTINCT {name})' for name in _GROUPED)} FROM ranked"
"""How many texts each column of the groups has, in the order of the columns."""


def encode(values: Sequence[int]) -> tuple[str, ...]:
    """Make `coded` of `ranked`: the texts as numbers of a type of their own, but those of columns with very many.

    A file is written from numbers in 40 % of the time that it takes from texts, and holds the same.
    """
    few = [name for name, number in zip(_GROUPED, values, strict=True) if 0 < number <= MOST_CODED]
    columns = (f"CAST({name} AS {name}_text) AS {name}" if name in few else name for name in _GROUPED)
    return (
        *(
            f"CREATE TYPE {name}_text AS ENUM (SELECT DISTINCT {name} FROM ranked ORDER BY {name})"
            for name in few
        ),
        f"CREATE TEMP TABLE coded AS SELECT gr, place, {', '.join(columns)} FROM ranked",
    )


def day_file(partials: str, *, is_summed: bool, is_coded: bool) -> str:
    """The rows of one day, `$day`, in the columns of the aggregate and in an order that depends on nothing else.

    `is_summed`: no two rows of `partials` are of the same group and time. `is_coded`: from `coded`, not `ranked`.

    Measure by measure: histograms have one sum, counts have all. Unsorted, the file would be four times as large.
    """
    return " UNION ALL ".join(
        f"SELECT * FROM ({_measure(partials, name, is_summed=is_summed, is_coded=is_coded)})"
        for name in _WORDS["measure"]
    )


def _measure(partials: str, measure: str, *, is_summed: bool, is_coded: bool) -> str:
    is_histogram = measure in ("duration", "first_byte")
    sums = ("requests",) if is_histogram else SUMS
    by = "bucket" if is_histogram else "hour"
    own = {name: name for name in COLUMNS}
    own["measure"] = f"'{measure}'"
    own["hour" if is_histogram else "bucket"] = "CAST(0 AS SMALLINT)"
    own |= {name: "CAST(0 AS BIGINT)" for name in SUMS if name not in sums}
    if is_coded:
        own |= {name: f"CAST({own[name]} AS {name}_text)" for name in _WORDS}
    added = sums if is_summed else (f"CAST(sum({name}) AS BIGINT) AS {name}" for name in sums)
    return f"""SELECT {", ".join(f"{value} AS {name}" for name, value in own.items())} FROM (
            SELECT layer, gr, date, {by}, {", ".join(added)}
            FROM {partials} WHERE date = $day AND measure = '{measure}' {"" if is_summed else "GROUP BY ALL"})
        JOIN {"coded" if is_coded else "ranked"} USING (gr) ORDER BY layer, place, {by}"""
