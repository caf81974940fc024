# The same few commands for people and for CI. Works as root and as a user with sudo, on Debian 12.
.DEFAULT_GOAL := install
SHELL := /bin/bash
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/voicedesk
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
PACKAGES := $(shell cat tests/testbed/packages.txt)
LOCK := pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host \
        --no-emit-find-links --no-emit-options --allow-unsafe --no-header

.PHONY: install demo test check format lock bench clean

install: $(STAMPS)/project

demo: $(STAMPS)/project $(STAMPS)/testbed
	@$(BIN)/python -m tests.testbed.demo

test: check $(STAMPS)/testbed
	$(BIN)/pytest --cov --cov-report=term:skip-covered

check: $(STAMPS)/project
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMPS)/project
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(STAMPS)/project
	$(BIN)/python -m benchmarks.run

lock:
	python3 -m venv $(CACHE)/lock-venv
	$(CACHE)/lock-venv/bin/pip install --quiet pip-tools
	PATH=$(CACHE)/lock-venv/bin:$$PATH $(LOCK) --upgrade --output-file requirements/run.txt pyproject.toml
	PATH=$(CACHE)/lock-venv/bin:$$PATH $(LOCK) --upgrade --extra test --output-file requirements/test.txt pyproject.toml

clean:
	rm -rf $(VENV) build dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

# --- what is installed, once

$(STAMPS)/packages: tests/testbed/packages.txt
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "Installing from Debian:" $$missing; \
	  $(SUDO) apt-get -qq update && $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	    apt-get -qq install -y --no-install-recommends $$missing >/dev/null; \
	fi
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/project: requirements/test.txt pyproject.toml
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "Installing python3-venv from Debian"; \
	  $(SUDO) apt-get -qq update && $(SUDO) apt-get -qq install -y python3-venv >/dev/null; }
	@echo "Installing the Python environment ($(VENV))"
	@python3 -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/testbed: $(STAMPS)/packages tests/testbed/install_asterisk.sh
	@bash tests/testbed/install_asterisk.sh
	@mkdir -p $(STAMPS) && touch $@
