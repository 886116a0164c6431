/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_types.c - HDF5's types and those of the engine.
 *
 * Design:   bool, float16 and complex numbers are written as h5py writes them: an enum of FALSE and TRUE, a float of two
 *           bytes, a compound of r and i. An enum of other names is read as its integers.
 * Threads:  under the lock.
 */
#include <stdio.h>
#include <string.h>

#include "format/hdf5/hdf5_internal.h"

static void describe_number(hid_t type, pe_dtype dtype, pe_hdf5_field *out)
{
    out->dtype = dtype;
    out->kind = NULL;
    out->is_big_endian = H5Tget_order(type) == H5T_ORDER_BE && out->element_bytes > 1;
}

static void describe_integer(hid_t type, pe_hdf5_field *out)
{
    static const pe_dtype kinds[2][4] = {{PE_UINT8, PE_UINT16, PE_UINT32, PE_UINT64},
                                         {PE_INT8, PE_INT16, PE_INT32, PE_INT64}};
    const size_t bytes = out->element_bytes;
    const int power = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : bytes == 8 ? 3 : -1;
    if (power < 0 || H5Tget_precision(type) != 8 * bytes || H5Tget_offset(type) != 0)
        out->kind = "an integer of another size";
    else
        describe_number(type, kinds[H5Tget_sign(type) == H5T_SGN_2 ? 1 : 0][power], out);
}

static void describe_float(hid_t type, pe_hdf5_field *out)
{
    static const struct {
        pe_dtype dtype;
        size_t bytes, exponent_bits, fraction_bits;
    } kinds[] = {{PE_FLOAT16, 2, 5, 10}, {PE_FLOAT32, 4, 8, 23}, {PE_FLOAT64, 8, 11, 52}};
    size_t sign = 0, exponent = 0, exponent_bits = 0, fraction = 0, fraction_bits = 0;
    out->kind = "a float of another size";
    if (H5Tget_fields(type, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits) < 0)
        return;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (kinds[k].bytes == out->element_bytes && kinds[k].exponent_bits == exponent_bits &&
            kinds[k].fraction_bits == fraction_bits)
            describe_number(type, kinds[k].dtype, out);
}

/* An enum whose values are 0 for FALSE and 1 for TRUE is bool. */
static void describe_enum(hid_t type, pe_hdf5_field *out)
{
    const hid_t base = H5Tget_super(type);
    unsigned char no[16] = {0}, yes[16] = {0};
    describe_integer(base, out);
    (void)H5Tclose(base);
    if (out->element_bytes == 1 && H5Tget_nmembers(type) == 2 && H5Tenum_valueof(type, "FALSE", no) >= 0 &&
        H5Tenum_valueof(type, "TRUE", yes) >= 0 && no[0] == 0 && yes[0] == 1)
        out->dtype = PE_BOOL;
}

static void describe_string(hid_t type, pe_hdf5_field *out)
{
    const H5T_str_t pad = H5Tget_strpad(type);
    out->is_ascii = H5Tget_cset(type) == H5T_CSET_ASCII;
    out->dtype = PE_TEXT;
    out->kind = H5Tis_variable_str(type) > 0 ? "a text of variable length" : NULL;
    out->pad = pad == H5T_STR_NULLTERM   ? PE_HDF5_FIRST_NUL
               : pad == H5T_STR_SPACEPAD ? PE_HDF5_PAD_SPACE
                                         : PE_HDF5_PAD_NUL;
}

static bool is_part(hid_t type, unsigned number, const char *name, size_t offset, pe_hdf5_field *part)
{
    char *const found = H5Tget_member_name(type, number);
    const bool is_named = found != NULL && strcmp(found, name) == 0;
    const hid_t member = H5Tget_member_type(type, number);
    *part = (pe_hdf5_field){.kind = "no float"};
    part->element_bytes = H5Tget_size(member);
    if (H5Tget_class(member) == H5T_FLOAT)
        describe_float(member, part);
    (void)H5Tclose(member);
    (void)H5free_memory(found);
    return is_named && part->kind == NULL && H5Tget_member_offset(type, number) == offset;
}

/* A compound of the floats r and i is a complex number. */
static void describe_compound(hid_t type, pe_hdf5_field *out)
{
    pe_hdf5_field real, imaginary;
    const size_t half = out->element_bytes / 2;
    out->kind = "a compound";
    if (H5Tget_nmembers(type) != 2 || !is_part(type, 0, "r", 0, &real) || !is_part(type, 1, "i", half, &imaginary) ||
        real.dtype != imaginary.dtype || real.is_big_endian != imaginary.is_big_endian ||
        2 * real.element_bytes != out->element_bytes || real.dtype == PE_FLOAT16)
        return;
    out->kind = NULL;
    out->dtype = real.dtype == PE_FLOAT32 ? PE_COMPLEX64 : PE_COMPLEX128;
    out->is_big_endian = real.is_big_endian;
}

