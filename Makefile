# The front door: `make help` lists what there is. Every target does its own set-up.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# uv from PATH, else the one of this file from PyPI in .tools/, by its hashes.
UV_PINNED := .ci/uv.txt
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
# The Python that is on the machine, never one that uv would download.
export UV_PYTHON_DOWNLOADS := never
NO_PYTHON := make: Python 3.13 is not on this machine: install it (apt install python3.13-venv, \
	brew install python@3.13, pyenv install 3.13 or uv python install 3.13), then run make again
# A virtual environment that happens to be active is not ours.
unexport VIRTUAL_ENV
# Nor has what a build runs any business with the developer's login to Alexa.
unexport $(filter SMAPI_% ASK_%,$(.VARIABLES))

VENV := .venv/bin
EMULATOR := .local/emulator
SCANNERS := .local/scanners
READY := .venv/.ready $(EMULATOR)/.ready
# SAM asks for a region even when it only reads the template; no account, no telemetry.
SAM_ENV := AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true SAM_CLI_TELEMETRY=0
EXPORT := $(UV) export --quiet --package yellowring --extra sender --extra tracing --no-dev --no-emit-project \
	--no-annotate --no-header

# What the functions are built for and deployed as; any of them can be given: make deploy STACK=mine
ARCHITECTURE ?= arm64
# More AWS services that functions may call, by commas: KEEP=s3,ses
KEEP ?=
STAGE ?= development
STACK ?= yellow-ring$(if $(filter live,$(STAGE)),-live)
REGIONS ?= us-east-1
# The names of all that was given on the command line: among them parameters of the template.
GIVEN = $(foreach each,$(.VARIABLES),$(if $(filter command,$(origin $(each))),$(each)))

.PHONY: help setup run demo test test-slow fuzz soak bench lint scan lock openapi build wheel release deploy \
	skill-package skill-package-first clean

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
	SOAK_MINUTES=$(MINUTES) SOAK_SEED=$(or $(SEED),$$RANDOM) $(VENV)/pytest tests/e2e/test_soak.py \
		-o log_cli=true -o log_cli_level=WARNING

bench: $(READY) ## Run the benchmarks
	@for each in benchmarks/[a-z]*.py; do echo "== $$each"; $(VENV)/python "$$each"; done

lint: $(READY) scan ## Check style, types, the template, what scanners find, and that the locks agree
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/mypy --python-version 3.12 -p yellowring
	$(SAM_ENV) $(VENV)/sam validate --lint
	$(UV) lock --check --quiet
	$(UV) lock --check --quiet --project .lint
	$(EXPORT) --frozen | diff lambda/requirements.txt - \
		|| { echo "lambda/requirements.txt is not what uv.lock says: run 'make lock'" >&2; exit 1; }

# What they find is fixed, or answered in .lint/ with the reason. cfn-lint: template.yaml itself is
# linted by sam validate.
scan: $(READY) $(SCANNERS)/.ready ## Scan templates, code, workflows, advisories and licences
	$(VENV)/cfn-lint --non-zero-exit-code warning $(wildcard infrastructure/*.yaml) \
		examples/*/template.yaml
	$(SCANNERS)/bin/checkov --config-file .lint/checkov.yaml | tee /dev/stderr \
		| { ! grep 'Parsing errors' >/dev/null; } # it would pass what it cannot read
	$(SCANNERS)/bin/bandit --quiet --configfile .lint/bandit.yaml --recursive lambda/yellowring \
		tools/yellowring_tools infrastructure examples benchmarks
	$(SCANNERS)/bin/zizmor --offline --quiet --no-progress --pedantic --config .lint/zizmor.yaml .github
	$(VENV)/python -m infrastructure.checks.licences
	$(VENV)/python -m infrastructure.checks.advisories

lock: $(UV) ## Resolve the dependencies anew, and write lambda/requirements.txt from them
	$(UV) lock
	$(UV) lock --project .lint
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

release: $(READY) ## Check that VERSION=… can be released, and say what is left to do
	@$(VENV)/python -m infrastructure.release $(or $(VERSION),"")

deploy: build ## Deploy to your AWS account; SkillId=… and any other parameter, PARAMETERS=file, CAMPAIGN=file
	@$(VENV)/python -m yellowring_tools.setup.deploying --stack "$(STACK)" --stage "$(STAGE)" \
		--architecture "$(ARCHITECTURE)" $(addprefix --region ,$(REGIONS)) \
		--parameters "$(PARAMETERS)" --campaign "$(CAMPAIGN)" --given $(GIVEN)

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
	@$(UV) python find >/dev/null 2>&1 || { echo '$(NO_PYTHON)' >&2; exit 1; }
	$(UV) sync --locked
	@touch $@

$(EMULATOR)/.ready: pyproject.toml tools/pyproject.toml uv.lock .python-version | $(UV)
	UV_PROJECT_ENVIRONMENT=$(EMULATOR) $(UV) sync --locked --only-group emulator
	@touch $@

$(SCANNERS)/.ready: .lint/pyproject.toml .lint/uv.lock .python-version | $(UV)
	UV_PROJECT_ENVIRONMENT=$(CURDIR)/$(SCANNERS) $(UV) sync --project .lint --locked
	@touch $@

.tools/bin/uv: $(UV_PINNED)
	@command -v python3.13 python3 >/dev/null || { echo '$(NO_PYTHON)' >&2; exit 1; }
	$$(command -v python3.13 || command -v python3) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
