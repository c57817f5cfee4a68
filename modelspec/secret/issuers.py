"""How the secrets of known issuers look, each with a page that shows its form.

The shapes come from the issuers' own documents and from keys that they have published as revoked.
"""

import re

from modelspec.secret.client_key import BODY, KEY, is_client_key
from modelspec.secret.patterns import (
    ALNUM,
    HEX_RUN,
    UPPER,
    Pattern,
    is_long,
    is_openai_style,
    is_varied,
    is_web_token,
    issued,
    published,
)

_BASE64 = "[A-Za-z0-9+/=]"
_DOTTED = "[A-Za-z0-9_.-]"
_ALONE = r"(?<![a-z0-9])"
"""In front of a prefix that is short enough to end a word."""
_RULES = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml"
_GITLAB = tuple(
    f"gl{kind}-"
    for kind in (["pat", "dt", "rt", "rtr", "cbt", "ptt", "ft", "imt", "agent", "oas", "soat", "ffct", "wt"])
)


def has_checksum(match: re.Match[str]) -> bool:
    """Whether the checksum of a client's key is right: no example has one by chance."""
    found = KEY.match(match.string, match.start())
    return found is not None and is_client_key(found[0])


PATTERNS: tuple[Pattern, ...] = (
    # Providers of models.
    *published(
        "https://docs.anthropic.com/en/api/getting-started",
        issued("Anthropic API key", "sk-ant-", 16),
    ),
    *published(
        "https://openrouter.ai/docs/api-reference/authentication",
        issued("OpenRouter API key", "sk-or-", 16),
    ),
    *published(
        "https://platform.openai.com/docs/api-reference/authentication",
        issued(
            "OpenAI API key",
            "sk-(?:proj|svcacct|admin|None)-",
            16,
            "sk-proj-",
            "sk-svcacct-",
            "sk-admin-",
            "sk-None-",
        ),
        issued("OpenAI API key", "T3BlbkFJ", 10, left=True),
        issued("OpenAI session token", _ALONE + "sess-", 24, "sess-", body=ALNUM),
        issued("API key of the sk- form", "sk-", 20, judge=is_openai_style),
    ),
    *published(
        "https://ai.google.dev/gemini-api/docs/api-key",
        issued("Google API key", "AIza", 30, judge=is_varied),
        issued("Google API key", r"AQ\.", 24, "AQ."),
    ),
    *published(
        "https://cloud.google.com/docs/authentication/token-types",
        issued("Google access token", r"ya29\.", 20, "ya29."),
        issued("Google client secret", "GOCSPX-", 16),
        issued("Google refresh token", "1//0", 30),
    ),
    *published(
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
        issued(
            "AWS access key",
            "(?:AKIA|ASIA|ABIA|ACCA)",
            16,
            "AKIA",
            "ASIA",
            "ABIA",
            "ACCA",
            body=UPPER,
            judge=is_varied,
        ),
    ),
    *published(
        "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html",
        issued("Amazon Bedrock API key", "ABSK", 30, body=_BASE64),
        issued("Amazon Bedrock API key", "bedrock-api-key-", 20, body="[A-Za-z0-9+/=_-]"),
    ),
    *published(
        "https://github.com/microsoft/security-utilities",
        issued("Azure key", "JQQJ99", 16, body=ALNUM, left=True, judge=is_varied),
        issued(
            "Azure key",
            r"(?<=[A-Za-z0-9]{20})(?:AzSe|AzFu|AZDO)",
            4,
            "AzSe",
            "AzFu",
            "AZDO",
            left=True,
            judge=is_long,
        ),
        issued(
            "Azure key",
            r"(?<=[A-Za-z0-9+/]{20})(?:\+ASt|ACDb|\+ACR|\+AEh|AIoT|\+ASb|\+ARm|APIM)",
            5,
            "+ASt",
            "ACDb",
            "+ACR",
            "+AEh",
            "AIoT",
            "+ASb",
            "+ARm",
            "APIM",
            body=_BASE64,
            left=True,
            judge=is_long,
        ),
    ),
    *published(
        "https://learn.microsoft.com/en-us/azure/storage/common/storage-configure-connection-string",
        issued("Azure account key", "(?i:Account|SharedAccess)Key=", 20, "Key=", body=_BASE64),
        issued("Azure shared access signature", "[?&;]sig=", 20, "sig=", body="[A-Za-z0-9%+/=_-]"),
    ),
    *published(_RULES, issued("Azure client secret", r"\dQ~", 28, "Q~", body="[A-Za-z0-9_.~-]", left=True)),
    *published(
        "https://huggingface.co/docs/hub/security-tokens",
        issued("Hugging Face token", "hf_", 24, body=ALNUM),
        issued("Hugging Face token", "api_org_", 24, body=ALNUM),
    ),
    *published("https://console.groq.com/docs/quickstart", issued("Groq API key", "gsk_", 20, body=ALNUM)),
    *published("https://docs.x.ai/docs/overview", issued("xAI API key", "xai-", 20, body=ALNUM)),
    *published(
        "https://replicate.com/docs/topics/security/api-tokens",
        issued("Replicate API token", "r8_", 20, body=ALNUM),
    ),
    *published(
        "https://docs.perplexity.ai/getting-started/quickstart",
        issued("Perplexity API key", "pplx-", 20, body=ALNUM),
    ),
    *published(
        "https://docs.fireworks.ai/api-reference/introduction",
        issued("Fireworks API key", _ALONE + "f(?:w|pk)_", 20, "fw_", "fpk_", body=ALNUM),
    ),
    *published("https://docs.together.ai/docs/quickstart", issued("Together API key", "tgp_v1_", 20)),
    *published(
        "https://inference-docs.cerebras.ai/quickstart", issued("Cerebras API key", "csk-", 20, body=ALNUM)
    ),
    *published("https://docs.api.nvidia.com/nim/docs/api-quickstart", issued("NVIDIA API key", "nvapi-", 20)),
    *published(
        "https://docs.databricks.com/aws/en/dev-tools/auth/pat",
        issued("Databricks token", "(?:dapi|dkea|dose)", 32, "dapi", "dkea", "dose", body=HEX_RUN),
    ),
    *published(
        "https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair",
        issued("Alibaba Cloud access key", "LTAI", 16, body=ALNUM),
    ),
    *published(
        "https://www.tencentcloud.com/document/product/598/32675",
        issued("Tencent Cloud access key", "AKID", 16, body=ALNUM),
    ),
    *published(
        "https://cloud.baidu.com/doc/qianfan/s/wmh4sv6ya",
        issued("Baidu Cloud API key", "bce-v3/ALTAK-", 16, body="[A-Za-z0-9/]"),
    ),
    *published(
        "https://docs.bigmodel.cn/cn/api/introduction",
        issued("Zhipu API key", r"(?<=[0-9a-f]{32})\.", 16, ".", body=ALNUM, left=True, solid=True),
    ),
    *published(
        "https://docs.voyageai.com/docs/api-key-and-installation",
        issued("Voyage API key", r"(?<![A-Za-z0-9])(?:pa|al)-", 30, "pa-", "al-"),
    ),
    *published("https://jina.ai/embeddings/", issued("Jina API key", "jina_", 24)),
    *published("https://docs.anyscale.com/", issued("Anyscale API key", "esecret_", 20, body=ALNUM)),
    *published(
        "https://modal.com/docs/reference/modal.config",
        issued("Modal token", _ALONE + "a[ks]-", 20, "ak-", "as-", body=ALNUM),
    ),
    *published(
        "https://console.upstage.ai/docs/getting-started",
        issued("Upstage API key", _ALONE + "up_", 24, "up_", body=ALNUM),
    ),
    *published(
        "https://friendli.ai/docs/guides/personal_access_tokens",
        issued("Friendli token", "flp_", 24, body=ALNUM),
    ),
    *published(
        "https://chutes.ai/docs/getting-started/authentication",
        issued("Chutes API key", "cpk_", 24, body="[A-Za-z0-9.]"),
    ),
    *published(
        "https://featherless.ai/docs/overview",
        issued("Featherless API key", _ALONE + "rc_", 32, "rc_", body=HEX_RUN),
    ),
    *published(
        "https://www.scaleway.com/en/docs/iam/concepts/",
        issued("Scaleway access key", "SCW", 17, body=UPPER, judge=is_varied),
    ),
    *published(
        "https://docs.runpod.io/get-started/api-keys", issued("RunPod API key", "rpa_", 24, body=ALNUM)
    ),
    *published(
        "https://developers.cloudflare.com/fundamentals/api/get-started/token-formats",
        issued("Cloudflare API token", "cf(?:k|ut|at)_", 32, "cfk_", "cfut_", "cfat_", body=ALNUM),
        issued("Cloudflare origin key", r"v1\.0-", 40, "v1.0-", body="[0-9a-f-]"),
    ),
    *published(
        "https://vercel.com/docs/ai-gateway/authentication",
        issued("Vercel key", "vc[kpiar]_", 20, "vck_", "vcp_", "vci_", "vca_", "vcr_", body=ALNUM),
    ),
    *published(
        "https://elevenlabs.io/docs/api-reference/authentication",
        issued("API key of the sk_ form", "sk_", 32, body=ALNUM),
    ),
    # Tools around models.
    *published(
        "https://docs.wandb.ai/support/find_api_key", issued("Weights & Biases API key", "wandb_v1_", 24)
    ),
    *published(
        "https://docs.pinecone.io/guides/projects/manage-api-keys", issued("Pinecone API key", "pcsk_", 20)
    ),
    *published(
        "https://docs.smith.langchain.com/administration/how_to_guides/organization_management/create_account_api_key",
        issued("LangSmith API key", "lsv2_(?:pt|sk)_", 20, "lsv2_", body=ALNUM),
    ),
    *published("https://docs.tavily.com/documentation/quickstart", issued("Tavily API key", "tvly-", 20)),
    *published(
        "https://docs.firecrawl.dev/introduction",
        issued("Firecrawl API key", _ALONE + "fc-", 32, "fc-", body=HEX_RUN),
    ),
    *published("https://e2b.dev/docs/api-key", issued("E2B API key", "e2b_", 32, body=HEX_RUN)),
    *published(
        "https://docs.apify.com/platform/integrations/api",
        issued("Apify token", "apify_api_", 24, body=ALNUM),
    ),
    *published(
        "https://docs.llamaindex.ai/en/stable/llama_cloud/",
        issued("LlamaCloud API key", "llx-", 24, body=ALNUM),
    ),
    *published(
        "https://posthog.com/docs/api", issued("PostHog key", "ph[xs]_", 24, "phx_", "phs_", body=ALNUM)
    ),
    # Forges.
    *published(
        "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github",
        issued("GitHub token", "gh[pour]_", 20, "ghp_", "gho_", "ghu_", "ghr_", body=ALNUM),
        issued("GitHub token", "ghs_", 20, body=_DOTTED),
        issued("GitHub token", "github_pat_", 20, body="[A-Za-z0-9_]"),
    ),
    *published(
        "https://docs.gitlab.com/security/tokens/",
        issued("GitLab token", f"(?:{'|'.join(_GITLAB)})", 20, *_GITLAB, body=_DOTTED),
        issued("GitLab token", "GR1348941", 16),
        issued("GitLab session", "_gitlab_session=", 32, body=HEX_RUN),
    ),
    *published(
        "https://support.atlassian.com/bitbucket-cloud/docs/access-tokens/",
        issued("Atlassian token", "AT(?:ATT3|CTT3|BB)", 24, "ATATT3", "ATCTT3", "ATBB"),
    ),
    *published("https://docs.npmjs.com/about-access-tokens", issued("npm token", "npm_", 24, body=ALNUM)),
    *published(
        "https://guides.rubygems.org/api-key-scopes/", issued("RubyGems key", "rubygems_", 32, body=HEX_RUN)
    ),
    *published(
        "https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns",
        issued("PyPI token", "pypi-", 24),
        issued("Cargo token", _ALONE + "cio", 32, "cio", body=ALNUM),
    ),
    *published(
        "https://docs.docker.com/security/access-tokens/",
        issued("Docker token", "dckr_[a-z]{2,4}_", 20, "dckr_"),
    ),
    *published(_RULES, issued("Artifactory key", "(?:AKCp|cmVmd)", 50, "AKCp", "cmVmd", body=ALNUM)),
    # Stores of secrets, clouds and hosting.
    *published(
        "https://developer.hashicorp.com/vault/docs/concepts/tokens",
        issued("Vault token", r"hv[sbr]\.", 24, "hvs.", "hvb.", "hvr."),
    ),
    *published(
        "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens",
        issued("Terraform token", r"\.atlasv1\.", 24, ".atlasv1.", left=True),
    ),
    *published(
        "https://developer.1password.com/docs/service-accounts/",
        issued("1Password token", "ops_eyJ", 40, body=_BASE64),
    ),
    *published(
        "https://docs.doppler.com/docs/service-tokens",
        issued("Doppler token", r"dp\.[a-z]{2,6}\.", 30, "dp.", body=ALNUM),
    ),
    *published(
        "https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens/",
        issued("Pulumi token", _ALONE + "pul-", 32, "pul-", body=HEX_RUN),
    ),
    *published(
        "https://docs.digitalocean.com/reference/api/create-personal-access-token/",
        issued("DigitalOcean token", "do[opr]_v1_", 32, "_v1_", body=HEX_RUN),
    ),
    *published(
        "https://docs.redhat.com/en/documentation/openshift_container_platform/",
        issued("OpenShift token", "sha256~", 30, judge=is_varied),
    ),
    *published(
        "https://supabase.com/docs/guides/api/api-keys",
        issued("Supabase key", "(?:sbp_|sb_secret_)", 20, "sbp_", "sb_secret_"),
    ),
    *published(
        "https://fly.io/docs/security/tokens/",
        issued("Fly token", "fm[12][a-z]?_", 40, "fm1", "fm2", body="[A-Za-z0-9+/=_-]"),
    ),
    *published("https://render.com/docs/api", issued("Render key", _ALONE + "rnd_", 24, "rnd_", body=ALNUM)),
    *published("https://devcenter.heroku.com/articles/authentication", issued("Heroku key", "HRKU-", 32)),
    *published(
        "https://planetscale.com/docs/api/reference/service-tokens",
        issued("PlanetScale token", "pscale_(?:tkn|pw|oauth)_", 24, "pscale_"),
    ),
    *published(
        "https://neon.com/docs/manage/api-keys", issued("Neon key", _ALONE + "napi_", 32, "napi_", body=ALNUM)
    ),
    *published(
        "https://docs.netlify.com/api/get-started/", issued("Netlify token", _ALONE + "nfp_", 30, "nfp_")
    ),
    *published(
        "https://github.com/FiloSottile/age",
        issued("age secret key", "AGE-SECRET-KEY-1", 20, body=ALNUM, judge=is_varied),
    ),
    # Chats, mail, money, monitoring.
    *published(
        "https://api.slack.com/concepts/token-types",
        issued("Slack token", "xox[a-z]-", 16, "xox", body="[A-Za-z0-9-]", judge=is_varied),
        issued("Slack token", r"xapp-", 20, body="[A-Za-z0-9-]", judge=is_varied),
        issued("Slack webhook", r"hooks\.slack\.com/services/", 20, "hooks.slack.com", body="[A-Za-z0-9/]"),
    ),
    *published(
        "https://core.telegram.org/bots/features#creating-a-new-bot",
        issued("Telegram bot token", r"(?<=\d{8}):AA", 28, ":AA", left=True),
    ),
    *published(
        "https://docs.stripe.com/keys",
        issued("Stripe key", "[rs]k_(?:live|test)_", 20, "k_live_", "k_test_", body=ALNUM),
        issued("webhook secret", "whsec_", 20, body=_BASE64),
    ),
    *published(
        "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys",
        issued("SendGrid API key", r"SG\.", 30, "SG.", body=_DOTTED),
    ),
    *published(
        "https://resend.com/docs/api-reference/introduction", issued("Resend key", _ALONE + "re_", 24, "re_")
    ),
    *published(
        "https://grafana.com/docs/grafana/latest/administration/service-accounts/",
        issued("Grafana token", "gl(?:sa|c)_", 20, "glsa_", "glc_"),
    ),
    *published(
        "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/",
        issued("New Relic key", "NRA[KL]-", 20, "NRAK-", "NRAL-", body=ALNUM),
    ),
    *published(
        "https://docs.sentry.io/account/auth-tokens/",
        issued("Sentry token", "sntry[su]_", 20, "sntrys_", "sntryu_", body="[A-Za-z0-9_+/=-]"),
    ),
    *published(
        "https://linear.app/developers/graphql",
        issued("Linear key", "lin_(?:api|oauth)_", 24, "lin_api_", "lin_oauth_", body=ALNUM),
    ),
    *published(
        "https://developers.notion.com/reference/authentication",
        issued("Notion token", "ntn_", 30, body=ALNUM),
    ),
    *published(
        "https://airtable.com/developers/web/guides/personal-access-tokens",
        issued("Airtable token", r"pat[A-Za-z0-9]{14}\.", 40, "pat", body=HEX_RUN),
    ),
    *published(
        "https://learning.postman.com/docs/developer/postman-api/authentication/",
        issued("Postman key", "PMAK-", 40, body="[0-9a-f-]"),
    ),
    *published("https://www.figma.com/developers/api#access-tokens", issued("Figma token", "figd_", 30)),
    # What `modelspec key new` makes.
    *published(
        "https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/",
        issued(
            "client key of modelspec",
            rf"ms_[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?_(?={BODY})",
            50,
            "ms_",
            body="[A-Za-z0-9_]",
            judge=has_checksum,
            solid=True,
        ),
    ),
    # Forms of no one issuer.
    *published(
        "https://www.rfc-editor.org/rfc/rfc7519",
        issued("JSON Web Token", "eyJ", 12, body=_DOTTED, judge=is_web_token),
    ),
    *published(
        "https://www.rfc-editor.org/rfc/rfc6750",
        issued(
            "Authorization header", "(?i:bearer) {1,4}", 24, "earer ", "EARER ", body="[A-Za-z0-9._~+/=-]"
        ),
    ),
    *published(
        "https://www.rfc-editor.org/rfc/rfc7617",
        issued(
            "Authorization header",
            r"(?i:authorization[\"']?:[ \t]{0,4}[\"']?basic) {1,4}",
            24,
            "asic ",
            "ASIC ",
            body=_BASE64,
        ),
    ),
)
