"""A LiteLLM proxy at each head, which talks to the upstreams."""
