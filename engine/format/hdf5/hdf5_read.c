/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_read.c - opens a dataset, describes it, and reads its elements.
 *
 * Design:   a contiguous dataset of types that the engine has is direct: its elements are read from the mapped file.
 *           Any other is read by hyperslabs into packed elements. A range of elements in C order is cut into blocks: the
 *           largest that begin there, so that whole rows are one read. Texts of variable length become texts of fixed
 *           length, of the longest, which is looked for once.
 *           libhdf5 keeps a band of chunks for each of some readers, so that no chunk is unpacked again and again.
 * Threads:  any; the lock is taken here.
 * Not here: types (hdf5_types.c), the dataset's name (hdf5_find.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/hdf5/hdf5_find.h"

#define CACHE_LEAST ((size_t)1 << 20)
#define CACHE_MOST ((size_t)64 << 20)
#define CACHE_BANDS 8u
#define CACHE_SLOTS 12421u
#define PIECE_TEXTS 4096u

struct pe_hdf5 {
    char *path;
    hid_t file, dataset, memory; /* memory: the type of an element as it is read */
    bool has_long_texts;         /* of variable length */
    pe_hdf5_facts facts;
};

/* ---- what it is ---- */

static pe_status take_shape(pe_hdf5 *file, pe_error *err)
{
    hsize_t dims[H5S_MAX_RANK] = {0};
    const hid_t space = H5Dget_space(file->dataset);
    const int count = H5Sget_simple_extent_ndims(space);
    const bool is_simple = H5Sget_simple_extent_type(space) == H5S_SIMPLE;
    if (count > 0 && count <= PE_HDF5_DIMS)
        (void)H5Sget_simple_extent_dims(space, dims, NULL);
    (void)H5Sclose(space);
    if (!is_simple || count < 1 || count > PE_HDF5_DIMS)
        return pe_fail(err, PE_EDATA, "%s: the dataset has %d dimensions: expected 1 to %d", file->path,
                       is_simple ? count : 0, PE_HDF5_DIMS);
    file->facts.dims = count;
    for (int d = 0; d < count; d++)
        file->facts.shape[d] = dims[d];
    return PE_OK;
}

static pe_status take_members(pe_hdf5 *file, hid_t type, pe_error *err)
{
    pe_hdf5_facts *const facts = &file->facts;
    const int count = H5Tget_nmembers(type);
    if (count > PE_MAX_COLUMNS)
        return pe_fail(err, PE_EDATA, "%s: the compound has %d members: expected at most %d", file->path, count,
                       PE_MAX_COLUMNS);
    for (int m = 0; m < count; m++) {
        pe_hdf5_field *const field = facts->fields + m;
        char *const name = H5Tget_member_name(type, (unsigned)m);
        const hid_t member = H5Tget_member_type(type, (unsigned)m);
        pe_hdf5_describe(member, field);
        field->offset = H5Tget_member_offset(type, (unsigned)m);
        if (name == NULL || strlen(name) >= sizeof field->name)
            field->kind = "of a name that is too long";
        else
            memcpy(field->name, name, strlen(name) + 1);
        (void)H5free_memory(name);
        (void)H5Tclose(member);
    }
    facts->is_compound = true;
    facts->field_count = count;
    return PE_OK;
}

static pe_status take_type(pe_hdf5 *file, hid_t type, pe_error *err)
{
    pe_hdf5_facts *const facts = &file->facts;
    facts->element_bytes = H5Tget_size(type);
    facts->field_count = 1;
    pe_hdf5_describe(type, facts->fields);
    file->has_long_texts = H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0;
    if (H5Tget_class(type) == H5T_COMPOUND && facts->fields[0].kind != NULL)
        return take_members(file, type, err);
    if (facts->fields[0].kind != NULL && !file->has_long_texts)
        return pe_fail(
            err, PE_EDATA,
            "%s: the dataset holds values that are %s: expected integers, floats, complex numbers, bools, texts, "
            "or a compound of these",
            file->path, facts->fields[0].kind);
    return PE_OK;
}

