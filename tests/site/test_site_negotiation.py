import time

import pytest
from negotiation_table import ACCEPTS, HTML

from modelspec.site.hosting import prefers_html


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTS.items())
def test_html_is_for_clients_that_name_it(accept: str | None, media_type: str) -> None:
    assert prefers_html(accept or "") == (media_type == HTML)


@pytest.mark.parametrize("piece", ["text/html;", "text/html ", ";", ", ", "q=0.", "text/html;q=0;", " "])
def test_a_long_header_takes_no_time(piece: str) -> None:
    began = time.process_time()
    prefers_html(piece * 3_000)
    assert time.process_time() - began < 2
