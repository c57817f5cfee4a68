"""A checkout of the catalogue models.dev."""

from modelspec.importing.modelsdev.importer import ModelsDev

__all__ = ["ModelsDev"]
