#include "device.h"

namespace engine {

std::unique_ptr<device> make_cuda() { throw unavailable("this program was built without the CUDA runtime"); }

}  // namespace engine
