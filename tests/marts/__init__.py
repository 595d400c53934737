"""The marts' figures once more, from the words of `dbt/README.md` over the API's own rows, without SQL.

Nothing here reads a model, and nothing here was written from one: where the two agree, two readings of the same
definitions agree.
"""