/* A filter that libhdf5 lacks is reported before the first item. */
static pe_status check_filters(const pe_hdf5 *file, pe_error *err)
{
    const hid_t plist = H5Dget_create_plist(file->dataset);
    const int count = H5Pget_nfilters(plist);
    pe_status status = PE_OK;
    for (int f = 0; f < count && status == PE_OK; f++) {
        char name[64] = "";
        unsigned flags = 0, config = 0;
        size_t values = 0;
        const H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)f, &flags, &values, NULL, sizeof name, name, &config);
        if (filter >= 0 && H5Zfilter_avail(filter) <= 0)
            status =
                pe_fail(err, PE_EDATA,
                        "%s: the dataset is packed by filter %d (%s), which libhdf5 lacks here: pack it with gzip, or "
                        "set HDF5_PLUGIN_PATH",
                        file->path, (int)filter, name);
    }
    (void)H5Pclose(plist);
    return status;
}

/* ---- where it is ---- */

static void find_place(pe_hdf5 *file)
{
    pe_hdf5_facts *const facts = &file->facts;
    const hid_t plist = H5Dget_create_plist(file->dataset);
    const haddr_t at = H5Dget_offset(file->dataset);
    /* values in another file have no address */
    facts->is_direct = H5Pget_layout(plist) == H5D_CONTIGUOUS && at != HADDR_UNDEF && !file->has_long_texts;
    facts->offset = facts->is_direct ? (uint64_t)at : 0;
    (void)H5Pclose(plist);
}

/* The bytes of all chunks that a row of chunks has, which readers of neighbouring rows share. */
static size_t band_bytes(const pe_hdf5 *file)
{
    hsize_t chunk[PE_HDF5_DIMS] = {0};
    const hid_t plist = H5Dget_create_plist(file->dataset);
    size_t bytes = file->facts.element_bytes;
    const bool has_chunks = H5Pget_layout(plist) == H5D_CHUNKED && H5Pget_chunk(plist, PE_HDF5_DIMS, chunk) > 0;
    (void)H5Pclose(plist);
    for (int d = 0; d < file->facts.dims && has_chunks; d++) {
        const uint64_t wide =
            d == 0 || chunk[d] == 0 ? chunk[d] : (file->facts.shape[d] + chunk[d] - 1) / chunk[d] * chunk[d];
        if (!pe_mul_size(wide, bytes, &bytes))
            return CACHE_MOST;
    }
    return has_chunks ? bytes : 0;
}

/* Opens the dataset again with a cache that fits its chunks. */
static pe_status set_cache(pe_hdf5 *file, pe_error *err)
{
    const size_t band = band_bytes(file);
    size_t bytes = band > CACHE_MOST / CACHE_BANDS ? CACHE_MOST : CACHE_BANDS * band;
    char name[1024];
    if (file->facts.is_direct || band == 0)
        return PE_OK;
    bytes = bytes < CACHE_LEAST ? CACHE_LEAST : bytes;
    const ssize_t size = H5Iget_name(file->dataset, name, sizeof name);
    const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    (void)H5Pset_chunk_cache(access, CACHE_SLOTS, bytes, 1.0);
    const hid_t again = size > 0 && (size_t)size < sizeof name && H5Dclose(file->dataset) >= 0
                            ? H5Dopen2(file->file, name, access)
                            : -1;
    (void)H5Pclose(access);
    file->dataset = again;
    file->facts.cache_bytes = bytes;
    return again >= 0 ? PE_OK : pe_hdf5_fail(err, PE_EDATA, file->path, "the dataset cannot be opened");
}

/* ---- the packed element ---- */

/* A field's type as it is read. */
static hid_t memory_type(const pe_hdf5_field *field)
{
    const hid_t type = pe_hdf5_type(field->dtype, field->element_bytes, field->pad);
    if (field->dtype == PE_TEXT && field->is_ascii)
        (void)H5Tset_cset(type, H5T_CSET_ASCII);
    return pe_hdf5_vector(type, field->elements);
}

