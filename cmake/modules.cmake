# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause

# What few runs need and what takes long to load is in modules (engine/os/shared_module.c): MPI, which is opened under a launcher or by
# pengine/mpi.h, and libhdf5, which is opened for a job with HDF5. Nothing else is linked with them.
file(RELATIVE_PATH libs_from_bin ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_source_files_properties(engine/os/shared_module.c PROPERTIES COMPILE_DEFINITIONS
  "_GNU_SOURCE;PENGINE_LIBS_FROM_BIN=\"${libs_from_bin}\";PENGINE_LIBS_INSTALLED=\"${CMAKE_INSTALL_FULL_LIBDIR}\"")

# pengine_module(comm_mpi SOURCE...) makes comm_mpi.so of the target pengine_comm_mpi.
set(pengine_modules)
function(pengine_module name)
  set(map ${CMAKE_CURRENT_SOURCE_DIR}/cmake/module.map)
  set(target pengine_${name})
  add_library(${target} MODULE ${ARGN} engine/base/alloc.c engine/base/error.c)
  target_link_libraries(${target} PRIVATE pe_flags)
  target_include_directories(${target} PRIVATE engine/include)
  target_link_options(${target} PRIVATE -Wl,--version-script=${map})
  if(NOT PENGINE_SANITIZE) # whose runtime is the program's
    target_link_options(${target} PRIVATE -Wl,--no-undefined)
  endif()
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${name} SUFFIX .so LINK_DEPENDS ${map})
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/pengine)
  set(pengine_modules ${pengine_modules} ${target} PARENT_SCOPE)
endfunction()

if(PENGINE_MPI)
  pengine_module(comm_mpi engine/comm/comm_mpi.c engine/base/clock.c)
  target_link_libraries(pengine_comm_mpi PRIVATE MPI::MPI_C)
endif()
if(HDF5_FOUND)
  pengine_module(hdf5 ${hdf5_sources} engine/types/dtype.c engine/base/suggest.c)
  target_link_libraries(pengine_hdf5 PRIVATE ${hdf5_libraries})
  target_include_directories(pengine_hdf5 SYSTEM PRIVATE ${HDF5_C_INCLUDE_DIRS})
endif()
