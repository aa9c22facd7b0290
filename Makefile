# Each target sets up .venv by itself when it is missing or older than its lock.
# Another Python: make test PYTHON=/path/to/python3.12
.DEFAULT_GOAL := help
.PHONY: help demo test check bench mutate docs lock clean
SHELL := /bin/sh

# The newest Python that works here, else python3, which requirements/set_up.py then explains.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	"$$python" -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { echo "$$python"; exit; }; done; echo python3)
IN_VENV := .venv/bin/python
# Tests share the cores by file. A subset: make test TESTS=tests/settlement
TESTS ?=
PYTEST_ARGS ?= -n auto --dist loadfile

help: ## this list
	@echo 'make ...'
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  \1\t/'

demo: .venv/run.stamp ## replay the ten emergency events of 2022 beside what was published, under two minutes
	@$(IN_VENV) -m gridrider demo

test: .venv/dev.stamp ## the whole test suite
	@$(IN_VENV) -m pytest $(PYTEST_ARGS) $(TESTS)

check: .venv/dev.stamp ## style, types and house rules, under a minute
	@echo 'ruff';  $(IN_VENV) -m ruff check --quiet .
	@echo 'mypy';  $(IN_VENV) -m mypy --no-error-summary
	@echo 'house rules'; $(IN_VENV) -m pytest -q tests/house

bench: .venv/dev.stamp ## every benchmark, each a ratio against a named peer or limit
	@set -e; for bench in benchmarks/bench_*.py; do \
		[ -e "$$bench" ] || { echo 'no benchmarks/bench_*.py'; exit 1; }; \
		echo "== $$bench"; $(IN_VENV) -m "benchmarks.$$(basename "$$bench" .py)"; done

mutate: .venv/dev.stamp ## take each rule out once and see the test that names it fail (long)
	@$(IN_VENV) -m tests.mutations $(RULES)

docs: .venv/dev.stamp ## the documentation, into docs/_build/html; warnings are errors
	@set -e; for script in docs/generate*.py; do $(IN_VENV) "$$script"; done
	@$(IN_VENV) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo 'docs/_build/html/index.html'

lock: ## resolve requirements/*.txt afresh, with the hash of every file and the name of no host
	@$(PYTHON) requirements/lock.py $(LOCK_ARGS)

clean: ## remove the environment and everything made
	rm -rf .venv docs/_build demo-output bench-output .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/run.stamp: requirements/run.txt requirements/set_up.py pyproject.toml
	@$(PYTHON) requirements/set_up.py run

.venv/dev.stamp: requirements/dev.txt requirements/set_up.py pyproject.toml
	@$(PYTHON) requirements/set_up.py dev