/* What is read is the readable members, one after the other. */
static void pack_compound(pe_hdf5 *file)
{
    pe_hdf5_facts *const facts = &file->facts;
    size_t bytes = 0;
    for (int f = 0; f < facts->field_count; f++)
        bytes += facts->fields[f].kind == NULL ? facts->fields[f].elements * facts->fields[f].element_bytes : 0;
    facts->element_bytes = bytes;
    file->memory = H5Tcreate(H5T_COMPOUND, bytes > 0 ? bytes : 1);
    bytes = 0;
    for (int f = 0; f < facts->field_count; f++) {
        pe_hdf5_field *const field = facts->fields + f;
        if (field->kind != NULL)
            continue;
        const hid_t type = memory_type(field);
        (void)H5Tinsert(file->memory, field->name, bytes, type);
        (void)H5Tclose(type);
        field->is_big_endian = false;
        field->offset = bytes;
        bytes += field->elements * field->element_bytes;
    }
}

static void pack(pe_hdf5 *file)
{
    pe_hdf5_field *const field = file->facts.fields;
    if (file->facts.is_direct)
        return;
    if (file->facts.is_compound) {
        pack_compound(file);
        return;
    }
    file->memory = memory_type(field);
    field->is_big_endian = false;
}

/* ---- reading ---- */

static pe_status read_slab(pe_hdf5 *file, const hsize_t *start, const hsize_t *count, hid_t type, void *out,
                           pe_error *err)
{
    const hid_t space = H5Dget_space(file->dataset);
    hid_t memory = -1;
    herr_t result = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    if (result >= 0) {
        memory = H5Screate_simple(file->facts.dims, count, NULL);
        result = H5Dread(file->dataset, type, memory, space, H5P_DEFAULT, out);
    }
    pe_status status = PE_OK;
    if (result < 0)
        status = pe_hdf5_fail(err, PE_EDATA, file->path, "the dataset cannot be read");
    if (memory >= 0)
        (void)H5Sclose(memory);
    (void)H5Sclose(space);
    return status;
}

/* The largest block of at most `most` elements that begins at element `first` and is a hyperslab; its elements. */
static uint64_t largest_block(const pe_hdf5_facts *facts, uint64_t first, uint64_t most, hsize_t *start, hsize_t *count)
{
    uint64_t inner = 1, rest = first;
    for (int d = facts->dims - 1; d >= 0; d--) {
        start[d] = rest % facts->shape[d];
        rest /= facts->shape[d];
        count[d] = 1;
    }
    int d = facts->dims - 1;
    for (; d > 0 && start[d] == 0 && inner * facts->shape[d] <= most; d--) {
        count[d] = facts->shape[d];
        inner *= facts->shape[d];
    }
    const uint64_t room = facts->shape[d] - start[d];
    count[d] = most / inner < room ? most / inner : room;
    return count[d] * inner;
}

/* Texts of variable length from one block: copied to out, `bytes` each, or only measured (out NULL). */
static pe_status take_texts(pe_hdf5 *file, const hsize_t *start, const hsize_t *count, uint64_t texts,
                            unsigned char *out, size_t *bytes, pe_error *err)
{
    char *found[PIECE_TEXTS] = {NULL};
    const hid_t type = H5Tcopy(H5T_C_S1);
    (void)H5Tset_size(type, H5T_VARIABLE);
    (void)H5Tset_cset(type, H5T_CSET_UTF8);
    const hid_t own = H5Dget_type(file->dataset);
    (void)H5Tset_cset(type, H5Tget_cset(own));
    (void)H5Tclose(own);
    const pe_status status = read_slab(file, start, count, type, found, err);
    for (uint64_t t = 0; t < texts; t++) {
        const size_t size = found[t] == NULL ? 0 : strlen(found[t]);
        if (out == NULL)
            *bytes = size > *bytes ? size : *bytes;
        else if (status == PE_OK) {
            memset(out + t * *bytes, 0, *bytes);
            if (size > 0)
                memcpy(out + t * *bytes, found[t], size < *bytes ? size : *bytes);
        }
        (void)H5free_memory(found[t]);
    }
    (void)H5Tclose(type);
    return status;
}

