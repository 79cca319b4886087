"""The command line: fetch, print for a reader, download with progress."""
