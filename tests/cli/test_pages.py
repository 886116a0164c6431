# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Man pages, completions and the JSON schema say what --help says: all are made of the same tables.

The pages lie beside the binary. mandoc, fish, zsh and jsonschema are asked where they are installed; bash always is. A schema is right when
it has no false alarm: what the program takes, an editor must not mark.
"""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time
import tomllib
import unittest

import bad_jobs
from harness import Case, PATIENCE, ROOT, binary, environment, main, not_sanitized
from test_docs import PAGES, blocks

try:
    import jsonschema
except ImportError:
    jsonschema = None

BUILD = pathlib.Path(os.path.realpath(binary())).parent


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"there is no {program}")


def run(*args, **how):
    return subprocess.run(args, capture_output=True, text=True, timeout=PATIENCE, **how)


class Help(Case):
    """What --help says, taken apart."""

    def setUp(self):
        super().setUp()
        text = self.run_args("--help").text
        options, rest = text.split("Options:\n")[1].split("\nExit codes:\n")
        self.options = re.findall(r"^  (?:-(\w), |    )--([\w-]+)", options, re.MULTILINE)
        self.exits = re.findall(r"^ +(\d+)  (\S.*)$", rest.split("\n\n")[0], re.MULTILINE)
        keys = re.split(r"^  ([a-z_]+(?:\.[a-z_]+)?)(?=\s)", text.split("Keys of the job file:")[1], flags=re.MULTILINE)
        self.keys = {name: " ".join(said.split("\n[")[0].split()) for name, said in zip(keys[1::2], keys[2::2])}
        self.assertGreater(len(self.options), 10)
        self.assertGreater(len(self.keys), 40)


@not_sanitized
class Man(Help):
    def page(self, section):
        """The text of a page without the overstrikes of bold and underlined letters."""
        path = BUILD / f"pengine.{section}"
        lint = run("mandoc", "-T", "lint", path)
        self.assertEqual((lint.returncode, lint.stdout + lint.stderr), (0, ""))
        shown = re.sub(r".\x08", "", run("mandoc", "-T", "utf8", path).stdout)
        return " ".join(shown.replace("\N{HYPHEN}\n", "-").replace("\N{HYPHEN}", "-").split())

    @needs("mandoc")
    def test_options_and_exit_codes_are_those_of_help(self):
        page = self.page(1)
        for letter, name in self.options:
            self.assertRegex(page, rf"-{letter}, --{name}\b" if letter else rf"--{name}\b")
        for code, sentence in self.exits:
            self.assertIn(f" {code} {sentence}", page)
        for line in self.run_args("--kernels").text.splitlines():
            name, signature, summary = re.split(r"  +", line, maxsplit=2)
            self.assertIn(f"{name} {signature}", page)
            self.assertIn(summary, page)

    @needs("mandoc")
    def test_keys_are_those_of_help(self):
        page = self.page(5)
        for name, said in self.keys.items():
            with self.subTest(name):
                self.assertIn(f" {name} ", page)
                parts = re.fullmatch(r"(.*?) \(default: ([^()]*)\) (.*)", said)
                if parts:
                    self.assertIn(f" {name} {parts[3]}. Takes {parts[1]}. Default: {parts[2]}.", page)


@not_sanitized
class Schema(Help):
    def setUp(self):
        super().setUp()
        self.schema = json.loads((BUILD / "job.schema.json").read_text())

    def test_option_prints_the_file(self):
        self.assertEqual(json.loads(self.run_args("--schema").text), self.schema)

    def test_keys_and_defaults_are_those_of_help(self):
        tables = {"": self.schema, **self.schema["definitions"]}
        found = {f"{table}.{name}".lstrip("."): key for table, content in tables.items()
                 for name, key in content["properties"].items() if "description" in key}
        self.assertEqual(list(found), list(self.keys))
        self.assertEqual([name for name, key in found.items() if not {"type", "enum", "anyOf"} & set(key)], [])
        for name, key in found.items():
            default = re.search(r'\(default: ("[^"]*"|true|false|\d+)\)', self.keys[name])
            if default and "default" in key:
                self.assertEqual(key["default"], json.loads(default[1]), name)

    @unittest.skipUnless(jsonschema, "there is no jsonschema")
    def test_what_the_program_takes_is_valid(self):
        jsonschema.Draft7Validator.check_schema(self.schema)
        validator = jsonschema.Draft7Validator(self.schema)
        jobs = [path.read_text() for path in (ROOT / "configs").glob("*.toml")]
        for page in PAGES:
            for _, block in blocks(page.read_text(), "toml"):
                if re.search(r"\binput\b", block) and re.search(r"\bkernel\b", block):
                    jobs.append(block)
        jobs += [row.job for row in bad_jobs.EVERYTHING if row.code != 78]
        for job in jobs:
            try:
                tree = tomllib.loads(job)
            except tomllib.TOMLDecodeError:
                continue
            wrong = [error.message for error in validator.iter_errors(tree)]
            if wrong:  # a page shows wrong jobs too
                self.write("job.toml", job)
                self.assertEqual(self.run_args("--check=syntax", "job.toml").code, 78, f"{job}\n{wrong}")

    @unittest.skipUnless(jsonschema, "there is no jsonschema")
    def test_what_is_wrong_by_itself_is_invalid(self):
        validator = jsonschema.Draft7Validator(self.schema)
        good = 'input.range = [0, 1]\nkernel.name = "square"\n'
        self.assertTrue(validator.is_valid(tomllib.loads(good)))
        for line in ('mod = "map"', 'mode = "mp"', "pool.threads = 0", 'pool.chunk_size = "car"', 'pool.memory = "12 parsecs"',
                     'errors.timeout = "5 miles"', 'errors.max_failures = "one"', 'output.index = "yes"', 'input.glob = "x"',
                     'input.columns = ["x"]', 'input.names = ["2x"]', 'kernel.expr = "x"', 'kernel.args = ["x"]',
                     "kernel.params = {x = [1]}", 'output.dtype = "float65"', 'reduce.op = ["sum"]\noutput.path = "x"',
                     'reduce.op = "product"', "reduce.path = 'x'", 'part = "3 of 4"', 'part = "0/4"', "input.first = -1", "errors.retries = 1001"):
            with self.subTest(line):
                job = good + line + "\n"
                self.assertFalse(validator.is_valid(tomllib.loads(job)))
                self.write("job.toml", job)
                self.assertEqual(self.run_args("--check=syntax", "job.toml").code, 78)

    def test_every_config_names_the_schema(self):
        for path in (ROOT / "configs").glob("*.toml"):
            with self.subTest(path.name):
                named = re.match(r"#:schema (\S+)\n", path.read_text())
                self.assertTrue(named)
                self.assertEqual((path.parent / named[1]).parent.resolve(), ROOT / "build")
                self.assertTrue((BUILD / pathlib.Path(named[1]).name).exists())


class Terminal:
    """A shell at a terminal: what it makes of a line and a tab."""

    def __init__(self, argv, folder, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(argv[0], argv, {**environment(), **env, "TERM": "dumb", "PS1": "> "})
        self.read_until("> ")

    def read_until(self, text, seconds=PATIENCE):
        seen, deadline = "", time.monotonic() + seconds
        while text not in seen and time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.2)[0]:
                seen += os.read(self.fd, 65536).decode(errors="replace")
        return seen

    def completed(self, line):
        """The line after a tab, which echo shows; single quotes of the test's keep the shell from reading it."""
        os.write(self.fd, line.encode() + b"\t\x01echo '<\x05>'\r")
        return self.read_until(">\r\n")

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@not_sanitized
class Completion(Help):
    # (what stands at the cursor, candidates that must be there, one that must not)
    LINES = [("pengine --pri", ["--print-config"], "--plan"), ("pengine -s pool.", ["pool.threads=", "pool.memory="], "pool.chunk"),
             ("pengine -s input.1.lin", ["input.1.linspace="], "linspace="), ("pengine --progress ", ["auto", "never"], "a.toml"),
             ("pengine ", ["a.toml"], "b.txt"), ("pengine -o b", ["b.txt"], "a.toml"), ("pengine -k c", ["cube", "collatz_steps"], "ep"),
             ("pengine --on-error ", ["skip", "fill"], "a.toml"), ("pengine --example p", ["plugin", "python"], "name")]
    VALUES = [("mode=ima", ["imap", "imap_unordered"], "map"), ("input.0.format=", ["csv", "npy"], "digest"),
              ("kernel.name=sq", ["square"], "cube"), ("output.dtype=uint1", ["uint16"], "int8"), ("output.index=", ["true", "false"], "1")]

    def setUp(self):
        super().setUp()
        self.write("a.toml", "")
        self.write("b.txt", "")

    def bash(self, line):
        """The candidates that the function gives bash for a line whose last word bash cuts as it does."""
        word = re.split(r"[\s=:]", line)[-1]
        script = (f'compopt() {{ :; }}\nsource "{BUILD}/pengine.bash"\nCOMP_LINE=$1 COMP_POINT=${{#1}}\n'
                  'COMPREPLY=()\n_pengine pengine "$2"\nprintf "%s\\n" "${COMPREPLY[@]}"\n')
        done = run("bash", "-c", script, "bash", line, word, cwd=self.dir, env=environment())
        self.assertEqual(done.stderr, "", line)
        return done.stdout.splitlines()

    def test_bash_completes_options_keys_and_values(self):
        self.assertEqual({name for name in self.bash("pengine -s ")}, {name + "=" for name in self.keys})
        self.assertEqual({name.rstrip("=") for name in self.bash("pengine -")},
                         {"-" + letter for letter, _ in self.options if letter} | {"--" + name for _, name in self.options})
        for line, wanted, other in self.LINES:
            found = self.bash(line)
            self.assertTrue(set(wanted) <= set(found) and other not in found, f"{line}: {found}")
        for line, wanted, other in self.VALUES:
            for begin, form in (("-s ", r"\"{}\""), ("--set=", r"\"{}\""), ("-s '", '"{}"')):
                quoted = line.replace("=", "='") if form[0] == '"' else line
                found = self.bash(f"pengine {begin.rstrip(chr(39))}{quoted}")
                forms = [value if value in ("true", "false") else form.format(value) for value in wanted]
                self.assertTrue(set(forms) <= set(found) and form.format(other) not in found, f"{begin}{quoted}: {found}")

    @needs("fish")
    def test_fish_completes_options_keys_and_values(self):
        def fish(line):
            done = run("fish", "-c", f'source "{BUILD}/pengine.fish"; complete -C $argv', line, cwd=self.dir,
                       env=environment({"HOME": str(self.dir)}))
            self.assertEqual(done.stderr, "", line)
            return [text.split("\t")[0] for text in done.stdout.splitlines()]
        self.assertEqual(set(fish("pengine -s ")), {name + "=" for name in self.keys})
        self.assertEqual({name.rstrip("=") for name in fish("pengine --")}, {"--" + name for _, name in self.options})
        for line, wanted, other in self.LINES:
            found = fish(line)
            hidden = other not in found or found[0] in wanted  # of files, fish shows those with the suffix first
            self.assertTrue(set(wanted) <= set(found) and hidden, f"{line}: {found}")
        for line, wanted, other in self.VALUES:
            key = line.split("=")[0]
            found = fish(f"pengine -s {line}")
            forms = [f"{key}={value}" if value in ("true", "false") else f'{key}="{value}"' for value in wanted]
            self.assertTrue(set(forms) <= set(found) and f'{key}="{other}"' not in found, f"{line}: {found}")

    @needs("zsh")
    def test_zsh_completes_options_keys_and_values(self):
        (self.dir / "functions").mkdir()
        shutil.copy(BUILD / "_pengine", self.dir / "functions")
        self.write(".zshrc", 'PS1="> "\nfpath=("$PWD/functions" $fpath)\nautoload -U compinit; compinit -u -D\nsetopt no_beep\n')
        shell = Terminal(["zsh", "-i"], self.dir, {"ZDOTDIR": str(self.dir), "HOME": str(self.dir)})
        self.addCleanup(shell.close)
        for line, wanted in (("pengine --pri", "--print-config"), ("pengine -s pool.thr", "pool.threads="),
                             ("pengine -s mode=starm", r'mode=\"starmap\"'), ("pengine -s kernel.name=squ", r'kernel.name=\"square\"'),
                             ("pengine --set=input.0.format=ts", r'--set=input.0.format=\"tsv\"'), ("pengine a", "a.toml"),
                             ("pengine --progress=ne", "--progress=never"), ("pengine -s input.1.lins", "input.1.linspace=")):
            self.assertIn(wanted, shell.completed(line), line)


if __name__ == "__main__":
    main()
