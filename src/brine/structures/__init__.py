"""Boxes, molecules, masses and neighbour pairs."""
