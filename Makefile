.PHONY: help setup demo test check dev

help: ## What can be made here
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

setup: node_modules/.package-lock.json ## Install the runtime (Node 24) and the libraries, in this folder only

demo: setup ## A Gitea-like sandbox and Aegis beside it: the whole story, played and explained
	@npm run --silent demo

dev: setup ## Aegis on a sandbox Gitea, for trying changes by hand
	@npm run --silent dev

test: setup ## Everything CI runs
	@npm run --silent test

check: setup ## Types, lint, dead code, generated files, tests
	@npm run --silent check
