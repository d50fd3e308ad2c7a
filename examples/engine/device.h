/// Where the engine's buffers are and its steps run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <nsameta/nsameta.hpp>

namespace engine {

class device {
 public:
  virtual ~device() = default;

  virtual nsameta::target where() const = 0;
  /// Zeros. Owned by the device, as long as it lives.
  virtual std::span<std::int32_t> allocate(std::size_t elements) = 0;
  /// In stream order; `from` may change when it returns.
  virtual void upload(std::int32_t* to, std::span<const std::int32_t> from) = 0;
  /// Waits for the stream.
  virtual std::vector<std::int32_t> download(std::span<const std::int32_t> from) = 0;
  /// Runs what `issue` sends to the stream. A device with graphs records it at the first call with `key` and replays
  /// the record at every other, without calling `issue`: it must then be the same work in the same buffers.
  virtual void replay(int key, const std::function<void()>& issue) = 0;
  virtual int graphs() const = 0;
};

/// A device that this machine or this build does not have, with the reason.
class unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::unique_ptr<device> make_host();
std::unique_ptr<device> make_cuda();

}  // namespace engine
