"""From credentials to an identity; HTTP and sockets ask the same policies."""