static pe_status read_elements(pe_hdf5 *file, uint64_t first, uint64_t count, unsigned char *out, size_t *bytes,
                               pe_error *err)
{
    hsize_t start[PE_HDF5_DIMS], block[PE_HDF5_DIMS];
    pe_status status = PE_OK;
    while (count > 0 && status == PE_OK) {
        const uint64_t most = file->has_long_texts && count > PIECE_TEXTS ? PIECE_TEXTS : count;
        const uint64_t some = largest_block(&file->facts, first, most, start, block);
        status = file->has_long_texts ? take_texts(file, start, block, some, out, bytes, err)
                                      : read_slab(file, start, block, file->memory, out, err);
        first += some;
        count -= some;
        out += out != NULL ? some * *bytes : 0;
    }
    return status;
}

pe_status pe_hdf5_dataset_read(pe_hdf5 *file, uint64_t first, uint64_t count, unsigned char *out, pe_error *err)
{
    pe_hdf5_lock();
    const pe_status status = read_elements(file, first, count, out, &file->facts.element_bytes, err);
    pe_hdf5_unlock();
    return status;
}

static pe_status measure_texts(pe_hdf5 *file, pe_error *err)
{
    uint64_t count = 1;
    size_t bytes = 1;
    for (int d = 0; d < file->facts.dims; d++)
        count *= file->facts.shape[d];
    if (!file->has_long_texts)
        return PE_OK;
    const pe_status status = read_elements(file, 0, count, NULL, &bytes, err);
    file->facts.element_bytes = bytes;
    file->facts.fields[0] = (pe_hdf5_field){.dtype = PE_TEXT, .elements = 1, .element_bytes = bytes};
    return status;
}

/* ---- open and close ---- */

static pe_status learn(pe_hdf5 *file, pe_error *err)
{
    const hid_t type = H5Dget_type(file->dataset);
    pe_status status = take_shape(file, err);
    if (status == PE_OK)
        status = take_type(file, type, err);
    (void)H5Tclose(type);
    if (status == PE_OK)
        status = check_filters(file, err);
    if (status != PE_OK)
        return status;
    find_place(file);
    status = set_cache(file, err);
    if (status == PE_OK)
        status = measure_texts(file, err);
    if (status == PE_OK)
        pack(file);
    return status;
}

static pe_status open_file(pe_hdf5 *file, const char *dataset, const char *where, pe_error *err)
{
    const hid_t access = pe_hdf5_access();
    file->file = H5Fopen(file->path, H5F_ACC_RDONLY, access);
    (void)H5Pclose(access);
    if (file->file < 0)
        return pe_hdf5_fail(err, PE_EDATA, file->path, "not an HDF5 file, or damaged");
    const pe_status status = pe_hdf5_find(file->file, file->path, dataset, where, &file->dataset, err);
    return status == PE_OK ? learn(file, err) : status;
}

pe_status pe_hdf5_dataset_open(const char *path, const char *dataset, const char *where, pe_hdf5 **out,
                               pe_hdf5_facts *facts, pe_error *err)
{
    pe_hdf5 *file = NULL;
    pe_status status = pe_make_array(&file, 1, sizeof *file, err);
    if (status != PE_OK)
        return status;
    file->file = file->dataset = file->memory = -1;
    status = pe_copy_string(&file->path, path, err);
    pe_hdf5_lock();
    if (status == PE_OK)
        status = open_file(file, dataset, where, err);
    pe_hdf5_unlock();
    if (status == PE_OK) {
        *facts = file->facts;
        *out = file;
    } else {
        pe_hdf5_dataset_close(file);
    }
    return status;
}

void pe_hdf5_dataset_close(pe_hdf5 *file)
{
    pe_hdf5_lock();
    if (file->memory >= 0)
        (void)H5Tclose(file->memory);
    if (file->dataset >= 0)
        (void)H5Dclose(file->dataset);
    if (file->file >= 0)
        (void)H5Fclose(file->file); /* only read from: nothing can be lost */
    pe_hdf5_unlock();
    free(file->path);
    free(file);
}
