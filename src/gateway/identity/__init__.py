"""Who the patrons are, beside what they have borrowed: the person register, directories, feeds, and the sync between them."""
