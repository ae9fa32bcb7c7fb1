"""What the papers say: their claims and errata, with the numbers that show them."""
