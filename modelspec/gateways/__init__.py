"""The gateways: a folder or file for each says what it calls things, what it cannot do, and what is written for it."""
