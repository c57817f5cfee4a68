"""The scripts of the page name files as the compiler does."""

import json
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from modelspec.emit.tables import model_url
from modelspec.site import __file__ as site

IDS = [
    "atlas",
    "gpt-oss:20b",
    "open/*",
    "*",
    "con",
    "acme/AUX.v2",
    "a./nul/Com1",
    "com1:x",
    "console",
    "a@b+c~d",
]


@pytest.mark.browser
def test_a_script_finds_the_file_of_any_model() -> None:
    records = quote(str(Path(site).parent / "static" / "records.js"))
    code = f"import {{fileOf}} from 'file://{records}'; const ids = {json.dumps(IDS)};"
    code += "console.log(JSON.stringify(ids.map((id) => fileOf(id, 'html'))))"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], check=True, capture_output=True, text=True
    )
    # One escapes `@`, the other does not: the same URL.
    made = [
        f"/admin/models/{path}".replace("%2B", "+").replace("%40", "@") for path in json.loads(done.stdout)
    ]
    expected = [model_url("/", one, "html").replace("%2B", "+").replace("%40", "@") for one in IDS]
    assert made == expected
