/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sink.h - the output of a run: begin, write, commit, abort.
 *
 * Invariant: under the final name there is a complete result, or (imap and the unordered modes) a correct prefix of it,
 *         or what was there before.
 * Design: encoding is split from writing. Workers encode chunks into bytes (encode.h) in parallel; the sink writes these
 *         bytes, in item order, or in the unordered modes as the chunks finish. In map a file is written under another
 *         name and renamed by commit, and stdout is buffered in memory until commit.
 * Threads: one at a time (the caller's lock); different threads may call write.
 */
#ifndef PE_SINK_H
#define PE_SINK_H

#include "base/block.h"
#include "base/buffer.h"
#include "job/sink_spec.h"
#include "sink/row_file.h"

typedef struct pe_sink pe_sink;

/* pe_sink_check - whether the format can represent these results in this order. Opens nothing.
 *
 * Params:  *format becomes the format of the output: "-" and /dev/stdout are txt, /dev/null is null, else the suffix
 *          decides.
 * Returns: PE_OK; PE_ECONFIG for digest in an unordered mode, int128 or text in npy, text beside other columns in raw
 *          and digest, npy of an unknown number of items on stdout, an unknown suffix, a wrong number of names, a name
 *          twice in npy's fields
 */
pe_status pe_sink_check(const pe_sink_spec *spec, pe_format *format, pe_error *err);

/* pe_sink_begin - check the spec and open the output.
 *
 * Call:    rank 0.
 * Owns:    spec may be freed after the call.
 * Returns: PE_OK; as pe_sink_check; PE_EOUTPUT when the output cannot be created; PE_ECONFIG for npy of an unknown
 *          number of items on a path that is not a regular file
 */
pe_status pe_sink_begin(const pe_sink_spec *spec, pe_sink **out, pe_error *err);

/* pe_sink_write - append the encoded rows of the next `items` items.
 *
 * Returns: PE_OK, PE_EIO (disk full ...), PE_ECLOSED (the reader of a pipe is gone), PE_ENOMEM. After a failure later
 *          writes and commit return the same error and write nothing.
 */
pe_status pe_sink_write(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err);

/* pe_sink_advance - count the next `bytes` bytes, of `items` items, which were written through the row file.
 * Returns: as pe_sink_write */
pe_status pe_sink_advance(pe_sink *sink, size_t bytes, uint64_t items, pe_error *err);

/* pe_sink_open_row_file - open the sink's file as a row file, if rows of row_bytes may be written to it at their offsets
 * before their turn; otherwise *out is closed. An aborted sink truncates the rows that pe_sink_advance did not count.
 *
 * Call:    after begin; the row file is closed before commit.
 * Returns: as pe_row_file_open
 */
pe_status pe_sink_open_row_file(const pe_sink *sink, size_t row_bytes, pe_row_file *out, pe_error *err);

/* pe_sink_end_probes - once the ranks know whether they share the file, cut off probes that lie after rows of an earlier
 * run. */
void pe_sink_end_probes(const pe_sink *sink);

/* pe_sink_can_write_ahead - whether rows may be written ahead, after a gap: rows of items whose turn has not come. A raw file
 * that grows under its final name has no header that counts its rows: it has to be a prefix. */
bool pe_sink_can_write_ahead(const pe_sink *sink);
/* pe_sink_rows_end - the offset after this many rows in the file. pe_sink_set_ahead_end - rows before this offset stay although
 * pe_sink_advance has not counted them: a checkpoint lists them. */
uint64_t pe_sink_rows_end(const pe_sink *sink, uint64_t rows, size_t row_bytes);
void pe_sink_set_ahead_end(pe_sink *sink, uint64_t end);

/* pe_sink_is_visible - whether the output of this run has its final name already; until then an earlier file has it. */
bool pe_sink_is_visible(const pe_sink *sink);

/* pe_sink_commit - complete the output: header, digest's line, buffered bytes, rename. Every close is checked. is_durable:
 * the output is on stable storage when this returns. When it fails, the result is that of abort. */
pe_status pe_sink_commit(pe_sink *sink, bool is_durable, pe_error *err);

/* pe_sink_abort - end a sink of a run that failed. A file that has its final name stays, truncated to its last complete write:
 * that of a growing output with rows. Any other new file is removed, and the file of an earlier run stays. */
void pe_sink_abort(pe_sink *sink);
void pe_sink_free(pe_sink *sink); /* aborts first unless finished; NULL is allowed */

/* pe_sink_mark_now - mark where the output ends, after the writes that have succeeded. state is appended, and mark->state
 * points into it. Not for a pipe, nor for a packed one after a write that failed: PE_EIO. */
pe_status pe_sink_mark_now(pe_sink *sink, pe_sink_mark *mark, pe_buffer *state, pe_error *err);

/* pe_sink_sync - wait until the bytes that were written are on stable storage; any thread, also during writes. */
pe_status pe_sink_sync(const pe_sink *sink, pe_error *err);

/* pe_sink_stay_at_exit - from here on keep the output when the process ends: a checkpoint describes it.
 * Returns: false when its file is gone (os/file/out_file.h) */
bool pe_sink_stay_at_exit(pe_sink *sink);

/* pe_sink_suspend - close the output of an unfinished run, which a later one may go on with, where pe_sink_mark_now says it
 * ends. An output that cannot be suspended is aborted. */
void pe_sink_suspend(pe_sink *sink);

/* pe_sink_trim - after a run that failed, cut half a record at the end of the file, and rows that do not count. It may give a
 * full disk the room for a checkpoint. */
void pe_sink_trim(pe_sink *sink);

/* pe_sink_leave_marker - commit leaves the checkpoint beside the output. */
void pe_sink_leave_marker(pe_sink *sink);

/* pe_sink_library - append what packs the output, beside which the rows decide its bytes: "zlib 1.2.13"; nothing for an
 * output that is not packed. */
pe_status pe_sink_library(const pe_sink_spec *spec, pe_buffer *out, pe_error *err);

/* pe_sink_memory - bytes that the sink buffers at most: the complete result for map to stdout or a named pipe, what packing
 * takes for a packed file, else 0.
 * row_bytes is the encoder's. Texts and results of an unknown number are not included. SIZE_MAX: beyond 64 bits. */
size_t pe_sink_memory(const pe_sink_spec *spec, size_t row_bytes);

#endif
