"""Fake secrets, put together when the tests run: no whole key stands in the repository."""

from base64 import b64encode
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

from modelspec.secret.client_key import new_key

ALNUM = ascii_letters + digits
URLSAFE = ALNUM + "-_"
HEX = digits + "abcdef"
BASE64 = ALNUM + "+/"
LOWER = ascii_lowercase + digits
BASE32 = ascii_uppercase + "234567"

# Kind as the scanner calls it, then the parts of the prefix, the length and the letters of the body.
SHAPES = (
    ("OpenAI API key", ("sk", "-proj-"), 150, URLSAFE),
    ("OpenAI API key", ("sk", "-svcacct-"), 100, URLSAFE),
    ("OpenAI API key", ("sk", "-admin-"), 100, URLSAFE),
    ("OpenAI API key", ("sk", "-None-"), 48, ALNUM),
    ("API key of the sk- form", ("s", "k-"), 48, ALNUM),
    ("API key of the sk- form", ("s", "k-"), 32, HEX),
    ("API key of the sk- form", ("s", "k-"), 22, URLSAFE),
    ("Anthropic API key", ("sk", "-ant-", "api03-"), 95, URLSAFE),
    ("OpenRouter API key", ("sk", "-or-", "v1-"), 64, HEX),
    ("Google API key", ("AI", "za"), 35, URLSAFE),
    ("Google API key", ("A", "Q."), 50, URLSAFE),
    ("Google access token", ("ya", "29."), 60, URLSAFE),
    ("Google client secret", ("GOC", "SPX-"), 28, URLSAFE),
    ("Google refresh token", ("1/", "/0"), 60, URLSAFE),
    ("AWS access key", ("AK", "IA"), 16, BASE32),
    ("AWS access key", ("AS", "IA"), 16, BASE32),
    ("Amazon Bedrock API key", ("AB", "SK"), 128, BASE64),
    ("Amazon Bedrock API key", ("bedrock", "-api-key-"), 80, BASE64),
    ("Azure key", ("JQ", "QJ99"), 26, ALNUM),
    ("Azure account key", ("Account", "Key="), 86, BASE64),
    ("Azure account key", ("SharedAccess", "Key="), 43, BASE64),
    ("Azure shared access signature", ("?s", "ig="), 43, ALNUM + "+/"),
    ("Azure client secret", ("abc8", "Q~"), 34, URLSAFE),
    ("Hugging Face token", ("h", "f_"), 34, ascii_letters),
    ("Hugging Face token", ("api", "_org_"), 34, ascii_letters),
    ("Groq API key", ("gs", "k_"), 52, ALNUM),
    ("xAI API key", ("xa", "i-"), 80, ALNUM),
    ("Replicate API token", ("r", "8_"), 37, ALNUM),
    ("GitHub token", ("gh", "p_"), 36, ALNUM),
    ("GitHub token", ("gh", "o_"), 36, ALNUM),
    ("GitHub token", ("gh", "u_"), 36, ALNUM),
    ("GitHub token", ("gh", "s_"), 36, ALNUM),
    ("GitHub token", ("gh", "r_"), 36, ALNUM),
    ("GitHub token", ("github", "_pat_"), 22, ALNUM),
    ("GitLab token", ("gl", "pat-"), 20, ALNUM),
    ("GitLab token", ("gl", "rt-"), 20, ALNUM),
    ("GitLab token", ("GR13", "48941"), 20, ALNUM),
    ("Slack token", ("xo", "xb-"), 50, ALNUM),
    ("Slack token", ("xa", "pp-", "1-"), 60, ALNUM),
    ("Slack webhook", ("hooks.sl", "ack.com/services/"), 44, ALNUM),
    ("Stripe key", ("sk", "_live_"), 24, ALNUM),
    ("Stripe key", ("rk", "_test_"), 24, ALNUM),
    ("webhook secret", ("wh", "sec_"), 32, ALNUM),
    ("API key of the sk_ form", ("s", "k_"), 48, HEX),
    ("Perplexity API key", ("pp", "lx-"), 48, ALNUM),
    ("Fireworks API key", ("f", "w_"), 24, ALNUM),
    ("Together API key", ("tgp", "_v1_"), 43, URLSAFE),
    ("Cerebras API key", ("cs", "k-"), 48, LOWER),
    ("NVIDIA API key", ("nv", "api-"), 64, URLSAFE),
    ("Databricks token", ("da", "pi"), 32, HEX),
    ("npm token", ("np", "m_"), 36, ALNUM),
    ("PyPI token", ("py", "pi-"), 150, URLSAFE),
    ("Vault token", ("hv", "s."), 90, URLSAFE),
    ("DigitalOcean token", ("do", "p_v1_"), 64, HEX),
    ("SendGrid API key", ("S", "G."), 66, ALNUM),
    ("Telegram bot token", ("12345", "67890:", "AA"), 33, URLSAFE),
    ("OpenShift token", ("sha", "256~"), 43, URLSAFE),
    ("Alibaba Cloud access key", ("LT", "AI"), 20, ALNUM),
    ("Tencent Cloud access key", ("AK", "ID"), 32, ALNUM),
    ("Baidu Cloud API key", ("bce-v3/", "ALTAK-"), 62, ALNUM),
    ("Voyage API key", ("p", "a-"), 43, URLSAFE),
    ("Pinecone API key", ("pc", "sk_"), 60, ALNUM),
    ("LangSmith API key", ("lsv2", "_pt_"), 32, HEX),
    ("Tavily API key", ("tv", "ly-"), 32, ALNUM),
    ("RunPod API key", ("rp", "a_"), 44, ALNUM),
    ("Vercel key", ("vc", "k_"), 56, ALNUM),
    ("Supabase key", ("sb", "_secret_"), 31, URLSAFE),
    ("Grafana token", ("gl", "sa_"), 32, ALNUM),
    ("Docker token", ("dckr", "_pat_"), 27, URLSAFE),
    ("Doppler token", ("dp", ".pt."), 43, ALNUM),
    ("Atlassian token", ("ATA", "TT3"), 180, URLSAFE),
    ("New Relic key", ("NR", "AK-"), 27, ascii_uppercase + digits),
    ("Sentry token", ("sntry", "u_"), 64, HEX),
    ("age secret key", ("AGE-SEC", "RET-KEY-1"), 58, ascii_uppercase + digits),
    ("Authorization header", ("Bea", "rer "), 40, ALNUM),
    ("OpenAI session token", ("se", "ss-"), 40, ALNUM),
    ("Azure key", ("Zx81kq0Wm3vT5rYb7nLc9dFgHj2PsQeA4uXoRiKt6VyB", "Az", "Fu"), 10, ALNUM),
    ("Azure key", ("Zx81kq0Wm3vT5rYb7nLc9dFgHj2PsQeA4uXoRiKt6V", "Az", "Se"), 6, ALNUM),
    ("Azure key", ("Zx81kq0Wm3vT5rYb7nLc9dFgHj2PsQeA4uXoRiKt6V", "AZ", "DO"), 4, ALNUM),
    ("Azure key", ("Zx81kq0Wm3vT5rYb7nLc9dFgHj2PsQeA4uXoRiKt6V", "+A", "St"), 8, BASE64),
    ("Azure key", ("Zx81kq0Wm3vT5rYb7nLc9dFgHj2PsQeA4uXoRiKt6V", "AC", "Db"), 8, BASE64),
    ("Fireworks API key", ("fp", "k_"), 24, ALNUM),
    ("Databricks token", ("do", "se"), 32, HEX),
    ("Voyage API key", ("a", "l-"), 43, URLSAFE),
    ("Jina API key", ("ji", "na_"), 60, ALNUM),
    ("Anyscale API key", ("esec", "ret_"), 40, ALNUM),
    ("Modal token", ("a", "s-"), 22, ALNUM),
    ("Upstage API key", ("u", "p_"), 30, ALNUM),
    ("Friendli token", ("fl", "p_"), 40, ALNUM),
    ("Chutes API key", ("cp", "k_"), 64, HEX),
    ("Featherless API key", ("r", "c_"), 64, HEX),
    ("Scaleway access key", ("SC", "W"), 17, ascii_uppercase + digits),
    ("Cloudflare API token", ("cf", "ut_"), 48, ALNUM),
    ("Cloudflare API token", ("cf", "k_"), 48, ALNUM),
    ("Weights & Biases API key", ("wandb", "_v1_"), 80, ALNUM),
    ("Firecrawl API key", ("f", "c-"), 32, HEX),
    ("E2B API key", ("e2", "b_"), 40, HEX),
    ("Apify token", ("apify", "_api_"), 36, ALNUM),
    ("LlamaCloud API key", ("ll", "x-"), 48, ALNUM),
    ("PostHog key", ("ph", "x_"), 43, ALNUM),
    ("GitLab session", ("_gitlab", "_session="), 32, HEX),
    ("Atlassian token", ("ATC", "TT3"), 180, URLSAFE),
    ("Atlassian token", ("AT", "BB"), 32, ALNUM),
    ("RubyGems key", ("ruby", "gems_"), 48, HEX),
    ("Cargo token", ("ci", "o"), 32, ALNUM),
    ("Artifactory key", ("AK", "Cp"), 69, ALNUM),
    ("1Password token", ("ops", "_eyJ"), 250, BASE64),
    ("Pulumi token", ("pu", "l-"), 40, HEX),
    ("Fly token", ("fm", "2_"), 200, BASE64),
    ("Render key", ("rn", "d_"), 28, ALNUM),
    ("Heroku key", ("HR", "KU-"), 60, URLSAFE),
    ("PlanetScale token", ("psc", "ale_tkn_"), 43, URLSAFE),
    ("Neon key", ("na", "pi_"), 64, LOWER),
    ("Netlify token", ("nf", "p_"), 36, ALNUM),
    ("Resend key", ("r", "e_"), 32, ALNUM),
    ("Linear key", ("lin", "_api_"), 40, ALNUM),
    ("Notion token", ("nt", "n_"), 46, ALNUM),
    ("Airtable token", ("pa", "tZx81kq0Wm3vT5r."), 64, HEX),
    ("Postman key", ("PM", "AK-"), 58, HEX),
    ("Figma token", ("fi", "gd_"), 40, URLSAFE),
)


