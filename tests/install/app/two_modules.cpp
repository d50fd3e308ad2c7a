// Both GPU modules in one process: each is mapped once, and computes on its device or says what it lacks.
#include <link.h>

#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include <nsameta/device.hpp>

namespace {

int mapped(const std::string& file) {
  struct count {
    std::string_view end;
    int times;
  } found{file, 0};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* to) {
        auto& wanted = *static_cast<count*>(to);
        wanted.times += std::string_view(info->dlpi_name).ends_with(wanted.end) ? 1 : 0;
        return 0;
      },
      &found);
  return found.times;
}

/// Lengths of a batch added up on a device, or on the host where `backend` is "cpu".
std::vector<std::int32_t> sums_on(const std::string& backend, nsameta_device_kind kind) {
  const std::vector<std::int32_t> lengths{10, 4, 7};
  std::vector<std::int32_t> sums(4, -1);
  const nsameta::device device(backend);
  const nsameta::device_memory in = allocate(device, sizeof(int) * 3), out = allocate(device, sizeof(int) * 4);
  device.copy(in.get(), lengths.data(), sizeof(int) * 3);
  nsameta::problem step(NSAMETA_DECODE);
  step.with_seq_lens(std::span(static_cast<const std::int32_t*>(in.get()), 3));
  nsameta::outputs asked;
  asked.with(&nsameta_outputs::cu_seqlens_k, std::span(static_cast<std::int32_t*>(out.get()), 4));
  nsameta::fill(step, asked, nsameta::target(kind)).or_throw();
  device.copy(sums.data(), out.get(), sizeof(int) * 4);
  return sums;
}

bool check(const nsameta_backend_info& module, nsameta_device_kind kind) {
  const int times = mapped(std::string("/nsameta_") + module.name + ".so");
  std::cout << module.name << ": mapped " << times << " time(s), ";
  if (module.state == NSAMETA_BACKEND_READY) {
    const bool equal = sums_on(module.name, kind) == sums_on("cpu", NSAMETA_DEVICE_HOST);
    std::cout << (equal ? "computes what the CPU does\n" : "WRONG\n");
    return equal && times == 1;
  }
  std::cout << module.reason << '\n';
  const bool opened = module.state == NSAMETA_BACKEND_NO_DRIVER || module.state == NSAMETA_BACKEND_NO_DEVICE;
  return opened && times == 1 && *module.reason != '\0';
}

}  // namespace

int main() {
  std::vector<std::thread> first_users;
  for (int i = 0; i < 4; ++i) first_users.emplace_back([] { nsameta::backends(); });
  for (std::thread& user : first_users) user.join();
  bool fine = true;
  for (const nsameta_backend_info& backend : nsameta::backends()) {
    if (std::string_view(backend.name) == "cuda") fine = check(backend, NSAMETA_DEVICE_CUDA) && fine;
    if (std::string_view(backend.name) == "hip") fine = check(backend, NSAMETA_DEVICE_HIP) && fine;
  }
  std::cout << (fine ? "both modules at once\n" : "failed\n");
}
