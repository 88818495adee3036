"""The protocol as stored steps."""
