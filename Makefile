# Two commands for a new machine: `make demo` and `make test`. Each sets up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help install demo screenshots test test-slow browser check audit derive docs lock record bench bench-at-once \
  bench-bounds bench-workers build wheel clean
help:
	@echo "make demo    start an emulator, sync it twice, build the models, show the rows loaded"
	@echo "make screenshots   take the pictures of the report in docs/images again"
	@echo "make test    run the tests"
	@echo "make test-slow   run the slow tests; SLICE=2/3 runs a third of each family, FAMILY=kills one family"
	@echo "make check   lint, types, import layers, derived text, dependency audit, licences"
	@echo "make audit   the dependency audit alone; fails where the service cannot be reached"
	@echo "make docs    every model and column with its lineage, in one page"
	@echo "make derive  update the text that is derived from liine_source/spec"
	@echo "make record  record real answers, scrubbed: CUSTOMER_ID=1234 make record"
	@echo "make wheel   build the wheel, install it alone into a fresh environment, try it there, list its parts"
	@echo "make bench   measure against a script without a framework, and dlt's generic REST source"
	@echo "make bench-at-once   measure one, four and sixteen requests at once"
	@echo "make bench-bounds   measure what a sync takes until it gives up on an API that sends too much"
	@echo "make bench-workers   measure a backfill by one, two and four workers"
	@echo "make lock    resolve requirements/ again"

install: $(STAMP)
# The lock names every package; without --no-deps an older pip takes none of them for a requirement with extras.
$(STAMP): requirements/dev.txt pyproject.toml
	@echo "Installing the locked packages into $(VENV), which takes a minute or two."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	touch $(STAMP)

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --extra emulator --extra dbt-postgres --extra dbt-snowflake --group dev \
	  --override requirements/dev-overrides.txt pyproject.toml --output-file requirements/dev.txt
	for scheduler in dagster airflow; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --extra $$scheduler --extra dbt-postgres pyproject.toml \
	    --output-file requirements/$$scheduler.txt || exit 1; \
	done
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url requirements/metricflow.in --output-file requirements/metricflow.txt

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	$(BIN)/cog -I docs --check $(DERIVED)
	$(BIN)/python docs/derive.py --check
	cd dbt && DESTINATION_TYPE=duckdb DESTINATION__DUCKDB__CREDENTIALS=:memory: ../$(BIN)/sqlfluff lint --disable-progress-bar .
	$(BIN)/python -m scripts.dependency_audit
	mkdir -p build
	$(BIN)/pip-licenses --format=csv --output-file=build/licenses.csv

DERIVED := liine_source/api/query.py docs/fields.md docs/filters.md docs/privacy.md dbt/macros/known_values.sql \
  $(wildcard dbt/models/staging/*.yml)

derive: install
	$(BIN)/cog -I docs -r $(DERIVED)
	$(BIN)/python docs/derive.py

test: install
	$(BIN)/pytest

# What a user of each installs, apart from what the tests need. By uv: an older pip cannot tell that a locked version
# serves a requirement with extras as well.
.venv-%/.installed: requirements/%.txt pyproject.toml | install
	test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	$(BIN)/uv pip install --quiet --python .venv-$*/bin/python --require-hashes -r requirements/$*.txt
	.venv-$*/bin/python -m pip install -qq --no-deps --editable .
	touch $@

# Of each family of slow tests a part (SLICE=2/3), or one family alone (FAMILY=schedulers); without both, all of them.
test-slow: install $(if $(filter-out browser,$(FAMILY)),,browser) .venv-dagster/.installed .venv-airflow/.installed .venv-metricflow/.installed
	$(BIN)/mypy --python-executable .venv-dagster/bin/python pipelines/dagster_definitions.py
	$(BIN)/mypy --python-executable .venv-airflow/bin/python pipelines/airflow_dag.py
	$(BIN)/pytest -m slow -rP --show-capture=stdout $(if $(SLICE),--slice $(SLICE)) $(if $(FAMILY),--family $(FAMILY))

# A Chromium for the tests of the report's page: the system's, Debian's package, or the one that Playwright brings.
browser: install
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium fonts-dejavu-core; \
	  else $(BIN)/playwright install chromium; fi

# Pictures of the demonstration's report, for docs/report.md.
screenshots: browser demo
	$(BIN)/python -m scripts.screenshots build/demo/liine-report.html docs/images

demo: install
	$(BIN)/python pipelines/demo.py

audit: install
	$(BIN)/python -m scripts.dependency_audit --required

# Every model and column of the dbt project with its lineage, in one page: build/docs/index.html.
docs: demo
	mkdir -p build/docs
	cd dbt && env -i PATH="$$PATH" HOME="$$HOME" DESTINATION_TYPE=duckdb \
	  DESTINATION__DUCKDB__CREDENTIALS=../build/demo/demo.duckdb ../$(BIN)/dbt --quiet docs generate --static \
	  --profiles-dir . --target-path ../build/dbt --log-path ../build/dbt/logs
	mv build/dbt/static_index.html build/docs/index.html

# With an account: a login and two pages, scrubbed, into tests/api/cassettes/recorded.yaml.
record: install
	$(BIN)/python -m scripts.record --customer-id $(CUSTOMER_ID)

bench: install
	$(BIN)/python benchmarks/comparison.py

bench-bounds: install
	$(BIN)/python benchmarks/bounds.py

bench-workers: install
	$(BIN)/python benchmarks/workers.py

bench-at-once: install
	$(BIN)/python benchmarks/at_once.py

build: install
	rm -rf dist
	$(BIN)/python -m hatchling build

wheel: build
	rm -rf build/wheel
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip install -qq dist/*.whl
	$(BIN)/python -m scripts.wheel build/wheel
	$(BIN)/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml --mc-type library \
	  --output-file build/liine-source.cdx.json build/wheel/bin/python

clean:
	rm -rf $(VENV) .venv-dagster .venv-airflow .venv-metricflow dist build
