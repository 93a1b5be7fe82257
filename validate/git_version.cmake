# Run at every build: writes version.cc with the commit of the checkout and whether it has uncommitted changes. The file
# is touched only when its text changes.
set(FIDELIO_GIT_COMMIT "")
set(FIDELIO_GIT_DIRTY false)
find_program(GIT git)
if(GIT)
  execute_process(COMMAND ${GIT} rev-parse HEAD WORKING_DIRECTORY ${SOURCE_DIR}
    OUTPUT_VARIABLE FIDELIO_GIT_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND ${GIT} status --porcelain --untracked-files=no WORKING_DIRECTORY ${SOURCE_DIR}
    OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    set(FIDELIO_GIT_DIRTY true)
  endif()
endif()
configure_file(${SOURCE_DIR}/validate/version.cc.in ${OUTPUT} @ONLY)
