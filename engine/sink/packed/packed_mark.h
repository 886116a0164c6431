/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* packed_mark.h - the position in a .gz or .zst output from which a later run continues.
 *
 * Design:  an encoder's state cannot be saved. But each piece is flushed into the file, so a later run reads the rows of the
 *          member at hand back from the file and packs them again, which brings its encoder to the same state. Beside the
 *          file only the rows of the last piece are kept, which is not full.
 * Threads: one at a time.
 */
#ifndef PE_PACKED_MARK_H
#define PE_PACKED_MARK_H

#include "sink/packed/packer.h"

/* pe_packed_mark_save - write all pieces that are full, and append to out what a mark needs beside the file.
 * Call:    between writes that succeeded.
 * Returns: PE_OK; PE_EIO; PE_ENOMEM */
pe_status pe_packed_mark_save(pe_packer *packer, pe_buffer *out, pe_error *err);

/* pe_packed_mark_resume - bring the packer to where pe_packed_mark_save was called.
 *
 * Call:    after pe_packer_open, instead of pe_packer_start; the stream was reopened at the mark.
 * Params:  names_bytes: of the line of names, which is no record
 * Returns: PE_OK; PE_EOUTPUT when the file was changed meanwhile; PE_EDATA for a state that is none; PE_EIO; PE_ENOMEM */
pe_status pe_packed_mark_resume(pe_packer *packer, pe_packing packing, pe_output_stream *stream,
                                const pe_sink_mark *mark, size_t names_bytes, pe_error *err);

#endif
