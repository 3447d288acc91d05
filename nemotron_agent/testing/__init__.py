"""Fakes and fixtures, shipped so that users can test their own skills with them."""
