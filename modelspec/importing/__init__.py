"""Configurations of other programs as configuration repositories, with a report of what could not be imported."""

from collections.abc import Mapping
from types import MappingProxyType

from modelspec.importing.draft import Importer, ImportRequest
from modelspec.importing.litellm import LiteLLM
from modelspec.importing.modelsdev import ModelsDev
from modelspec.importing.openai_compatible import OpenAICompatible
from modelspec.importing.report import REPORTS
from modelspec.importing.run import ImportOutcome, run

IMPORTERS: tuple[Importer, ...] = (LiteLLM(), ModelsDev(), OpenAICompatible())
"""Every kind of source, in the order of the help."""

BY_NAME: Mapping[str, Importer] = MappingProxyType({importer.name: importer for importer in IMPORTERS})

__all__ = ["BY_NAME", "IMPORTERS", "REPORTS", "ImportOutcome", "ImportRequest", "Importer", "run"]
