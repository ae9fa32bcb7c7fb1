"""Toys of every kind are tried on the pages too."""

from tests.pages.conftest import open_page

__all__ = ["open_page"]
