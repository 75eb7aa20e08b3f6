"""Who the patrons are, beside what they have borrowed: person register, directories, feeds, and the sync of them."""
