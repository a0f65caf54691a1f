# Installs BUILD_DIR into SCRATCH/prefix, builds the consumer project against it and runs it.
foreach(_step
        "${CMAKE_COMMAND};--install;${BUILD_DIR};--prefix;${SCRATCH}/prefix"
        "${CMAKE_COMMAND};-S;${CONSUMER_DIR};-B;${SCRATCH}/build;-DCMAKE_PREFIX_PATH=${SCRATCH}/prefix;-DCMAKE_CXX_COMPILER=${COMPILER}"
        "${CMAKE_COMMAND};--build;${SCRATCH}/build"
        "${SCRATCH}/build/consumer"
        "${SCRATCH}/prefix/bin/ottobot;--version")
  execute_process(COMMAND ${_step} RESULT_VARIABLE _status)
  if(NOT _status EQUAL 0)
    message(FATAL_ERROR "failed (${_status}): ${_step}")
  endif()
endforeach()
