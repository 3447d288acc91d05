"""Measures how well an agent obeys: suites of conversations, their runs, scores and reports."""
