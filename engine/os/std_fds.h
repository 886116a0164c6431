/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* std_fds.h - keeps descriptors 0, 1 and 2 occupied, so that no file of the program gets one of these numbers.
 */
#ifndef PE_STD_FDS_H
#define PE_STD_FDS_H

/* pe_std_fds_hold - open /dev/null at each of 0, 1 and 2 that is closed, so that it fails as a closed one does: stdin
 * cannot be read, stdout cannot be written. What goes to stderr is dropped.
 *
 * Call: before the libraries are initialised, by PE_BEFORE_LIBRARIES; the program only, not the library.
 */
void pe_std_fds_hold(void);

#endif
