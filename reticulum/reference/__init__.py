"""The published tables, with units and sources."""
