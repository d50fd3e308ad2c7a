/// One batch in host memory, and the ways to fill it or memory like its own.
#pragma once

#include <string>

#include "backend.h"
#include "cases.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"

namespace nsameta::bench {

class host_case {
 public:
  /// Throws unless every variant gives the reference's answer.
  explicit host_case(const harness::generated_case& measured);

  void fill() const;                                ///< nsameta_fill, selection and all
  void fill_by(const launch_policy& policy) const;  ///< the CPU backend's own function, nothing around it
  void fill_by_reference() const;                   ///< the reference backend's
  void set() const;                                 ///< memset of the live part of every output
  void set_parallel() const;                        ///< the same under TBB, each output cut evenly over the threads

  launch_policy policy_of(const char* variant) const;

  std::int64_t requests() const { return inputs_.view().batch_size; }
  std::int64_t rows() const { return rows_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  harness::input_buffers inputs_;
  harness::output_buffers outputs_;
  std::int64_t rows_, bytes_;
  nsameta_target target_{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
};

}  // namespace nsameta::bench
