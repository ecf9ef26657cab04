# Every chore is one command. `make` alone lists them.
#
#   make run PORT=9000 PARLEY_DATA_DIR=/srv/parley     variables can stand on the line
#   make test ARGS="-k slash"                          what follows goes to pytest
#   make run PYTHON=/opt/python3.13/bin/python3        which Python makes the environment

SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin

# The first Python that is new enough and can make environments; else the one that was asked for,
# so that `install.py` can say what is wrong with it.
define environment
	python=; \
	for each in $(or $(PYTHON),python3.13 python3.12 python3.11 python3.14 python3 python); do \
		if "$$each" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then python="$$each"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		if [ -n "$(PYTHON)" ]; then echo "PYTHON=$(PYTHON) does not run, is older than 3.11, or lacks its venv and ensurepip modules." >&2; \
		else echo "Python 3.11 or newer with its venv module is needed, and none was found. Name one with PYTHON=, or install it:" >&2; \
		echo "  Debian, Ubuntu: apt-get install python3 python3-venv    Fedora: dnf install python3    macOS: brew install python" >&2; fi; \
		exit 1; \
	fi; \
	"$$python" requirements/install.py $(1) $(VENV)
endef

.PHONY: help run test coverage check bench docs format lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Start everything: Redis, web, worker and beat, with a small demo
	@$(call environment,base)
	@exec $(BIN)/python manage.py up

test: ## Run the whole suite, on SQLite and on PostgreSQL, browser tests included
	@$(call environment,dev)
	@exec $(BIN)/python -m tests $(ARGS)

coverage: ## Which lines the unit and integration tests reach, on SQLite
	@$(call environment,dev)
	@$(BIN)/python -m tests --coverage $(or $(ARGS),tests/unit tests/integration)

check: ## Style, types, scripts, style sheets, templates, migrations and generated files
	@$(call environment,dev)
	@exec $(BIN)/python -m tests.check

bench: ## Measure with real processes, beside Socket.IO, NATS and others; writes docs/benchmarks.md
	@$(call environment,bench)
	@exec $(BIN)/python -m tests.bench $(ARGS)

docs: ## Make what the documents show from the running program
	@$(call environment,dev)
	@exec $(BIN)/python -m tests.screenshot

format: ## Put the code into its one style
	@$(call environment,dev)
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

lock: ## Renew requirements/*.txt from pyproject.toml; ARGS="--upgrade-package django" moves one
	@$(call environment,base)
	@exec $(BIN)/python requirements/lock.py $(ARGS)

clean: ## Remove the environment and all caches; the data stay
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
