// Entries are only ever added, so that models may keep pointers to them. A table is checked as a
// whole before its first entry is.
#include "core/registered.h"

#include <cstring>
#include <deque>
#include <mutex>
#include <vector>

#include "HalideRuntime.h"

#include "core/isa.h"

namespace involute {
namespace {

std::mutex registered_mutex_;

std::deque<KernelEntry> &entries() { // under registered_mutex_
    static auto *all =
        new std::deque<KernelEntry>; // models of other threads outlive static objects
    return *all;
}

const involute_kernel_services kServices = {sizeof kServices, halide_do_par_for, halide_malloc,
                                            halide_free, halide_error};

Status refuse(const involute_kernel_table &table, const char *what, const char *expected,
              const char *got) {
    return Status::error(INVOLUTE_INVALID_ARGUMENT,
                         "kernels '%.100s': expected %s %.100s, got %.100s", table.name, what,
                         expected, got ? got : "NULL");
}

bool same(const char *a, const char *b) {
    return a == b || (a && b && std::strcmp(a, b) == 0);
}

// `call`: as the entry has it.
const KernelEntry *find(const char *row, involute_isa isa, const char *schedule, const char *call) {
    for (const KernelEntry &entry : entries()) {
        if (entry.isa == isa && same(entry.row, row) && same(entry.schedule, schedule) &&
            same(entry.call, call))
            return &entry;
    }
    return nullptr;
}

// Of the kernel's row in this library: where a layout differs, weights would be packed wrongly.
const KernelEntry *built_in(const char *row, involute_isa isa) {
    for (const KernelEntry &entry : kernel_table()) {
        if (entry.isa == isa && same(entry.row, row))
            return &entry;
    }
    return nullptr;
}

bool has_row(const char *row) {
    for (const KernelEntry &entry : kernel_table()) {
        if (same(entry.row, row))
            return true;
    }
    return false;
}

Status check_kernel(const involute_kernel_table &table, const involute_kernel &kernel,
                    KernelEntry *entry) {
    if (!kernel.row || !kernel.op || !kernel.form || !kernel.dtype || !kernel.schedule ||
        !kernel.symbol || !kernel.function)
        return refuse(table, "kernel with", "row, op, form, dtype, schedule, symbol and function",
                      "one without");
    Op op;
    Form form;
    if (!op_from_name(kernel.op, &op))
        return refuse(table, "op", "of this library", kernel.op);
    if (!form_from_name(kernel.form, &form))
        return refuse(table, "form", "of this library", kernel.form);
    if (std::strcmp(kernel.dtype, "f32") != 0)
        return refuse(table, "dtype", "f32", kernel.dtype);
    if (std::strcmp(kernel.schedule, "hand") == 0)
        return refuse(table, "schedule", "other than that of this library", kernel.schedule);
    *entry = make_entry(kernel, op, form);
    const char *isa = isa_name(entry->isa);
    if (!isa || entry->isa == INVOLUTE_ISA_AUTO)
        return refuse(table, "isa", "of this library", std::to_string(kernel.isa).c_str());
    const KernelEntry *row = built_in(kernel.row, entry->isa);
    if (!has_row(kernel.row)) {
        if (entry->packing < 1 || entry->packing > kMaxPacking)
            return refuse(table, "packing", "1 .. 64", std::to_string(entry->packing).c_str());
        if (entry->kernel < 0 || entry->stride < 0 || entry->group_channels < 0 ||
            entry->channels < 0)
            return refuse(table, "numbers", "from 0", kernel.symbol);
    } else if (!row || row->op != op || row->form != form || row->kernel != entry->kernel ||
               row->stride != entry->stride || row->group_channels != entry->group_channels ||
               row->channels != entry->channels || row->packing != entry->packing)
        return refuse(table, "a row as this library has it for", isa, kernel.row);
    if (find(kernel.row, entry->isa, kernel.schedule, kernel.call))
        return refuse(table, "kernels that are not there yet, such as", "others", kernel.symbol);
    return Status();
}

} // namespace

Status register_kernels(const involute_kernel_table &table) {
    if (!table.name || !table.use_services || (table.count > 0 && !table.kernels)) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "table: expected name, kernels and use_services, got NULL");
    }
    if (table.kernel_size != sizeof(involute_kernel))
        return refuse(table, "kernel_size", std::to_string(sizeof(involute_kernel)).c_str(),
                      std::to_string(table.kernel_size).c_str());
    if (!table.version || std::strcmp(table.version, involute_version()) != 0)
        return refuse(table, "version", involute_version(), table.version);
    if (!table.interface_hash ||
        std::strcmp(table.interface_hash, involute_kernel_interface()) != 0)
        return refuse(table, "kernel interface", involute_kernel_interface(), table.interface_hash);
    const std::lock_guard<std::mutex> lock(registered_mutex_);
    std::vector<KernelEntry> added(table.count);
    for (size_t i = 0; i < table.count; ++i)
        INVOLUTE_RETURN_IF_ERROR(check_kernel(table, table.kernels[i], &added[i]));
    table.use_services(&kServices);
    entries().insert(entries().end(), added.begin(), added.end());
    return Status();
}

const KernelEntry *registered_kernel(const char *row, involute_isa isa, const char *schedule,
                                     const char *call) {
    const std::lock_guard<std::mutex> lock(registered_mutex_);
    const KernelEntry *of_call = find(row, isa, schedule, call);
    return of_call ? of_call : find(row, isa, schedule, nullptr);
}

const KernelEntry *registered_row(const LayerSpec &layer, involute_isa isa, const char *schedule) {
    const std::lock_guard<std::mutex> lock(registered_mutex_);
    for (const KernelEntry &entry : entries()) {
        if (entry.isa == isa && same(entry.schedule, schedule) && fits(entry, layer) &&
            !has_row(entry.row))
            return &entry;
    }
    return nullptr;
}

bool has_schedule(const char *schedule) {
    const std::lock_guard<std::mutex> lock(registered_mutex_);
    for (const KernelEntry &entry : entries()) {
        if (same(entry.schedule, schedule))
            return true;
    }
    return false;
}

} // namespace involute
