/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_create.c - makes a file with all but its rows.
 *
 * Invariant: the rows are the last bytes of the file, so that all before them is a header, as of an npy.
 * Design:   the dataset is contiguous and allocated early, without a fill value, so that it has an address and costs no
 *           writing. All metadata goes to one block at the beginning (meta_block_size); where it does not fit, the file is
 *           made again with a larger block, at last without the scales. Sizes of dimensions have a fixed width, so neither the
 *           block nor the address depends on them. Times are off, and the format is that of HDF5 1.8, which has checksums and
 *           no stale bytes.
 * Threads:  the lock is taken here.
 * Not here: who writes the rows (sink/hdf5_sink.c).
 */
#include <hdf5_hl.h>
#include <stdio.h>
#include <string.h>

#include "format/hdf5/hdf5_internal.h"

#define BLOCK_LEAST ((hsize_t)8 << 10)
#define BLOCK_MOST ((hsize_t)2 << 20)

static hid_t make_file(const char *path, const char *name, hsize_t block, pe_error *err)
{
    const hid_t access = pe_hdf5_access();
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    (void)H5Pset_obj_track_times(creation, false); /* of the root */
    (void)H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    (void)H5Pset_meta_block_size(access, block);
    (void)H5Pset_small_data_block_size(access, 0);
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    if (file < 0)
        (void)pe_hdf5_fail(err, PE_EOUTPUT, name, "an HDF5 file cannot be made");
    (void)H5Pclose(creation);
    (void)H5Pclose(access);
    return file;
}

/* The groups of "/a/b/name", without times, which intermediate groups of libhdf5's own have. */
static bool make_groups(hid_t file, const char *name)
{
    char path[1024];
    const hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
    bool is_made = strlen(name) < sizeof path;
    (void)H5Pset_obj_track_times(creation, false);
    for (const char *at = strchr(name + (name[0] == '/'), '/'); at != NULL && is_made; at = strchr(at + 1, '/')) {
        (void)snprintf(path, sizeof path, "%.*s", (int)(at - name), name);
        if (H5Lexists(file, path, H5P_DEFAULT) > 0)
            continue;
        const hid_t group = H5Gcreate2(file, path, H5P_DEFAULT, creation, H5P_DEFAULT);
        is_made = group >= 0;
        if (is_made)
            (void)H5Gclose(group);
    }
    (void)H5Pclose(creation);
    return is_made;
}

static hid_t type_of(const pe_hdf5_layout *layout)
{
    size_t bytes = 0;
    if (!layout->is_compound)
        return pe_hdf5_type(layout->columns[0].type.dtype, 0, PE_HDF5_PAD_NUL);
    for (int c = 0; c < layout->column_count; c++)
        bytes += pe_type_bytes(layout->columns[c].type);
    const hid_t type = H5Tcreate(H5T_COMPOUND, bytes);
    bytes = 0;
    for (int c = 0; c < layout->column_count; c++) {
        const pe_type column = layout->columns[c].type;
        const hid_t member = pe_hdf5_vector(pe_hdf5_type(column.dtype, 0, PE_HDF5_PAD_NUL), pe_type_elements(column));
        (void)H5Tinsert(type, layout->columns[c].name, bytes, member);
        (void)H5Tclose(member);
        bytes += pe_type_bytes(column);
    }
    return type;
}

static hid_t make_dataset(hid_t file, const char *name, hid_t type, const hsize_t *dims, int count)
{
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE), links = H5Pcreate(H5P_LINK_CREATE);
    const hid_t space = H5Screate_simple(count, dims, NULL);
    (void)H5Pset_layout(creation, H5D_CONTIGUOUS);
    (void)H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    (void)H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    (void)H5Pset_obj_track_times(creation, false);
    (void)H5Pset_char_encoding(links, H5T_CSET_UTF8);
    const hid_t dataset = H5Dcreate2(file, name, type, space, links, creation, H5P_DEFAULT);
    (void)H5Sclose(space);
    (void)H5Pclose(links);
    (void)H5Pclose(creation);
    return dataset;
}

