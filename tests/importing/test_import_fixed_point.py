"""Importing, building for LiteLLM and importing again gives the same fleet."""

from dataclasses import replace
from pathlib import Path

import pytest
from importing_sources import TODAY, import_litellm
from test_import_golden import CASES, imported

from modelspec.gateways import GatewayOptions
from modelspec.gateways.litellm.emit import emit
from modelspec.importing import ImportOutcome
from modelspec.incremental import compile_fleet
from modelspec.routing.route import route
from modelspec.routing.table import About, RoutingTable

FAULTY = {"audio-and-moderation", "keys", "local", "mocks", "mocks-only", "more-clouds"}
"""Their results have faults, which are in the report, so nothing is built; or disabled models."""
NO_DESCRIPTION = About(
    name="",
    priority_head="",
    fallback_heads=(),
    weights={},
    sunset=None,
    replaced_by=None,
    tags=(),
    metadata={},
    path="",
    line=0,
)


def table_of(root: Path) -> RoutingTable:
    """The routes without descriptions: LiteLLM has no place for names and metadata."""
    compiled = compile_fleet(root, today=TODAY)
    assert not compiled.has_errors, [found.message for found in compiled.diagnostics]
    routing = route(compiled.catalog, compiled.models)
    return replace(routing, routes=tuple(replace(one, about=NO_DESCRIPTION) for one in routing.routes))


def built(root: Path) -> bytes:
    """LiteLLM's configuration of the first head."""
    compiled = compile_fleet(root, today=TODAY)
    options = GatewayOptions(options=compiled.setup.settings.target_options.get("litellm", {}), edges={})
    made = emit(route(compiled.catalog, compiled.models), options)
    return next(one.content for one in made if one.path.endswith(".yaml"))


@pytest.mark.parametrize("case", sorted(set(CASES) - FAULTY))
def test_import_build_import_is_a_fixed_point(case: str, tmp_path: Path) -> None:
    imported(case, tmp_path / "one")
    (tmp_path / "config.yaml").write_bytes(built(tmp_path / "one"))
    fleet = table_of(tmp_path / "one")
    again = import_litellm(
        tmp_path / "config.yaml",
        tmp_path / "two",
        region=fleet.regions[0].code,
        heads=tuple(f"{head.head_id}={head.url}" for head in fleet.heads),
    )
    assert isinstance(again, ImportOutcome)
    assert again.faults == 0
    assert [note.what for note in again.notes if note.kind == "secret"] == []
    assert table_of(tmp_path / "two").routes == fleet.routes
    assert built(tmp_path / "two") == built(tmp_path / "one")
