"""reticulum: from a framework's crystal to how its metal-linker bonds loosen with temperature."""

__version__ = "0.1.0"
