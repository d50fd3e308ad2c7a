/// Marks functions that both the CPU backend and the GPU kernels call, and those of the kernels alone. Inlining is
/// forced, but for what is large and hardly ever called: a call on a GPU costs a stack frame.
#pragma once

#if defined(__CUDACC__) || defined(__HIP__)
#define NSAMETA_HOST_DEVICE __host__ __device__ inline __attribute__((always_inline))
#define NSAMETA_DEVICE __device__ inline __attribute__((always_inline))
#define NSAMETA_OUT_OF_LINE __host__ __device__ __attribute__((noinline))
#else
#define NSAMETA_HOST_DEVICE inline
#define NSAMETA_DEVICE inline
#define NSAMETA_OUT_OF_LINE
#endif

/// Before a loop: registers instead of an array in memory, and loads in flight, on the compilers of both. With 1, the
/// body stays one copy.
#define NSAMETA_PRAGMA(text) _Pragma(#text)
#if defined(__CUDA_ARCH__) || defined(__HIP__)
#define NSAMETA_UNROLL(count) NSAMETA_PRAGMA(unroll count)
#elif defined(__CUDACC__)  // the pass for the host, whose compiler knows other words
#define NSAMETA_UNROLL(count)
#else
#define NSAMETA_UNROLL(count) NSAMETA_PRAGMA(GCC unroll count)
#endif
