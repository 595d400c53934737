"""The report as one HTML file: sums from the dbt models, and a page that shows them."""
