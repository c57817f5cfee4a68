import json
import os
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from envoy_files import EDGES, LAST_RESORT, emitted, files_of, hosts, members
from golden_cases import BASES
from routing_tables import head, route, table
from small_fleets import TODAY, routed

from modelspec.gateways.envoy.emit import laid_out
from modelspec.gateways.envoy.files import NAMES, OPTIONAL, WATCHED
from modelspec.gateways.envoy.identity import BuiltFrom, Started
from modelspec.incremental import compile_fleet

HEADS = (
    head("a", url="https://a.example.net"),
    head("b", url="http://10.0.0.2:8080", health="/healthz"),
    head("c", "eu", url="https://[2001:db8::1]:8443"),
    head("d", status="draining"),
    head("off", status="offline"),
)


def test_one_cluster_per_head_and_one_per_distinct_chain() -> None:
    chain = [{"a": 1}, {"b": 1}]
    routing = table([], HEADS, [route("x", *chain), route("y", *chain), route("z", {"c": 1})])
    files = files_of(emitted(routing))
    last = ["a (last resort)", "b (last resort)"]
    assert list(files.clusters) == ["a", last[0], "b", last[1], "c (last resort)", "a > b"]
    assert members(files.clusters["a > b"]) == ["a", "b"]
    assert files.exact == {"x": {"a > b": 1}, "y": {"a > b": 1}, "z": {"c": 1}}


def test_each_head_of_a_tier_is_first_in_one_chain() -> None:
    routing = table([], HEADS, [route("x", {"b": 6, "a": 2, "c": 2}, {"d": 1}, policy="random")])
    files = files_of(emitted(routing))
    assert files.exact["x"] == {"a > b > c > d": 1, "b > c > a > d": 3, "c > a > b > d": 1}


def test_open_requests_are_counted_over_one_cluster() -> None:
    routing = table(
        [],
        HEADS,
        [
            route("x", {"c": 4, "a": 2}, {"d": 1}, policy="least_request"),
            route("y", {"a": 1, "c": 2}),
        ],
    )
    files = files_of(emitted(routing))
    name = "least_request(a=1 c=2)"
    assert files.exact["x"] == {f"{name} > d": 1}
    assert list(hosts(files.clusters[name])) == [("a", 1), ("c", 2)]
    assert files.clusters[name]["lb_policy"] == "LEAST_REQUEST"
    assert files.exact["y"] == {"a > c": 1, "c > a": 2}


def test_a_tier_of_its_own_that_counts_requests_can_eject_one_head_for_another() -> None:
    routing = table([], HEADS, [route("x", {"a": 1, "c": 1}, policy="least_request")])
    files = files_of(emitted(routing))
    name = "least_request(a=1 c=1)"
    (chain,) = files.exact["x"]
    assert members(files.clusters[chain]) == [name]
    assert list(files.clusters) == [name, f"{name}{LAST_RESORT}", chain]


def test_a_head_is_reached_as_its_url_says() -> None:
    files = files_of(emitted(table([], HEADS, [route("x", {name: 1}) for name in "abc"])))
    tls = {}
    for name, address, port, hostname in (
        ("a", "a.example.net", 443, "a.example.net"),
        ("b", "10.0.0.2", 8080, "10.0.0.2:8080"),
        ("c", "2001:db8::1", 8443, "[2001:db8::1]:8443"),
    ):
        (place,) = files.clusters[f"{name}{LAST_RESORT}"]["load_assignment"]["endpoints"]
        endpoint = place["lb_endpoints"][0]["endpoint"]
        assert endpoint["address"]["socket_address"] == {"address": address, "port_value": port}
        assert endpoint["hostname"] == endpoint["health_check_config"]["hostname"] == hostname
        (match,) = files.clusters[f"{name}{LAST_RESORT}"]["transport_socket_matches"]
        tls[name] = match["transport_socket"]["typed_config"]
    assert tls["b"] == {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
    }
    assert tls["a"]["sni"] == "a.example.net"
    assert "sni" not in tls["c"]
    context = tls["c"]["common_tls_context"]["validation_context"]
    assert context == {
        "trusted_ca": {"filename": "/etc/ssl/certs/ca-certificates.crt"},
        "match_typed_subject_alt_names": [{"san_type": "IP_ADDRESS", "matcher": {"exact": "2001:db8::1"}}],
    }
    (check,) = files.clusters[f"b{LAST_RESORT}"]["health_checks"]
    assert check["http_health_check"] == {"path": "/healthz"}


