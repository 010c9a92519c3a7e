# Writes OUT, the definitions of origin.hpp, unless it says the same already.
# usage: cmake -DSOURCE=folder -DGIT=git -DOUT=file -P origin.cmake

set(commit "unknown")
set(dirty "false")
if(GIT AND EXISTS "${SOURCE}/.git")
  execute_process(
    COMMAND "${GIT}" rev-parse --short=12 HEAD
    WORKING_DIRECTORY "${SOURCE}" OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(commit "${head}")
    execute_process(
      COMMAND "${GIT}" --no-optional-locks status --porcelain --untracked-files=no
      WORKING_DIRECTORY "${SOURCE}" OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes)
      set(dirty "true")
    endif()
  endif()
endif()

file(CONFIGURE OUTPUT "${OUT}" CONTENT [=[
#include "workloads/input/origin.hpp"

namespace edgeflow {

EDGEFLOW_ORIGIN const Origin kOrigin{"@commit@", @dirty@};

}  // namespace edgeflow
]=] @ONLY)
