"""Authentication as it reaches a running edge: by `modelspec key new`, `build` and `publish`, under load."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from envoy_access import bearer
from envoy_edge import Edge, Load, Reply, running, until
from envoy_fleet import Fleet, modelspec, small_fleet
from upstreams import Upstreams

pytestmark = pytest.mark.gateway


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Upstreams]:
    with Upstreams() as heads:
        yield heads


class WithKey(Edge):
    """An edge as a client with a key sees it."""

    key = "none-yet"

    def ask(self, model: object, **given: Any) -> Reply:
        return super().ask(model, headers=dict([bearer(self.key)]), **given)


def _key(fleet: Fleet, *arguments: str) -> str:
    done = modelspec("key", "new", "--root", fleet.root, "--owner", "search", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _publish(fleet: Fleet, edge: Edge, *more: str) -> str:
    fleet.build()
    done = modelspec("publish", "envoy", "--from", fleet.dist, "--admin", edge.admin, *more, fleet.config)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_keys_go_live_and_away_without_a_failed_request(tmp_path: Path, upstreams: Upstreams) -> None:
    private = "access: {visibility: private, groups: [research]}"
    fleet = small_fleet(tmp_path, upstreams, {"inner": "", "secret": private})
    fleet.configure({"edge-us": "us"})
    fleet.build()
    with running(fleet.install("edge-us"), fleet.ports) as edge:
        until(lambda: edge.ask("secret").status == 200, "healthy")
        client = WithKey(edge.port, edge.admin_port, edge.process)
        client.key = _key(fleet, "--key-id", "first", "--group", "research")
        load = Load(client, ["inner", "secret"], pause=0.01)
        with load.running(2):
            load.more(10)
            # On: whoever has no key is refused, and who has one notices nothing.
            _publish(fleet, edge)
            until(lambda: edge.ask("inner").status == 401, "refused")
            assert edge.ask("inner").code == (401, "missing_api_key")
            load.more(10)
            # A second key, and no new listener for it.
            listeners = edge.stat("listener_manager.listener_modified")
            second = _key(fleet, "--key-id", "second")
            assert "access.json" in _publish(fleet, edge)
            until(lambda: edge.ask("inner", headers=dict([bearer(second)])).status == 200, "accepted")
            assert edge.ask("secret", headers=dict([bearer(second)])).code == (403, "model_not_allowed")
            assert edge.stat("listener_manager.listener_modified") == listeners
            load.more(10)
            # Revoked.
            path = fleet.root / "keys.yaml"
            path.write_text(f"{path.read_text()}    status: revoked\n")
            _publish(fleet, edge)
            until(lambda: edge.ask("inner", headers=dict([bearer(second)])).status == 401, "refused")
            load.more(10)
            # Off again.
            shutil.move(path, tmp_path / "keys.yaml")
            _publish(fleet, edge)
            until(lambda: edge.ask("inner").status == 200, "open")
            load.more(10)
        assert load.failed == []
