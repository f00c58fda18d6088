"""Displacements, Gamma modes, labels and carboxylate character."""
