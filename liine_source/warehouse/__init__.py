"""All SQL of our own: catalog, queries and dlt's states in the destination."""
