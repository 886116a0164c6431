# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause

# The library for other programs: shared and static, the targets that their projects link with, what is installed of it.

# The shared library is the static one whole; its version script shows the public headers' functions alone.
set(map ${CMAKE_CURRENT_SOURCE_DIR}/cmake/pengine.map)
set(nothing ${CMAKE_CURRENT_BINARY_DIR}/embedded/shared.c)
file(WRITE ${nothing} "typedef int pe_shared; /* the library needs a source of its own */\n")
add_library(pengine_shared SHARED ${nothing})
target_link_libraries(pengine_shared PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,pengine_lib>")
set_target_properties(pengine_shared PROPERTIES OUTPUT_NAME pengine VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                      LINK_DEPENDS ${map} LINKER_LANGUAGE CXX)
target_link_options(pengine_shared PRIVATE -Wl,--version-script=${map} -Wl,--no-undefined)
if(PENGINE_SANITIZE) # whose runtime is the program's
  set_target_properties(pengine_shared PROPERTIES EXCLUDE_FROM_ALL ON)
else()
  install(TARGETS pengine_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

# Projects that bring pengine by add_subdirectory.
add_library(pengine::pengine ALIAS pengine_lib)
if(PENGINE_MPI)
  add_library(pengine_mpi INTERFACE)
  target_link_libraries(pengine_mpi INTERFACE pengine_lib MPI::MPI_C)
  target_compile_definitions(pengine_mpi INTERFACE PENGINE_MPI_MODULE="$<TARGET_FILE:pengine_comm_mpi>")
  add_dependencies(pengine_mpi pengine_comm_mpi)
  add_library(pengine::mpi ALIAS pengine_mpi)
endif()

# Projects that find an installed one: find_package(pengine), pkg-config. Both find the prefix from where they lie.
install(TARGETS pengine_lib ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY engine/include/pengine DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
include(CMakePackageConfigHelpers)
set(private_libs xxhash isal z zstd simdjson stdc++ m ${CMAKE_DL_LIBS})
list(TRANSFORM private_libs PREPEND "-l")
list(APPEND private_libs ${OpenMP_C_FLAGS})
list(JOIN private_libs " " pkg_libs)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/pengine)
configure_package_config_file(cmake/pengine-config.cmake.in pengine-config.cmake INSTALL_DESTINATION ${package}
                              PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(pengine-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pengine-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/pengine-config-version.cmake
        DESTINATION ${package})
file(RELATIVE_PATH pkg_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(pengine.pc.in pengine.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pengine.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(PENGINE_MPI)
  configure_file(cmake/pengine-mpi.pc.in pengine-mpi.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pengine-mpi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
