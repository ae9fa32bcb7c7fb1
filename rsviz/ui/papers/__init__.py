"""The Papers page: its address, the table of claims that the browser draws, and the detail beside it."""
