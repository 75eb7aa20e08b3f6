"""The person register: one row a person, kept apart from the platform's store so that a sync never holds up a kiosk."""
