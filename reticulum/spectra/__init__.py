"""Variable-temperature infrared spectra: reading, preparing and fitting bands."""
