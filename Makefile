# Every habit of this project by one word. `make help` is made of the lines with two hashes.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# The stamp names everything that an installation depends on, so a warm `make install` only looks for a file.
STAMP := .venv/.installed-$(shell { cat requirements-dev.txt pyproject.toml; pwd; } | cksum | cut -d' ' -f1)

# How many stacks `make test` brings up side by side; 0 runs their tests in one process.
STACK_WORKERS ?= 0

# Python and the emulator read these wherever they run.
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

bold := \033[1m
green := \033[32m
red := \033[31m
dim := \033[2m
off := \033[0m
# Colour is for people: not in a pipe, not in a log, not when they said no.
ifneq ($(or $(NO_COLOR),$(if $(MAKE_TERMOUT),,pipe)),)
bold :=
green :=
red :=
dim :=
off :=
endif

# $(call check,name,command): one line when all is well, the whole output when not.
define check
@if output=$$($(2) 2>&1); then printf '  $(green)✓$(off) %s\n' '$(1)'; \
else printf '  $(red)✗$(off) %s\n\n%s\n\n' '$(1)' "$$output"; exit 1; fi
endef

.PHONY: help
help: ## Show what can be made
	@printf '\n  $(bold)HotSwap$(off)  change a plugin of a running SaaS product, tenant by tenant\n\n'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | \
		awk -F':.*## ' '{printf "  $(bold)make %-9s$(off) %s\n", $$1, $$2}'
	@printf '\n  $(dim)Begin with `make demo`. Everything else: $(BIN)/hotswap --help$(off)\n\n'

.PHONY: install
install: $(STAMP) ## Make .venv and install what the lock file says, by hash
	@:

$(STAMP): requirements-dev.txt pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		printf '  $(red)✗$(off) HotSwap needs Python 3.11 or newer, with its venv module.\n'; \
		printf '    found: %s\n' "$$(python3 --version 2>/dev/null || echo 'no python3')"; \
		printf '    fix:   install it (Debian: apt-get install python3-venv), or name one: make install PYTHON=/path/to/python3\n'; \
		exit 1; fi
	@printf '  $(dim)·$(off) installing into .venv with %s (about a minute the first time)\n' "$$($(PYTHON) --version)"
	@started=$$SECONDS; mkdir -p .venv; { \
		{ [ -x $(BIN)/python ] && $(BIN)/python -c 'import pip' 2>/dev/null; } || $(PYTHON) -m venv --clear .venv; \
		$(BIN)/python -m pip install --no-compile --no-deps --require-hashes -r requirements-dev.txt && \
		$(BIN)/python -m pip install --no-deps --no-build-isolation --editable . ; \
	} > .venv.log 2>&1 || { \
		grep -v '^WARNING: Location' .venv.log | tail -n 30; \
		printf '  $(red)✗$(off) The installation stopped; the whole story is in .venv.log\n'; exit 1; }; \
	mv .venv.log .venv/install.log; rm -f .venv/.installed-*; touch $@; \
	printf '  $(green)✓$(off) %s packages, checked by hash (%s s)\n' "$$(grep -c '^[a-z].*==' requirements-dev.txt)" "$$((SECONDS - started))"

.PHONY: demo
demo: up ## From a fresh clone to a plugin that answers two tenants
	@$(BIN)/hotswap demo

.PHONY: test
test: install ## Run every tier of tests and print the coverage (ARGS=… runs a part)
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@# What needs no server runs on every core, a file at a time. Each worker of the emulator's tests has a stack of its own,
	@# and one of them alone runs the files that fill two cores (tests/conftest.py).
	@failed=0; \
	$(BIN)/python -m pytest --ignore=tests/stack --ignore=tests/browser -n auto --dist loadfile --cov --cov-report= --cov-fail-under=0 || failed=1; \
	$(BIN)/python -m pytest tests/stack tests/browser -n $(STACK_WORKERS) --dist loadgroup --cov --cov-append --cov-report=term --durations=15 || failed=1; \
	exit $$failed
endif

.PHONY: up
up: install ## Start the emulator and deploy the stack into it
	@$(BIN)/hotswap up

.PHONY: down
down: install ## Stop the stack and remove what it left
	@$(BIN)/hotswap down

.PHONY: lint
lint: install ## Check style, types, imports, templates and locks; look for secrets and dangerous code
	@$(MAKE) -k lint-style lint-format lint-types lint-imports lint-locks lint-machines lint-openapi lint-template lint-security lint-secrets

.PHONY: lint-style lint-format lint-types lint-imports lint-locks lint-machines lint-openapi lint-template lint-security lint-secrets
lint-style:
	$(call check,style    ruff check,$(BIN)/ruff check .)
lint-format:
	$(call check,format   ruff format,$(BIN)/ruff format --check .)
lint-types:
	$(call check,types    mypy --strict,$(BIN)/mypy)
lint-imports:
	$(call check,imports  import-linter,$(BIN)/lint-imports --no-logo)
lint-locks:
	$(call check,locks    requirements*.txt follow their .in,$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_requirements.py)

lint-openapi:
	$(call check,openapi  docs/openapi.json is what the routes do (make openapi),$(BIN)/python -m chalicelib.api.openapi | diff - docs/openapi.json)
lint-machines:
	$(call check,machines structure of statemachines/*.json,$(BIN)/python -m pytest -q -p no:cacheprovider tests/statemachines/test_definitions.py)
lint-template:
	$(call check,template cfn-lint of the packaged stack,$(BIN)/cfn-lint $$($(BIN)/python -c 'from infra.package import build_package as build; print(build().template_path)'))

# What is of low severity there is a rule of ruff's too (S), each exception explained where it is made.
lint-security:
	$(call check,security bandit,$(BIN)/bandit --quiet --recursive -ll chalicelib client infra app.py examples)
# The word itself is everywhere here, so the detector of words is off. Made-up secrets of tests and digests that pin
# sources look like secrets: there only the shapes of real ones count.
lint-secrets:
	$(call check,secrets  detect-secrets,git ls-files -z '*' ':!tests' ':!infra/local/pins.py' ':!docs/openapi.json' ':!*requirements*.txt' ':!bench/engines.txt' \
		| xargs -0 $(BIN)/detect-secrets-hook --no-verify --disable-plugin KeywordDetector && git ls-files -z tests infra/local/pins.py \
		| xargs -0 $(BIN)/detect-secrets-hook --no-verify --disable-plugin KeywordDetector --disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString)

.PHONY: audit
audit: install ## Ask the OSV database for known flaws of what is locked
	@$(BIN)/python -m infra.audit_dependencies

.PHONY: bench
bench: install ## Measure start-up, overhead and size against their peers
	@$(BIN)/python -m bench $(ARGS)

.PHONY: package
package: install ## Build the zip and the template that Lambda and CloudFormation take
	@$(BIN)/python -m infra.package $(ARGS)

.PHONY: deploy
deploy: install ## Deploy into the AWS account of your credentials (see docs/aws.md)
	@$(BIN)/python -m infra.deploy $(ARGS)

.PHONY: openapi
openapi: install ## Write docs/openapi.json and docs/permissions.md from the routes
	@$(BIN)/python -m chalicelib.api.openapi > docs/openapi.json && printf '  $(green)✓$(off) docs/openapi.json\n'
	@$(BIN)/python -m chalicelib.api.permissions_page > docs/permissions.md && printf '  $(green)✓$(off) docs/permissions.md\n'

.PHONY: fmt
fmt: install ## Format, and mend what ruff can mend
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet . && printf '  $(green)✓$(off) formatted\n'

.PHONY: lock
lock: ## Pin the requirements again (UPGRADE=1 takes the newest)
	@command -v uv > /dev/null || { printf '  $(red)✗$(off) make lock needs uv\n    fix: pip install uv\n'; exit 1; }
	@lock() { uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) "$$@"; }; \
	lock requirements-dev.in -o requirements-dev.txt && \
	lock requirements.in -c requirements-dev.txt -o requirements.txt && \
	lock bench/requirements.in -c requirements-dev.txt -o bench/requirements.txt && \
	lock bench/engines.in -o bench/engines.txt && \
	printf '  $(green)✓$(off) %s packages pinned\n' "$$(grep -c '^[a-z].*==' requirements-dev.txt)"

.PHONY: clean
clean: ## Remove what was built and cached, not .venv and not a running stack
	@rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	@printf '  $(green)✓$(off) clean\n'
