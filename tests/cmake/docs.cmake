# The pages: links, configuration keys, the figures of the last proof, and the README's program.
if(TARGET Python3::Interpreter)
  add_test(NAME docs_say_what_is_so
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tests/docs/check_docs.py
      ${PROJECT_BINARY_DIR}/figures)
  set_tests_properties(docs_say_what_is_so PROPERTIES FIXTURES_REQUIRED power_cut_figures)

  set(readme ${CMAKE_CURRENT_BINARY_DIR}/readme.cpp)
  add_custom_command(OUTPUT ${readme}
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tests/docs/first_program.py
      ${PROJECT_SOURCE_DIR}/README.md ${readme}
    DEPENDS ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/tests/docs/first_program.py)
  add_executable(readme_program ${readme})
  target_link_libraries(readme_program PRIVATE ota::ota)
endif()
