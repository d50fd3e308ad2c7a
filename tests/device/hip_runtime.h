/// HIP's names on NVIDIA's runtime: the calls that backends/hip uses and no others, so that its source, host side
/// included, runs unchanged on an NVIDIA GPU. Test equipment; never installed.
#pragma once

#include <cuda_runtime.h>

#include <cstdio>

#define __HIP_PLATFORM_NVIDIA__ 1
#define HIP_VERSION_MAJOR 0
#define HIP_VERSION_MINOR 0
#define HIP_VERSION_PATCH 0

using hipError_t = cudaError_t;
inline constexpr hipError_t hipSuccess = cudaSuccess;
inline constexpr hipError_t hipErrorInvalidValue = cudaErrorInvalidValue;
inline constexpr hipError_t hipErrorOutOfMemory = cudaErrorMemoryAllocation;
inline constexpr hipError_t hipErrorNoDevice = cudaErrorNoDevice;

using hipStream_t = cudaStream_t;
using hipGraph_t = cudaGraph_t;
using hipGraphExec_t = cudaGraphExec_t;
using hipFuncAttributes = cudaFuncAttributes;
using hipStreamCaptureStatus = cudaStreamCaptureStatus;
inline constexpr auto hipStreamCaptureStatusNone = cudaStreamCaptureStatusNone;
using hipStreamCaptureMode = cudaStreamCaptureMode;
inline constexpr auto hipStreamCaptureModeGlobal = cudaStreamCaptureModeGlobal;
inline constexpr auto hipStreamCaptureModeRelaxed = cudaStreamCaptureModeRelaxed;
inline constexpr auto hipMemcpyDefault = cudaMemcpyDefault;
inline constexpr unsigned hipStreamNonBlocking = cudaStreamNonBlocking;

inline constexpr auto& hipGetErrorString = cudaGetErrorString;
inline constexpr auto& hipGetLastError = cudaGetLastError;
inline constexpr auto& hipPeekAtLastError = cudaPeekAtLastError;
inline constexpr auto& hipGetDeviceCount = cudaGetDeviceCount;
inline constexpr auto& hipGetDevice = cudaGetDevice;
inline constexpr auto& hipSetDevice = cudaSetDevice;
inline constexpr auto& hipFree = cudaFree;
inline constexpr auto& hipMemcpyAsync = cudaMemcpyAsync;
inline constexpr auto& hipStreamSynchronize = cudaStreamSynchronize;
inline constexpr auto& hipStreamCreateWithFlags = cudaStreamCreateWithFlags;
inline constexpr auto& hipStreamDestroy = cudaStreamDestroy;
inline constexpr auto& hipStreamIsCapturing = cudaStreamIsCapturing;
inline constexpr auto& hipStreamBeginCapture = cudaStreamBeginCapture;
inline constexpr auto& hipStreamEndCapture = cudaStreamEndCapture;
inline constexpr auto& hipThreadExchangeStreamCaptureMode = cudaThreadExchangeStreamCaptureMode;
inline constexpr auto& hipGraphDestroy = cudaGraphDestroy;
inline constexpr auto& hipGraphLaunch = cudaGraphLaunch;
inline constexpr auto& hipGraphExecDestroy = cudaGraphExecDestroy;

inline hipError_t hipMalloc(void** memory, std::size_t bytes) { return cudaMalloc(memory, bytes); }
inline hipError_t hipFuncGetAttributes(hipFuncAttributes* attributes, const void* kernel) {
  return cudaFuncGetAttributes(attributes, kernel);
}
inline hipError_t hipLaunchKernel(const void* kernel, dim3 blocks, dim3 threads, void** parameters, std::size_t shared,
                                  hipStream_t stream) {
  return cudaLaunchKernel(kernel, blocks, threads, parameters, shared, stream);
}
inline hipError_t hipGraphInstantiate(hipGraphExec_t* ready, hipGraph_t graph, void*, char*, std::size_t) {
  return cudaGraphInstantiate(ready, graph, 0);
}

struct hipDeviceProp_t : cudaDeviceProp {
  char gcnArchName[32];
};
inline hipError_t hipGetDeviceProperties(hipDeviceProp_t* properties, int device) {
  const hipError_t e = cudaGetDeviceProperties(properties, device);
  if (e == hipSuccess)
    std::snprintf(properties->gcnArchName, sizeof properties->gcnArchName, "sm_%d%d", properties->major,
                  properties->minor);
  return e;
}

enum hipMemoryType { hipMemoryTypeHost, hipMemoryTypeDevice, hipMemoryTypeUnified };
struct hipPointerAttribute_t {
  hipMemoryType memoryType;
  int device;
  int isManaged;
};
inline hipError_t hipPointerGetAttributes(hipPointerAttribute_t* attributes, const void* pointer) {
  cudaPointerAttributes found;
  if (const hipError_t e = cudaPointerGetAttributes(&found, pointer); e != hipSuccess) return e;
  if (found.type == cudaMemoryTypeUnregistered) return hipErrorInvalidValue;
  attributes->memoryType = found.type == cudaMemoryTypeDevice ? hipMemoryTypeDevice
                           : found.type == cudaMemoryTypeHost ? hipMemoryTypeHost
                                                              : hipMemoryTypeUnified;
  attributes->device = found.device;
  attributes->isManaged = found.type == cudaMemoryTypeManaged;
  return hipSuccess;
}

// Macros, because the compiler still knows the old names of these intrinsics.
#define __shfl_up(value, delta, width) __shfl_up_sync(0xffffffffu, value, delta, width)
#define __shfl(value, lane, width) __shfl_sync(0xffffffffu, value, lane, width)
#define __ballot(vote) static_cast<unsigned long long>(__ballot_sync(0xffffffffu, vote))
#define __builtin_amdgcn_fence(order, scope) static_cast<void>(0)
#define __builtin_amdgcn_s_barrier() __syncthreads()
#define __builtin_amdgcn_wave_barrier() __syncwarp()
