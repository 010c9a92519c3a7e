#include "experiments/results/program_id.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <array>
#include <cstring>

#include "workloads/input/error.hpp"
#include "workloads/input/file_hash.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/origin.hpp"
#include "workloads/input/random.hpp"

namespace edgeflow {
namespace {

constexpr const char* kExecutable = "/proc/self/exe";
/// Whose numbers are in results; those of the C library are the machine's.
constexpr std::array kLibraries{"/libsimgrid.", "/libClp.", "/libCoinUtils."};

[[noreturn]] void fail() {
  throw InputError({kExecutable, 0, 0}, "", "is no ELF executable of this machine");
}

/// A T that stands at `offset`.
template <typename T>
T read_at(std::string_view bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) fail();
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

std::string_view part_of(std::string_view bytes, std::size_t offset, std::size_t size) {
  if (offset > bytes.size() || bytes.size() - offset < size) fail();
  return bytes.substr(offset, size);
}

int add_library(dl_phdr_info* info, std::size_t, void* text) {
  const std::string_view file = info->dlpi_name;
  for (const char* name : kLibraries) {
    if (file.find(name) != std::string_view::npos) {
      *static_cast<std::string*>(text) += content_hash(file);
    }
  }
  return 0;
}

}  // namespace

std::uint64_t code_hash(std::string_view elf) {
  if (!elf.starts_with(ELFMAG)) fail();
  const auto header = read_at<ElfW(Ehdr)>(elf, 0);
  const auto section = [&](std::size_t i) {
    return read_at<ElfW(Shdr)>(elf, header.e_shoff + i * sizeof(ElfW(Shdr)));
  };
  const ElfW(Shdr) names = section(header.e_shstrndx);
  std::uint64_t hash = fnv1a("");
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const ElfW(Shdr) loaded = section(i);
    if ((loaded.sh_flags & SHF_ALLOC) == 0 || loaded.sh_type == SHT_NOBITS) continue;
    const std::string_view table = part_of(elf, names.sh_offset, names.sh_size);
    if (loaded.sh_name >= table.size()) fail();
    const std::string_view rest = table.substr(loaded.sh_name);
    const std::string_view name = rest.substr(0, rest.find('\0'));
    if (name == kOriginSection || name == ".note.gnu.build-id") continue;
    hash = fnv1a(part_of(elf, loaded.sh_offset, loaded.sh_size), hash);
  }
  return hash;
}

const std::string& program_id() {
  static const std::string kId = [] {
    std::string text = fmt::format("{:016x}", code_hash(read_if_there(kExecutable).value_or("")));
    dl_iterate_phdr(add_library, &text);
    return fmt::format("{:016x}", fnv1a(text));
  }();
  return kId;
}

std::string program_of(const Job& job) {
  if (job.programs.empty()) return program_id();
  return fmt::format("{:016x}", fnv1a(program_id() + job.programs));
}

}  // namespace edgeflow
