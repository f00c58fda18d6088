"""Orderings of whole metal clusters on the linker net of a framework."""
