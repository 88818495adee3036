"""Trained potentials."""
