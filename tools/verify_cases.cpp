// Recognises the form of a file by its metadata and sorts its tensors into cases, in file order.
#include "verify_cases.h"

#include <algorithm>
#include <regex>

#include "failure.h"
#include "print.h"

namespace involute {

namespace {

bool starts_with(const std::string &text, const std::string &start) {
    return text.compare(0, start.size(), start) == 0;
}

// grad_output is not a result: it is what the gradients start from.
bool is_layer_result(const std::string &name) {
    return name == "kernels" || name == "output" || starts_with(name, "layer_") ||
           (starts_with(name, "grad_") && name != "grad_output");
}

bool is_network_result(const std::string &name) {
    static const std::regex pattern("logits|stage[0-9]+");
    return std::regex_match(name, pattern);
}

bool is_synthetic_result(const std::string &name) {
    static const std::regex pattern("logits|stage[0-9]+_samples");
    return std::regex_match(name, pattern);
}

bool is_result(CaseForm form, const std::string &name) {
    switch (form) {
    case CaseForm::kLayer:
        return is_layer_result(name);
    case CaseForm::kNetwork:
        return is_network_result(name);
    case CaseForm::kSynthetic:
        return is_synthetic_result(name);
    }
    return false;
}

Json metadata_object(const ReferenceFile &file, const char *key) {
    const char *text = involute_weights_metadata(file.weights.get(), key);
    Json json = text ? Json::parse(text, nullptr, false) : Json::object();
    if (!json.is_object())
        throw Failure(kExitUsage, file.path + ": metadata \"" + key +
                                      "\": expected a JSON object, found other text");
    return json;
}

// rednet50_224x224_b1_stem7 -> an architecture, batch and size.
void parse_synthetic_name(ReferenceCase *which) {
    static const std::regex pattern("((rednet|resnet)([0-9]{1,4}))_([0-9]{1,5})x([0-9]{1,5})_b([0-"
                                    "9]{1,5})(_stem([0-9]{1,3}))?");
    std::smatch match;
    if (!std::regex_match(which->name, match, pattern))
        throw Failure(kExitUsage, which->path + ": " + which->name +
                                      ": expected a name like rednet50_224x224_b1 or "
                                      "rednet50_224x224_b1_stem7");
    which->size = {std::stoll(match[4]), std::stoll(match[5])};
    which->batch = std::stoll(match[6]);
    which->architecture = match[1];
    if (match[8].matched)
        which->architecture = Json({{"kind", match[2].str()},
                                    {"depth", std::stoll(match[3])},
                                    {"stem_kernel", std::stoll(match[8])}})
                                  .dump();
}

CaseForm form_of(const ReferenceFile &file) {
    const std::pair<const char *, CaseForm> forms[] = {{"cases", CaseForm::kLayer},
                                                       {"recipe", CaseForm::kSynthetic},
                                                       {"architecture", CaseForm::kNetwork}};
    for (const auto &[key, form] : forms)
        if (involute_weights_metadata(file.weights.get(), key))
            return form;
    throw Failure(kExitUsage, file.path + ": holds no cases: expected metadata \"cases\" (layers), "
                                          "\"architecture\" (a network) or \"recipe\" (synthetic "
                                          "networks), found none");
}

ReferenceCase *case_named(ReferenceFile *file, const std::string &name) {
    for (ReferenceCase &which : file->cases)
        if (which.name == name)
            return &which;
    return nullptr;
}

} // namespace

ReferenceFile open_reference(const std::string &path) {
    ReferenceFile file;
    file.path = path;
    involute_weights *opened = nullptr;
    require(involute_weights_open(path.c_str(), &opened), path);
    file.weights.reset(opened);
    const CaseForm form = form_of(file);
    const Json cases = metadata_object(file, "cases"), recipe = metadata_object(file, "recipe");

    const involute_named_tensor *tensor = nullptr;
    for (size_t i = 0; (tensor = involute_weights_tensor(opened, i)); ++i) {
        const std::string full = tensor->name;
        const size_t slash = full.rfind('/');
        if (slash == std::string::npos || !is_result(form, full.substr(slash + 1)))
            continue;
        const std::string name = full.substr(0, slash);
        ReferenceCase *which = case_named(&file, name);
        if (!which) {
            file.cases.emplace_back();
            which = &file.cases.back();
            which->form = form, which->path = path, which->file = opened, which->name = name;
            if (form == CaseForm::kLayer && !cases.contains(name))
                throw Failure(kExitUsage, path + ": " + full +
                                              ": expected a case of that name in the metadata");
            which->settings = form == CaseForm::kLayer ? cases.at(name) : recipe;
            if (form == CaseForm::kNetwork)
                which->architecture = involute_weights_metadata(opened, "architecture");
            if (form == CaseForm::kSynthetic)
                parse_synthetic_name(which);
        }
        which->results.push_back(full.substr(slash + 1));
    }
    if (file.cases.empty())
        throw Failure(kExitUsage, path + ": holds no cases: no result tensor is stored");
    return file;
}

const involute_tensor &case_tensor(const ReferenceCase &which, const std::string &name,
                                   const std::vector<int64_t> &shape) {
    const std::string full = which.name + "/" + name;
    const involute_named_tensor *found = involute_weights_find(which.file, full.c_str());
    if (!found)
        throw Failure(kExitUsage, which.path + ": " + full + ": expected a tensor, found none");
    require_f32(found->tensor, which.path + ": " + full);
    if (!shape.empty() && shape_of(found->tensor) != shape)
        throw Failure(kExitUsage, which.path + ": " + full + ": expected shape " +
                                      shape_text(shape) + ", found " +
                                      shape_text(shape_of(found->tensor)));
    return found->tensor;
}

} // namespace involute
