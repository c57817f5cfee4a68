"""TLS: the certificate of the edge for its clients, and the one that it shows to heads.

Certificates and keys are files on the machine of the edge. A file of the build names them, which Envoy reads by SDS:
when a file is moved into the folder of a certificate, Envoy reads the certificate and its key again, without closing a
connection. A pair that does not match is rejected, and the one before stays.
"""

import json
import os
import ssl
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from modelspec.diagnose.refusal import Refusal, unusable
from modelspec.gateways.envoy.api import DOWNSTREAM_TLS, SECRET, Message, Options, extension, typed, watched
from modelspec.text.quote import quote

OF_THE_EDGE = "edge"
OF_HEADS = "heads"
SECRETS = {OF_THE_EDGE: "tls.json", OF_HEADS: "head_tls.json"}
"""The files of the build by the names of the secrets in them."""

_VERSIONS = {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"}
_PROTOCOLS = ["h2", "http/1.1"]


def secrets(options: Options) -> Mapping[str, Message]:
    """By file name, the resource that names a certificate; only those that the options ask for."""
    given = {OF_THE_EDGE: options.tls, OF_HEADS: options.head_tls}
    return {SECRETS[name]: _secret(name, files) for name, files in given.items() if files is not None}


def _secret(name: str, files: Mapping[str, str]) -> Message:
    certificate = {
        "certificate_chain": {"filename": files["certificate"]},
        "private_key": {"filename": files["key"]},
        "watched_directory": {"path": str(PurePosixPath(files["certificate"]).parent)},
    }
    return typed(SECRET, {"name": name, "tls_certificate": certificate})


def certificates(name: str, options: Options) -> list[Message]:
    """The reference to a secret, for `tls_certificate_sds_secret_configs`."""
    return [{"name": name, "sds_config": watched(SECRETS[name], options)}]


def unreadable(files: Mapping[str, bytes]) -> Refusal | None:
    """Whether this machine, that of the edge, lacks a certificate that the files of an edge name.

    Envoy would take a listener whose certificate it cannot read, and then refuse every connection.
    """
    for name in filter(files.__contains__, SECRETS.values()):
        (secret,) = json.loads(files[name])["resources"]
        pair = secret["tls_certificate"]
        certificate, key = (pair[part]["filename"] for part in ("certificate_chain", "private_key"))
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: b"")
        except ssl.SSLError:
            return Refusal(
                message=f"{quote(certificate)} and {quote(key)} are not a certificate and its key, as PEM",
                help="put both there before you publish, and the key without a password",
            )
        except OSError as error:
            missing = next((path for path in (certificate, key) if not os.access(path, os.R_OK)), certificate)
            return unusable(
                "read", Path(missing), error, "put it there before you publish, readable for Envoy"
            )
    return None


def transport(options: Options) -> Message:
    """The field of a filter chain for clients that use TLS."""
    if options.tls is None:
        return {}
    context = {
        "tls_params": _VERSIONS,
        "alpn_protocols": _PROTOCOLS,
        "tls_certificate_sds_secret_configs": certificates(OF_THE_EDGE, options),
    }
    kind = "envoy.transport_sockets.tls"
    return {"transport_socket": extension(kind, DOWNSTREAM_TLS, {"common_tls_context": context})}
