"""Objects, tombstones and list timestamps: the promise and the SQL that keeps it."""
