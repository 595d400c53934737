"""Which rows an answer holds: filters, dates, sort order and pages under a chosen interpretation of the reference."""
