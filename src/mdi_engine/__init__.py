"""Master data indexes for Indonesian health care."""

__version__ = "0.1.0"
