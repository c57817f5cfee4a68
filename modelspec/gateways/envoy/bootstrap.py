"""What Envoy is started with: from files that it watches, or with all in one for validation."""

from modelspec.gateways.envoy.api import Message, Options


def bootstrap(edge_id: str, region: str | None, options: Options) -> Message:
    """The bootstrap that leads to clusters and listener in files; routes are led to by the listener."""
    resources = {
        f"{kind}_config": watched(file, options)
        for kind, file in (("cds", "clusters.json"), ("lds", "listener.json"))
    }
    return {**_process(edge_id, region, options), "dynamic_resources": resources}


def static(
    edge_id: str, region: str | None, options: Options, *, clusters: list[Message], listener: Message
) -> Message:
    """The same in one file, which `envoy --mode validate` reads to its end."""
    resources = {"listeners": [_plain(listener)], "clusters": [_plain(one) for one in clusters]}
    return {**_process(edge_id, region, options), "static_resources": resources}


def watched(file: str, options: Options) -> Message:
    """A source of configuration: a file, read again when any file is moved into its folder."""
    source = {
        "path": f"{options.config_dir}/{file}",
        "watched_directory": {"path": options.config_dir},
    }
    return {"resource_api_version": "V3", "path_config_source": source}


def _process(edge_id: str, region: str | None, options: Options) -> Message:
    locality = {} if region is None else {"locality": {"region": region}}
    return {
        "node": {"id": edge_id, "cluster": "modelspec-edge", **locality},
        "admin": {
            "address": {
                "socket_address": {"address": options.admin_address, "port_value": options.admin_port}
            }
        },
    }


def _plain(resource: Message) -> Message:
    return {name: value for name, value in resource.items() if name != "@type"}
