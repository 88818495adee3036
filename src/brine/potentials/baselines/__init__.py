"""Physics that is subtracted before the fit."""
