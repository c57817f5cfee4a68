"""The compiler inside an editor: what `modelspec lsp` answers while somebody types."""
