"""The Lessons page: the list, the deck that steps in the browser, a teacher's own lesson."""
