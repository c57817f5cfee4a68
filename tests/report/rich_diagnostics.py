"""Diagnostics for the tests of all formats: usual, equal and hostile ones."""

from modelspec.diagnose.diagnostic import Diagnostic, Label, Severity, ordered
from modelspec.report import Summary
from modelspec.text.source import START, Source, Span

_BODY = "u8Rk2Zq9Lw4Xn7Tb1Vc6Ym3Hs5Pd0Gf8Je2Ka9Lq4"
KEY = "sk-" + "proj-" + _BODY
"""Looks like a real key, but is not one."""

ATLAS = f"""\
model_id: atlas
name: Atlas
region: eu-wset
priority_head: head-eu
api_key: {KEY}
"""

FILES = {
    "models.d/atlas.yaml": Source("models.d/atlas.yaml", ATLAS),
    "regions.yaml": Source("regions.yaml", "regions:\n  - {code: eu-west, name: Europe}\n"),
}

DIAGNOSTICS = ordered(
    [
        Diagnostic(
            code="MS201",
            severity=Severity.ERROR,
            message="no region is named 'eu-wset'",
            path="models.d/atlas.yaml",
            span=Span(3, 9, 3, 16),
            label="used here",
            help="did you mean 'eu-west'?",
            related=(Label(path="regions.yaml", span=Span(2, 12, 2, 19), text="'eu-west' is declared here"),),
            subject="atlas",
        ),
        Diagnostic(
            code="MS402",
            severity=Severity.WARNING,
            message="'atlas' has one active head, 'head-eu'",
            path="models.d/atlas.yaml",
            span=Span(4, 16, 4, 23),
            help="name another in fallback_heads",
            subject="atlas",
        ),
        *(
            Diagnostic(
                code="MS103",
                severity=Severity.ERROR,
                message="a tag must be a string, not a number",
                path="models.d/bison.yaml",
                span=Span(line, 5, line + 1, 1),
            )
            for line in (7, 9)
        ),
        Diagnostic(
            code="MS404",
            severity=Severity.INFO,
            message="no model uses the head 'head-br'",
            path="heads.yaml",
            span=START,
            subject="head-br",
        ),
        Diagnostic(
            code="MS501",
            severity=Severity.ERROR,
            message=f"the id '{KEY}' holds a key",
            path="models.d/keys/a.yaml",
            span=Span(1, 11, 1, 59),
            label=KEY,
            help=f"replace {KEY}",
            related=(Label(path="models.d/keys/a.yaml", span=Span(2, 1, 2, 2), text=KEY),),
            subject=KEY,
        ),
        Diagnostic(
            code="MS009",
            severity=Severity.WARNING,
            message="]]> </failure> <b>x</b> & \"q\" '1' | `c` [x](1) {0} @octocat #1 :x: $y$ http://a.example",
            path="models.d/a b,c:d%[1].yaml",
            span=Span(1, 1, 1, 2),
            help="::set-output name=a::b\n::error::no\r##[command]x",
        ),
        Diagnostic(
            code="MS009",
            severity=Severity.ERROR,
            message="\u202egnp.exe \x1b[2J\0\ufffe\u2028 日本語 \U0001f680 lone \ud800",
            path="models.d/\udcff\n::error::日本.yaml",
            span=Span(2, 3, 5, 1),
        ),
        Diagnostic(
            code="MS999",
            severity=Severity.INFO,
            message="a code that no rule has",
            path="modelspec.yaml",
            span=Span(1, 1, 1, 3),
        ),
    ]
)

SUMMARY = Summary.of(DIAGNOSTICS, files=9, models=6)


def many(count: int, severity: Severity = Severity.ERROR, code: str = "MS103") -> list[Diagnostic]:
    """A number of diagnostics with one code, each in its own file."""
    return [
        Diagnostic(
            code=code,
            severity=severity,
            message=f"fault {number}",
            path=f"models.d/m{number}.yaml",
            span=Span(number + 1, 1, number + 1, 2),
            help="mend it",
        )
        for number in range(count)
    ]
