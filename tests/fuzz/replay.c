/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* replay.c - a fuzz target without a fuzzer: runs it on every file of the folders and files that are given.
 *
 * Design: also on every file's beginnings, up to a bound, since a cut file is the commonest hostile one.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { MOST_BYTES = 1 << 20, MOST_CUTS = 600, PATH_ROOM = 4096 };

static unsigned char bytes[MOST_BYTES];
static size_t files;

static int run_file(const char *path)
{
    FILE *const in = fopen(path, "rb");
    if (in == NULL) {
        perror(path);
        return 1;
    }
    const size_t size = fread(bytes, 1, sizeof bytes, in);
    const int failed = ferror(in);
    fclose(in);
    for (size_t cut = 0; cut < size && cut < MOST_CUTS; cut++)
        LLVMFuzzerTestOneInput(bytes, cut);
    LLVMFuzzerTestOneInput(bytes, size);
    files++;
    return failed;
}

static int run_folder(const char *path, DIR *folder)
{
    int failed = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[PATH_ROOM];
        if (entry->d_name[0] == '.')
            continue;
        const int size = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        failed |= size < 0 || size >= PATH_ROOM ? 1 : run_file(name);
    }
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        DIR *const folder = opendir(argv[i]);
        failed |= folder == NULL ? run_file(argv[i]) : run_folder(argv[i], folder);
        if (folder != NULL)
            closedir(folder);
    }
    fprintf(stderr, "%zu files\n", files);
    return failed != 0 || files == 0 ? EXIT_FAILURE : EXIT_SUCCESS; /* an empty corpus tests nothing */
}