def drawn(random: Random, length: int, letters: str) -> str:
    # The first and last characters are letters or digits, as in keys that survive a word-wise selection.
    return "".join(
        random.choice(letters.replace("-", "").replace("_", "") if i in (0, length - 1) else letters)
        for i in range(length)
    )


def fakes(seed: int = 7) -> list[tuple[str, str]]:
    """Kind and secret: one of every shape, and of the shapes that are more than a prefix and a body."""
    random = Random(seed)
    made = [
        (kind, "".join(parts) + drawn(random, length, letters)) for kind, parts, length, letters in SHAPES
    ]
    header, payload = (
        b64encode(part).decode().rstrip("=")
        for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"1234567890"}')
    )
    made += [
        ("JSON Web Token", ".".join((header, payload, drawn(random, 43, URLSAFE)))),
        ("OpenAI API key", drawn(random, 20, ALNUM) + "T3Blbk" + "FJ" + drawn(random, 20, ALNUM)),
        ("API key of the sk- form", "sk" + "-lf-" + "3f2b8c1e-9d47-4a06-b5e2-7c81d0f6a93b"),
        ("Zhipu API key", drawn(random, 32, HEX) + "." + drawn(random, 16, ALNUM)),
        ("client key of modelspec", new_key("search-team", Random(seed).getrandbits(256))),
        ("Authorization header", "Authorization: Ba" + "sic " + drawn(random, 40, ALNUM)),
    ]
    return made


def private_key(random: Random, kind: str = "RSA ") -> str:
    body = "\n".join(drawn(random, 64, ALNUM) for _ in range(5))
    dashes = "-" * 5
    return f"{dashes}BEGIN {kind}PRIVATE KEY{dashes}\n{body}\n{dashes}END {kind}PRIVATE KEY{dashes}"
