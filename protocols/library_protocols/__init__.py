"""Pure codecs of library standards: bytes in, messages out. No I/O, no clock, no configuration."""
