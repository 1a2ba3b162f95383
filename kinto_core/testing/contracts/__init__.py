"""What every backend must pass, as test classes for pytest; for authors of backends too."""
