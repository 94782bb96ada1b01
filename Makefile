# The doors of the house. `make help` lists them.
#
# A fresh machine needs only CPython (3.11 or newer) with pip, make and git: pip fetches the hash-locked uv into
# .venv/bootstrap, uv installs everything else from requirements/dev.txt, hashes required.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
BOOTSTRAP := $(VENV)/bootstrap
UV := $(BOOTSTRAP)/bin/uv
CHOICE := $(VENV)/.python
STAMP := $(VENV)/.setup-done
PYTEST_WORKERS ?= 2
PYTEST_ARGS ?=
# worksteal: neighbours in a file mostly stay together, with what they share, and no worker waits at the end.
PYTEST := $(PY) -m pytest -n $(PYTEST_WORKERS) --dist worksteal --durations=20
POSTGRES := $(PY) -m tests.with_postgres -n $(PYTEST_WORKERS) --dist worksteal --durations=20

# HOME may be missing or read-only: caches fall back into the project.
writable_home := $(shell h="$${HOME:-}"; test -n "$$h" -a -w "$$h" && echo yes)
ifneq ($(writable_home),yes)
export HOME := $(CURDIR)/.cache/home
endif
# Certificates of the machine, not uv's own bundle: otherwise installs fail behind a company's proxy.
export UV_SYSTEM_CERTS ?= 1
# uv works beside pip's configuration, not from it, and must neither fetch another Python nor ask questions.
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup run test night test-all mutants dev bench lint format requirements lock static clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 14

setup: $(STAMP) ## .venv with everything, from hash-locked requirements; PYTHON= names the interpreter

# `make setup` and PYTHON= ask anew which Python it shall be; the other doors are content with the one that runs.
choose := $(if $(filter setup,$(MAKECMDGOALS))$(PYTHON)$(if $(shell $(PY) -c '' 2>/dev/null && echo runs),,none),FORCE)
.PHONY: FORCE

$(CHOICE): $(choose) requirements/pythons.txt
	@mkdir -p "$$HOME"
	@python=$$(PYTHON="$(PYTHON)" bash requirements/choose_python.sh $(VENV)); mkdir -p $(VENV); \
	if [ "$$(cat $@ 2>/dev/null)" != "$$python" ]; then echo "$$python" >$@; \
	elif [ requirements/pythons.txt -nt $@ ]; then touch $@; fi

$(STAMP): $(CHOICE) requirements/bootstrap.txt requirements/dev.txt pyproject.toml
	@python="$$(cat $(CHOICE))"; echo "setup: $(VENV) ($$("$$python" --version))"; \
	"$$python" -m venv --without-pip $(VENV); \
	PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_ROOT_USER_ACTION=ignore "$$python" -m pip install -qq --upgrade \
	  --require-hashes --only-binary :all: --target $(BOOTSTRAP) -r requirements/bootstrap.txt
	@# Compiled here, once: where Python may not write beside its modules, every start would compile them again.
	@$(UV) pip sync --quiet --python $(PY) --require-hashes --no-build --compile-bytecode requirements/dev.txt
	@$(UV) pip install --quiet --python $(PY) --offline --no-deps --no-build-isolation \
	  --config-setting editable_mode=compat --editable .
	@touch $@

run: setup ## live sample_ledgers/ through the main job, in a home of its own
	@$(PY) sample_ledgers/run.py

# Workers and the commands that tests start read compiled modules instead of compiling all of them again, also where
# the environment forbids to write beside the source.
test night: export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/pycache
test night: export PYTHONDONTWRITEBYTECODE :=

test: setup ## the tests that guard every change; installs the Debian packages they need when missing
	@bash tests/setup_servers.sh
	@status=0; \
	$(PYTEST) -m "not night" $(PYTEST_ARGS) || status=$$?; \
	echo "test: once more on PostgreSQL what hangs on the database"; \
	$(POSTGRES) --part day $(PYTEST_ARGS) || status=$$?; \
	exit $$status

night: setup ## the long tests that make test leaves out; QUICK=1 without the second database
	@bash tests/setup_servers.sh
	@status=0; \
	$(PYTEST) -m night $(PYTEST_ARGS) || status=$$?; \
	if [ -n "$(QUICK)" ]; then exit $$status; fi; \
	echo "night: the rest on PostgreSQL"; \
	$(POSTGRES) --part night $(PYTEST_ARGS) || status=$$?; \
	echo "night: once more on PostgreSQL that sorts as Japanese is sorted"; \
	$(POSTGRES) --collation ja-JP $(PYTEST_ARGS) || status=$$?; \
	exit $$status

test-all: ## all tests: make test, then make night
	@status=0; $(MAKE) test || status=$$?; $(MAKE) night || status=$$?; exit $$status

mutants: setup ## break marked code at random (SEED=1 COUNT=60) and tell what no test notices
	@nice $(PY) -m tests.mutants.run --seed $(or $(SEED),1) --count $(or $(COUNT),60) --workers $(PYTEST_WORKERS) \
	  $(MUTANTS_ARGS)

dev: setup ## Dagster web UI, daemon and portal on 127.0.0.1 with sample data; PORT= and PORTAL_PORT= choose others
	@$(PY) -m daicho.dev $(if $(PORT),--port $(PORT)) $(if $(PORTAL_PORT),--portal-port $(PORTAL_PORT))

bench: setup ## the numbers that we promise, measured
	@$(PY) tests/benchmarks/run.py

lint: setup ## formatter, linter, types, import directions, money rules, tests of pages, sinks, templates and words; tells all faults, not only the first
	@status=0; \
	$(VENV)/bin/ruff format --check --quiet . || { status=1; echo "lint: some files are not formatted (make format)"; }; \
	$(VENV)/bin/ruff check --quiet . || status=1; \
	$(PY) -m tests.lint.money_lint || status=1; \
	$(PY) -m tests.lint.page_lint || status=1; \
	$(PY) -m tests.lint.sinks || status=1; \
	$(PY) -m tests.lint.text_lint || status=1; \
	directions=$$($(VENV)/bin/lint-imports --no-logo) || { status=1; echo "$$directions"; }; \
	$(VENV)/bin/mypy --no-error-summary || status=1; \
	exit $$status

format: setup ## put the code into the house's format
	@$(VENV)/bin/ruff check --quiet --fix .
	@$(VENV)/bin/ruff format --quiet .

requirements: setup ## which requirements are proven by passing tests
	@$(PY) -m tests.requirements_report $(if $(MISSING),--missing $(MISSING)) $(if $(OPEN),--open $(OPEN))

lock: setup ## compile requirements/*.in to *.txt (UPGRADE=1 takes newer versions)
	@for name in bootstrap runtime dev; do \
	  $(UV) pip compile requirements/$$name.in --output-file requirements/$$name.txt --python $(PY) --python-version 3.11 \
	    --universal --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
	    --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade); done
	@bash requirements/write_pythons.sh $(UV)
	@touch requirements/*.txt

static: ## copy design tokens and htmx from npm into its static files (needs node; the result is committed)
	@npm ci --prefix portal_stub/design --no-audit --no-fund
	@$(PY) portal_stub/design/copy_static.py

clean: ## remove the environment and caches; never touches var/
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
