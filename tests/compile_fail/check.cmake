# cmake -DCOMPILER=… -DINCLUDE=… -DSOURCE=… -P check.cmake
# Compiles SOURCE, which must fail, with the sentence after its "// expect: " as the first error.
# "// errors: N" is how many errors there may be at most; without it, one.
cmake_minimum_required(VERSION 3.16)
file(STRINGS ${SOURCE} lines LIMIT_COUNT 10)
set(limit 1)
foreach(line IN LISTS lines)
  if(line MATCHES "^// expect: (.*)$")
    set(sentence "${CMAKE_MATCH_1}")
  elseif(line MATCHES "^// errors: ([0-9]+)$")
    set(limit ${CMAKE_MATCH_1})
  endif()
endforeach()
if(NOT sentence)
  message(FATAL_ERROR "${SOURCE} has no line that starts with // expect:")
endif()

execute_process(
  COMMAND ${COMPILER} -std=c++17 -fsyntax-only -I ${INCLUDE} ${SOURCE}
  RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles, but should not")
endif()
# A list would be torn at the semicolons of the quoted source.
string(REPLACE ";" "," text "${text}")
string(REGEX MATCHALL "error: [^\n]*" errors "${text}")
list(LENGTH errors count)
list(GET errors 0 first)
string(FIND "${first}" "${sentence}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "the first error should say\n  ${sentence}\nbut is\n  ${first}\n\n${text}")
endif()
if(count GREATER limit)
  message(FATAL_ERROR "${count} errors where at most ${limit} help the reader:\n${text}")
endif()
