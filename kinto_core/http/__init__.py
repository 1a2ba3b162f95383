"""The protocol over HTTP: everything that Pyramid learns."""
