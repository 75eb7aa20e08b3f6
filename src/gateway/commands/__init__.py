"""Tools for people at a terminal: probe, fleet simulator, decode, explain, tail. Each is an outsider to the server.

They see the wire, the tables and the file of exchanges; none of them imports the desk, a platform or the store.
"""

from __future__ import annotations
