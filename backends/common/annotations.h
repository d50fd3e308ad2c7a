/// Marks functions that both the CPU backend and the GPU kernels call.
#pragma once

#if defined(__CUDACC__) || defined(__HIP__)
#define NSAMETA_HOST_DEVICE __host__ __device__ __forceinline__
#define NSAMETA_DEVICE __device__ __forceinline__
#else
#define NSAMETA_HOST_DEVICE inline
#define NSAMETA_DEVICE inline
#endif
