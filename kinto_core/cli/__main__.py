"""``python -m kinto_core.cli``: command ``kinto`` where the script is not on the path."""

from kinto_core.cli import main

if __name__ == "__main__":
    main(prog_name="kinto")
