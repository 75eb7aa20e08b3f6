"""The record of every exchange: five stations, masked on the bytes, kept in chunks for a while, read by `tail`."""
