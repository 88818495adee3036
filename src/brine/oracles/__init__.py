"""Who gives labels."""
