"""Whether the warehouse holds what the API has."""
