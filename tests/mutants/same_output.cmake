# Two programs, ONE and OTHER, have to print the same, and something.
foreach(program ONE OTHER)
  execute_process(COMMAND ${${program}} OUTPUT_VARIABLE ${program}_said
                  COMMAND_ERROR_IS_FATAL ANY)
endforeach()
if(NOT ONE_said STREQUAL OTHER_said OR ONE_said STREQUAL "")
  message(FATAL_ERROR "${ONE} and ${OTHER} do not print the same.")
endif()
