"""What a request for `/admin/models` gets by its `Accept` header, whoever serves the site."""

HTML = "text/html; charset=utf-8"
JSON = "application/json"
PROBLEM = "application/problem+json"

ACCEPTS: dict[str | None, str] = {
    None: JSON,
    "": JSON,
    "*/*": JSON,
    "text/html": HTML,
    "TEXT/HTML": HTML,
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8": HTML,
    "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8": HTML,
    "application/json": JSON,
    "application/json, text/plain, */*": JSON,
    "application/json, text/html": HTML,
    "text/html, application/json": HTML,
    "application/json;q=0.9, text/html": HTML,
    "application/json, text/html;q=0.9": JSON,
    "text/html;q=0.5, application/json;q=0.4": HTML,
    "text/html;q=0.4, application/json;q=0.5": JSON,
    "text/html;q=0.5,application/json;q=0.5": HTML,
    "text/html; q=0.123, application/json; q=0": HTML,
    "text/html;q=0": JSON,
    "text/html;q=0.0, application/json;q=0.1": JSON,
    "text/html;q=1.0, application/json;q=0.9": HTML,
    "text/html;level=1;q=0.3, application/json;q=0.7": JSON,
    "text/html;level=1": HTML,
    "text/html ; q=.7": HTML,
    "text/htmlx": JSON,
    "xtext/html": JSON,
    "text/plain": JSON,
    "text/*": JSON,
    "image/png, text/html": HTML,
    "nonsense": JSON,
    ";;,,=q;": JSON,
}
"""The header, or None for none, and the type of the answer."""
