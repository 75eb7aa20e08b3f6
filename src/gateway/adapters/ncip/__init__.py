"""The NCIP door: brokers and other systems circulate with a member (ANSI/NISO Z39.83), as responder."""
