"""Calculator cards, executors, stored forces and conformance checks."""