def test_only_a_heads_own_faults_eject_it_and_never_the_last_resort() -> None:
    routing = table([], HEADS, [route("x", {"a": 1}, {"b": 1})])
    files = files_of(emitted(routing, {"answer_header": "x-upstream"}))
    status, header = (
        rule["http_response_headers_match"]["headers"][0] for rule in _own_faults(files.clusters["a"])
    )
    assert status == {"name": ":status", "string_match": {"safe_regex": {"regex": "50[0234]"}}}
    assert header == {"name": "x-upstream", "present_match": True, "invert_match": True}
    assert _own_faults(files.clusters["a > b"]) == _own_faults(files.clusters["a"])
    ejects = files.clusters["a"]["outlier_detection"]
    assert (ejects["enforcing_consecutive_5xx"], ejects["enforcing_consecutive_gateway_failure"]) == (100, 0)
    last = files.clusters[f"a{LAST_RESORT}"]
    assert {"outlier_detection", "typed_extension_protocol_options"} == files.clusters[
        "a"
    ].keys() - last.keys()
    assert last["health_checks"] == files.clusters["a"]["health_checks"]


@pytest.mark.parametrize(
    ("targets", "header", "expected"),
    [
        (("envoy",), None, None),
        (("envoy", "litellm"), None, "x-litellm-call-id"),
        (("envoy", "litellm"), "x-own", "x-own"),
    ],
)
def test_without_a_header_that_tells_them_apart_gateway_failures_eject(
    targets: tuple[str, ...], header: str | None, expected: str | None
) -> None:
    routing = table([], HEADS, [route("x", {"a": 1}, {"b": 1})])
    options = {} if header is None else {"answer_header": header}
    cluster = files_of(emitted(routing, options, targets=targets)).clusters["a"]
    ejects = cluster["outlier_detection"]
    marked, unmarked = ejects["enforcing_consecutive_5xx"], ejects["enforcing_consecutive_gateway_failure"]
    assert (marked, unmarked) == ((0, 100) if expected is None else (100, 0))
    if expected is not None:
        assert _own_faults(cluster)[1]["http_response_headers_match"]["headers"][0]["name"] == expected
    else:
        assert "typed_extension_protocol_options" not in cluster


def _own_faults(cluster: Any) -> list[Any]:
    (options,) = cluster["typed_extension_protocol_options"].values()
    rules: list[Any] = options["outlier_detection"]["error_matcher"]["and_match"]["rules"]
    return rules


def test_a_model_has_its_own_times_and_retries_where_it_says_so() -> None:
    chain = [{"a": 1}, {"b": 1}, {"c": 1}]
    routes = [
        route("plain", *chain),
        route("slow", *chain, first_byte_seconds=900),
        route("quick", *chain, first_byte_seconds=5),
        route("again", *chain, retry_on=(429, 500)),
        route("never", *chain, retry_on=()),
        route("hedged", {"a": 1}, hedge=True),
    ]
    files = files_of(emitted(table([], HEADS, routes), {"retry_on": [408]}))
    actions = files.matcher["matcher_tree"]["exact_match_map"]["map"]
    found = {one.model_id: actions[one.model_id]["action"]["typed_config"]["route"] for one in routes}
    (host,) = files.routes["virtual_hosts"]
    common = host["retry_policy"]
    assert (common["per_try_timeout"], common["num_retries"]) == ("300s", 2)
    assert common["retriable_status_codes"] == [408]
    assert found["plain"].keys() & {"retry_policy", "idle_timeout", "hedge_policy"} == set()
    assert found["plain"]["timeout"] == "0s"
    assert (found["slow"]["idle_timeout"], "idle_timeout" in found["quick"]) == ("2700s", False)
    assert found["slow"]["retry_policy"] == {**common, "per_try_timeout": "900s"}
    assert found["quick"]["retry_policy"] == {**common, "per_try_timeout": "5s"}
    assert found["again"]["retry_policy"] == {**common, "retriable_status_codes": [429, 500]}
    never = found["never"]["retry_policy"]
    assert never == {
        **{name: value for name, value in common.items() if name != "retriable_status_codes"},
        "retry_on": common["retry_on"].removesuffix(",retriable-status-codes"),
    }
    assert found["hedged"]["hedge_policy"] == {"hedge_on_per_try_timeout": True}


