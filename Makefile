# Needs Python 3.11 or later, pip and make; everything else goes into .venv.
# "make" alone lists the targets. A second run of a target installs nothing again.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
EDITABLE := $(foreach folder,$(PLUGINS),--editable ./$(folder))
DECLARED := setup.py $(wildcard plugins/*/pyproject.toml)
TESTS ?=
# Processes that share the whole run; 0 for one without helpers. A part is quickest in one.
JOBS ?= $(if $(TESTS),0,2)

.DEFAULT_GOAL := help
.PHONY: help setup start test lint format docs reference bench bench-live check clean

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(STAMPS)/core ## Install the server and all plugins into .venv

start: $(STAMPS)/core ## Write kinto.ini if there is none, then run the server until Ctrl-C
	@$(BIN)/kinto start

test: $(STAMPS)/test ## Run all tests, on real databases; TESTS=path runs some
	@$(BIN)/python -m pytest -n $(JOBS) $(TESTS)

lint: $(STAMPS)/lint ## Check style, types, imports, spelling and generated pages
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/codespell
	@$(BIN)/python docs/generate.py --check

format: $(STAMPS)/lint ## Format the code
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

docs: $(STAMPS)/docs ## Build the manual into docs/_build; warnings are errors
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build
	@echo "The manual: docs/_build/index.html"

reference: $(STAMPS)/core ## Write the generated pages of the manual anew
	@$(BIN)/python docs/generate.py

bench: $(STAMPS)/bench ## Measure ours beside others; BENCH="--quick" passes options
	@$(BIN)/python -m benchmarks $(BENCH)

bench-live: $(STAMPS)/bench ## Measure live streams beside others; BENCH="--quick" passes options
	@$(BIN)/python -m benchmarks.live $(BENCH)

check: test lint docs ## Everything that must pass before a change is merged

clean: ## Remove what these targets made, but not data or settings
	rm -rf $(VENV) .bench docs/_build build *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(STAMPS)/core: $(BIN)/python $(DECLARED)
	@echo "Installing Kinto Core into $(VENV) …"
	@$(PIP) --editable . $(EDITABLE)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/test: $(STAMPS)/core
	@echo "Installing what tests need …"
	@$(PIP) --editable ".[test]" $(foreach folder,$(PLUGINS),--editable "./$(folder)[test]")
	@touch $@

$(STAMPS)/lint: $(STAMPS)/test
	@echo "Installing what checks need …"
	@$(PIP) --editable ".[lint]"
	@touch $@

$(STAMPS)/docs: $(STAMPS)/core
	@echo "Installing what the manual needs …"
	@$(PIP) --editable ".[docs]"
	@touch $@

$(STAMPS)/bench: $(STAMPS)/core
	@echo "Installing what benchmarks need …"
	@$(PIP) --editable ".[bench]" $(EDITABLE)
	@touch $@
