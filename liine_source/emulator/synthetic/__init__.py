"""The invented data: customers, leads and interactions, and how they change as the clock moves."""
