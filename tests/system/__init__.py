"""Tests of whole processes: the real command, real databases, and what happens to them."""
