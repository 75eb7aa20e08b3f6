"""Feeds of people into the register: field map, matching, ownership, thresholds, stages, runs and review."""
