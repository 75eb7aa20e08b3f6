"""Bulk loading: patrons and items from CSV, bibs and items from MARC; resumable, and no bad row stops the rest."""
