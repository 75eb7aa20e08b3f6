"""The catalogue's store: source records, shared bibs, holdings, and the change feed that everything else follows."""
