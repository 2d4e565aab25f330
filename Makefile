# Boardhand. `make demo` shows it, `make test` proves it; `make help` lists the rest.
# CLUSTER=name runs a second testbed beside the first; KUBECONFIG=file uses a cluster that is there.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked
PYTEST := $(BIN)/python -m pytest
# What is these vendors' alone is tried by `make matrix`: `make check` is to take two minutes, and has Trello and Gitea.
VENDORS := azure bitbucket github gitlab jira linear
# Modules that take seconds as a whole: `make slow` has them.
LONG := runner_publish runner_resume runner_workbench runner_verify runner_git runner_submodules runner_ssh agent_graph \
	agent_gate_trial operator_exactly_once operator_commanding model_wire evals_model_faults standin_processes cli_seal \
	sealed_canaries agent_earlier agent_context agent_boundary
# What pages load that is not ours.
WEB := operator/boardhand_dashboard/static/vendor

.PHONY: web screenshots slow hunt matrix help demo try test check lint wire unit evals evals-short redteam redteam-short chaos chaos-short e2e down up images crds lock bench bench-agent twice sbom audit clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A half-made environment has no stamp, so a killed install starts anew.
$(STAMP): requirements/dev.lock pyproject.toml
	@echo "installing the locked dependencies into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.lock -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## three cards on a real Kubernetes: two pull requests, one answer; BOARD=trello|gitea
	@$(BIN)/python -m testbed.demo

try: $(STAMP) ## the same ticket through the runner's stages as local processes, without a cluster
	@$(BIN)/python -m testbed.tryout

up: $(STAMP) build/web/.installed ## only bring the testbed up
	@$(BIN)/python -m testbed up

down: $(STAMP) ## remove every trace of the testbed
	@$(BIN)/python -m testbed down

images: $(STAMP) build/web/.installed ## build the images
	@$(BIN)/python -m testbed.images

check: $(STAMP) build/web/.installed build/github/.installed build/linear/.installed build/supply/.installed ## lint, types, architecture, unit and contract tests; no cluster
	@$(MAKE) --no-print-directory -j2 --output-sync=line lint unit
	@$(BIN)/python -m testbed.supply audit

# mypy is one process: the tests have the other core meanwhile.
lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

unit: $(STAMP) build/web/.installed build/github/.installed build/linear/.installed build/supply/.installed
	@$(PYTEST) -q -n 3 --dist worksteal tests/unit tests/contract tests/testbed -m "not e2e and not slow and not matrix" \
		$(foreach vendor,$(VENDORS),--ignore-glob='*/test_$(vendor)_*.py') \
		$(foreach name,$(LONG),--ignore-glob='*/test_$(name)*.py')

slow: $(STAMP) build/web/.installed build/github/.installed ## the unit and contract tests that take many seconds
	@$(PYTEST) -q -n 2 --dist worksteal tests/unit tests/contract tests/testbed -m "slow and not matrix"
	@$(PYTEST) -q -n 2 --dist worksteal -m "not slow and not matrix" \
		$(foreach name,$(LONG),$(wildcard $(addsuffix /test_$(name)*.py,tests/unit tests/contract tests/testbed)))

hunt: $(STAMP) build/web/.installed build/github/.installed build/linear/.installed ## all generated tests with other examples than make test has, each time; no cluster
	@$(PYTEST) -q -n 2 --dist worksteal --hypothesis-profile=hunt -m "hypothesis and not e2e" tests/unit tests/contract tests/testbed

matrix: $(STAMP) build/github/.installed build/linear/.installed ## every board and every forge by every case of its suite, as tables and build/matrix.json
	@$(PYTEST) -q -n 2 --dist worksteal -p tests.matrix -m matrix tests/contract
	@$(PYTEST) -q -n 2 --dist worksteal -m "not matrix" $(foreach vendor,$(VENDORS),tests/contract/test_$(vendor)_*.py)

# Of tools that neither the images nor the tests need, in an environment of their own.
build/supply/.installed: requirements/supply.lock
	@mkdir -p $(@D) && $(PYTHON) -m venv --clear $(@D)/venv
	@$(@D)/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

audit: $(STAMP) build/supply/.installed ## known vulnerabilities of the locked dependencies, where PyPI can be asked
	@$(BIN)/python -m testbed.supply audit

sbom: $(STAMP) build/supply/.installed ## the images' SBOMs (CycloneDX), into build/sbom
	@$(BIN)/python -m testbed.supply sbom

build/wire/.installed: testbed/wire/package-lock.json
	@mkdir -p $(@D) && cp testbed/wire/package.json testbed/wire/package-lock.json $(@D)
	@cd $(@D) && npm ci --silent --no-audit --no-fund && touch .installed

# Of the package's descriptions the one that is checked against is kept: all of them take 400 MB.
build/github/.installed: testbed/github/contract/package-lock.json
	@mkdir -p $(@D) && cp testbed/github/contract/package.json testbed/github/contract/package-lock.json $(@D)
	@cd $(@D) && npm ci --silent --no-audit --no-fund --ignore-scripts \
		&& mv node_modules/@octokit/openapi/generated/api.github.com.json . \
		&& mv node_modules/@octokit/graphql-schema/schema.graphql . && rm -r node_modules && touch .installed

