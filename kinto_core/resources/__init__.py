"""What can be stored, who may do what with it, and the operations: no HTTP, no SQL."""
