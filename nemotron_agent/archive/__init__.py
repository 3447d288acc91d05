"""Keeps conversations on disk, so that they go on after a restart."""