# Of the package's files its types are kept, of which the schema is read.
build/linear/.installed: testbed/linear/contract/package-lock.json
	@mkdir -p $(@D) && cp testbed/linear/contract/package.json testbed/linear/contract/package-lock.json $(@D)
	@cd $(@D) && npm ci --silent --no-audit --no-fund --ignore-scripts \
		&& cat node_modules/@linear/sdk/dist/*.d.mts > types.d.mts && rm -r node_modules && touch .installed

# What the dashboard's pages load in a browser; axe, which tests check them with, stays in build/web.
build/web/.installed: operator/boardhand_dashboard/web/package-lock.json
	@mkdir -p $(@D) $(WEB) && cp $(<D)/package.json $(<D)/package-lock.json $(@D)
	@cd $(@D) && npm ci --silent --no-audit --no-fund --ignore-scripts
	@cp $(@D)/node_modules/htmx-ext-sse/dist/sse.min.js $(@D)/node_modules/htmx.org/dist/htmx.min.js $(WEB) && touch $@

web: build/web/.installed ## what the dashboard's pages load (htmx), by npm

wire: $(STAMP) build/wire/.installed ## the model clients against an independent mock server; needs Node.js 20, so it stands apart
	@$(PYTEST) -q tests/wire

JUNIT := build/evals/junit-platform-console-standalone-1.13.4.jar

$(JUNIT):
	@command -v mvn >/dev/null || { echo "evals: Maven (mvn) is needed to fetch JUnit's console: install it" >&2; exit 1; }
	@mvn -q -B -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dmdep.useBaseVersion=true \
		-Dartifact=org.junit.platform:junit-platform-console-standalone:1.13.4 -DoutputDirectory=$(@D)

build/evals/node/.installed: testbed/evals/node/package-lock.json
	@mkdir -p $(@D) && cp testbed/evals/node/package.json testbed/evals/node/package-lock.json $(@D)
	@cd $(@D) && npm ci --silent --no-audit --no-fund && touch .installed

evals: $(STAMP) $(JUNIT) build/evals/node/.installed ## the eval suite: 36 tasks, model faults, file cases; MODEL=… for a real model
	@$(BIN)/python -m testbed.evals $(CASES)

evals-short: $(STAMP) $(JUNIT) build/evals/node/.installed
	@$(BIN)/python -m testbed.evals --short

redteam: $(if $(LOCAL),$(STAMP),up) build/web/.installed ## every attack, and what came of it; ATTACKS=… for some, LOCAL=1 without the cluster's
	@$(BIN)/python -m testbed.redteam $(ATTACKS) $(if $(LOCAL),--local)

redteam-short: $(STAMP) build/web/.installed
	@$(BIN)/python -m testbed.redteam --short

chaos: $(STAMP) ## 1,000 tickets while everything fails and is killed in turn; SEED=… replays its troubles
	@$(BIN)/python -m testbed.chaos $(if $(SEED),--seed $(SEED))

chaos-short: $(STAMP)
	@$(BIN)/python -m testbed.chaos --short $(if $(SEED),--seed $(SEED))

# They need the forge alone, so they run beside the others.
GITEA := $(wildcard tests/e2e/test_gitea_*.py)

# All tests are collected, and what some of them read at that is not in the repository.
e2e: up build/supply/.installed build/github/.installed build/linear/.installed ## the end-to-end tests on the testbed's cluster
	@mkdir -p build && { $(PYTEST) -q $(GITEA) >build/e2e-gitea.txt 2>&1 & beside=$$!; \
	$(PYTEST) tests -m e2e -v --durations=15 $(addprefix --ignore=,$(GITEA)); ended=$$?; \
	wait $$beside || ended=1; tail -n 5 build/e2e-gitea.txt; exit $$ended; }

screenshots: ## take the pictures that the last `make e2e` made of the dashboard into the docs
	@mkdir -p docs/screenshots && cp build/screenshots/*.png docs/screenshots/

# The end-to-end tests mostly wait: what computes has the processors meanwhile, and is printed behind them.
test: ## everything
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory up
	@mkdir -p build && { nice $(MAKE) --no-print-directory -k slow redteam-short matrix evals-short chaos-short >build/beside.txt 2>&1 & beside=$$!; \
	trap "kill $$beside" INT TERM; \
	$(MAKE) --no-print-directory e2e; ended=$$?; \
	echo "what ran beside them, in full in build/beside.txt:"; \
	wait $$beside || ended=1; cat build/beside.txt; exit $$ended; }

twice: $(STAMP) ## build each image two times without any cache, and compare them; NAMES=… for some
	@$(BIN)/python -m testbed.images.twice $(NAMES)

crds: $(STAMP) ## write the CustomResourceDefinitions from the models
	@$(BIN)/python -m boardhand_api.crd

lock: ## renew the locked dependencies
	@requirements/lock.sh

bench: $(STAMP) build/web/.installed ## the timings of docs/benchmarks.md
	@$(BIN)/python -m testbed.bench

bench-agent: $(STAMP) ## the agent's part of them; no cluster
	@$(BIN)/python -m testbed.bench agent

clean: down ## also remove the environment
	@rm -rf $(VENV) build
