/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sink.h - where results go: one vtable {begin, write, commit, abort}, one file a kind.
 *
 * Design: writing is split from formatting. Workers encode a chunk into bytes (encode.h); the sink only takes bytes in
 *         order (or, for unordered modes, in any order of chunks), so that the one who writes does no formatting. In
 *         the whole order (map) a file is written beside its final name and renamed by commit, and stdout is held
 *         back until commit. In the others what is there is always a correct prefix: after every write npy's header
 *         promises no more than is in the file.
 * Threads: one at a time (the caller's lock); write may come from different threads after one another.
 */
#ifndef PE_SINK_H
#define PE_SINK_H

#include "base/block.h"
#include "base/enum_names.h"
#include "sink/row_file.h"
#include "types/dtype.h"

typedef struct pe_sink_spec {
    const char *where; /* "job.toml:14:1: output": opens messages about the spec itself */
    const char *path;  /* "-" is stdout */
    pe_format format;  /* PE_FORMAT_AUTO: by suffix, txt for "-" */
    pe_order order;
    const pe_type *results; /* types as they are written (after [output] dtype) */
    int result_count;
    bool has_index;           /* the item's index (int64) as the first column */
    const char *lead;         /* the name of a column that comes before, which the caller writes himself, or NULL */
    const char *const *names; /* of the columns without the index (a vector result has one a element); NULL: "result"
                                 for one, f0, f1 ... for several */
    int name_count;
    uint64_t items;       /* PE_COUNT_UNKNOWN's value (UINT64_MAX) when not known */
    const uint64_t *axes; /* npy: the shape of a product; NULL is (items,), as is the unordered order */
    int axis_count;
    bool comes_in_pieces; /* digest: what is written are whole pieces (digest.h) instead of rows */
} pe_sink_spec;

typedef struct pe_sink pe_sink;

/* pe_sink_check - can this format hold these results in this order; *format is the format meant.
 * Refused with PE_ECONFIG: digest in the unordered order, int128 or text in npy, text among other columns in raw and
 * digest, npy of an unknown number of items on stdout, an unknown suffix, a wrong number of names (or a name twice in
 * npy's fields). Without a format "-" and /dev/stdout are txt, /dev/null is null. Nothing is opened. */
pe_status pe_sink_check(const pe_sink_spec *spec, pe_format *format, pe_error *err);

/* pe_sink_begin - check and open the output (rank 0); nothing of spec is kept.
 * Returns: PE_OK; as pe_sink_check; PE_EOUTPUT when it cannot be created; PE_ECONFIG for npy of an unknown number of
 *          items on something that is no regular file */
pe_status pe_sink_begin(const pe_sink_spec *spec, pe_sink **out, pe_error *err);

/* pe_sink_write - take the bytes of `items` more items.
 * Returns: PE_OK, PE_EIO (disk full ...), PE_ECLOSED (the reader of a pipe is gone), PE_ENOMEM. After a failure every
 *          later write, and commit, gives the same failure and writes nothing. */
pe_status pe_sink_write(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err);

/* pe_sink_advance - the next `bytes`, of `items` items, were written already, through pe_sink_open_row_file's file.
 * Returns: as pe_sink_write */
pe_status pe_sink_advance(pe_sink *sink, size_t bytes, uint64_t items, pe_error *err);

/* pe_sink_open_row_file - rows of row_bytes each may go straight to their row_file in the file, before their turn, or *out is
 * none. An aborted sink cuts off what pe_sink_advance was not told of.
 *
 * Call:    after begin; the row_file are closed before commit.
 * Returns: as pe_row_file_open
 */
pe_status pe_sink_open_row_file(const pe_sink *sink, size_t row_bytes, pe_row_file *out, pe_error *err);

/* pe_sink_commit - finish: header, digest's line, what was held back, rename. Every close is checked. When it fails, it
 * has left what abort would have left. */
pe_status pe_sink_commit(pe_sink *sink, pe_error *err);

/* pe_sink_abort - the run failed: whole: nothing stays under any name; growing: the prefix stays as it is, and an
 * output that got no item at all is removed. */
void pe_sink_abort(pe_sink *sink);
void pe_sink_free(pe_sink *sink); /* after commit or abort; NULL is fine */

/* pe_sink_memory - bytes the sink itself will hold at most: the whole result for map to stdout or a named pipe, with
 * row_bytes from the encoder; 0 where nothing is held. Texts, and results of unknown number, come beside: what is not
 * known is not in it. */
size_t pe_sink_memory(const pe_sink_spec *spec, size_t row_bytes);

#endif
