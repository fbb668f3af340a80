# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Shortcuts only. All logic is in noxfile.py; this file only creates the virtual environment for nox.
# Requires make, and Python 3.11 or newer with its venv module.

# The first of these that starts and is new enough is used; `make PYTHON=/path/to/python3 ...` overrides the choice.
PYTHONS := python3 python3.13 python3.12 python3.11 python3.14
PYTHON = $(firstword $(foreach python,$(PYTHONS),$(shell $(python) -c 'import sys; sys.version_info >= (3, 11) and print("$(python)")' 2>/dev/null)))
# How many gates of `make test` run side by side.
JOBS := $(shell nproc 2>/dev/null || echo 2)
# The gates that take seconds and run no code of the project.
QUICK := codeqa yamllint mypy docs-check license-check extra-checks ansible-lint
TORTURE := torture-facts torture-secrets torture-scenarios
TOOLS := .venv
NOX = $(TOOLS)/bin/python -m nox

.DEFAULT_GOAL := help
.PHONY: help demo test torture bench lint format release-check tools clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

demo: $(TOOLS)/installed ## set up three tenants in a local Microsoft cloud and show the result (under 3 minutes)
	@$(NOX) --session demo

test: $(TOOLS)/installed ## run every gate (under 20 minutes on two cores); JOBS=1 runs them one after the other, CORES=all takes every supported ansible-core rather than the oldest and the newest, PRE=1 adds pre-releases of ansible-core, FACTS=1 compares recordings with the evidence
	@$(TOOLS)/bin/python -m tests.gates.run --jobs $(JOBS) $(if $(FACTS),--facts)

torture: $(TOOLS)/installed ## run what takes too long for every change: many more histories of secrets, every cloud in which a fact does not hold, and the longest scenarios
	@$(TOOLS)/bin/python -m tests.gates.run --jobs $(JOBS) $(TORTURE)

bench: $(TOOLS)/installed ## measure how fast the role is, as ratios of one run
	@$(NOX) --session bench

lint: $(TOOLS)/installed ## run the quick gates only: formatting, linters, types, licenses, documentation
	@$(TOOLS)/bin/python -m tests.gates.run --jobs $(JOBS) $(QUICK)

format: $(TOOLS)/installed ## format the Python files
	@$(NOX) --session format

release-check: $(TOOLS)/installed ## rehearse the next release: version, changelog, artifact and its notes
	@$(NOX) --session release-check

tools: $(TOOLS)/installed ## create the virtual environment that the other targets run nox from

clean: ## remove what the other targets created
	rm -rf .venv .nox build .ansible .mypy_cache .pytest_cache .ruff_cache tests/output demo/output

# The stamp is written last, so that an interrupted installation is repeated.
$(TOOLS)/installed: tests/gates/requirements.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer is on PATH; install one, or specify one: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/gates/requirements.txt
	@touch $@
