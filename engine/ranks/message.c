/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* letter.c - notes under way, each with the data that follows it.
 *
 * Design: a non-blocking send needs its bytes to stay, so a letter holds the note itself and names the task whose
 *         payload or result follows. Letters are few (a window's worth) and short-lived.
 * Threads: the main thread only.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "threads/rank_pool_internal.h"

pe_status pe_letter_post(pe_crew *crew, pe_letter **list, int to, const pe_note *note, pe_tag tag, const void *data,
                         size_t bytes, pe_task *task, pe_error *err)
{
    pe_comm *comm = crew->spec->comm;
    pe_letter *letter = NULL;
    pe_status status = pe_make_array(&letter, 1, sizeof *letter, err);
    if (status != PE_OK)
        return status;
    letter->task = task;
    letter->next = *list;
    *list = letter;
    if (note != NULL) {
        const pe_tag note_tag = to == 0 ? PE_TAG_TO_ROOT : PE_TAG_TO_MEMBER;
        letter->note = *note;
        status = pe_comm_send(comm, to, note_tag, &letter->note, sizeof letter->note, &letter->note_op, err);
    }
    if (status == PE_OK && bytes > 0)
        status = pe_comm_send(comm, to, tag, data, bytes, &letter->data_op, err);
    return status;
}

static pe_status test(pe_comm *comm, pe_comm_op **op, bool *done, pe_error *err)
{
    *done = true;
    return *op == NULL ? PE_OK : pe_comm_test(comm, op, done, NULL, err);
}

int pe_letter_sweep(pe_crew *crew, pe_letter **list, void (*left)(pe_crew *crew, pe_task *task), pe_error *err)
{
    pe_comm *comm = crew->spec->comm;
    int swept = 0;
    for (pe_letter **at = list; *at != NULL;) {
        pe_letter *letter = *at;
        bool note_left = false, data_left = false;
        if (test(comm, &letter->note_op, &note_left, err) != PE_OK ||
            test(comm, &letter->data_op, &data_left, err) != PE_OK)
            return swept;
        if (!note_left || !data_left) {
            at = &letter->next;
            continue;
        }
        *at = letter->next;
        if (letter->task != NULL && left != NULL)
            left(crew, letter->task);
        free(letter);
        swept++;
    }
    return swept;
}