static bool put_attribute(hid_t dataset, const pe_hdf5_attribute *attribute)
{
    const size_t size = strlen(attribute->text);
    const hid_t type = pe_hdf5_type(PE_TEXT, size > 0 ? size : 1, PE_HDF5_PAD_NUL);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t made = H5Acreate2(dataset, attribute->name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool is_put = made >= 0 && H5Awrite(made, type, attribute->text) >= 0;
    if (made >= 0)
        (void)H5Aclose(made);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    return is_put;
}

/* The values of one dimension as a dataset of its name, in the group of the rows, where xarray and others look for it. */
static hid_t make_scale(hid_t file, const char *beside, const pe_hdf5_axis *axis)
{
    char name[1024];
    const hsize_t dims[] = {axis->count};
    const char *const slash = strrchr(beside, '/');
    const int group = slash == NULL ? 0 : (int)(slash - beside) + 1;
    const bool is_taken = strcmp(beside + group, axis->name) == 0;
    (void)snprintf(name, sizeof name, "%.*s%s%s", group, beside, axis->name, is_taken ? "_axis" : "");
    const hid_t type = pe_hdf5_type(axis->dtype, 0, PE_HDF5_PAD_NUL);
    const hid_t scale = make_dataset(file, name, type, dims, 1);
    const bool is_written = scale >= 0 && H5Dwrite(scale, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, axis->values) >= 0 &&
                            H5DSset_scale(scale, axis->name) >= 0;
    (void)H5Tclose(type);
    if (is_written || scale < 0)
        return scale;
    (void)H5Dclose(scale);
    return -1;
}

/* A text of variable length at the root: the names of the axes. libhdf5 keeps such texts, and the lists of scales, in a
 * heap that it puts among raw data: made now, it is before the rows. */
static bool make_heap(hid_t file, const pe_hdf5_layout *layout)
{
    char names[PE_HDF5_NAME_ROOM] = "";
    const char *const text = names;
    for (int a = 0; a < layout->axis_count && strlen(names) + strlen(layout->axes[a].name) + 3 < sizeof names; a++)
        (void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", a > 0 ? ", " : "",
                       layout->axes[a].name);
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    (void)H5Tset_size(type, H5T_VARIABLE);
    (void)H5Tset_cset(type, H5T_CSET_UTF8);
    const hid_t made = H5Acreate2(file, "pengine_axes", type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool is_made = made >= 0 && H5Awrite(made, type, &text) >= 0;
    if (made >= 0)
        (void)H5Aclose(made);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    return is_made;
}

/* The scales come first, so that the rows are the last bytes. */
static bool make_scales(hid_t file, const pe_hdf5_layout *layout, hid_t *scales)
{
    bool is_made = make_groups(file, layout->dataset) && (layout->axis_count == 0 || make_heap(file, layout));
    for (int a = 0; a < layout->axis_count && is_made; a++) {
        if (layout->axes[a].values == NULL || layout->axes[a].count == 0)
            continue;
        scales[a] = make_scale(file, layout->dataset, layout->axes + a);
        is_made = scales[a] >= 0;
    }
    return is_made;
}

static bool attach(hid_t dataset, const pe_hdf5_layout *layout, const hid_t *scales)
{
    bool is_done = true;
    for (int a = 0; a < layout->axis_count && is_done; a++)
        is_done = (scales[a] < 0 || H5DSattach_scale(dataset, scales[a], (unsigned)a) >= 0) &&
                  H5DSset_label(dataset, (unsigned)a, layout->axes[a].name) >= 0;
    for (int a = 0; a < layout->attribute_count && is_done; a++)
        is_done = put_attribute(dataset, layout->attributes + a);
    return is_done;
}

static hid_t make_rows(hid_t file, const pe_hdf5_layout *layout)
{
    hsize_t dims[H5S_MAX_RANK];
    for (int d = 0; d < layout->dims; d++)
        dims[d] = layout->shape[d];
    const hid_t type = type_of(layout);
    const hid_t dataset = type < 0 ? -1 : make_dataset(file, layout->dataset, type, dims, layout->dims);
    if (type >= 0)
        (void)H5Tclose(type);
    return dataset;
}

/* Fills the file; *bytes is what the rows take, *offset where they begin (HADDR_UNDEF: there are none). */
static bool fill_file(hid_t file, const pe_hdf5_layout *layout, haddr_t *offset, hsize_t *bytes)
{
    hid_t scales[PE_MAX_COLUMNS];
    for (int a = 0; a < PE_MAX_COLUMNS; a++)
        scales[a] = -1;
    bool is_made = make_scales(file, layout, scales);
    const hid_t dataset = is_made ? make_rows(file, layout) : -1;
    is_made = dataset >= 0 && attach(dataset, layout, scales) && H5Fflush(file, H5F_SCOPE_LOCAL) >= 0;
    if (is_made) {
        *offset = H5Dget_offset(dataset);
        *bytes = H5Dget_storage_size(dataset);
    }
    if (dataset >= 0)
        (void)H5Dclose(dataset);
    for (int a = 0; a < layout->axis_count; a++)
        if (scales[a] >= 0)
            (void)H5Dclose(scales[a]);
    return is_made;
}

static hsize_t size_of(const char *path)
{
    hsize_t size = 0;
    const hid_t access = pe_hdf5_access();
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    (void)H5Pclose(access);
    if (file < 0)
        return 0;
    (void)H5Fget_filesize(file, &size);
    (void)H5Fclose(file);
    return size;
}

/* One attempt; *fits: the rows are the last bytes. */
static pe_status attempt(const char *path, const pe_hdf5_layout *layout, hsize_t block, uint64_t *offset, bool *fits,
                         pe_error *err)
{
    haddr_t at = HADDR_UNDEF;
    hsize_t bytes = 0;
    const hid_t file = make_file(path, layout->dataset, block, err);
    if (file < 0)
        return err->status;
    const bool is_made = fill_file(file, layout, &at, &bytes);
    if (!is_made) {
        const pe_status status = pe_hdf5_fail(err, PE_EOUTPUT, layout->dataset, "an HDF5 dataset cannot be made");
        (void)H5Fclose(file);
        return status;
    }
    if (H5Fclose(file) < 0)
        return pe_hdf5_fail(err, PE_EIO, layout->dataset, "an HDF5 file cannot be written");
    const hsize_t size = size_of(path);
    *offset = at == HADDR_UNDEF ? size : at;
    *fits = at == HADDR_UNDEF || at + bytes == size;
    return PE_OK;
}

/* With larger and larger blocks, until the rows are the last bytes. */
static pe_status attempt_all(const char *path, const pe_hdf5_layout *layout, uint64_t *offset, bool *fits,
                             pe_error *err)
{
    pe_status status = PE_OK;
    for (hsize_t block = BLOCK_LEAST; !*fits && block <= BLOCK_MOST && status == PE_OK; block *= 4)
        status = attempt(path, layout, block, offset, fits, err);
    return status;
}

pe_status pe_hdf5_file_create(const char *path, const pe_hdf5_layout *layout, uint64_t *offset, pe_error *err)
{
    bool fits = false;
    pe_hdf5_layout plain = *layout;
    plain.axis_count = 0;
    pe_hdf5_lock();
    pe_status status = attempt_all(path, layout, offset, &fits, err);
    if (status == PE_OK && !fits && layout->axis_count > 0)
        status = attempt_all(path, &plain, offset, &fits, err);
    pe_hdf5_unlock();
    if (status == PE_OK && !fits)
        status = pe_fail(err, PE_EBUG, "%s: the names of an HDF5 file take more than 2 MiB", layout->dataset);
    return status;
}
