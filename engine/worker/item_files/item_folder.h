/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_folder.h - makes folders with their parents.
 */
#ifndef PE_ITEM_FOLDER_H
#define PE_ITEM_FOLDER_H

/* pe_item_folder_make - make the folder where it is not there. Returns 0 or an errno. Any thread: several may make one at
 * once. */
int pe_item_folder_make(const char *folder);

/* pe_item_folder_make_for - do the same for the folder of a file. */
int pe_item_folder_make_for(const char *file);

#endif
