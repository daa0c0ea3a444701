/*
 * The benchmark model for Cimba, of events alone, without processes: an event's subject is a node, its object a call.
 *
 * cimba_fleet NODES GAP WARMUP HORIZON SEED, times in seconds. Prints a line of JSON: what is counted of the calls that arrive, and of the
 * tokens that are issued, after the warm-up; all calls; seconds of the processor for the run, without those for building it.
 */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cimba.h>

#define API 0.020
#define RENEWAL 0.040
#define ATTEMPTS 5
/* A cell for each millisecond of a latency, the last one for all above. */
#define CELLS 4096

struct call {
    double arrived;
    uint64_t token;
    struct call *next;
    int attempts, rejections;
    bool accepted;
};

struct node {
    uint64_t token, coming;
    struct call *first, *last;
    bool asking;
};

static double gap, warmup, horizon;
static uint64_t newest, arrived, calls, succeeded, gave_up, attempts, rejections, issued;
static uint64_t latency[CELLS];
static struct call *unused;

/* Of events at the same time a commit is before a check, and a check before all else. */
enum { ELSE, CHECK, COMMIT };

static void check(void *node, void *call);
static void answer(void *node, void *call);
static void commit(void *node, void *none);
static void fresh(void *node, void *none);

static void attempt(struct node *node, struct call *call)
{
    call->token = node->token;
    call->attempts++;
    cmb_event_schedule(check, node, call, cmb_time() + API, CHECK);
}

static void hold_back(struct node *node, struct call *call)
{
    call->next = NULL;
    if (node->first == NULL) {
        node->first = call;
    } else {
        node->last->next = call;
    }
    node->last = call;
    if (!node->asking) {
        node->asking = true;
        cmb_event_schedule(commit, node, NULL, cmb_time() + RENEWAL, COMMIT);
    }
}

static void arrival(void *subject, void *none)
{
    struct node *node = subject;
    if (cmb_time() >= horizon) {
        return;
    }
    arrived++;
    calls += cmb_time() >= warmup;
    struct call *call = unused;
    if (call == NULL) {
        call = malloc(sizeof(*call));
    } else {
        unused = call->next;
    }
    *call = (struct call){ .arrived = cmb_time() };
    if (node->token == 0) {
        hold_back(node, call);
    } else {
        attempt(node, call);
    }
    cmb_event_schedule(arrival, node, none, cmb_time() + cmb_random_exponential(gap), ELSE);
}

static void check(void *subject, void *object)
{
    struct call *call = object;
    call->accepted = call->token == newest;
    call->rejections += !call->accepted;
    cmb_event_schedule(answer, subject, call, cmb_time() + API, ELSE);
}

static void answer(void *subject, void *object)
{
    struct node *node = subject;
    struct call *call = object;
    if (!call->accepted) {
        node->token = 0;
        if (call->attempts < ATTEMPTS) {
            hold_back(node, call);
            return;
        }
    }
    if (call->arrived >= warmup) {
        attempts += call->attempts;
        rejections += call->rejections;
        if (call->accepted) {
            succeeded++;
            uint64_t cell = (uint64_t)((cmb_time() - call->arrived) * 1e3);
            latency[cell < CELLS ? cell : CELLS - 1]++;
        } else {
            gave_up++;
        }
    }
    call->next = unused;
    unused = call;
}

static void commit(void *subject, void *none)
{
    struct node *node = subject;
    newest++;
    issued += cmb_time() >= warmup && cmb_time() < horizon;
    node->coming = newest;
    cmb_event_schedule(fresh, node, none, cmb_time() + RENEWAL, ELSE);
}

static void fresh(void *subject, void *none)
{
    cmb_unused(none);
    struct node *node = subject;
    node->token = node->coming;
    node->asking = false;
    struct call *call = node->first;
    node->first = NULL;
    while (call != NULL) {
        struct call *next = call->next;
        attempt(node, call);
        call = next;
    }
}

static double spent(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: cimba_fleet NODES GAP WARMUP HORIZON SEED\n");
        return 2;
    }
    const uint64_t count = strtoull(argv[1], NULL, 10);
    gap = strtod(argv[2], NULL);
    warmup = strtod(argv[3], NULL);
    horizon = strtod(argv[4], NULL);
    cmb_logger_flags_off(CMB_LOGGER_INFO);
    cmb_random_initialize(strtoull(argv[5], NULL, 10));
    cmb_event_queue_initialize(0.0);
    struct node *nodes = calloc(count, sizeof(*nodes));
    for (uint64_t place = 0; place < count; place++) {
        cmb_event_schedule(arrival, &nodes[place], NULL, cmb_random_exponential(gap), ELSE);
    }
    const double start = spent();
    cmb_event_queue_execute();
    const double seconds = spent() - start;
    uint64_t measured = 0;
    for (int cell = 0; cell < CELLS; cell++) {
        measured += latency[cell];
    }
    if (measured != succeeded) {
        fprintf(stderr, "%" PRIu64 " latencies of %" PRIu64 " calls\n", measured, succeeded);
        return 1;
    }
    printf("{\"calls\": %" PRIu64 ", \"succeeded\": %" PRIu64 ", \"gave_up\": %" PRIu64 ", \"attempts\": %" PRIu64
           ", \"rejections\": %" PRIu64 ", \"issued\": %" PRIu64 ", \"arrived\": %" PRIu64 ", \"seconds\": %.9f}\n",
           calls, succeeded, gave_up, attempts, rejections, issued, arrived, seconds);
    cmb_event_queue_terminate();
    cmb_random_terminate();
    free(nodes);
    return 0;
}
