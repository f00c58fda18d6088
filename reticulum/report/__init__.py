"""Results of several runs brought together: tables and comparisons."""
