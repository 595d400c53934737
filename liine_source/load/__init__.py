"""Pages to Arrow tables, and tables into the destination."""
