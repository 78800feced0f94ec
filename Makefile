# The front door: `make help` lists what there is. Every target does its own set-up.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# uv from PATH, else this version from PyPI in .tools/.
UV_VERSION := 0.13.8
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
# The Python that is on the machine, never one that uv would download.
export UV_PYTHON_DOWNLOADS := never
# A virtual environment that happens to be active is not ours.
unexport VIRTUAL_ENV

VENV := .venv/bin
EMULATOR := .local/emulator
READY := .venv/.ready $(EMULATOR)/.ready
# SAM asks for a region even when it only reads the template; no account, no telemetry.
SAM_ENV := AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true SAM_CLI_TELEMETRY=0
EXPORT := $(UV) export --quiet --package yellowring --extra sender --extra tracing --no-dev --no-emit-project \
	--no-annotate --no-header

# What the functions are built for and deployed as; any of them can be given: make deploy STACK=mine
ARCHITECTURE ?= arm64
# More AWS services that functions may call, by commas: KEEP=s3,ses
KEEP ?=
STACK ?= yellow-ring
REGIONS ?= us-east-1

.PHONY: help setup run demo test test-slow fuzz soak bench lint lock openapi build wheel deploy skill-package \
	skill-package-first clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 22

setup: $(READY) ## Install what the project needs, into the project only

run: $(READY) ## Bring the whole stack up on this machine and keep it up; TEMPLATE=… takes your skill
	@exec $(VENV)/python -m yellowring_tools.local_stack run

demo: $(READY) ## Do the main job once and report; REPORT=file.json writes the report
	@exec $(VENV)/python -m yellowring_tools.local_stack demo

test: $(READY) ## Run the tests, except those that take minutes
	$(VENV)/pytest -m "not slow"

fuzz: $(READY) ## Look for new counter-examples: the property tests with other examples each time
	$(VENV)/pytest -m "not slow" --hypothesis-profile=search $(FUZZ)

test-slow: $(READY) ## Run the tests that take minutes
	$(VENV)/pytest -m slow

soak: $(READY) ## Random customers, sendings and faults against a model; MINUTES=30 SEED=1
	SOAK_MINUTES=$(MINUTES) SOAK_SEED=$(SEED) $(VENV)/pytest tests/e2e/test_soak.py \
		-o log_cli=true -o log_cli_level=WARNING

bench: $(READY) ## Run the benchmarks
	@for each in benchmarks/[a-z]*.py; do echo "== $$each"; $(VENV)/python "$$each"; done

lint: $(READY) ## Check style, types, the template, and that the locks agree
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/mypy --python-version 3.12 -p yellowring
	$(SAM_ENV) $(VENV)/sam validate --lint
	$(UV) lock --check --quiet
	$(EXPORT) --frozen | diff lambda/requirements.txt - \
		|| { echo "lambda/requirements.txt is not what uv.lock says: run 'make lock'" >&2; exit 1; }

lock: $(UV) ## Resolve the dependencies anew, and write lambda/requirements.txt from them
	$(UV) lock
	$(EXPORT) --frozen --output-file lambda/requirements.txt

openapi: $(READY) ## Write the API's OpenAPI document into docs/
	$(VENV)/python -m infrastructure.openapi

build: $(READY) ## Build the functions for Lambda, compiled ahead so that they start fast
	PATH="$(CURDIR)/$(VENV):$$PATH" SAM_CLI_TELEMETRY=0 sam build \
		--parameter-overrides Architecture=$(ARCHITECTURE)
	$(VENV)/python -m infrastructure.trim .aws-sam/build --keep "$(KEEP)"
	PYTHONWARNINGS=ignore $(VENV)/python -m compileall -q -j 2 --invalidation-mode unchecked-hash \
		.aws-sam/build/*/

wheel: $(UV) ## Build what others install into dist/: the wheels of the library and the tools
	$(UV) build --quiet --all-packages --wheel --out-dir dist
	@ls -l dist/*.whl

deploy: build ## Deploy what was built to your AWS account; asks for the parameters
	$(VENV)/sam deploy --guided --stack-name $(STACK)

skill-package: $(READY) ## Fill the deployed stack's endpoints into build/skill-package
	$(VENV)/python -m infrastructure.skill_package $(if $(ENDPOINTS),$(addprefix \
		--endpoint ,$(ENDPOINTS)),--stack $(STACK) $(addprefix --region ,$(REGIONS))) \
		$(SKILL_PACKAGE_OPTIONS)

skill-package-first: $(READY) ## The package before there is a function, to get the skill's id
	$(VENV)/python -m infrastructure.skill_package --without-endpoints

clean: ## Remove everything that was installed, built or cached here
	rm -rf .venv .tools .local .aws-sam .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready: pyproject.toml tools/pyproject.toml uv.lock .python-version | $(UV)
	$(UV) sync --locked
	@touch $@

$(EMULATOR)/.ready: pyproject.toml tools/pyproject.toml uv.lock .python-version | $(UV)
	UV_PROJECT_ENVIRONMENT=$(EMULATOR) $(UV) sync --locked --only-group emulator
	@touch $@

.tools/bin/uv:
	$$(command -v python3.13 || command -v python3) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
