# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause

# Man pages, completions and the JSON schema: the templates of packaging/pages, whose holes a program fills with the tables
# of options, keys and kernels. It has to run here: a cross-compiled build has no pages without an emulator. A sanitized
# build is not installed.
if(PENGINE_SANITIZE OR (CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR))
  return()
endif()
file(GLOB page_sources CONFIGURE_DEPENDS engine/app/pages/*.c)
add_executable(pengine_pages ${page_sources} engine/app/cli_help.c engine/app/examples.c)
target_link_libraries(pengine_pages PRIVATE pe_flags pengine_lib)

function(pengine_page name destination)
  set(page ${CMAKE_CURRENT_BINARY_DIR}/${name})
  add_custom_command(OUTPUT ${page} COMMAND pengine_pages ${CMAKE_CURRENT_SOURCE_DIR}/packaging/pages/${name}.in ${page}
                     DEPENDS pengine_pages packaging/pages/${name}.in VERBATIM)
  set(pages ${pages} ${page} PARENT_SCOPE)
  install(FILES ${page} DESTINATION ${destination} ${ARGN})
endfunction()
pengine_page(pengine.1 ${CMAKE_INSTALL_MANDIR}/man1)
pengine_page(pengine.5 ${CMAKE_INSTALL_MANDIR}/man5)
pengine_page(pengine.bash ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME pengine)
pengine_page(_pengine ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
pengine_page(pengine.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
pengine_page(job.schema.json ${CMAKE_INSTALL_DATADIR}/pengine)
add_custom_target(pages ALL DEPENDS ${pages})
