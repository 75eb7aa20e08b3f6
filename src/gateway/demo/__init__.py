"""The demo consortium: eleven invented libraries, whose names and numbers are a contract that scripts may rely on."""
