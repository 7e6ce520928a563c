# The only commands to remember. A fresh machine needs Python 3.11+ (with venv), make and git.
#
#   make demo    the whole story on this machine, in one command: sign in, get credentials, use them, see them expire
#   make serve   the same world kept running at http://127.0.0.1:8080 (PORT=8080)
#   make test    everything: lint, types, unit tests, conformance, end to end with real clients and servers
#   make check   the inner loop: lint, types, unit tests but the slow ones
#   make lint    format, lint, types, layers
#   make soak    hours of load on a fleet whose parts are killed, stopped and lied to (SECONDS=3600, SEED=1)
#   make bench   what each step costs, as ratios against a floor measured in the same run
#   make pictures  the images of README and docs, from the running program

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
STAMPS := .stamps
WORKERS ?= auto
PORT ?= 8080
SECONDS ?= 3600
SEED ?= 1
LOCKING = $(STAMPS)/locking/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra demo
PYTEST := $(BIN)/python -m pytest
UNIT := tests/unit tests/conformance

.PHONY: demo serve test test-long check lint format soak bench pictures lock clean

demo: $(STAMPS)/demo
	@$(BIN)/sts-gateway demo

serve: $(STAMPS)/demo
	@$(BIN)/sts-gateway demo --serve --port $(PORT)

test: lint $(STAMPS)/e2e
	$(PYTEST) -n $(WORKERS) $(UNIT)
	$(PYTEST) -n 2 --dist loadgroup tests/e2e --ignore=tests/e2e/ldap
	$(PYTEST) tests/e2e/ldap

test-long: lint $(STAMPS)/e2e
	STS_GATEWAY_LONG=1 tests/e2e/needs.sh
	STS_GATEWAY_LONG=1 $(PYTEST) -n $(WORKERS) $(UNIT)
	STS_GATEWAY_LONG=1 $(PYTEST) -n 2 --dist loadgroup tests/e2e --ignore=tests/e2e/ldap
	STS_GATEWAY_LONG=1 $(PYTEST) tests/e2e/ldap

check: lint
	$(PYTEST) -q -n $(WORKERS) -m 'not slow' $(UNIT)

lint: $(STAMPS)/test
	@$(BIN)/ruff format --check --quiet gateway tests benchmarks tools || { echo 'run: make format'; exit 1; }
	@$(BIN)/ruff check --quiet gateway tests benchmarks tools
	@$(BIN)/mypy gateway
	@$(BIN)/lint-imports

format: $(STAMPS)/test
	@$(BIN)/ruff format gateway tests benchmarks tools
	@$(BIN)/ruff check --fix gateway tests benchmarks tools

# The pictures of README and docs, from the running demo; look at them before they are committed.
pictures: $(STAMPS)/e2e
	@$(BIN)/python tools/pictures.py

bench: $(STAMPS)/test
	@for benchmark in benchmarks/[!_]*.py; do $(BIN)/python "$$benchmark" || exit 1; done

soak: $(STAMPS)/e2e
	@$(BIN)/python -m tests.e2e.fleet.soak --seconds $(SECONDS) --seed $(SEED)

# What the lock files hold is what was tested; `pip install sts-gateway` takes the bounds of pyproject.toml.
lock:
	@$(PYTHON) -m venv $(STAMPS)/locking && $(STAMPS)/locking/bin/pip --quiet install pip-tools
	@$(LOCKING) --output-file requirements.lock pyproject.toml
	@$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["test"], sep="\n")' \
		> $(STAMPS)/test.in
	@$(LOCKING) --extra otel --output-file requirements-test.lock pyproject.toml $(STAMPS)/test.in
	@$(filter-out --extra demo,$(LOCKING)) --extra otel --constraint requirements-test.lock \
		--output-file deploy/container/requirements.lock pyproject.toml

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed: make PYTHON=python3.12 ...'; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo 'The module venv is missing; on Debian: apt-get install python3-venv'; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/demo: $(STAMPS)/venv requirements.lock pyproject.toml
	@echo 'Installing into $(VENV) ...'
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --editable .
	@touch $@

$(STAMPS)/test: $(STAMPS)/venv requirements-test.lock pyproject.toml
	@echo 'Installing what the tests need into $(VENV) ...'
	@$(PIP) install --require-hashes -r requirements-test.lock
	@$(PIP) install --no-deps --editable .
	@touch $@

# The end-to-end tests need Debian packages and npm packages too; the script installs them as root, or names them.
$(STAMPS)/e2e: $(STAMPS)/test tests/e2e/needs.sh tests/e2e/package-lock.json tests/e2e/envoy.txt tests/e2e/data-tools.txt \
		tests/e2e/kubernetes.txt tests/e2e/checkov.txt tests/e2e/web-frameworks.txt
	@tests/e2e/needs.sh
	@touch $@

clean:
	rm -rf $(VENV) $(STAMPS) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