static void describe_array(hid_t type, pe_hdf5_field *out)
{
    const hid_t base = H5Tget_super(type);
    const size_t bytes = H5Tget_size(base), elements = bytes > 0 ? out->element_bytes / bytes : 0;
    if (H5Tget_class(base) == H5T_ARRAY || elements == 0 || elements > (size_t)1 << 20) {
        out->kind = "an array of arrays";
    } else {
        pe_hdf5_describe(base, out);
        out->elements = (uint32_t)elements;
    }
    (void)H5Tclose(base);
}

void pe_hdf5_describe(hid_t type, pe_hdf5_field *out)
{
    out->element_bytes = H5Tget_size(type);
    out->elements = 1;
    out->kind = "of a type that has no numbers";
    switch ((int)H5Tget_class(type)) {
    case H5T_INTEGER:
        describe_integer(type, out);
        break;
    case H5T_FLOAT:
        describe_float(type, out);
        break;
    case H5T_ENUM:
        describe_enum(type, out);
        break;
    case H5T_STRING:
        describe_string(type, out);
        break;
    case H5T_COMPOUND:
        describe_compound(type, out);
        break;
    case H5T_ARRAY:
        describe_array(type, out);
        break;
    default: /* references, opaque bytes, times, sequences */
        break;
    }
}

/* ---- new types ---- */

static hid_t make_bool(void)
{
    const int8_t no = 0, yes = 1;
    const hid_t type = H5Tenum_create(H5T_STD_I8LE);
    (void)H5Tenum_insert(type, "FALSE", &no);
    (void)H5Tenum_insert(type, "TRUE", &yes);
    return type;
}

static hid_t make_half(void)
{
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    (void)H5Tset_fields(type, 15, 10, 5, 0, 10);
    (void)H5Tset_size(type, 2);
    (void)H5Tset_ebias(type, 15);
    return type;
}

static hid_t make_complex(hid_t part)
{
    const size_t bytes = H5Tget_size(part);
    const hid_t type = H5Tcreate(H5T_COMPOUND, 2 * bytes);
    (void)H5Tinsert(type, "r", 0, part);
    (void)H5Tinsert(type, "i", bytes, part);
    return type;
}

static hid_t make_text(size_t bytes, pe_hdf5_pad pad)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    (void)H5Tset_size(type, bytes);
    (void)H5Tset_cset(type, H5T_CSET_UTF8);
    (void)H5Tset_strpad(type, pad == PE_HDF5_FIRST_NUL   ? H5T_STR_NULLTERM
                              : pad == PE_HDF5_PAD_SPACE ? H5T_STR_SPACEPAD
                                                         : H5T_STR_NULLPAD);
    return type;
}

hid_t pe_hdf5_type(pe_dtype dtype, size_t bytes, pe_hdf5_pad pad)
{
    switch ((int)dtype) {
    case PE_BOOL:
        return make_bool();
    case PE_INT8:
        return H5Tcopy(H5T_STD_I8LE);
    case PE_INT16:
        return H5Tcopy(H5T_STD_I16LE);
    case PE_INT32:
        return H5Tcopy(H5T_STD_I32LE);
    case PE_INT64:
        return H5Tcopy(H5T_STD_I64LE);
    case PE_UINT8:
        return H5Tcopy(H5T_STD_U8LE);
    case PE_UINT16:
        return H5Tcopy(H5T_STD_U16LE);
    case PE_UINT32:
        return H5Tcopy(H5T_STD_U32LE);
    case PE_UINT64:
        return H5Tcopy(H5T_STD_U64LE);
    case PE_FLOAT16:
        return make_half();
    case PE_FLOAT32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case PE_FLOAT64:
        return H5Tcopy(H5T_IEEE_F64LE);
    case PE_COMPLEX64:
        return make_complex(H5T_IEEE_F32LE);
    case PE_COMPLEX128:
        return make_complex(H5T_IEEE_F64LE);
    case PE_TEXT:
        return make_text(bytes, pad);
    default:
        return -1;
    }
}

hid_t pe_hdf5_vector(hid_t type, uint32_t elements)
{
    const hsize_t dims[] = {elements};
    if (elements == 1 || type < 0)
        return type;
    const hid_t vector = H5Tarray_create2(type, 1, dims);
    (void)H5Tclose(type);
    return vector;
}
