"""Crystals, bonded graphs and carboxylates."""
