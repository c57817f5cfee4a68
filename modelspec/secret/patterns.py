"""How the secrets of known issuers look.

Each pattern is a prefix and a bounded body without an anchor behind it: a key is found whatever follows it. The
shapes come from the issuers' own documents and from keys that they have published as revoked.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import log2

_WORD = re.compile(
    r"[A-Z]*[a-z]*(?:[A-Z][a-z]{2,})*\d{0,4}|\d+"  # model, Instruct2507, NVIDIA, gptOss, 20240229
    r"|[A-Za-z]{0,2}\d{1,4}[A-Za-z]{1,2}\d?"  # 235B, A22B, 8x7b
)
_SEPARATOR = re.compile(r"[-_./+=~\s]+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_ALWAYS_A_WORD = 5
_DISTINCT = 8
_SURPRISES = 8


def words(text: str) -> frozenset[str]:
    """Return the words of a listing."""
    return frozenset(text.split())


def varied(text: str, *, distinct: int = _DISTINCT, surprises: int = _SURPRISES) -> bool:
    """Whether enough different characters stand in no order: neither `xxxx…` nor `abcd1234…`.

    Counts are absolute, not ratios: a key stays varied whatever is appended to it.
    """
    if len(set(text)) < distinct:
        return False
    return sum(abs(ord(a) - ord(b)) > 1 for a, b in pairwise(text)) >= surprises


def drawn(text: str) -> bool:
    """Whether the parts of a text that are no words are varied, as in a key and not as in `your-api-key-here`."""
    odd = [part for part in _SEPARATOR.split(text) if not _is_word(part)]
    return varied("".join(odd))


def dense(run: str) -> bool:
    """Whether a run of letters and digits carries so much information that only chance can have made it.

    Digests and other hexadecimal numbers do not count: they are everywhere and open nothing.
    """
    if _HEX.fullmatch(run) or not drawn(run):
        return False
    mixed = any(c.isupper() for c in run) and any(c.islower() for c in run) and any(c.isdigit() for c in run)
    return entropy(run) >= (3.8 if mixed else 4.1)


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits a character; 0 for an empty text."""
    return sum(-n / len(text) * log2(n / len(text)) for n in Counter(text).values())


def _is_word(part: str) -> bool:
    return len(part) <= _ALWAYS_A_WORD or _WORD.fullmatch(part) is not None


Judge = Callable[[re.Match[str]], bool]
"""Whether a match is a secret and no placeholder; the group `body` is what was drawn at random."""

URLSAFE = r"[A-Za-z0-9_-]"
ALNUM = r"[A-Za-z0-9]"
_HEX_RUN, _UPPER = "[0-9a-f]", "[A-Z0-9]"
SOLID = 20
_SOLID_BODIES = (ALNUM, _HEX_RUN, _UPPER)
_LONGEST = 96
"""How much of a body is looked at; the hit still reaches to the end of its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One way to write a secret.

    One of `needles` stands in every match. `solid`: so does a run of `SOLID` letters and digits. What else belongs to
    a key, behind it and with `left` before it, is in `run`.
    """

    kind: str
    needles: tuple[str, ...]
    solid: bool
    regex: re.Pattern[str]
    run: re.Pattern[str]
    judge: Judge
    left: bool = False


def _drawn(match: re.Match[str]) -> bool:
    return drawn(match["body"])


def _varied(match: re.Match[str]) -> bool:
    return varied(match["body"], distinct=6)


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MIXED = re.compile(r"(?=[^_-]*[A-Z])(?=[^_-]*[a-z])(?=[^_-]*[0-9])[A-Za-z0-9]{20}")


def _is_openai_style(match: re.Match[str]) -> bool:
    """`task-…`, `disk-…`, `risk-…` end in the same letters: behind a vowel only an unmistakable body counts."""
    body, before = match["body"], match.string[max(0, match.start() - 1) : match.start()]
    if before and before in "aeiou":
        return _MIXED.match(body) is not None and drawn(body)
    return drawn(body) or (_UUID.match(body) is not None and varied(body))


