"""Features that come with the server and are off until ``includes`` names them.

They use the same hooks as anybody's plugins.
"""
