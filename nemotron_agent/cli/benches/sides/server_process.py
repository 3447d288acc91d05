"""The process that runs llama.cpp's own server, until its standard input ends.

    python -m nemotron_agent.cli.benches.sides.server_process MODEL N_CTX N_THREADS

Its first line of output is the address it listens on.
"""

import importlib
import sys

QUIET = 0
AUTO = -1


def main() -> None:
    """Serve."""
    path, n_ctx, n_threads = sys.argv[1:]
    xllamacpp = importlib.import_module('xllamacpp')
    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.n_ctx = int(n_ctx)
    parameters.cpuparams.n_threads = int(n_threads)
    parameters.cpuparams_batch.n_threads = int(n_threads)
    parameters.n_parallel = AUTO  # as llama-server's own default: 4 slots, one KV cache
    parameters.verbosity = QUIET
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main()
