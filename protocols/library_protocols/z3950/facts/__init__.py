"""What Z39.50 says, as tables: objects, PDUs, attributes, diagnostics."""
