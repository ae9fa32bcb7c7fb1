"""The Quiz page: its address, a question, its explanation, the score."""
