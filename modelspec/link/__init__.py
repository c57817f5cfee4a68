"""Linking: names to the things that they name (`MS2xx`)."""

from modelspec.link.catalog import link_catalog
from modelspec.link.fleet import Listed, link_fleet
from modelspec.link.model import link_model, model_of, signature_of

__all__ = ["Listed", "link_catalog", "link_fleet", "link_model", "model_of", "signature_of"]
