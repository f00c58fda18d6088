"""Readers of spectrum files, one file format a module."""
