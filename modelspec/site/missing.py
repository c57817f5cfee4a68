from collections.abc import Sequence

from markupsafe import Markup

from modelspec.site.policy import content_policy

_PAGE = Markup("""\
<!doctype html>
<html lang="en" data-theme="auto">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not found</title>
<script src="{base}admin/assets/theme.js"></script>
<link rel="stylesheet" href="{base}admin/assets/site.css">
</head>
<body>
<main id="main">
<h1>Nothing is here</h1>
<p>A model may have been renamed or removed. <a href="{base}admin/models.html">All models</a>
 or <a href="{base}admin/index.html">the dashboard</a> lead on.</p>
</main>
</body>
</html>
""")


def missing_page(base: str, form_targets: Sequence[str] = ()) -> bytes:
    """What a browser sees where nothing is; `base` ends in a slash."""
    return str(_PAGE.format(base=base, policy=content_policy(form_targets))).encode()
