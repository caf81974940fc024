# The same few commands for people and for CI. Works as root and as a user with sudo, on Debian 12.
.DEFAULT_GOAL := install
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# places the load test's calls; gives up root's rights; vouches for Asterisk's packages
PACKAGES := sip-tester util-linux debian-archive-keyring
LOCK := pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host \
        --no-emit-find-links --no-emit-options --allow-unsafe --no-header

.PHONY: install demo test check format lock bench clean

install: $(STAMPS)/project

demo: $(STAMPS)/project asterisk
	@$(BIN)/python -m tests.testbed.demo

test: check asterisk
	$(BIN)/pytest --cov --cov-report=term:skip-covered
	$(BIN)/coverage report --include='voicedesk/ami/*,voicedesk/calls/*' --fail-under=100 --skip-covered

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
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && \
	$(PYTHON) -m venv $$tools && $$tools/bin/pip install --quiet --disable-pip-version-check pip-tools && \
	$$tools/bin/$(LOCK) --upgrade --output-file requirements/run.txt pyproject.toml && \
	$$tools/bin/$(LOCK) --upgrade --extra test --output-file requirements/test.txt pyproject.toml

clean:
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .*_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what is installed, once

$(STAMPS)/packages: Makefile | $(STAMPS)/project
	@missing=$$(for p in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "Installing from Debian:" $$missing; \
	  $(SUDO) apt-get -qq update && $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	    apt-get -qq install -y --no-install-recommends $$missing >/dev/null; \
	fi
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/project: requirements/test.txt pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Installing python3-venv from Debian"; \
	  $(SUDO) apt-get -qq update && $(SUDO) apt-get -qq install -y python3-venv >/dev/null; }
	@echo "Installing the Python environment ($(VENV))"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $@

# asked each time: at once when the unpacked Asterisk is there, and it is not kept in the work tree
.PHONY: asterisk
asterisk: $(STAMPS)/packages
	@$(BIN)/python -m tests.testbed.install_asterisk >/dev/null
