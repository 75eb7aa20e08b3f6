"""LDAP: a read-only view of members' patrons for software that knows no library standard."""