_JWT = re.compile(
    r"eyJ[A-Za-z0-9_-]{12,1024}+\.(?:eyJ[A-Za-z0-9_-]{12}|[A-Za-z0-9_-]{0,1024}+\.[A-Za-z0-9_-]{12})",
    re.ASCII,
)


def _is_web_token(match: re.Match[str]) -> bool:
    return _JWT.match(match.string, match.start()) is not None


def _of(
    kind: str,
    prefix: str,
    least: int,
    *needles: str,
    body: str = URLSAFE,
    judge: Judge = _drawn,
    left: bool = False,
    solid: bool = False,
) -> Pattern:
    return Pattern(
        kind=kind,
        needles=needles or (prefix,),
        solid=solid
        or (
            body in _SOLID_BODIES
            and least + (4 if all(map(str.isalnum, needles or (prefix,))) else 0) >= SOLID
        ),
        regex=re.compile(f"{prefix}(?P<body>{body}{{{least},{_LONGEST}}})", re.ASCII),
        run=re.compile(f"{body}*+", re.ASCII),
        judge=judge,
        left=left,
    )


_GITLAB = tuple(
    f"gl{kind}-"
    for kind in ["pat", "dt", "rt", "rtr", "cbt", "ptt", "ft", "imt", "agent", "oas", "soat", "ffct", "wt"]
)

