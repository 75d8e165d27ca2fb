// The seam between pictures and everything else: decoders (and the libraries behind them) stand on
// one side, recipes and errors on the other, and only this crosses it. In the static library the
// two sides are members of their own, so that a program without pictures links no decoder.
#pragma once

#include "io/image.h"

namespace involute {

// No exception leaves it: the sides may have a C++ library each.
using PictureReader = involute_status (*)(const char *path, Image *image);

} // namespace involute

// What involute_image_load does, with a reader of files. Not exported by the shared library.
extern "C" involute_status involute_internal_image_load(const char *path, const char *preprocessing,
                                                        int64_t height, int64_t width,
                                                        involute_tensor *tensor,
                                                        involute::PictureReader read);
