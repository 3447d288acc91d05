"""Second looks at the calls of a model that finds a call for any command; see `doubts.Doubts`."""
