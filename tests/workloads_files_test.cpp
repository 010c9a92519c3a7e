// Files that users name: what may not end is refused at once, and there is a limit to the rest.

#include "workloads/input/files.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/input_error.hpp"
#include "tests/support/scratch.hpp"

namespace edgeflow {
namespace {

using test::error_of;
using test::Scratch;

std::string error_of_reading(const std::filesystem::path& file) {
  return error_of([&] { (void)read_input(file); });
}

}  // namespace

TEST_CASE("only regular files are read, and the others refused without waiting for them") {
  const Scratch scratch;
  const std::string name = "\"" + (scratch.folder() / "it").string() + "\"";
  CHECK(error_of_reading(scratch.folder() / "it") == "there is no file " + name);
  CHECK(error_of_reading("/dev/zero") == "\"/dev/zero\" is a device, expected a regular file");
  CHECK(error_of_reading("/") == "\"/\" is a folder, expected a regular file");
  REQUIRE(mkfifo((scratch.folder() / "it").c_str(), 0600) == 0);  // nobody writes to it
  CHECK(error_of_reading(scratch.folder() / "it") == name + " is a pipe, expected a regular file");
}

TEST_CASE("a socket is no regular file") {
  const Scratch scratch;
  const std::filesystem::path file = scratch.folder() / "it";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(file.string().copy(address.sun_path, sizeof address.sun_path - 1) ==
          file.string().size());
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(error_of_reading(file) == "\"" + file.string() + "\" is a socket, expected a regular file");
  close(listener);
}

TEST_CASE("a file may be as large as the limit, and no larger") {
  const Scratch scratch;
  const std::filesystem::path file = scratch.write("large", "");
  std::filesystem::resize_file(file, kMaxInputBytes);
  CHECK(read_input(file).size() == kMaxInputBytes);
  std::filesystem::resize_file(file, kMaxInputBytes + 1);
  CHECK(error_of_reading(file) == "\"" + file.string() + "\" is larger than 64 MiB");
}

}  // namespace edgeflow