def test_every_edge_answers_for_its_own_region() -> None:
    routes = [
        route("everywhere", {"a": 1}),
        route("european", {"a": 1}, client_regions=("eu",)),
        route("gone", status="disabled", client_regions=("eu",)),
        route("headless"),
        route("hidden", {"a": 1}, visibility="private"),
        route("router/*", {"a": 1}, aliases=("any", "other/*")),
        route("router/off", status="disabled"),
        route("router/deep/*", {"a": 1}, client_regions=("eu",)),
    ]
    outputs = emitted(table([], HEADS, routes))
    us, eu = files_of(outputs), files_of(outputs, "edge-eu")
    to_a = {"a": 1}
    assert us.exact == {
        "everywhere": to_a,
        "european": 403,
        "gone": 404,
        "headless": 503,
        "hidden": to_a,
        "any": to_a,
        "router/off": 404,
    }
    assert us.prefixes == {"router/": to_a, "other/": to_a, "router/deep/": 403}
    assert (eu.exact["european"], eu.prefixes["router/deep/"]) == (to_a, to_a)
    assert us.models == ["everywhere"]
    assert eu.models == ["european", "everywhere"]
    version = us.bootstrap["node"]["metadata"]["modelspec"]["version"]
    assert us.bootstrap["node"] == {
        "id": "edge-us",
        "cluster": "modelspec-edge",
        "locality": {"region": "us"},
        "metadata": {"modelspec": {"edge": "edge-us", "version": version}},
    }


def test_a_new_commit_changes_only_the_routes() -> None:
    """So Envoy needs no restart, and reads no other file again."""
    routing = table([], HEADS, [route("x", {"a": 1})])
    first, same, second = (
        {
            name: emitted(routing, commit=commit)[f"gateways/envoy/edge-us/{name}"]
            for name in NAMES
            if name not in OPTIONAL
        }
        for commit in ("abc", "abc", "def")
    )
    assert first == same
    assert [name for name in WATCHED if name in first and first[name] != second[name]] == ["routes.json"]
    assert first["bootstrap.json"] == second["bootstrap.json"]


def test_the_routes_say_what_they_were_built_from() -> None:
    routing = table([], HEADS, [route("x", {"a": 1})])
    routes = files_of(emitted(routing, commit="abc"), "edge-eu").routes
    built = BuiltFrom(edge_id="edge-eu", commit="abc", digest="d1")
    assert BuiltFrom.in_metadata(routes) == built
    assert [BuiltFrom.in_metadata(host) for host in routes["virtual_hosts"]] == [built]
    routes = files_of(emitted(routing), "edge-eu").routes
    assert BuiltFrom.in_metadata(routes) == BuiltFrom(edge_id="edge-eu", commit="d1", digest="d1")


def test_a_bootstrap_has_a_version_of_its_own() -> None:
    """A changed admin port, region or edge changes it; nothing else does."""
    routing = table([], HEADS, [route("x", {"a": 1})])

    def started(edge: str, region: str, port: int) -> Started | None:
        outputs = emitted(routing, {"admin_port": port}, {edge: region})
        return Started.of_node(files_of(outputs, edge).bootstrap["node"])

    first = started("edge-us", "us", 1)
    assert first is not None
    assert started("edge-us", "us", 1) == first
    others = (started("edge-us", "us", 2), started("edge-us", "eu", 1), started("edge-eu", "us", 1))
    assert len({other.version for other in others if other} | {first.version}) == 4


@pytest.mark.parametrize(
    "node",
    [None, [], "edge", {}, {"id": 1}, {"id": "x" * 1000}, {"metadata": {"modelspec": {"edge": ["x"]}}}],
)
def test_a_node_of_another_program_is_no_edge(node: object) -> None:
    assert Started.of_node(node) is None


def test_a_bootstrap_of_an_older_version_has_an_id_only() -> None:
    assert Started.of_node({"id": "edge-us"}) == Started(edge_id="edge-us", version="")


def test_without_edges_there_is_one_without_a_region() -> None:
    outputs = emitted(table([], HEADS, [route("x", {"a": 1})]), edges={})
    assert sorted(outputs) == [
        f"gateways/envoy/edge/{name}.json"
        for name in ("bootstrap", "clusters", "listener", "routes", "static")
    ]
    assert "locality" not in files_of(outputs, "edge").bootstrap["node"]


