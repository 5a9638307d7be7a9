# `make demo` and `make test` set everything up by themselves in .venv; nothing is installed elsewhere.

# The first Python of 3.11 or newer that can make a virtual environment.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3; do \
	$$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := .venv/bin
DATA ?= data
SECONDS ?= 60
CHECKERS := tests/checkers
NODE_IS_NEW := const [a, b] = process.versions.node.split("."); process.exit(a > 23 || a == 22 && b > 15 || a == 20 && b > 18 ? 0 : 1)
# Locks name every package, so nothing is resolved: pip would take the newest of a package that another asks for with an extra.
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help demo run test coverage lint types contracts check checkers lock fuzz bench migration clean

help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: .venv/.ready  ## Run everything once on bundled sample feeds and serve the page; ONCE=1 stops after writing
	@$(BIN)/aggregator demo $(if $(ONCE),--once)

run: .venv/.ready  ## Run the aggregator on feeds.yaml
	@$(BIN)/aggregator --data $(DATA) run

test: .venv/.dev  ## Run the tests
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

coverage: .venv/.dev  ## Run the tests and report the branches they miss
	@$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term-missing:skip-covered $(ARGS)

lint: .venv/.dev  ## Check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: .venv/.dev  ## Check types
	@$(BIN)/mypy

contracts: .venv/.dev  ## Check the direction of imports
	@$(BIN)/lint-imports --no-cache

check: lint types contracts test  ## Everything that has to pass before a commit

checkers: $(CHECKERS)/node_modules/.ready  ## Install what checks mails and pages in the tests, from npm (Node.js too where there is none)

lock: .venv/.dev  ## Resolve the dependencies again, with hashes
	@$(COMPILE) pyproject.toml --extra postgresql --group build -o requirements.lock --upgrade
	@$(COMPILE) pyproject.toml --extra postgresql --group dev -o requirements-dev.lock --upgrade

fuzz: .venv/.fuzz  ## Fuzz what reads hostile input, SECONDS for each target (60); Linux on x86-64
	@set -e; for target in config parse sanitise answer page; do echo "== $$target"; mkdir -p .fuzz/$$target; \
		$(BIN)/python -m fuzz $$target -max_total_time=$(SECONDS) -timeout=20 -rss_limit_mb=3000 -print_pcs=0 \
		-dict=fuzz/words.dict -artifact_prefix=.fuzz/$$target- .fuzz/$$target tests/data/feeds aggregator/demo; done

bench: .venv/.dev  ## List the benchmarks; run one with `.venv/bin/python -m bench NAME`
	@$(BIN)/python -m bench

migration: .venv/.dev  ## Write the migration for what changed in store/tables.py; MESSAGE="add a column"
	@$(BIN)/python -m aggregator.store.migrations "$(MESSAGE)"

clean:  ## Remove what was made, but not data/
	@rm -rf .venv dist .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis $(CHECKERS)/node_modules

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with the module venv is needed; on Debian: apt install python3-venv" >&2; exit 2; }
	@echo "Making .venv with $(PYTHON)" && $(PYTHON) -m venv .venv

.venv/.ready: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what the program needs into .venv (once, about half a minute)"
	@$(PIP) --require-hashes --no-deps -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.fuzz: .venv/.dev
	@echo "Installing the fuzzer into .venv"
	@$(BIN)/uv pip install -q --python $(BIN)/python --group fuzz
	@touch $@

# html-validate and caniemail run on Node.js 20.19, 22.16, 24 and newer.
$(CHECKERS)/node_modules/.ready: $(CHECKERS)/package-lock.json | .venv/.dev
	@command -v npm >/dev/null && node -e '$(NODE_IS_NEW)' 2>/dev/null || \
		{ echo "Installing Node.js into .venv"; $(BIN)/uv pip install -q --python $(BIN)/python --group node; }
	@echo "Installing the checkers of mails and pages"
	@cd $(CHECKERS) && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --ignore-scripts
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.ready
	@echo "Installing what the tests need into .venv"
	@$(PIP) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
