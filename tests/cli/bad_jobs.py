# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Everything that must be refused: the job, its files, the exit code, what the message has to name.

Design: one table. test_bad.py runs each row on one rank, tests/mpi/test_mpi_bad.py on two. Most jobs write to a file, so that the test
sees a file that is left behind.
"""
import io
from dataclasses import dataclass, field

import numpy

from harness import toml

SQUARE, SUMS, UPPER = {"name": "square"}, {"name": "sum_of_squares"}, {"name": "text_upper"}
OUT = {"path": "out.txt"}


@dataclass
class Bad:
    name: str
    code: int
    needles: tuple
    job: str
    files: dict = field(default_factory=dict)
    stdin: bytes = None


def npy(array, **how):
    file = io.BytesIO()
    numpy.save(file, array, **how)
    return file.getvalue()


def npy_header(shape):
    """The header of an npy of int64 with the given shape."""
    text = f"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + bytes(64)


def edited(**changes):
    """A good job with some tables replaced or added."""
    return toml(**{"mode": "map", "input": {"range": [0, 10]}, "kernel": SQUARE, "output": OUT, **changes})


def reduced(**reduce):
    return toml(mode="map", input={"range": [0, 10]}, kernel=SQUARE, reduce=reduce)


def of_file(name, kernel=SQUARE, mode="map", **table):
    return toml(mode=mode, input={"path": name, **table}, kernel=kernel, output=OUT)


def pair(first, second, kernel=SUMS, mode="starmap", **more):
    return toml(mode=mode, input=[first, second], kernel=kernel, output=OUT, **more)


HEAD = 'mode = "map"\n[input]\nrange = [0, 10]\n[output]\npath = "out.txt"\n[kernel]\nname = "square"\n'  # 7 lines

SYNTAX = [
    Bad("toml_value_missing", 78, (r"job\.toml:8:",), HEAD + "signature =\n"),
    Bad("toml_string_not_closed", 78, (r"job\.toml:8:",), HEAD + 'signature = "(int64)\n'),
    Bad("toml_bracket_not_closed", 78, (r"job\.toml:\d+:",), HEAD + "[pool\nthreads = 1\n"),
    Bad("toml_key_twice", 78, (r"job\.toml:8:", "name"), HEAD + 'name = "cube"\n'),
    Bad("toml_not_utf8", 78, (r"job\.toml:1:",), '# é\n', files={"job.toml": b"# \xff\xfe\n"}),
    Bad("job_empty", 78, (r"job\.toml", "input|kernel"), ""),
    Bad("kernel_missing", 78, (r"job\.toml", "kernel"), toml(input={"range": [0, 1]}, output=OUT)),
    Bad("input_missing", 78, (r"job\.toml", "input"), toml(kernel=SQUARE, output=OUT)),
    Bad("kernel_name_missing", 78, (r"job\.toml:\d+", "kernel", "name"), edited(kernel={})),
]

KEYS = [
    Bad("key_unknown_at_top", 78, (r"job\.toml:1:1", "moed", 'did you mean.*"?mode'), 'moed = "map"\n' + HEAD[13:]),
    Bad("key_unknown_in_input", 78, (r"job\.toml:\d+:1", "rang\\b", "range"), edited(input={"rang": [0, 1]})),
    Bad("key_unknown_in_pool", 78, (r"job\.toml:\d+:1", "thread\\b", "threads"), edited(pool={"thread": 2})),
    Bad("key_unknown_far_from_all", 78, (r"job\.toml:\d+:1", "qwertyuiop"), edited(output={**OUT, "qwertyuiop": 2})),
    Bad("table_unknown", 78, (r"job\.toml:\d+:", "ouput", "output"), HEAD.replace("[output]", "[ouput]")),
    Bad("mode_unknown", 78, (r"job\.toml:1:\d+", "pmap", "imap"), edited(mode="pmap")),
    Bad("mode_not_text", 78, (r"job\.toml:1:\d+", "mode", "3"), edited(mode=3)),
    Bad("combine_unknown", 78, ("combine", "cross", "product"), pair({"range": [0, 2]}, {"range": [0, 2]}, combine="cross")),
    Bad("threads_not_a_number", 78, (r"job\.toml:\d+:\d+", "threads", "two"), edited(pool={"threads": "two"})),
    Bad("threads_zero", 78, (r"job\.toml:\d+:\d+", "threads", r"\b0\b"), edited(pool={"threads": 0})),
    Bad("chunk_size_negative", 78, (r"job\.toml:\d+:\d+", "chunk_size", "-3", "auto"), edited(pool={"chunk_size": -3})),
    Bad("chunk_size_zero", 78, (r"job\.toml:\d+:\d+", "chunk_size", "auto"), edited(pool={"chunk_size": 0})),
    Bad("schedule_unknown", 78, (r"job\.toml:\d+:\d+", "guided", "static", "dynamic"), edited(pool={"schedule": "guided"})),
    Bad("memory_without_unit", 78, (r"job\.toml:\d+:\d+", "memory", "lots", "MiB"), edited(pool={"memory": "lots"})),
    Bad("result_beyond_64_bits", 78, ("job.toml: pool.memory", "64 bits", r"kept in memory 1844\d{16}\b"),
        edited(input={"range": [0, 2**63 - 1]}, output={"path": "-"})),
    Bad("chunk_beyond_64_bits", 78, ("job.toml: pool.chunk_size", "1099511627776 items per chunk", "16777216 of results", "64 bits"),
        edited(input={"range": [0, 2**62]}, output={"path": "out.npy"}, pool={"chunk_size": 2**40},
               kernel={"source": "wide.c", "function": "wide", "signature": "(int64) -> (float64[1048576], float64[1048576])"}),
        files={"wide.c": "void wide(long x, double *y, double *z) { y[0] = z[0] = (double)x; }"}),
    Bad("memory_too_small", 78, ("memory", "1 KiB|1024"), edited(pool={"memory": "1 KiB"})),
    Bad("index_not_a_bool", 78, (r"job\.toml:\d+:\d+", "index", "true|bool"), edited(output={**OUT, "index": "yes"})),
    Bad("format_unknown", 78, (r"job\.toml:\d+:\d+", "parquet", "npy"), edited(output={**OUT, "format": "parquet"})),
    Bad("null_with_a_path", 78, (r"job\.toml:\d+:8: output\.path", "out.txt", 'format = "null"'), edited(output={**OUT, "format": "null"})),
    Bad("format_of_suffix_unknown", 78, (r"out\.xyz", "format"), edited(output={"path": "out.xyz"})),
    Bad("output_dtype_unknown", 78, (r"job\.toml:\d+:\d+", "int63", "int64"), edited(output={**OUT, "dtype": "int63"})),
    Bad("input_dtype_unknown", 78, (r"job\.toml:\d+:\d+", "flaot64", "float64"), edited(input={"range": [0, 1], "dtype": "flaot64"})),
    Bad("signature_broken", 78, (r"job\.toml:\d+:\d+", "signature", "int64"), edited(kernel={**SQUARE, "signature": "int64 -> int64"})),
    Bad("format_is_output_only", 78, ("digest", "input"), of_file("x.txt", format="digest"), {"x.txt": "1\n"}),
]

REDUCTIONS = [
    Bad("reduce_beside_output", 78, (r"job\.toml:\d+:\d+: reduce", r"\[output\] or \[reduce\]"), edited(reduce={"op": "sum"})),
    Bad("reduce_without_op", 78, (r"job\.toml:\d+:\d+: reduce", "op = "), reduced(path="out.txt")),
    Bad("reduce_op_unknown", 78, (r"job\.toml:\d+:\d+: reduce.op", "avg", "mean"), reduced(op=["sum", "avg"])),
    Bad("reduce_op_twice", 78, (r"job\.toml:\d+:\d+: reduce.op", "once", "sum"), reduced(op=["sum", "min", "sum"])),
    Bad("reduce_op_of_none", 78, (r"job\.toml:\d+:\d+: reduce.op", "sum", r"\[\]"), reduced(op=[])),
    Bad("reduce_op_not_text", 78, (r"job\.toml:\d+:\d+: reduce.op", "sum", "3"), reduced(op=3)),
    Bad("reduce_has_no_index", 78, (r"job\.toml:\d+:\d+", "reduce.index"), reduced(op="sum", index=True)),
    Bad("reduce_has_no_dtype", 78, (r"job\.toml:\d+:\d+", "reduce.dtype"), reduced(op="sum", dtype="int64")),
    Bad("reduce_format_unknown", 78, (r"job\.toml:\d+:\d+: reduce.format", "npy", "csv"), reduced(op="sum", format="npy")),
    Bad("reduce_suffix_unknown", 78, ("reduce", r"out\.npy", "csv, tsv or txt"), reduced(op="sum", path="out.npy")),
    Bad("reduce_names_too_many", 78, ("reduce", "names", r"\b2\b", r"\b1\b"), reduced(op="sum", names=["a", "b"])),
    Bad("reduce_in_no_folder", 73, (r"none/out\.txt",), reduced(op="sum", path="none/out.txt")),
]

INPUTS = [
    Bad("input_without_a_kind", 78, (r"job\.toml:\d+", "range", "path"), edited(input={"first": 0})),
    Bad("input_of_two_kinds", 78, (r"job\.toml:\d+", "range", "path"), edited(input={"range": [0, 1], "path": "x.npy"})),
    Bad("range_of_one_number", 78, (r"job\.toml:\d+:\d+", "range", "start"), edited(input={"range": [5]})),
    Bad("range_of_four_numbers", 78, (r"job\.toml:\d+:\d+", "range"), edited(input={"range": [1, 2, 3, 4]})),
    Bad("range_of_text", 78, (r"job\.toml:\d+:\d+", "range", "ten"), edited(input={"range": [0, "ten"]})),
    Bad("range_step_zero", 78, ("range", "step", r"\b0\b"), edited(input={"range": [0, 10, 0]})),
    Bad("range_step_of_wrong_sign", 78, ("range", "-1"), edited(input={"range": [0, 10, -1]})),
    Bad("range_backwards", 78, ("range", r"\b10\b", r"\b0\b"), edited(input={"range": [10, 0]})),
    Bad("range_float_step_zero", 78, ("range", "step"), edited(input={"range": [0.0, 1.0, 0.0]})),
    Bad("range_float_not_finite", 78, ("range", "inf"), edited(input={"range": [0.0, float("inf")]})),
    Bad("range_beyond_int128", 78, ("range", str(2**127)), edited(input={"range": ["0", str(2**127)]})),
    Bad("linspace_of_two", 78, (r"job\.toml:\d+:\d+", "linspace"), edited(input={"linspace": [0.0, 1.0]})),
    Bad("linspace_count_negative", 78, (r"job\.toml:\d+:\d+", "linspace", "-5"), edited(input={"linspace": [0.0, 1.0, -5]})),
    Bad("linspace_count_not_whole", 78, (r"job\.toml:\d+:\d+", "linspace", "2.5"), edited(input={"linspace": [0.0, 1.0, 2.5]})),
    Bad("first_beyond_the_end", 65, (r"\b11\b", r"\b10\b"), edited(input={"range": [0, 10], "first": 11})),
    Bad("count_beyond_the_end", 65, (r"\b10\b",), edited(input={"range": [0, 10], "first": 5, "count": 6})),
    Bad("first_negative", 78, (r"job\.toml:\d+:\d+", "first", "-1"), edited(input={"range": [0, 10], "first": -1})),
    Bad("file_missing", 66, (r"none\.npy", "no such file"), of_file("none.npy")),
    Bad("file_is_a_directory", 66, ("data", "directory"), of_file("data", format="npy"), {"data/x": ""}),
    Bad("suffix_unknown", 78, (r"x\.foo", "format", "npy"), of_file("x.foo"), {"x.foo": "1\n"}),
    Bad("dtype_loses_value", 78, ("float64", "int64"), of_file("x.npy", dtype="int64"), {"x.npy": npy(numpy.zeros(3))}),
    Bad("lengths_differ", 65, (r"\b3\b", r"\b5\b"), pair({"range": [0, 3]}, {"range": [0, 5]})),
    Bad("lengths_of_files_differ", 65, (r"x\.npy", r"y\.csv", r"\b3\b", r"\b2\b"), pair({"path": "x.npy"}, {"path": "y.csv"}),
        {"x.npy": npy(numpy.arange(3)), "y.csv": "y\n1\n2\n"}),
    Bad("arity_too_many", 78, (r"\b2\b|two", r"\b1\b|one", "square"), pair({"range": [0, 3]}, {"range": [0, 3]}, SQUARE)),
    Bad("arity_too_few", 78, (r"\b2\b|two", r"\b1\b|one", "sum_of_squares"), edited(kernel=SUMS)),
    Bad("arity_of_columns", 78, (r"\b3\b|three", r"\b2\b|two"), of_file("x.csv", SUMS, "starmap"), {"x.csv": "a,b,c\n1,2,3\n"}),
    Bad("kernel_unknown", 69, ("sqare", "square"), edited(kernel={"name": "sqare"})),
    Bad("kernel_unknown_far_from_all", 69, ("frobnicate",), edited(kernel={"name": "frobnicate"})),
    Bad("kernel_of_other_types", 78, ("text", "square"), of_file("x.txt", dtype="text"), {"x.txt": "1\n"}),
]

WHOLE = npy(numpy.arange(100))
NPY = [
    Bad("npy_data_cut", 65, (r"x\.npy", "truncated|cut|short|ends|bytes"), of_file("x.npy"), {"x.npy": WHOLE[:-1]}),
    Bad("npy_header_cut", 65, (r"x\.npy",), of_file("x.npy"), {"x.npy": WHOLE[:40]}),
    Bad("npy_of_five_bytes", 65, (r"x\.npy",), of_file("x.npy"), {"x.npy": WHOLE[:5]}),
    Bad("npy_empty", 65, (r"x\.npy",), of_file("x.npy"), {"x.npy": b""}),
    Bad("npy_magic_wrong", 65, (r"x\.npy", "npy"), of_file("x.npy"), {"x.npy": b"PK\x03\x04" + WHOLE[4:]}),
    Bad("npy_version_unknown", 65, (r"x\.npy", "version", "9"), of_file("x.npy"), {"x.npy": WHOLE[:6] + b"\x09\x00" + WHOLE[8:]}),
    Bad("npy_header_not_a_dict", 65, (r"x\.npy",), of_file("x.npy"), {"x.npy": WHOLE.replace(b"{'descr'", b"['descr'")}),
    Bad("npy_shape_beyond_64_bits", 65, (r"x\.npy",), of_file("x.npy"), {"x.npy": npy_header("(4294967296, 4294967296, 16)")}),
    Bad("npy_shape_far_beyond_the_file", 65, (r"x\.npy",), of_file("x.npy"), {"x.npy": npy_header("(1152921504606846975,)")}),
    Bad("npy_shape_negative", 65, (r"x\.npy",), of_file("x.npy"), {"x.npy": npy_header("(-1,)")}),
    Bad("npy_of_objects", 65, (r"x\.npy", "object"), of_file("x.npy"), {"x.npy": npy(numpy.array([1, "a"], object))}),
    Bad("npy_of_complex", 78, ("square", "complex128"), of_file("x.npy"), {"x.npy": npy(numpy.zeros(3, complex))}),
    Bad("npy_of_unicode", 78, ("square", "text"), of_file("x.npy"), {"x.npy": npy(numpy.array(["abc"]))}),
    Bad("npy_of_three_dimensions", 78, ("square", r"float64\[4\]"), of_file("x.npy"), {"x.npy": npy(numpy.zeros((2, 2, 2)))}),
    Bad("npy_of_no_dimensions", 65, (r"x\.npy",), of_file("x.npy"), {"x.npy": npy(numpy.float64(3))}),
    Bad("npy_column_beyond", 78, (r"\b3\b", r"x\.npy"), of_file("x.npy", columns=[3]), {"x.npy": npy(numpy.zeros((4, 3)))}),
    Bad("npy_column_of_one_dimension", 78, ("columns", r"x\.npy"), of_file("x.npy", columns=[0]), {"x.npy": npy(numpy.zeros(4))}),
    Bad("npy_vector_of_other_width", 78, (r"float64\[2\]", r"float64\[3\]"), of_file("x.npy", {"name": "norm3"}),
        {"x.npy": npy(numpy.zeros((4, 2)))}),
]

RAW = [
    Bad("raw_last_element_cut", 65, (r"x\.raw", "8"), of_file("x.raw", dtype="int64"), {"x.raw": b"123456781234"}),
    Bad("raw_of_text", 78, ("text", "raw"), of_file("x.raw", UPPER, dtype="text"), {"x.raw": b"12345678"}),
    Bad("raw_from_stdin_cut", 65, ("stdin", "8|int64"), of_file("-", format="raw", dtype="int64"), stdin=b"\x05" + bytes(11)),
]

LONG = "x,y\n" + "".join(f"{i},{i}\n" for i in range(20_000))
COLUMNS = {"mode": "starmap", "kernel": SUMS}
TEXT = [
    Bad("csv_row_short", 65, (r"x\.csv:3\b", r"\b1\b|one", r"\b2\b|two"), of_file("x.csv", **COLUMNS), {"x.csv": "x,y\n1,2\n3\n4,5\n"}),
    Bad("csv_row_long", 65, (r"x\.csv:3\b", r"\b3\b|three", r"\b2\b|two"), of_file("x.csv", **COLUMNS), {"x.csv": "x,y\n1,2\n3,4,5\n"}),
    Bad("csv_row_short_far_down", 65, (r"x\.csv:20002\b",), of_file("x.csv", **COLUMNS), {"x.csv": LONG + "7\n" + LONG[4:]}),
    Bad("csv_quote_never_closed", 65, (r"x\.csv:3\b", "quote"), of_file("x.csv", **COLUMNS), {"x.csv": 'x,y\n1,2\n3,"4\n5,6\n'}),
    Bad("csv_quote_within_a_field", 65, (r"x\.csv:2\b", "quote"), of_file("x.csv", **COLUMNS), {"x.csv": 'x,y\n"1"2,3\n'}),
    Bad("csv_abc_for_a_number", 65, (r"x\.csv:3\b", "abc", r"\by\b|column 2|:3:3", "int64"), of_file("x.csv", **COLUMNS),
        {"x.csv": "x,y\n1,2\n3,abc\n"}),
    Bad("csv_abc_after_a_long_record", 65, (r"x\.csv:5\b", "abc"), of_file("x.csv", columns=["y"]),
        {"x.csv": 'x,y\n"two\nlines\nthree",1\n0,abc\n'}),
    Bad("csv_abc_far_down", 65, (r"x\.csv:20002\b", "abc"), of_file("x.csv", **COLUMNS), {"x.csv": LONG + "1,abc\n" + LONG[4:]}),
    Bad("csv_field_empty", 65, (r"x\.csv:2\b",), of_file("x.csv", **COLUMNS), {"x.csv": "x,y\n1,\n"}),
    Bad("csv_number_too_large", 65, (r"x\.csv:2\b", "9223372036854775808", "int64"), of_file("x.csv", **COLUMNS),
        {"x.csv": "x,y\n9223372036854775808,1\n"}),
    Bad("csv_float_for_an_int", 65, (r"x\.csv:2\b", r"1\.5"), of_file("x.csv", **COLUMNS, dtype="int64"), {"x.csv": "x,y\n1.5,2\n"}),
    Bad("csv_column_unknown", 78, (r"x\.csv", "z", "x"), of_file("x.csv", columns=["z"]), {"x.csv": "x,y\n1,2\n"}),
    Bad("csv_column_beyond", 78, (r"x\.csv", r"\b2\b"), of_file("x.csv", columns=[2]), {"x.csv": "x,y\n1,2\n"}),
    Bad("csv_column_by_name_without_header", 78, ("header", "x"), of_file("x.csv", columns=["x"], header=False), {"x.csv": "1,2\n"}),
    Bad("txt_abc_for_a_number", 65, (r"x\.txt:2\b", "abc", "int64"), of_file("x.txt", dtype="int64"), {"x.txt": "1\nabc\n3\n"}),
    Bad("stdin_abc_for_a_number", 65, (r"stdin:2\b", "abc", "int64"), of_file("-", format="txt", dtype="int64"), stdin=b"1\nabc\n3\n"),
    Bad("stdin_csv_row_short", 65, (r"stdin:3\b",), of_file("-", format="csv", **COLUMNS), stdin=b"x,y\n1,2\n3\n"),
    Bad("stdin_csv_quote_never_closed", 65, (r"stdin:3\b", "quote"), of_file("-", format="csv", **COLUMNS), stdin=b'x,y\n1,2\n3,"4\n'),
    Bad("header_for_npy", 78, ("header", "csv"), of_file("x.npy", header=False), {"x.npy": WHOLE}),
]

OUTPUTS = [
    Bad("output_directory_missing", 73, ("none/out.txt", "no such file|directory"), edited(output={"path": "none/out.txt"})),
    Bad("output_directory_missing_imap", 73, ("none/out.npy",), edited(mode="imap", output={"path": "none/out.npy"})),
    Bad("output_is_a_directory", 73, ("data", "directory"), edited(output={"path": "data", "format": "txt"}), {"data/x": ""}),
    Bad("output_below_a_file", 73, ("x.txt/out.txt", "directory"), edited(output={"path": "x.txt/out.txt"}), {"x.txt": ""}),
    Bad("digest_unordered", 78, ("digest", "order"), edited(mode="imap_unordered", output={"path": "out.digest"})),
    Bad("text_to_npy", 78, ("text", "npy"), toml(input={"path": "x.txt"}, kernel=UPPER, output={"path": "out.npy"}), {"x.txt": "a\n"}),
    Bad("int128_to_npy", 78, ("int128", "npy"), edited(input={"range": [0, 3], "dtype": "int128"}, output={"path": "out.npy"})),
    Bad("names_twice_the_same", 78, ("names", '"?a"?'),
        edited(mode="starmap", input=[{"range": [0, 3]}, {"value": 2}], kernel={"name": "divmod"},
               output={"path": "out.npy", "names": ["a", "a"]})),
    Bad("output_dtype_of_text", 78, ("dtype", "text"), toml(input={"path": "x.txt"}, kernel=UPPER, output={**OUT, "dtype": "int64"}),
        {"x.txt": "a\n"}),
]

EVERYTHING = SYNTAX + KEYS + REDUCTIONS + INPUTS + NPY + RAW + TEXT + OUTPUTS