PATTERNS = (
    _of("Anthropic API key", "sk-ant-", 16),
    _of("OpenRouter API key", "sk-or-", 16),
    _of(
        "OpenAI API key",
        "sk-(?:proj|svcacct|admin|None)-",
        16,
        "sk-proj-",
        "sk-svcacct-",
        "sk-admin-",
        "sk-None-",
    ),
    _of("OpenAI API key", "T3BlbkFJ", 10, left=True),
    _of("API key of the sk- form", "sk-", 20, judge=_is_openai_style),
    _of("Google API key", "AIza", 30, judge=_varied),
    _of("Google API key", r"AQ\.", 24, "AQ."),
    _of("Google access token", r"ya29\.", 20, "ya29."),
    _of("Google client secret", "GOCSPX-", 16),
    _of("Google refresh token", "1//0", 30),
    _of(
        "AWS access key",
        "(?:AKIA|ASIA|ABIA|ACCA)",
        16,
        "AKIA",
        "ASIA",
        "ABIA",
        "ACCA",
        body=_UPPER,
        judge=_varied,
    ),
    _of("Amazon Bedrock API key", "ABSK", 30, body="[A-Za-z0-9+/=]"),
    _of("Amazon Bedrock API key", "bedrock-api-key-", 20, body="[A-Za-z0-9+/=_-]"),
    _of("Azure key", "JQQJ99", 16, body=ALNUM, left=True, judge=_varied),
    _of("Azure account key", "(?i:Account|SharedAccess)Key=", 20, "Key=", body="[A-Za-z0-9+/=]"),
    _of("Azure shared access signature", "[?&;]sig=", 20, "sig=", body="[A-Za-z0-9%+/=_-]"),
    _of("Azure client secret", r"\dQ~", 28, "Q~", body="[A-Za-z0-9_.~-]", left=True),
    _of("Hugging Face token", "hf_", 24, body=ALNUM),
    _of("Hugging Face token", "api_org_", 24, body=ALNUM),
    _of("Groq API key", "gsk_", 20, body=ALNUM),
    _of("xAI API key", "xai-", 20, body=ALNUM),
    _of("Replicate API token", "r8_", 20, body=ALNUM),
    _of("GitHub token", "gh[pousr]_", 20, "ghp_", "gho_", "ghu_", "ghs_", "ghr_", body=ALNUM),
    _of("GitHub token", "github_pat_", 20, body=ALNUM),
    _of("GitLab token", f"(?:{'|'.join(_GITLAB)})", 20, *_GITLAB),
    _of("GitLab token", "GR1348941", 16),
    _of("Slack token", "xox[a-z]-", 16, "xox", body="[A-Za-z0-9-]", judge=_varied),
    _of("Slack token", r"xapp-", 20, body="[A-Za-z0-9-]", judge=_varied),
    _of("Slack webhook", r"hooks\.slack\.com/services/", 20, "hooks.slack.com", body="[A-Za-z0-9/]"),
    _of("Stripe key", "[rs]k_(?:live|test)_", 20, "k_live_", "k_test_", body=ALNUM),
    _of("webhook secret", "whsec_", 20, body="[A-Za-z0-9+/=]"),
    _of("API key of the sk_ form", "sk_", 32, body=ALNUM),
    _of("Perplexity API key", "pplx-", 20, body=ALNUM),
    _of("Fireworks API key", "fw_", 20, body=ALNUM),
    _of("Together API key", "tgp_v1_", 20),
    _of("Cerebras API key", "csk-", 20, body=ALNUM),
    _of("NVIDIA API key", "nvapi-", 20),
    _of("Databricks token", "dapi", 32, body=_HEX_RUN),
    _of("npm token", "npm_", 24, body=ALNUM),
    _of("PyPI token", "pypi-", 24),
    _of("JSON Web Token", "eyJ", 12, body=r"[A-Za-z0-9_.-]", judge=_is_web_token),
    _of("Vault token", r"hv[sbr]\.", 24, "hvs.", "hvb.", "hvr."),
    _of("DigitalOcean token", "do[opr]_v1_", 32, "_v1_", body=_HEX_RUN),
    _of("SendGrid API key", r"SG\.", 30, "SG.", body="[A-Za-z0-9_.-]"),
    _of("Telegram bot token", r"(?<=\d{8}):AA", 28, ":AA", left=True),
    _of("OpenShift token", "sha256~", 30, judge=_varied),
    _of("Alibaba Cloud access key", "LTAI", 16, body=ALNUM),
    _of("Tencent Cloud access key", "AKID", 16, body=ALNUM),
    _of("Baidu Cloud API key", "bce-v3/ALTAK-", 16, body="[A-Za-z0-9/]"),
    _of("Zhipu API key", r"(?<=[0-9a-f]{32})\.", 16, ".", body=ALNUM, left=True, solid=True),
    _of("Voyage API key", r"(?<![A-Za-z0-9])pa-", 30, "pa-"),
    _of("Pinecone API key", "pcsk_", 20, body=ALNUM),
    _of("LangSmith API key", "lsv2_(?:pt|sk)_", 20, "lsv2_", body=ALNUM),
    _of("Tavily API key", "tvly-", 20),
    _of("RunPod API key", "rpa_", 24, body=ALNUM),
    _of("Vercel key", "vc[kp]_", 20, "vck_", "vcp_", body=ALNUM),
    _of("Supabase key", "(?:sbp_|sb_secret_)", 20, "sbp_", "sb_secret_", body="[A-Za-z0-9_-]"),
    _of("Grafana token", "gl(?:sa|c)_", 20, "glsa_", "glc_", body=ALNUM),
    _of("Docker token", "dckr_[a-z]{2,4}_", 20, "dckr_"),
    _of("Doppler token", r"dp\.[a-z]{2,6}\.", 30, "dp.", body=ALNUM),
    _of("Atlassian token", "ATATT3", 30),
    _of("New Relic key", "NRA[KL]-", 20, "NRAK-", "NRAL-", body=ALNUM),
    _of("Sentry token", "sntry[su]_", 20, "sntrys_", "sntryu_", body=ALNUM),
    _of("age secret key", "AGE-SECRET-KEY-1", 20, body=ALNUM, judge=_varied),
    _of("Authorization header", "(?i:bearer) {1,4}", 24, "earer ", "EARER ", body="[A-Za-z0-9._~+/=-]"),
    _of(
        "Authorization header",
        r"(?i:authorization[\"']?:[ \t]{0,4}[\"']?basic) {1,4}",
        24,
        "asic ",
        "ASIC ",
        body="[A-Za-z0-9+/=]",
    ),
)

DOCUMENTED = frozenset(
    (
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "AKIAI44QH8DHBEXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
)
"""Keys that their issuer prints in its documentation, whole: https://docs.aws.amazon.com/IAM/latest/UserGuide/."""
