"""Which weights llama.cpp's CPU kernels want in an order of their own.

From `ggml_repack_get_optimal_repack_type` in ggml/src/ggml-cpu/repack.cpp of llama.cpp 0c1e570.
"""

from collections.abc import Collection, Mapping

# Types of weights, and what the number of a matrix's rows must be divisible by.
_AVX2 = {'Q4_0': 8, 'Q4_K': 8, 'IQ4_NL': 8, 'MXFP4': 8}
_AVX512 = {**_AVX2, 'Q2_K': 8}
_NEON = {'Q4_0': 4, 'Q8_0': 4, 'IQ4_NL': 4, 'MXFP4': 4, 'Q4_K': 8, 'Q5_K': 8, 'Q6_K': 8}


def repacked_types(cpu_flags: Collection[str]) -> Mapping[str, int]:
    """Give the types that are repacked on a CPU, and what rows must be divisible by.

    Args:
        cpu_flags: what it can do, in the words of /proc/cpuinfo.
    """
    if 'asimddp' in cpu_flags:
        return _NEON
    if 'avx512f' in cpu_flags:
        return _AVX512
    return _AVX2 if 'avx2' in cpu_flags else {}
