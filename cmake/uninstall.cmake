# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause

# Removes the files that the last `cmake --install` put into place, those in MANIFEST, and the folders that are then empty.
# A DESTDIR counts as it did for the installation.
if(NOT EXISTS ${MANIFEST})
  message(FATAL_ERROR "${MANIFEST}: nothing was installed from this build folder")
endif()
file(STRINGS ${MANIFEST} files)
set(folders "")
foreach(file IN LISTS files)
  set(path $ENV{DESTDIR}${file})
  if(EXISTS ${path} OR IS_SYMLINK ${path})
    file(REMOVE ${path})
    message(STATUS "removed ${path}")
  endif()
  get_filename_component(folder ${path} DIRECTORY)
  while(folder MATCHES "/pengine(/|$)") # bin, lib, share and the like stay
    list(APPEND folders ${folder})
    get_filename_component(folder ${folder} DIRECTORY)
  endwhile()
endforeach()
list(REMOVE_DUPLICATES folders)
list(SORT folders ORDER DESCENDING) # a folder after those in it
foreach(folder IN LISTS folders)
  file(GLOB left LIST_DIRECTORIES true ${folder}/* ${folder}/.*)
  list(FILTER left EXCLUDE REGEX "/\\.\\.?$")
  if(IS_DIRECTORY ${folder} AND NOT left)
    file(REMOVE_RECURSE ${folder})
  endif()
endforeach()
