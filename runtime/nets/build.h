// From a name or JSON and a source of weights to a graph: what core/ calls to make a model.
#pragma once

#include <string>

#include "core/graph.h"
#include "io/weights.h"

namespace involute {

// `architecture_text`: a name (rednet50), architecture JSON or single-operator JSON. `weights` may
// be null for operators that have none; `prefix` stands before each name looked up. Layers go to
// `sink` one by one, in order of execution; `graph` is written on success only. Throws nothing.
Status build_graph(const std::string &architecture_text, const involute_weights *weights,
                   const std::string &prefix, LayerSink *sink, Graph *graph);

} // namespace involute
