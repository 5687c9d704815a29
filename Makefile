# Everything one types: make demo, make test. VENV names the environment's folder, PYTHON what makes it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PINS := $(shell cat requirements.txt | sha256sum | cut -c1-12)
DEV_PINS := $(shell cat requirements.txt requirements-dev.txt | sha256sum | cut -c1-12)
HERE := $(shell echo $(CURDIR) | sha256sum | cut -c1-12)

.PHONY: help install install-dev lint format types test test-all demo bench results clean
help:
	@echo "make demo       install, then the whole road on made heads: data, training, evaluation, prediction"
	@echo "make test       install, then the tests (make test-all: also the slow ones)"
	@echo "make lint types bench results install format clean"

install: $(VENV)/.pins-$(PINS) $(VENV)/.package-$(HERE)
install-dev: $(VENV)/.dev-pins-$(DEV_PINS) $(VENV)/.package-$(HERE)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.pins-$(PINS): | $(VENV)/bin/python
	@echo "installing the pinned libraries into $(VENV): one to five minutes"
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev-pins-$(DEV_PINS): | $(VENV)/.pins-$(PINS)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

$(VENV)/.package-$(HERE): | $(VENV)/.pins-$(PINS)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --config-settings editable_mode=compat --editable .
	rm -f $(VENV)/.package-*
	touch $@

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: install-dev
	$(BIN)/mypy

test: install-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-all: install-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

demo: install
	$(BIN)/python -m ich.commands.cli demo

# The others need real data or a checkpoint: their first lines say what to type.
bench: install-dev
	for name in heads loader made_heads prepare; do $(BIN)/python benchmarks/$$name.py || exit 1; done

results: install
	$(BIN)/python -m ich.commands.cli results

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
