// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// The jobs of tables.py with DuckDB and polars, whose packages for Node.js come from npm.
//
//     node peer_tables.mjs FOLDER-WITH-node_modules LIBRARY TASK THREADS IN OUT ITEMS
//
// prints the seconds of the work without the start of Node.js, and the result where it is one number.
import { createRequire } from "node:module";

const [folder, library, task, threads, input, output, items] = process.argv.slice(2);
const load = createRequire(`${folder}/packages.js`);

async function duckdb() {
  const instance = await load("@duckdb/node-api").DuckDBInstance.create(":memory:", { threads });
  const connection = await instance.connect();
  const statements = {
    sum: `SELECT sum(x + z) FROM read_csv('${input}')`,
    keep: `COPY (SELECT *, x * z AS w FROM read_csv('${input}')) TO '${output}' (FORMAT csv, HEADER)`,
    integers: `COPY (SELECT i * i FROM range(${items}) t(i)) TO '${output}' (FORMAT csv, HEADER false)`,
    floats: `COPY (SELECT sqrt(i::DOUBLE) FROM range(${items}) t(i)) TO '${output}' (FORMAT csv, HEADER false)`,
    sum_json: `SELECT sum(x + z) FROM read_json('${input}', format = 'newline_delimited')`,
  };
  return async () => (await connection.runAndReadAll(statements[task])).getRows()[0]?.[0];
}

async function polars() {
  process.env.POLARS_MAX_THREADS = threads;
  const pl = load("nodejs-polars");
  const total = (frame) => frame.select(pl.col("x").add(pl.col("z")).sum()).collectSync().row(0)[0];
  const range = () => pl.DataFrame({ a: [0] }).select(pl.intRange(0, Number(items)).alias("i"));
  const write = (frame, includeHeader) => void frame.writeCSV(output, { includeHeader });
  const tasks = {
    sum: () => total(pl.scanCSV(input)),
    keep: () => write(pl.readCSV(input).withColumn(pl.col("x").mul(pl.col("z")).alias("w")), true),
    integers: () => write(range().select(pl.col("i").mul(pl.col("i"))), false),
    floats: () => write(range().select(pl.col("i").cast(pl.Float64).pow(0.5)), false),
    sum_json: () => total(pl.scanJson(input)),
  };
  return tasks[task];
}

const run = await { duckdb, polars }[library]();
const begin = performance.now();
const result = await run();
console.log((performance.now() - begin) / 1000, typeof result === "number" ? result : "");
