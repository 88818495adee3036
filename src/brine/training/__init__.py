"""Fitting and error metrics."""
