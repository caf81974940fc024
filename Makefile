# The same few commands for people and for CI. Works as root and as a user with sudo, on Debian 12.
.DEFAULT_GOAL := install
SHELL := /bin/bash
PYTHON ?= python3
# hundreds of processes begin in a run of the tests, and each would compile every module anew
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
SPEECH_VENV := .venv-speech
MUTATION_VENV := .venv-mutation
SPEECH_PACKAGES := libespeak-ng1 espeak-ng-data libfst-tools
# places the load test's calls; gives up root's rights; vouches for Asterisk's packages; speaks prompts; reads the unit
PACKAGES := sip-tester util-linux debian-archive-keyring libespeak-ng1 espeak-ng-data systemd
# these want the processor and nothing else, and share all of it out; what is in neither list measures time, and runs alone
SHARED_TESTS := tests/histories tests/fuzz tests/unit tests/contracts $(foreach name,asked_at_once at_work breaks_commands callback_check \
  demo_without_a_switch dialled_once doctor greeting_fixtures greeting_watch guards house_day house_lists ivr_host kill_9 news_commands \
  output pauser phone_desk quarantine_commands reload repair requests steps_of_the_hall setup ticket_desk \
  tickets_commands two_pbxs whisper_encoding, \
  tests/integration/test_$(name).py)
# the desk on a screen is driven in a browser, and its pages are Chinese
BROWSER_PACKAGES := chromium fonts-noto-cjk
# what is waited for, not measured: a switch or a browser for each of three files at a time, which are begun in this
# order: those that take longest stand first, so that none is waited for at the end
CALM_TESTS := $(foreach name,ivr houses_queues ivr_at_any_hour stories houses_hotline houses_freepbx phones houses_mikopbx callbacks \
  houses_issabel desk_for_everybody desk_in_browser demo doctor_house dialplans desk_lists_in_browser desk_setup,tests/system/test_$(name).py) \
  $(foreach name,kill_9_service signals agi_server webhooks web dialler refusing_disk,tests/integration/test_$(name).py)
# of the manager interface and of calls no line goes without a test: these reach them all, measured, which makes them slow
COVERED_TESTS := tests/unit/ami tests/unit/calls tests/unit/house/test_words.py tests/unit/desk/test_masking.py \
  tests/integration/test_ami_client.py
without = $(patsubst %,--ignore=%,$(1))
# each group ends by naming what took longest
PYTEST := $(BIN)/pytest --durations=12 --durations-min=10
LOCK := pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host \
        --no-emit-find-links --no-emit-options --allow-unsafe --no-header

.PHONY: install demo screenshots test coverage check format lock bench mutation speech-model audio-fixtures clean

install: $(STAMPS)/project

demo: $(STAMPS)/project asterisk
	@$(BIN)/python -m tests.testbed.demo

# every page of the desk before a full day, in both languages, light and dark, on three screens: build/screenshots
screenshots: $(STAMPS)/project browser
	@$(BIN)/python -m tests.testbed.screenshots build/screenshots

# each group runs whatever became of those before it; the end says which failed
test: $(STAMPS)/project asterisk postgresql browser
	@$(BIN)/python -m tools.in_turn \
	  lint '$(BIN)/ruff check' \
	  format '$(BIN)/ruff format --check' \
	  types '$(BIN)/mypy' \
	  layers '$(BIN)/lint-imports' \
	  covered '$(PYTEST) -n auto --dist worksteal --cov --cov-report=term-missing:skip-covered --cov-fail-under=100 $(COVERED_TESTS)' \
	  shared '$(PYTEST) -n auto --dist worksteal $(call without,$(COVERED_TESTS)) $(SHARED_TESTS)' \
	  calm '$(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder $(CALM_TESTS)' \
	  alone '$(PYTEST) $(call without,$(COVERED_TESTS) $(SHARED_TESTS) $(CALM_TESTS))'

# which lines of all rooms no test reaches; measuring makes Python so slow that `make test` does it for two rooms only
coverage: $(STAMPS)/project postgresql
	$(BIN)/pytest -n auto --dist worksteal --cov=voicedesk --cov-report=term-missing:skip-covered $(SHARED_TESTS)

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

