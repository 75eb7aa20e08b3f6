"""Loading from files: a member's rules as a whole; patrons, items and bibs in batches that can be resumed."""
