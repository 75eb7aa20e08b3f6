"""Campus directories, read and asked over LDAP behind one port."""