def test_the_settings_are_where_envoy_expects_them() -> None:
    options = {
        "address": "10.0.0.9",
        "port": 1,
        "admin_address": "::1",
        "admin_port": 2,
        "config_dir": "/srv/edge",
        "ca_file": "/srv/ca.pem",
        "max_body_bytes": 3000,
        "paths": ["/v1/ocr"],
        "connect_timeout_ms": 1500,
        "request_timeout_ms": 60_000,
        "first_byte_seconds": 7,
        "stream_idle_timeout_ms": 61_000,
        "health_check_interval_ms": 10_050,
        "health_check_timeout_ms": 1,
    }
    files = files_of(emitted(table([], HEADS, [route("x", {"a": 1})]), options))
    assert files.listener["address"]["socket_address"] == {"address": "10.0.0.9", "port_value": 1}
    assert files.bootstrap["admin"]["address"]["socket_address"] == {"address": "::1", "port_value": 2}
    manager = json.dumps(files.listener["filter_chains"])
    assert '"max_request_bytes": 3000' in manager
    assert (
        manager.count('{"url_path": {"path": {"exact": "/v1/ocr"}}}') == 4
    )  # its method and itself, twice for upgrades
    source = files.bootstrap["dynamic_resources"]["cds_config"]["path_config_source"]
    assert source == {"path": "/srv/edge/clusters.json", "watched_directory": {"path": "/srv/edge"}}
    cluster = files.clusters[f"a{LAST_RESORT}"]
    assert cluster["connect_timeout"] == "1.5s"
    assert "/srv/ca.pem" in json.dumps(cluster)
    (check,) = cluster["health_checks"]
    assert (check["interval"], check["no_traffic_interval"], check["timeout"]) == (
        "10.05s",
        "10.05s",
        "0.001s",
    )
    assert '"timeout": "60s"' in json.dumps(files.routes)
    assert '"per_try_timeout": "7s"' in json.dumps(files.routes)
    assert '"stream_idle_timeout": "61s"' in json.dumps(files.listener)


@pytest.mark.parametrize("edge", ["edge-us", "edge-eu"])
def test_the_static_file_has_the_content_of_the_others(edge: str) -> None:
    """Byte by byte, so that no golden case repeats it."""
    outputs = emitted(routed(compile_fleet(BASES / "edges", today=TODAY)))
    files = files_of(outputs, edge)
    listener = deepcopy(files.listener)
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    routes = {"route_config" if name == "rds" else name: value for name, value in manager.items()}
    routes["route_config"] = _plain(files.routes)
    listener["filter_chains"][0]["filters"][0]["typed_config"] = routes
    resources = {"listeners": [_plain(listener)], "clusters": list(map(_plain, files.clusters.values()))}
    process = {name: value for name, value in files.bootstrap.items() if name != "dynamic_resources"}
    expected = laid_out({**process, "static_resources": resources})
    assert outputs[f"gateways/envoy/{edge}/static.json"] == expected


def _plain(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "@type"}


def test_one_changed_model_is_one_changed_line_of_the_routes() -> None:
    def lines(last: str) -> list[bytes]:
        routes = [route(f"model-{number}", {"a": 1}, {"b": 1}) for number in range(50)]
        outputs = emitted(table([], HEADS, [*routes, route("x", {last: 1})]))
        return outputs["gateways/envoy/edge-us/routes.json"].splitlines()

    changed = [(old, new) for old, new in zip(lines("a"), lines("b"), strict=True) if old != new]
    assert len(changed) == 2  # and the version
    assert changed[0][0].startswith(b'"version_info"')
    assert changed[1][0].startswith(b'"x": ')


@pytest.mark.parametrize("value", [{}, [], "x" * 2000, {"a": ["y" * 500, "z" * 500], "b": {"c": "w" * 900}}])
def test_a_layout_preserves_the_value(value: object) -> None:
    assert json.loads(laid_out(value)) == value
    assert laid_out(value).endswith(b"\n")


def test_bytes_do_not_depend_on_the_hash_seed_or_the_order_of_edges(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    seen = set()
    for seed in ("0", "42"):
        output = tmp_path / seed
        command = [sys.executable, "-m", "modelspec", "build", "--target", "envoy", "--output", str(output)]
        environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed}
        subprocess.run(command, check=True, capture_output=True, env=environment, cwd=root)
        seen.add(tuple((path.name, path.read_bytes()) for path in sorted(output.glob("gateways/envoy/*/*"))))
    assert len(seen) == 1
    assert len(seen.pop()) == 21
    routing = table([], HEADS, [route("x", {"a": 1})])
    assert emitted(routing) == emitted(routing, edges=dict(sorted(EDGES.items())))