# wrong lines, one at a time, and whether a test notices: ROOMS="dial_rules log", SAMPLE=200, SEED=1; none: every room, whole
mutation: $(STAMPS)/project $(MUTATION_VENV)/.ready
	@nice $(BIN)/python -m tools.mutation $(ROOMS) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

# the embedded speech model anew, from synthetic speech; nobody needs this to run or test Voicedesk
speech-model: $(SPEECH_VENV)/.ready
	@OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1 $(SPEECH_VENV)/bin/python -m tools.speech_model

# the greetings in audio_fixtures/ anew; `python -m tools.audio_fixtures --many 2000 FOLDER` makes more of them
audio-fixtures: $(SPEECH_VENV)/.ready
	@$(SPEECH_VENV)/bin/python -m tools.audio_fixtures

lock:
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && \
	$(PYTHON) -m venv $$tools && $$tools/bin/pip install --quiet --disable-pip-version-check pip-tools && \
	$$tools/bin/$(LOCK) --upgrade --output-file requirements/run.txt pyproject.toml && \
	$$tools/bin/$(LOCK) --upgrade --extra test --output-file requirements/test.txt pyproject.toml && \
	$$tools/bin/$(LOCK) --upgrade --output-file tools/mutation/requirements.txt tools/mutation/requirements.in

clean:
	rm -rf $(VENV) $(SPEECH_VENV) $(MUTATION_VENV) .mutation build dist htmlcov .coverage .coverage.* .hypothesis .*_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what is installed, once

define debian
	@missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "Installing from Debian:" $$missing; \
	  $(SUDO) apt-get -qq update && $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	    apt-get -qq install -y --no-install-recommends $$missing >/dev/null; \
	fi
endef

$(STAMPS)/packages: Makefile | $(STAMPS)/project
	$(call debian,$(PACKAGES))
	@mkdir -p $(STAMPS) && touch $@

# the lock names every package: nothing is resolved, so no release of tomorrow can change or break this (`make lock`)
$(STAMPS)/project: requirements/test.txt pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Installing python3-venv from Debian"; \
	  $(SUDO) apt-get -qq update && $(SUDO) apt-get -qq install -y python3-venv >/dev/null; }
	@echo "Installing the Python environment ($(VENV))"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/test.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/pip check --disable-pip-version-check >/dev/null || { $(BIN)/pip check; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

.PHONY: browser
browser:
	$(call debian,$(BROWSER_PACKAGES))

# the server's programs only: Debian's package would also make and start a server of its own
.PHONY: postgresql
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { echo "Installing from Debian: postgresql"; \
	  $(SUDO) apt-get -qq update && $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	    apt-get -qq install -y --no-install-recommends postgresql-common >/dev/null && \
	  $(SUDO) mkdir -p /etc/postgresql-common/createcluster.d && \
	  echo "create_main_cluster = false" | $(SUDO) tee /etc/postgresql-common/createcluster.d/voicedesk.conf >/dev/null && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	    apt-get -qq install -y --no-install-recommends postgresql >/dev/null; \
	  $(SUDO) rm -f /etc/postgresql-common/createcluster.d/voicedesk.conf; \
	  ls /usr/lib/postgresql/*/bin/initdb >/dev/null; }

$(SPEECH_VENV)/.ready: tools/speech_model/requirements.txt
	$(call debian,$(SPEECH_PACKAGES))
	@echo "Installing what the speech model's recipe needs ($(SPEECH_VENV))"
	@$(PYTHON) -m venv $(SPEECH_VENV)
	@$(SPEECH_VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(MUTATION_VENV)/.ready: tools/mutation/requirements.txt
	@echo "Installing what makes wrong lines ($(MUTATION_VENV))"
	@$(PYTHON) -m venv $(MUTATION_VENV)
	@$(MUTATION_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

# asked each time: at once when the unpacked Asterisk is there, and it is not kept in the work tree
.PHONY: asterisk
asterisk: $(STAMPS)/packages
	@$(BIN)/python -m tests.testbed.install_asterisk >/dev/null
