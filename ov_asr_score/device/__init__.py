"""Devices and their settings; compiling, exporting and importing models."""
