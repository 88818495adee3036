"""Frames and their labels."""
