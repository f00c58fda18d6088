"""Model crystals with answers that are known exactly."""
