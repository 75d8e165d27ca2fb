// What the tuned schedule makes of the layers of a session: each has a key in wisdom, and what is
// found there becomes a kernel for its call alone.
#pragma once

#include <memory>
#include <string>

#include "autotune/wisdom.h"
#include "packs.h"

namespace involute {

// `layer`: one of session["layers"] (involute_session_json). Layers of generic rows that may have
// rows of their own (special_rows.h) have the key of those.
autotune::TuningKey tuning_key(const Json &layer, const Json &session);

// Whether tuned kernels of the layer are built for a row of its own.
bool has_own_row(const Json &layer);

// What wisdom (nullptr: none) has for a layer.
autotune::Wisdom::Found find_wisdom_for(const Json &layer, const Json &session,
                                        const autotune::Wisdom *wisdom);

// Completes the request for a layer's kernel; false where it keeps that of the library. Before a
// model is made, layers that will have rows of their own get kernels of them for any call.
bool use_wisdom(const Json &layer, const Json &session, const autotune::Wisdom *wisdom,
                PackRequest *request);

// Fields of a row: "wisdom_layers", of a session's layers how many are exact, nearest, none, and
// "wisdom", what the session is in all: "exact" only if every layer that can be tuned is.
Json wisdom_fields(const Json &session, const autotune::Wisdom *wisdom);

// What this machine and the emit program of this build make wisdom for.
const autotune::WisdomHeader &wisdom_header();

// Where shipped wisdom lies: in the source tree of this build or in the installation.
std::string shipped_wisdom_folder();

// The wisdom of --wisdom ("": the search path of docs/tuning.md); warnings go to stderr. Stops
// where a file that was named cannot be used.
std::shared_ptr<const autotune::Wisdom> open_wisdom(const std::string &file);
// The same where one of the schedules is the tuned one, else nullptr.
std::shared_ptr<const autotune::Wisdom> wisdom_for(const std::vector<std::string> &schedules,
                                                   const std::string &file);

} // namespace involute
