"""One module a revision, each written out: a revision never reads the schema as it is today."""
