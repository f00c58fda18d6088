"""Two states, oscillators and the metal-oxygen scan."""
