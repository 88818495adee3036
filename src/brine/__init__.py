"""brine: machine-learned force fields that have proved themselves in MD."""

__version__ = "0.1.0"
