"""Notifications to brokers: what happened here to the items and requests of their transactions, told until they have
heard it. NCIP has no other way for a library's system to tell a broker anything.
"""
