"""The Channel protocol and its adapters."""
