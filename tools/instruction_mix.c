/* A plugin of QEMU (API 1, 7.2 and later) that counts executed ARM instructions by class: in
 * functions whose symbol begins with a prefix, or in code of files whose path holds one of some
 * texts (symbols of libraries that are opened later are not known to QEMU). Debian's package has no
 * qemu-plugin.h, so that what is needed of it is declared here.
 *
 *   qemu-aarch64 -plugin instruction_mix.so,symbol=inv_ PROGRAM
 *   qemu-aarch64 -plugin instruction_mix.so,in=libinvolute.so,in=/packs/ PROGRAM
 *
 * One line of JSON on stderr at the end.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *instruction);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *instruction);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*translated)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, int operation,
                                                void *counter, uint64_t by);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*exits)(plugin_id, void *), void *data);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

enum { kFma, kFmaScalar, kFloat, kLoad, kStore, kBranch, kMove, kOther, kUnknown, kClasses };
static const char *const names[kClasses] = {"fma",    "fma_scalar", "float", "load",   "store",
                                            "branch", "move",       "other", "unknown"};
static uint64_t counts[kClasses];
static const char *prefix = "";
enum { kMaxFiles = 8 };
static const char *files[kMaxFiles];
static int file_count;

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static int class_of(const char *text) {
    if (begins(text, "fmadd") || begins(text, "fmsub") || begins(text, "fnmadd") ||
        begins(text, "fnmsub"))
        return kFmaScalar;
    if (begins(text, "fmla") || begins(text, "fmls"))
        return kFma;
    if (begins(text, "mov") || begins(text, "fmov") || begins(text, "dup") || begins(text, "ext"))
        return kMove;
    if (text[0] == 'f')
        return kFloat;
    if (begins(text, "ld"))
        return kLoad;
    if (begins(text, "st"))
        return kStore;
    if (begins(text, "b ") || begins(text, "b.") || begins(text, "bl") || begins(text, "br") ||
        begins(text, "cb") || begins(text, "tb") || begins(text, "ret"))
        return kBranch;
    return kOther;
}

/* Of the mapping that holds the address, asked of the system: translations are few. */
static bool is_in_files(const void *address) {
    FILE *maps = fopen("/proc/self/maps", "r");
    bool found = false;
    char line[4352];
    while (maps != NULL && !found && fgets(line, sizeof line, maps) != NULL) {
        uintptr_t begin = 0, end = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &begin, &end) != 2 ||
            (uintptr_t)address < begin || (uintptr_t)address >= end)
            continue;
        for (int i = 0; i < file_count; i++)
            found = found || strstr(line, files[i]) != NULL;
        break;
    }
    if (maps != NULL)
        fclose(maps);
    return found;
}

static void translated(plugin_id id, struct qemu_plugin_tb *block) {
    (void)id;
    if (file_count != 0 && !is_in_files(qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(block, 0))))
        return;
    const size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        const char *symbol = qemu_plugin_insn_symbol(instruction);
        if (*prefix != 0 && (symbol == NULL || !begins(symbol, prefix)))
            continue;
        char *text = qemu_plugin_insn_disas(instruction);
        const bool unknown = text == NULL || *text == 0 || begins(text, ".byte");
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, 0,
                                                   &counts[unknown ? kUnknown : class_of(text)], 1);
        free(text);
    }
}

static void finished(plugin_id id, void *data) {
    (void)id, (void)data;
    uint64_t total = 0;
    for (int i = 0; i < kClasses; i++)
        total += counts[i];
    fprintf(stderr, "{\"total\": %" PRIu64, total);
    for (int i = 0; i < kClasses; i++)
        fprintf(stderr, ", \"%s\": %" PRIu64, names[i], counts[i]);
    fprintf(stderr, "}\n");
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int count, char **arguments) {
    (void)info;
    for (int i = 0; i < count; i++) {
        if (begins(arguments[i], "symbol="))
            prefix = strdup(arguments[i] + strlen("symbol="));
        else if (begins(arguments[i], "in=") && file_count < kMaxFiles)
            files[file_count++] = strdup(arguments[i] + strlen("in="));
        else
            return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finished, NULL);
    return 0;
}
