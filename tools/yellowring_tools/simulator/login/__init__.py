"""Logins: with Amazon for the skill itself, and an OpenID Connect provider for its customers.

Sources: OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749, RFC 6750, RFC 7517 and RFC 7638.
"""
