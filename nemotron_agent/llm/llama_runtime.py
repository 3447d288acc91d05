"""llama-cpp-python, loaded with threads that sleep while they wait for each other.

llama.cpp's threads meet hundreds of times for each token, and OpenMP has them spin until then. On
a robot the cores are shared: a spinning thread takes the core that the one it waits for needs.
Sleeping was two to five times faster on two busy cores. OMP_WAIT_POLICY overrides it; it counts
only if it is set before the library is loaded, so everything takes `llama_cpp` from here.
"""

import os

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')

import llama_cpp  # noqa: E402
from llguidance.llamacpp import lltokenizer_from_vocab  # noqa: E402

__all__ = ['build', 'has_gpu', 'llama_cpp', 'lltokenizer_from_vocab']


def build() -> str:
    """Version of llama-cpp-python and what its llama.cpp was compiled for and runs on."""
    info = llama_cpp.llama_print_system_info().decode('utf-8', 'replace')
    return f'llama-cpp-python {llama_cpp.__version__}, {info}'


def has_gpu() -> bool:
    """Whether this llama.cpp was built for a GPU and finds one.

    A build that can use other machines says yes whatever this one has: that counts as no, for
    which more memory is planned.
    """
    return bool(llama_cpp.llama_supports_gpu_offload() and not llama_cpp.llama_supports_rpc())
