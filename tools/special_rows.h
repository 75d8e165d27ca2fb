// Rows for exactly one layer: its window, stride, groups and channels as constants, with the hand
// schedule. `--schedule specialised` builds them into packs, `involute compile --op` into
// libraries.
#pragma once

#include <string>

#include "compile_library.h"

namespace involute {

// Whether there are schedules for groups of one size: groups of whole vectors, and nothing that
// only generic rows know. `kernel`: side of a square window, 0 for others.
bool has_group_schedules(int64_t group_channels, int64_t kernel, int64_t dilation);

// NR. Few taps make few columns: narrow blocks waste less.
int special_packing(const std::string &op, const std::string &form, int64_t kernel,
                    involute_isa isa);

// Of a layer of involute_session_json: whether rows of its own could be any faster. Products take
// all sizes at run time as well.
bool may_be_specialised(const Json &layer);
LibraryKernel special_row(const Json &layer);

} // namespace involute
