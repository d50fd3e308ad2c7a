// The part of an NVIDIA driver that says how old it is: what libcuda.so.1 of CUDA 11.4 answers.
extern "C" __attribute__((visibility("default"))) int cuDriverGetVersion(int* version) {
  *version = 11040;
  return 0;
}
