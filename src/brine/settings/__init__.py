"""Schemas of a protocol."""
