"""An independent computation of the marts in Python, from the API's rows and the definitions in `dbt/README.md`.

Nothing here reads the SQL or was written from it, so that a mistake in either shows as a difference.
"""
