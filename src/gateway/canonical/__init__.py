"""The canonical model: entities, vocabularies, requests, outcomes, refusals. Pure values, no I/O.

Every door (SIP2, HTTP, ...) speaks to every platform in these words and no others.
"""
