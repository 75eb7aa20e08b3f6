"""Z39.50 (ISO 23950), between a search client (origin) and a catalogue (target)."""
