#pragma once
// A process between this program and one of others: it ends that program and all that it started,
// whatever ends this program.
//
// The supervisor adopts what the program leaves behind, also what left its process group or session
// (PR_SET_CHILD_SUBREAPER), and holds the read end of a pipe whose other end this process has: when
// that closes, or when the program has ended, it kills all of them and ends. What escapes: children
// that another user owns; if the supervisor itself is killed, all but the program (PR_SET_PDEATHSIG).

#include <span>
#include <string>

namespace edgeflow {

struct SupervisedStreams {
  int in, out, err;  // of the program
  int life;          // read end; closed by whoever wants the program to end
  int started;       // write end, closed on exec: gets errno if the program cannot be run
};

/// The supervisor's side of a fork. Ends with the exit code of the program as shells have it: 128 +
/// signal if it died by one.
[[noreturn]] void supervise(std::span<const std::string> words, const SupervisedStreams& streams);

}  // namespace edgeflow
