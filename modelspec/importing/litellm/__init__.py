"""LiteLLM's proxy configuration: reading it, and telling what of it has no place in a fleet."""

from modelspec.importing.litellm.importer import LiteLLM

__all__ = ["LiteLLM"]
