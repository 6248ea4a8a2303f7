# Each file names in its first lines, after "// expect: ", the sentence the compiler must say first.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/*.cpp)
foreach(source ${sources})
  get_filename_component(name ${source} NAME_WE)
  add_test(NAME compile_fail_${name} COMMAND ${CMAKE_COMMAND}
    -DCOMPILER=${CMAKE_CXX_COMPILER} -DINCLUDE=${PROJECT_SOURCE_DIR}/include -DSOURCE=${source}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/check.cmake)
endforeach()
