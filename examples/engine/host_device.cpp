#include <algorithm>
#include <deque>

#include "device.h"

namespace engine {
namespace {

class host_device final : public device {
 public:
  nsameta::target where() const override { return nsameta::target(NSAMETA_DEVICE_HOST); }
  std::span<std::int32_t> allocate(std::size_t elements) override { return memory_.emplace_back(elements); }
  void upload(std::int32_t* to, std::span<const std::int32_t> from) override {
    std::copy(from.begin(), from.end(), to);
  }
  std::vector<std::int32_t> download(std::span<const std::int32_t> from) override {
    return {from.begin(), from.end()};
  }
  void replay(int, const std::function<void()>& issue) override { issue(); }
  int graphs() const override { return 0; }

 private:
  std::deque<std::vector<std::int32_t>> memory_;
};

}  // namespace

std::unique_ptr<device> make_host() { return std::make_unique<host_device>(); }

}  // namespace engine
