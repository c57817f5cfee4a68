"""What modelspec has to say about a repository, and what is left of it after the organisation's own word."""
