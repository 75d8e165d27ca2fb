// objdump says where instructions begin, the program headers where those addresses are in the file.
#include "tests/perf/without_fma.h"

#include <elf.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "tests/kernels/emitted_library.h"

namespace involute::perf {
namespace {

// C4, two bytes with registers and map 0F38, the opcode. Both opcodes are in that map and take
// (register, register, register or memory) of the same width; vpminud has no other operand.
constexpr unsigned char kVex = 0xC4, kVpminud = 0x3B;
constexpr size_t kOpcode = 3;

class Image {
public:
    explicit Image(std::vector<char> bytes) : bytes_(std::move(bytes)) {
        Elf64_Ehdr header{};
        if (!read(0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
            return;
        for (size_t i = 0; i < header.e_phnum; ++i) {
            Elf64_Phdr segment{};
            if (read(header.e_phoff + i * header.e_phentsize, &segment) &&
                segment.p_type == PT_LOAD)
                segments_.push_back(segment);
        }
    }
    // nullptr when the address is not in the file.
    unsigned char *at(uint64_t address) {
        for (const Elf64_Phdr &segment : segments_) {
            const uint64_t offset = address - segment.p_vaddr + segment.p_offset;
            if (address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz &&
                offset + kOpcode < bytes_.size())
                return reinterpret_cast<unsigned char *>(&bytes_[offset]);
        }
        return nullptr;
    }
    const std::vector<char> &bytes() const {
        return bytes_;
    }

private:
    template <class Part>
    bool read(size_t offset, Part *part) const {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof *part)
            return false;
        std::memcpy(part, &bytes_[offset], sizeof *part);
        return true;
    }

    std::vector<char> bytes_;
    std::vector<Elf64_Phdr> segments_;
};

bool is_packed_fma(const std::string &mnemonic) {
    const bool fused = mnemonic.rfind("vfmadd", 0) == 0 || mnemonic.rfind("vfnmadd", 0) == 0 ||
                       mnemonic.rfind("vfmsub", 0) == 0 || mnemonic.rfind("vfnmsub", 0) == 0;
    return fused && mnemonic.size() > 2 && mnemonic.substr(mnemonic.size() - 2) == "ps";
}

} // namespace

bool copy_without_fma(const std::string &from, const std::string &to, std::string *error) {
    std::ifstream source(from, std::ios::binary);
    Image image(std::vector<char>(std::istreambuf_iterator<char>(source), {}));
    const kernel_tests::CommandResult listing =
        kernel_tests::run_command({"objdump", "-d", "-w", "--no-show-raw-insn", from});
    if (listing.exit_code != 0) {
        *error = "objdump -d " + from + ": exit " + std::to_string(listing.exit_code);
        return false;
    }
    // "  4a10f0:\tvfmadd231ps (%rax),%ymm1,%ymm2"
    std::istringstream lines(listing.output);
    for (std::string line; std::getline(lines, line);) {
        const size_t tab = line.find(":\t");
        if (tab == std::string::npos ||
            !is_packed_fma(line.substr(tab + 2, line.find(' ', tab) - tab - 2)))
            continue;
        unsigned char *code = image.at(std::stoull(line.substr(0, tab), nullptr, 16));
        if (!code) {
            *error = from + ": address outside the file: " + line;
            return false;
        }
        if (code[0] == kVex) // the others are AVX-512
            code[kOpcode] = kVpminud;
    }
    std::ofstream target(to, std::ios::binary);
    target.write(image.bytes().data(), static_cast<std::streamsize>(image.bytes().size()));
    target.close();
    std::error_code failure;
    std::filesystem::permissions(to, std::filesystem::perms::owner_all, failure);
    if (!target || failure)
        *error = "cannot write " + to;
    return target && !failure;
}

} // namespace involute::perf
