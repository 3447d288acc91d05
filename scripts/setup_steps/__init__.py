"""The steps of `make setup`, one file each; `main` strings them together."""
