# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause

# What is installed beside programs, libraries and pages: documentation, examples, a module file; and the targets
# `uninstall` and `package`, which makes a tarball that runs from any folder.
install(FILES README.md CHANGELOG.md CITATION.cff LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(DIRECTORY slurm DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The examples, with the places that files have after the installation.
set(examples ${CMAKE_CURRENT_BINARY_DIR}/examples)
file(RELATIVE_PATH schema ${CMAKE_INSTALL_FULL_DOCDIR}/configs ${CMAKE_INSTALL_FULL_DATADIR}/pengine/job.schema.json)
file(GLOB configs LIST_DIRECTORIES false CONFIGURE_DEPENDS configs/*)
foreach(config IN LISTS configs)
  get_filename_component(name ${config} NAME)
  configure_file(${config} ${examples}/${name} COPYONLY)
  if(name MATCHES "\\.toml$")
    file(READ ${config} text)
    string(REPLACE "../build/job.schema.json" ${schema} text "${text}")
    string(REPLACE "../build/configs/plugin.so" "plugin.so" text "${text}")
    file(WRITE ${examples}/${name} "${text}")
  endif()
endforeach()
install(DIRECTORY ${examples}/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/configs PATTERN __pycache__ EXCLUDE)

# `module use PREFIX/share/pengine/modulefiles; module load pengine`
configure_file(packaging/modulefiles/pengine.lua.in ${CMAKE_CURRENT_BINARY_DIR}/${PROJECT_VERSION}.lua @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${PROJECT_VERSION}.lua DESTINATION ${CMAKE_INSTALL_DATADIR}/pengine/modulefiles/pengine)

if(NOT TARGET uninstall)
  add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -D MANIFEST=${CMAKE_CURRENT_BINARY_DIR}/install_manifest.txt
                                      -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/uninstall.cmake VERBATIM)
endif()

# A tarball brings the shared libraries that the program and its modules need, except for those of the C library, which belong to
# the system, and MPI, which belongs to the cluster: -DPENGINE_BUNDLE=ON, as packaging/tarball.sh sets it.
option(PENGINE_BUNDLE "install the shared libraries that pengine needs beside it, for a tarball" OFF)
if(PENGINE_BUNDLE)
  set_target_properties(pengine PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/pengine")
  target_link_options(pengine PRIVATE -Wl,--disable-new-dtags) # also for what a library needs itself
  install(TARGETS pengine RUNTIME_DEPENDENCY_SET bundled RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(TARGET pengine_hdf5)
    set_target_properties(pengine_hdf5 PROPERTIES INSTALL_RPATH "$ORIGIN")
    target_link_options(pengine_hdf5 PRIVATE -Wl,--disable-new-dtags)
    install(TARGETS pengine_hdf5 RUNTIME_DEPENDENCY_SET bundled LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/pengine)
  endif()
  install(RUNTIME_DEPENDENCY_SET bundled
          POST_EXCLUDE_REGEXES "/ld-linux[^/]*$" "/lib(c|m|dl|pthread|rt|resolv|mpi|open-rte|open-pal)\\.so[^/]*$"
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/pengine)
endif()
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_FILE_NAME pengine-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_STRIP_FILES ON)
include(CPack)
